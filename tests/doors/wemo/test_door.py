"""The door as a whole, on the loopback interface: sockets, searches, notices, changes of address, start and stop."""

import asyncio
import http.client
import logging
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from ipaddress import IPv4Interface
from typing import Any
from urllib.parse import urlsplit

import pytest
import pywemo
from async_upnp_client.aiohttp import AiohttpNotifyServer, AiohttpRequester
from async_upnp_client.client import UpnpService, UpnpStateVariable
from async_upnp_client.client_factory import UpnpFactory
from async_upnp_client.exceptions import UpnpActionError

from emulator.doors import Door
from emulator.doors.wemo.door import WemoDoor
from emulator.errors import Rejected
from emulator.lan import network, site, ssdp
from emulator.lan.network import Nic
from emulator.model import Outcome, Result
from emulator.store.journal import Journal
from emulator.store.subscriptions import Subscriptions
from tests.doors.clockwork import until
from tests.doors.contract import DoorContract
from tests.doors.fakes import NAMES, FakeHub, a_switch
from tests.support.lan import LO, SOON, a_responder, a_wemo, ask, client, collect, eventually, silent
from tests.support.patience import PATIENCE_S
from tests.support.program import free_port


def get(url: str, path: str = "/setup.xml") -> int:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


class TestWemoDoor(DoorContract):
    def make(self) -> Door:
        self.hub = FakeHub()
        return WemoDoor(self.hub, a_responder())

    def serves(self, _: Door, /) -> bool:
        port = self.hub.switches[0].identity.port
        try:
            return get(f"http://127.0.0.1:{port}/") == 200
        except OSError:
            return False


# Searches


def test_each_switch_answers_a_search_from_the_address_that_it_tells() -> None:
    hub = FakeHub()
    with a_wemo(hub) as door, client() as sock:
        assert [switch for switch, _ in door.urls()] == list(hub.switches)
        ask(sock, "urn:Belkin:device:**")
        found = collect(sock, 2)
        assert {answer["LOCATION"] for answer, _ in found} == {url for _, url in door.urls()}
        assert {peer for _, peer in found} == {("127.0.0.1", 1900)}
        assert {answer["USN"] for answer, _ in found} == {
            f"{switch.identity.udn}::urn:Belkin:device:**" for switch in hub.switches
        }
        assert silent(sock)
    assert door.urls() == ()


def test_a_search_to_our_address_alone_is_answered_too() -> None:
    with a_wemo(), client() as sock:
        ask(sock, "upnp:rootdevice", to="127.0.0.1")
        assert len(collect(sock, 2)) == 2
        assert silent(sock)


def test_a_repeated_search_is_answered_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "emulator.lan")
    with a_wemo(), client() as sock:
        for _ in range(5):
            ask(sock, "ssdp:all")
        targets = [answer["ST"] for answer, _ in collect(sock, 10)]
        assert len(set(targets)) == 6  # both are a root device and so on, each has a uuid
        assert silent(sock)
        port = sock.getsockname()[1]
    assert caplog.text.count(f"127.0.0.1:{port} on lo asks for ssdp:all: 10 answers") == 1
    assert not [record for record in caplog.records if record.levelno > logging.INFO]


def test_strangers_and_nonsense_get_no_answer() -> None:
    elsewhere = Nic("lo", IPv4Interface("127.0.0.1/32"))
    with a_wemo(responder=a_responder(nics=lambda: [elsewhere])), client() as sock:
        ask(sock, "urn:dial-multiscreen-org:service:dial:1")
        sock.sendto(b"\xff\xfe", (ssdp.GROUP, ssdp.PORT))
        sock.sendto(b"NOTIFY * HTTP/1.1\r\n\r\n", ("127.0.0.1", ssdp.PORT))
        assert silent(sock)
        ask(sock, "upnp:rootdevice")
        assert len(collect(sock, 1)) == 1


