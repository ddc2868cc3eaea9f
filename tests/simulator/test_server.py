"""What needs sockets: real requests on loopback."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import requests

from emulator.errors import ConfigError
from emulator.simulator.accounts import SimulatedAccount
from emulator.simulator.backend import Sms
from emulator.simulator.faults import InjectedFault
from emulator.simulator.panel.panel import SimulatedPanel
from emulator.simulator.server import CONNECTIONS, SimulatedAlarm, create_app
from emulator.simulator.wsdo.options import WsdoOptions
from tests.simulator.owa import DEVICE, query
from tests.simulator.owa import LOGIN as LOGIN_VARIABLES
from tests.support.patience import PATIENCE_S, STOP_S, until
from tests.support.program import free_port

LOGIN = {"request": "LOGIN", "Country": "ES", "lang": "es", "user": "demo", "pwd": "demo"}


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("simulator")]


@pytest.fixture
def running() -> Iterator[SimulatedAlarm]:
    alarm = SimulatedAlarm(options=WsdoOptions(flood_limit=0))
    alarm.start()
    yield alarm
    alarm.stop()
    assert threads() == []


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def test_a_real_client(running: SimulatedAlarm, session: requests.Session) -> None:
    reply = session.post(running.url, params=LOGIN, timeout=PATIENCE_S)
    assert reply.encoding == "utf-8"
    assert "<HASH>" in reply.text
    assert session.get(f"{running.control_url}/state", timeout=PATIENCE_S).json()["requests"] == {"LOGIN": 1}
    assert session.get(running.control_url, timeout=PATIENCE_S).ok
    assert (
        session.post(f"{running.control_url}/keypad", json={"arm": "total"}, timeout=PATIENCE_S).json()["letter"] == "1"
    )
    assert "Server" not in reply.headers


@pytest.mark.parametrize("kind", ["down", "lost"])
def test_a_dropped_connection_is_closed_without_a_byte(
    running: SimulatedAlarm, session: requests.Session, kind: str
) -> None:
    running.backend.faults.add(InjectedFault(kind, "LOGIN", times=1))
    with pytest.raises(requests.ConnectionError, match="without response"):
        session.post(running.url, params=LOGIN, timeout=PATIENCE_S)
    assert running.face.state()["sessions"] == (kind == "lost")
    assert session.post(running.url, params=LOGIN, timeout=PATIENCE_S).ok


def left_waiting(alarm: SimulatedAlarm) -> None:
    """A client that goes once the alarm has its request."""
    before = alarm.backend.requests["LOGIN"]
    with closing(http.client.HTTPConnection(alarm.host, alarm.port, timeout=PATIENCE_S)) as client:
        client.request("POST", f"{urlsplit(alarm.url).path}?{urlencode(LOGIN)}")
        until(lambda: alarm.backend.requests["LOGIN"] > before)


def test_a_late_answer_keeps_nobody_else_waiting(running: SimulatedAlarm, session: requests.Session) -> None:
    running.backend.faults.add(InjectedFault("late", times=1, seconds=60))
    left_waiting(running)
    assert session.post(running.url, params=LOGIN, timeout=PATIENCE_S).ok
    before = time.monotonic()
    running.stop()
    assert time.monotonic() - before < STOP_S


def test_two_late_answers_leave_the_house_in_reach(running: SimulatedAlarm, session: requests.Session) -> None:
    running.backend.faults.add(InjectedFault("late", times=2, seconds=60))
    for _ in range(2):
        left_waiting(running)
    assert session.get(f"{running.control_url}/state", timeout=PATIENCE_S).ok


def test_many_clients_on_this_machine_are_as_welcome_as_one(running: SimulatedAlarm) -> None:
    with ExitStack() as stack:
        crowd = [http.client.HTTPConnection(running.host, running.port, timeout=PATIENCE_S) for _ in range(CONNECTIONS)]
        for _ in range(2):  # on the same connections
            for one in crowd:
                stack.callback(one.close)
                one.request("GET", "/control/state")
            assert [one.getresponse().read() for one in crowd].count(b"") == 0


def test_stopping_closes_the_door(session: requests.Session) -> None:
    alarm = SimulatedAlarm()
    alarm.stop()
    alarm.start()
    alarm.start()
    assert len(threads()) == 5
    with socket.create_connection((alarm.host, alarm.port), timeout=PATIENCE_S) as idle:
        # Connections are accepted in their order; one that still waits for that would be reset, and not closed.
        session.get(alarm.control_url, timeout=PATIENCE_S)
        before = time.monotonic()
        alarm.stop()
        assert time.monotonic() - before < STOP_S
        assert idle.recv(1) == b""
    assert threads() == []
    alarm.stop()
    with pytest.raises(requests.ConnectionError):
        session.get(alarm.control_url, timeout=PATIENCE_S)


def test_it_starts_again_on_the_same_port(session: requests.Session) -> None:
    alarm = SimulatedAlarm()
    urls = []
    for _ in range(2):
        alarm.start()
        try:
            urls.append(alarm.url)
            assert session.post(alarm.url, params=LOGIN, timeout=PATIENCE_S).ok
        finally:
            alarm.stop()
    assert urls[0] == urls[1]


def test_stopping_right_after_a_request_harms_nothing(session: requests.Session) -> None:
    """The loop is then just waking up: it must not close what `stop` still needs."""
    for _ in range(20):
        alarm = SimulatedAlarm()
        alarm.start()
        try:
            assert session.post(alarm.url, params=LOGIN, timeout=PATIENCE_S).ok
        finally:
            alarm.stop()
    assert threads() == []


def test_a_port_that_is_taken(running: SimulatedAlarm) -> None:
    other = SimulatedAlarm(port=running.port)
    with pytest.raises(
        ConfigError, match=rf"port {running.port} on 127.0.0.1: .* cannot listen there: Address already"
    ):
        other.start()
    other.stop()
    assert len(threads()) == 5


def test_ipv6(session: requests.Session) -> None:
    alarm = SimulatedAlarm(host="::1")
    try:
        alarm.start()
    except ConfigError as error:
        pytest.skip(f"no IPv6 here: {error}")
    try:
        assert alarm.url == f"http://[::1]:{alarm.port}/WebService/ws.do"
        assert session.get(f"{alarm.control_url}/state", timeout=PATIENCE_S).ok
    finally:
        alarm.stop()


def test_a_body_that_is_too_large(running: SimulatedAlarm, session: requests.Session) -> None:
    assert session.post(running.url, data={"request": "x" * 100_000}, timeout=PATIENCE_S).status_code == 413


def test_a_bug_is_not_taken_for_a_dropped_connection(running: SimulatedAlarm, session: requests.Session) -> None:
    def explode() -> float:
        raise RuntimeError

    running.panel.now = explode
    assert session.post(running.url, params=LOGIN, timeout=PATIENCE_S).status_code == 500


def test_it_serves_the_house_and_the_accounts_it_was_given(session: requests.Session) -> None:
    panel = SimulatedPanel(time.time)
    alarm = SimulatedAlarm(panel, accounts=[SimulatedAccount(user="ana", password="0123", number="007")])
    assert alarm.panel is panel
    alarm.start()
    try:
        assert "60091" in session.post(alarm.url, params=LOGIN, timeout=PATIENCE_S).text
        assert (
            "<HASH>" in session.post(alarm.url, params={**LOGIN, "user": "ana", "pwd": "0123"}, timeout=PATIENCE_S).text
        )
    finally:
        alarm.stop()


def test_commands_from_many_threads_are_one_at_a_time(running: SimulatedAlarm) -> None:
    """The lock: of many X1 at once exactly one is accepted."""
    text = requests.post(running.url, params=LOGIN, timeout=PATIENCE_S).text
    token = text.partition("<HASH>")[2].partition("<")[0]
    params = {**LOGIN, "request": "ARM1", "hash": token, "numinst": "2423443", "panel": "SDVFAST", "callby": "AND_61"}

    def submit(at: int) -> None:
        requests.get(running.url, params={**params, "ID": str(at)}, timeout=PATIENCE_S)

    crowd = [threading.Thread(target=submit, args=(at,)) for at in range(8)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    assert running.backend.requests["ARM1"] == 8
    assert running.backend.accepted["ARM1"] == 1


def test_the_app_stands_on_its_own_with_the_clock_of_the_world() -> None:
    backend = create_app().extensions["backend"]
    assert abs(backend.panel.now() - time.time()) < 60
    assert backend.sleep is time.sleep


def test_the_other_face_on_a_real_socket(session: requests.Session) -> None:
    sent: list[Sms] = []
    alarm = SimulatedAlarm(api="owa", profile="it-owner", sent=sent.append)
    alarm.start()
    try:
        assert alarm.url == f"http://127.0.0.1:{alarm.port}/owa-api/graphql"
        device = dict.fromkeys(DEVICE, "x")
        account = {"user": "demo", "password": "demo", "country": "IT"}
        variables = {**dict.fromkeys(LOGIN_VARIABLES, "x"), **device, **account}

        def ask(name: str, given: Mapping[str, object], **headers: str) -> dict[str, Any]:
            body = {"operationName": name, "query": query(name, given), "variables": given}
            reply = session.post(alarm.url, json=body, headers=headers, timeout=PATIENCE_S)
            assert reply.headers["Content-Type"] == "application/json"
            found: dict[str, Any] = reply.json()
            return found

        auth = dict.fromkeys(("lang", "callby", "id"), "x") | {"country": "IT", "user": "demo", "hash": ""}
        assert ask("mkLoginToken", variables)["data"]["xSLoginToken"]["needDeviceAuthorization"]
        challenge = ask("mkValidateDevice", device, auth=json.dumps(auth))["errors"][0]["data"]
        otp_hash = challenge["auth-otp-hash"]
        assert ask("mkSendOTP", {"recordId": 0, "otpHash": otp_hash}, auth=json.dumps(auth))["data"]["xSSendOtp"]
        (sms,) = sent
        security = json.dumps({"token": sms.code, "type": "OTP", "otpHash": otp_hash})
        assert ask("mkValidateDevice", device, auth=json.dumps(auth), security=security)["data"]["xSValidateDevice"]
        assert ask("mkLoginToken", variables)["data"]["xSLoginToken"]["hash"]
        state = session.get(f"{alarm.control_url}/state", timeout=PATIENCE_S).json()
        assert state["requests"] == {"mkLoginToken": 2, "mkValidateDevice": 2, "mkSendOTP": 1}
        assert (state["client_faults"], state["fitted"]) == ([], ["day", "total", "perimeter"])
        alarm.backend.faults.add(InjectedFault("lost", "mkLoginToken", times=1))
        with pytest.raises(requests.ConnectionError, match="without response"):
            ask("mkLoginToken", variables)
    finally:
        alarm.stop()
    assert threads() == []


def test_options_of_the_other_face() -> None:
    with pytest.raises(TypeError, match="these are not OwaOptions"):
        create_app(api="owa", options=WsdoOptions())
    with pytest.raises(KeyError):
        create_app(api="soap")


def test_each_host_has_a_port_and_one_may_hang(session: requests.Session) -> None:
    alarm = SimulatedAlarm(api="mypages")
    alarm.start()
    first, second = alarm.urls
    assert [urlsplit(url).port for url in alarm.urls] == [alarm.port, alarm.port + 1]
    alarm.face.options.first_hangs = True
    with closing(http.client.HTTPConnection(urlsplit(first).netloc, timeout=PATIENCE_S)) as waiting:
        waiting.request("POST", "/auth/login")
        until(lambda: alarm.backend.requests["auth/login"])
        assert session.post(f"{second}/auth/login", timeout=PATIENCE_S).status_code == 401
        assert session.get(f"{first}/control/state", timeout=PATIENCE_S).json()["posts"] == 2
        before = time.monotonic()
        alarm.stop()
        assert time.monotonic() - before < STOP_S
    assert threads() == []


def test_all_hosts_need_their_port() -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port + 1)), pytest.raises(ConfigError, match=f"port {port + 1} "):
        SimulatedAlarm(api="mypages", port=port).start()
    assert threads() == []
