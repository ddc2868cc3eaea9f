"""Answers of no known form to each request of a command: it ends as the contract says, sent once, and truthfully."""

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import count, islice, product
from typing import Any

import pytest

from emulator.clouds.firewall import Answer
from emulator.errors import CloudError, Rejected, Unconfirmed, Unreachable
from emulator.model import DISARMED, Disarm, Interior
from tests.clouds.contract import TOTAL, quiet
from tests.support.fakes_mypages import CODE, PASSWORD, SimulatedMyPages

pytestmark = pytest.mark.sampled

REQUESTS = (
    *("fetchAllInstallations", "ArmState", "ArmStateDryRun", "ArmStateDryRunStatus", "armAway", "pollArmState"),
    "auth/token",
)


def deep(value: Any, *names: str) -> Any:
    for name in reversed(names):
        value = {name: value}
    return value


ODD: Mapping[str, tuple[int, Any]] = {
    "nothing": (200, b""),
    "null": (200, None),
    "an empty list": (200, []),
    "a text": (200, "DISARMED"),
    "brackets": (200, b"[" * 200_000),
    "objects": (200, b"[" + b"{}," * 10_000 + b"{}]"),
    "no data": (200, {"data": None}),
    "other fields": (200, {"data": {"installation": 7, "account": "x", "armStateDryRun": [1], "armStateArmAway": {}}}),
    "errors of another form": (200, {"errors": {"message": "boom"}}),
    "a code of another form": (400, {"errorCode": ["SYS_00004"], "errorMessage": {"x": 1}}),
    "a new code": (200, {"errors": [{"data": {"errorCode": "NEW_00001"}}]}),
    "half a letter": (200, b'{"errors": [{"data": {"errorCode": "VAL_00999", "errorMessage": "Hus \\ud83c"}}]}'),
    "forbidden": (403, {"message": "Forbidden"}),
    "a redirection": (302, b""),
    "installations of another form": (
        200,
        deep([None, 7, {}, {"giid": 2423443, "pinCodeLength": "9" * 5000}], "data", "account", "installations"),
    ),
    "no installations": (200, deep(None, "data", "account", "installations")),
    "a new state": (200, deep({"statusType": "ARMED_NIGHT", "date": None}, "data", "installation", "armState")),
    "a state of another form": (200, deep({"statusType": ["DISARMED"]}, "data", "installation", "armState")),
    "a dry run of another form": (200, deep("DONE", "data", "installation", "armState", "dryRunStatus")),
    "an open window with half a letter": (
        200,
        deep(
            {"deviceViolations": [{"deviceLabel": "AB\ud83c", "violation": "DOOR_WINDOW_OPEN"}]},
            *("data", "installation", "armState", "dryRunStatus", "result"),
        ),
    ),
    "a dry run without a list": (
        200,
        deep({"deviceViolations": None}, "data", "installation", "armState", "dryRunStatus", "result"),
    ),
    "a new outcome": (200, deep({"result": "NEARLY"}, "data", "installation", "armStateChangePollResult")),
    "an outcome of another form": (200, deep("OK", "data", "installation", "armStateChangePollResult")),
}
"""Name → status and body."""


@pytest.fixture
def world() -> Iterator[SimulatedMyPages]:
    made = SimulatedMyPages()
    yield made
    assert made.face.client_faults == []


def answer_oddly(world: SimulatedMyPages, request: str, status: int, body: Any) -> None:
    """Let the cloud carry out each such request, and answer it so."""
    said = body if isinstance(body, bytes) else json.dumps(body).encode()

    def odd(send: Callable[..., Answer]) -> Callable[..., Answer]:
        def answer(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
            true = send(method, path, headers, body)
            name = json.loads(body)[0]["operationName"] if path == "/graphql" else path.strip("/")
            return Answer(status, said) if name == request else true

        return answer

    for host in world.hosts:
        host.request = odd(host.request)  # type: ignore[method-assign]


@pytest.mark.parametrize(("request_", "kind"), list(product(REQUESTS, ODD)))
def test_a_command_ends_as_the_contract_says(world: SimulatedMyPages, request_: str, kind: str) -> None:
    answer_oddly(world, request_, *ODD[kind])
    if request_ == "auth/token":
        world.clock.now += 3600.0
    try:
        world.cloud.execute(TOTAL, quiet)
    except Unconfirmed:
        pass
    except (Rejected, CloudError) as error:
        str(error).encode()  # as the journal does
        assert world.panel.axes == DISARMED
    else:
        assert world.panel.axes.interior is Interior.TOTAL
    assert world.submissions() <= 1
    assert world.count("disarm") == 0


@pytest.mark.parametrize("password", ["", PASSWORD])
def test_a_login_that_ends_without_a_refusal_needs_no_person(password: str) -> None:
    world = SimulatedMyPages(password=password)
    world.clock.now += 3600.0
    for request in ("auth/token", "auth/login"):
        answer_oddly(world, request, 200, b"")
    with pytest.raises(Unreachable, match="opens no session" if password else "no new access; if this lasts"):
        world.cloud.read()
    login = world.vault.load()
    assert login
    assert not login.trouble


def test_ever_new_cookies_wash_out_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    """Nor are all of them kept."""
    caplog.set_level(logging.DEBUG)
    world, number = SimulatedMyPages(code=""), count()

    def rich(send: Callable[..., Answer]) -> Callable[..., Answer]:
        def answer(method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
            true = send(method, path, headers, body)
            cookies = {f"balancer{one}": f"balanced-{one:09}" for one in islice(number, 30)}
            said = json.dumps({"errorCode": "VAL_00999", "errorMessage": f"{headers['Cookie']} {body!r}"}).encode()
            refused = b'"armAway"' in body
            return replace(true, cookies={**cookies, **true.cookies}, body=said if refused else true.body)

        return answer

    for host in world.hosts:
        host.request = rich(host.request)  # type: ignore[method-assign]
    world.fault("wait", "ArmStateDryRunStatus")
    for _ in range(3):
        world.clock.now += 3600.0
        world.panel.keypad(Disarm())
        with pytest.raises(Rejected, match="balancer") as caught:
            world.cloud.execute(replace(TOTAL, code=CODE), quiet)
    login = world.vault.load()
    assert login
    assert len(login.cookies) < 30
    for secret in (CODE, login.user, *login.cookies.values()):
        assert secret not in str(caught.value) + caplog.text


@pytest.mark.parametrize("kind", ODD)
def test_no_state_is_made_up(world: SimulatedMyPages, kind: str) -> None:
    world.panel.keypad(TOTAL)
    world.cloud.read()
    world.panel.keypad(Disarm())
    answer_oddly(world, "ArmState", *ODD[kind])
    try:
        state = world.cloud.read()
    except CloudError:
        return
    assert state.axes.interior is None