def test_searches_are_remembered_with_what_came_of_them() -> None:
    responder = a_responder()
    with a_wemo(responder=responder), client() as sock:
        assert responder.searches() == ()
        for target in ("urn:dial-multiscreen-org:service:dial:1", "upnp:rootdevice"):
            ask(sock, target)
        collect(sock, 2)
        heard = {search.st: search for search in responder.searches()}
    assert heard["upnp:rootdevice"].verdict == "2 answers"
    assert heard["urn:dial-multiscreen-org:service:dial:1"].verdict == "not for us"
    assert {search.peer for search in heard.values()} == {"127.0.0.1"}


def test_a_door_reports_what_clients_read() -> None:
    hub = FakeHub()
    with a_wemo(hub) as door:
        for on, told in ((True, "on"), (False, "off"), (None, "no answer yet")):
            hub.be(hub.switches[0], on)
            assert door.report(hub.switches[0]) == told


def test_only_switches_of_this_door_are_shown() -> None:
    hub = FakeHub(switches=(a_switch(), a_switch("Hidden", 2, doors="hue")))
    with a_wemo(hub) as door:
        assert [switch.name for switch, _ in door.urls()] == ["Total alarm"]


def test_notices_tell_of_coming_and_going() -> None:
    hub = FakeHub(switches=(a_switch(),))
    with network.receiver("127.0.0.1") as listener:
        listener.settimeout(PATIENCE_S)
        with a_wemo(hub):
            found = [notice for notice, _ in collect(listener, 10)]
            assert {notice["NTS"] for notice in found} == {"ssdp:alive"}
            assert len({notice["NT"] for notice in found}) == 5
            assert {notice["LOCATION"] for notice in found} == {
                f"http://127.0.0.1:{hub.switches[0].identity.port}/setup.xml"
            }
        found = [notice for notice, _ in collect(listener, 10)]
        assert {notice["NTS"] for notice in found} == {"ssdp:byebye"}
        assert len({notice["USN"] for notice in found}) == 5


def test_notices_are_repeated_well_before_they_expire(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 2 * site.ALIVE_S < ssdp.MAX_AGE_S
    monkeypatch.setattr(site, "ALIVE_S", SOON)
    with network.receiver("127.0.0.1") as listener, a_wemo(FakeHub(switches=(a_switch(),)), a_responder(look_s=SOON)):
        listener.settimeout(PATIENCE_S)
        assert {notice["NTS"] for notice, _ in collect(listener, 25)} == {"ssdp:alive"}


# Addresses and ports that come and go


def test_an_address_that_comes_is_served_and_one_that_goes_is_left() -> None:
    here: list[Nic] = []
    with (
        network.receiver("127.0.0.1") as listener,
        a_wemo(responder=a_responder(nics=lambda: list(here), look_s=SOON)) as door,
    ):
        assert door.urls() == ()
        here.append(LO)
        eventually(door.urls)
        ((_, url), _) = door.urls()
        assert get(url) == 200
        here[:] = [Nic("lo", IPv4Interface("127.0.0.2/8"))]
        eventually(lambda: "127.0.0.2" in str(door.urls()))
        assert "127.0.0.1" not in str(door.urls())
        with pytest.raises(OSError, match="refused"):
            get(url)
        assert get(door.urls()[0][1]) == 200
        listener.settimeout(PATIENCE_S)
        while collect(listener, 1)[0][0]["NTS"] != "ssdp:byebye":
            pass


def test_a_port_that_is_taken_is_told_once_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    hub = FakeHub()
    port = hub.switches[0].identity.port
    with network.listener("127.0.0.1", port), a_wemo(hub, responder=a_responder(look_s=SOON)) as door:
        assert [switch.name for switch, _ in door.urls()] == [NAMES[1]]
        time.sleep(3 * SOON)
    with network.listener("127.0.0.1", port) as taken, a_wemo(hub, responder=a_responder(look_s=SOON)) as door:
        taken.close()
        eventually(lambda: len(door.urls()) == 2)
    messages = [record.message for record in caplog.records if record.levelno == logging.ERROR]
    assert len(messages) == 2  # one for each of the two runs
    assert f"Port {port} on 127.0.0.1" in messages[0]
    assert "'Total alarm'" in messages[0]
    assert "`port`" in messages[0]


def test_ssdp_port_that_is_taken_is_told_and_the_switches_still_work(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as greedy:
        greedy.bind(("127.0.0.1", ssdp.PORT))  # neither REUSEADDR nor REUSEPORT: shares with nobody
        with a_wemo(responder=a_responder(look_s=SOON)) as door:
            assert get(door.urls()[0][1]) == 200
            assert "UDP port 1900 on 127.0.0.1" in caplog.text
            assert "UDP port 1900 on 127.0.0.1" in door.obstacles()[0]
            greedy.close()
            with client() as sock:

                def answered() -> bool:
                    ask(sock, "upnp:rootdevice")
                    return not silent(sock)

                eventually(answered)
            eventually(lambda: not door.obstacles())
    assert caplog.text.count("UDP port 1900") == 1


def test_a_network_that_is_not_up_is_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    with a_wemo(responder=a_responder(interfaces=["eth77"], look_s=SOON)) as door:
        time.sleep(3 * SOON)
        assert door.urls() == ()
    assert caplog.text.count("no interface called eth77 has") == 1


def test_interfaces_that_cannot_be_read_do_not_end_the_door(caplog: pytest.LogCaptureFixture) -> None:
    looks: list[int] = []

    def nics() -> list[Nic]:
        looks.append(1)
        if len(looks) < 3:
            raise OSError("no interfaces today")
        return [LO]

    with a_wemo(responder=a_responder(nics=nics, look_s=SOON)) as door:
        eventually(door.urls)
    assert "cannot look at the interfaces" in caplog.text


def test_a_foreign_address_is_told_in_place_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    with a_wemo(responder=a_responder(address="203.0.113.9", look_s=SOON)) as door, client() as sock:
        time.sleep(3 * SOON)
        assert {urlsplit(url).hostname for _, url in door.urls()} == {"203.0.113.9"}
        ask(sock, "urn:Belkin:service:basicevent:1")
        assert all("//203.0.113.9:" in answer["LOCATION"] for answer, _ in collect(sock, 2))
    assert caplog.text.count("203.0.113.9") == 1


# Real clients


def test_pywemo_reads_switches_and_is_told_of_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    # Given both, pywemo does not open the socket that it forgets to close.
    port = free_port()
    monkeypatch.setenv("PYWEMO_HTTP_SERVER_PORT", str(port))
    monkeypatch.setenv("PYWEMO_CALLBACK_ADDRESS", f"127.0.0.1:{port}")
    hub = FakeHub()
    with a_wemo(hub) as door:
        url = door.urls()[1][1]
        device = pywemo.discovery.device_from_description(url)
        assert isinstance(device, pywemo.Switch)
        assert (device.name, device.model_name, device.mac) == (NAMES[1], "Socket", "02ABCD000008")
        assert device.get_state(force_update=True) == 0
        device.on()
        assert device.get_state(force_update=True) == 1
        assert device.basicevent.GetFriendlyName() == {"FriendlyName": NAMES[1]}
        assert len(device.metainfo.GetMetaInfo()["MetaInfo"].split("|")) == 6
        registry = pywemo.SubscriptionRegistry(requested_port=port)
        heard: list[tuple[str, str]] = []
        registry.start()
        try:
            registry.on(device, None, lambda _, event, value: heard.append((event, value)))
            registry.register(device)
            eventually(lambda: registry.is_subscribed(device))
            assert heard == [("BinaryState", "1")]
            hub.be(hub.switches[1], False)
            hub.be(hub.switches[0], True)
            eventually(lambda: len(heard) == 2)
            assert heard[1] == ("BinaryState", "0")
            registry.unregister(device)
        finally:
            registry.stop()
    assert [(name, on) for name, on, _ in hub.asked] == [(NAMES[1], True)]


def test_pywemo_learns_that_a_set_was_refused_and_keeps_the_state() -> None:
    hub = FakeHub()
    with a_wemo(hub) as door:
        device = pywemo.discovery.device_from_description(door.urls()[0][1])
        assert isinstance(device, pywemo.Switch)
        assert device.get_state() == 0
        hub.refusal = Rejected("open window")
        with pytest.raises(pywemo.exceptions.SOAPFault, match="open window"):
            device.on()
        assert device.get_state() == 0
        hub.states[hub.switches[0].name] = None
        with pytest.raises(pywemo.exceptions.SOAPFault, match="has not been read yet"):
            device.get_state(force_update=True)
    assert hub.asked == []


def test_a_strict_client_takes_every_description_and_hears_the_truth() -> None:
    hub = FakeHub()

    async def drive(url: str) -> None:
        requester = AiohttpRequester()
        device = await UpnpFactory(requester).async_create_device(url)
        assert (device.name, device.serial_number) == (NAMES[0], hub.switches[0].identity.serial)
        basic = device.service("urn:Belkin:service:basicevent:1")
        assert await basic.action("GetBinaryState").async_call() == {"BinaryState": False}
        assert await basic.action("SetBinaryState").async_call(BinaryState=True) == {"BinaryState": True}
        for service in device.services.values():
            for action in service.actions.values():
                if not action.in_arguments():
                    await action.async_call()
        with pytest.raises(UpnpActionError) as caught:
            await basic.action("ReSetup").async_call(Reset="2")
        assert caught.value.error_code == 501

        heard: asyncio.Queue[tuple[str, object]] = asyncio.Queue()

        def on_event(_: UpnpService, variables: Sequence[UpnpStateVariable[Any]]) -> None:
            for variable in variables:
                heard.put_nowait((variable.name, variable.value))

        server = AiohttpNotifyServer(requester, source=("127.0.0.1", 0))
        await server.async_start_server()
        try:
            for service in device.services.values():
                service.on_event = on_event
                await server.event_handler.async_subscribe(service)
            first = [await asyncio.wait_for(heard.get(), PATIENCE_S) for _ in range(2)]
            assert ("BinaryState", True) in first
            # An off that the house ignores: 200 with the state as it is, and an event with the truth.
            hub.prompt = False
            waiting = asyncio.create_task(basic.action("SetBinaryState").async_call(BinaryState=False))
            await until(lambda: len(hub.tickets) == 2)
            hub.tickets[1].accepted.set_result(None)
            hub.tickets[1].done.set_result(Outcome(Result.IGNORED, "this switch only arms"))
            assert await waiting == {"BinaryState": True}
            assert await asyncio.wait_for(heard.get(), PATIENCE_S) == ("BinaryState", True)
            waiting = asyncio.create_task(basic.action("SetBinaryState").async_call(BinaryState=False))
            await until(lambda: len(hub.tickets) == 3)
            hub.tickets[2].finish(Outcome(Result.REJECTED, "open window"), Rejected("open window"))
            with pytest.raises(UpnpActionError, match="open window"):
                await waiting
            await server.event_handler.async_unsubscribe_all()
        finally:
            await server.async_stop_server()

    with a_wemo(hub) as door:
        asyncio.run(drive(door.urls()[0][1]))


# Subscribers over a restart


class Subscriber:
    """A subscriber that keeps the numbers and states of its events."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with suppress(OSError):  # it is closed at the end
            while True:
                connection, _ = self._server.accept()
                with connection, connection.makefile("rb") as stream:
                    request = b""
                    while b"</e:propertyset>" not in request and (data := stream.read1()):
                        request += data
                    found = re.search(rb"SEQ: (\d+)\r\n.*<BinaryState>(\d)", request, re.DOTALL)
                    if not found:
                        continue
                    self.heard.append((found[1].decode(), found[2].decode()))
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    def ask(self, port: int, **headers: str) -> tuple[int, str]:
        """Send a SUBSCRIBE; return its status and SID."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        try:
            connection.request("SUBSCRIBE", "/upnp/event/basicevent1", headers={"TIMEOUT": "Second-300", **headers})
            answer = connection.getresponse()
            return answer.status, answer.headers.get("SID") or ""
        finally:
            connection.close()

    def subscribe(self, port: int) -> str:
        """Subscribe; return the SID."""
        return self.ask(port, CALLBACK=f"<http://127.0.0.1:{self.port}/x>", NT="upnp:event")[1]

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


@pytest.fixture
def subscriber() -> Iterator[Subscriber]:
    one = Subscriber()
    yield one
    one.close()


@pytest.mark.parametrize("read_before", [False, True])
def test_a_subscriber_hears_the_truth_after_a_restart_once_the_panel_was_read(
    subscriber: Subscriber, open_journal: Callable[[], Journal], read_before: bool
) -> None:
    hub, store = FakeHub(switches=(a_switch(),)), Subscriptions(open_journal())
    (switch,) = hub.switches
    with a_wemo(hub, subscriptions=store):
        known = subscriber.subscribe(switch.identity.port)
        eventually(lambda: subscriber.heard)
    hub.states[switch.name] = True  # as the last state that was written down
    hub.read_at = 1.0 if read_before else None
    with a_wemo(hub, subscriptions=store, responder=a_responder(look_s=SOON)):
        if not read_before:
            assert subscriber.heard == [("0", "0")]
            hub.read_at = 1.0
            hub.changed(switch.installation)
        eventually(lambda: len(subscriber.heard) == 2)
        hub.be(switch, False)
        eventually(lambda: len(subscriber.heard) == 3)
        assert subscriber.heard == [("0", "0"), ("1", "1"), ("2", "0")]
        assert subscriber.ask(switch.identity.port, SID=known) == (200, known)


def test_subscribers_of_a_switch_that_is_gone_are_forgotten(
    subscriber: Subscriber, open_journal: Callable[[], Journal]
) -> None:
    one, other = a_switch(), a_switch(NAMES[1], 2)
    store = Subscriptions(open_journal())
    with a_wemo(FakeHub(switches=(one, other)), subscriptions=store):
        subscriber.subscribe(one.identity.port)
        subscriber.subscribe(other.identity.port)
    with a_wemo(FakeHub(switches=(other,)), subscriptions=store):
        pass
    assert [kept.key for kept in store.load()] == [other.identity.key]


def test_other_switches_are_served_while_one_waits_for_the_cloud() -> None:
    hub = FakeHub(prompt=False)
    with a_wemo(hub, reply_within_s=2 * PATIENCE_S) as door, client() as sock:
        first, second = (urlsplit(url) for _, url in door.urls())
        slow = http.client.HTTPConnection(first.hostname or "", first.port, timeout=PATIENCE_S)
        slow.request(
            "POST",
            "/upnp/control/basicevent1",
            "<s:Body><u:SetBinaryState><BinaryState>1</BinaryState>",
            {"SOAPACTION": '"urn:Belkin:service:basicevent:1#SetBinaryState"'},
        )
        assert hub.came.wait(PATIENCE_S)
        assert get(second.geturl()) == 200
        ask(sock, "upnp:rootdevice")
        assert len(collect(sock, 2)) == 2
        hub.tickets[0].finish(Outcome(Result.CONFIRMED, "armed"), None)
        assert slow.getresponse().status == 200
        slow.close()


def test_stopping_does_not_wait_for_the_cloud() -> None:
    hub = FakeHub(prompt=False)
    with (
        a_wemo(hub, reply_within_s=60.0) as door,
        socket.create_connection(("127.0.0.1", hub.switches[0].identity.port)) as sock,
    ):
        assert len(door.urls()) == 2
        text = b"<BinaryState>1</BinaryState>"
        sock.sendall(
            b'POST /upnp/control/basicevent1 HTTP/1.1\r\nHost: localhost\r\nSOAPACTION: "x#SetBinaryState"\r\n'
            b"Content-Length: %d\r\n\r\n%s" % (len(text), text)
        )
        assert hub.came.wait(PATIENCE_S)
    hub.tickets[0].finish(Outcome(Result.CONFIRMED, "armed"), None)
    assert not hub.subscribers
