"""The responder with a tenant of the tests, on loopback; with switches in it: tests/doors/wemo/test_door.py."""

import logging
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest

from emulator.lan import network, site, ssdp
from emulator.lan.network import Nic, Place
from emulator.lan.responder import Responder, Tenant
from emulator.lan.ssdp import Advert, UpnpDevice
from tests.support.lan import LO, SOON, a_responder, ask, client, collect, eventually, silent
from tests.support.patience import PATIENCE_S, until

UDN = "uuid:guest"
GUEST = UpnpDevice(8123, "/description.xml", (Advert(ssdp.ROOT, f"{UDN}::{ssdp.ROOT}"), Advert(UDN, UDN)))


class Guest(Tenant):
    """Has the devices that a test gives it, and listens to nobody."""

    def __init__(self, *devices: UpnpDevice) -> None:
        self.here = list(devices)
        self.obstacles: list[str] = []
        self.calls: list[str] = []

    async def open(self) -> None:
        self.calls.append("open")

    async def follow(self, places: Sequence[Place], addresses: frozenset[str]) -> Sequence[str]:
        assert {place.host for place in places} <= addresses
        return self.obstacles

    def devices(self, place: Place) -> Sequence[UpnpDevice]:  # noqa: ARG002  # the same everywhere
        return self.here

    async def close(self) -> None:
        self.calls.append("close")


@contextmanager
def staying(responder: Responder, guest: Tenant) -> Iterator[Responder]:
    responder.join(guest)
    try:
        yield responder
    finally:
        responder.leave(guest)


@pytest.fixture
def heard() -> Iterator[socket.socket]:
    with network.receiver("127.0.0.1") as sock:
        sock.setblocking(True)
        sock.settimeout(PATIENCE_S)
        yield sock


def notices(sock: socket.socket, kind: str, number: int) -> set[str]:
    """The names under which a kind of notice came, once that many did."""
    found: list[str] = []
    while len(found) < number:
        lines = sock.recvfrom(2000)[0].decode().split("\r\n")
        if f"NTS: ssdp:{kind}" in lines and f"USN: {UDN}" in "\n".join(lines):
            found += [line for line in lines if line.startswith("NT: ")]
    return set(found)


def test_a_device_is_announced_answers_and_takes_its_leave(heard: socket.socket) -> None:
    guest = Guest()
    with staying(a_responder(look_s=SOON), guest), client() as sock:
        guest.here.append(GUEST)
        assert len(notices(heard, "alive", 4)) == 2
        ask(sock, ssdp.ROOT)
        assert {answer["LOCATION"] for answer, _ in collect(sock, 1)} == {"http://127.0.0.1:8123/description.xml"}
        guest.here.clear()
        assert len(notices(heard, "byebye", 4)) == 2
        ask(sock, "ssdp:all")
        assert silent(sock)


def test_the_last_word_of_a_device_is_goodbye(heard: socket.socket) -> None:
    with staying(a_responder(), Guest(GUEST)):
        notices(heard, "alive", 2)
    assert len(notices(heard, "byebye", 4)) == 2


def test_a_tenant_that_cannot_follow_keeps_no_other_from_being_served(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Guest):
        async def follow(self, places: Sequence[Place], addresses: frozenset[str]) -> Sequence[str]:  # noqa: ARG002
            raise OSError("no")

    with staying(a_responder(), Broken()) as responder, staying(responder, Guest(GUEST)), client() as sock:
        ask(sock, UDN)
        assert len(collect(sock, 1)) == 1
    assert "a door cannot follow" in caplog.text


def test_devices_are_announced_again_while_the_interfaces_cannot_be_read(
    heard: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found() -> list[Nic]:
        if broken.is_set():
            raise OSError("no more file descriptors")
        return [LO]

    broken = threading.Event()
    monkeypatch.setattr(site, "ALIVE_S", SOON)
    with staying(Responder(nics=found, interfaces=["lo"], look_s=SOON), Guest(GUEST)):
        broken.set()
        notices(heard, "alive", 12)


def test_a_named_interface_that_is_not_there_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    looks: list[None] = []

    def found() -> list[Nic]:
        looks.append(None)
        return [LO]

    with staying(Responder(nics=found, interfaces=["lo", "eth77"], look_s=SOON), Guest(GUEST)) as responder:
        until(lambda: len(looks) > 2)
        assert not responder.obstacles(Guest())
    assert caplog.text.count("no interface called eth77 has a local IPv4 address") == 1


def test_no_queued_notice_follows_the_goodbye_of_a_door(heard: socket.socket) -> None:
    later = replace(GUEST, adverts=tuple(Advert(f"{UDN}:later", f"{UDN}:later") for _ in GUEST.adverts))
    with staying(a_responder(), Guest()) as responder:
        responder.join(guest := Guest(GUEST))
        responder.leave(guest)
        with staying(responder, Guest(later)):  # its last notice is due after all that the guest had queued
            told: list[str] = []
            while sum("later" in one for one in told) < 4:
                told.append(heard.recvfrom(2000)[0].decode())
    goodbye = next(number for number, one in enumerate(told) if "ssdp:byebye" in one)
    assert all("later" in one for one in told[goodbye:] if "ssdp:alive" in one)


def test_one_tenant_leaves_and_the_other_stays() -> None:
    first, second = Guest(), Guest(GUEST)
    with staying(a_responder(), second) as responder, client() as sock:
        with staying(responder, first):
            responder.join(first)
        assert first.calls == ["open", "close"]
        ask(sock, UDN)
        assert len(collect(sock, 1)) == 1
        responder.leave(first)
        assert second.calls == ["open"]


def test_the_thread_lives_as_long_as_there_are_tenants() -> None:
    before = set(threading.enumerate())
    responder = a_responder()
    responder.leave(Guest())
    for _ in range(2):
        with staying(responder, Guest()):
            assert "lan" in {thread.name for thread in threading.enumerate()}
        assert set(threading.enumerate()) == before


def test_a_tenant_that_cannot_open_is_none_and_leaves_no_thread() -> None:
    class Broken(Guest):
        async def open(self) -> None:
            raise OSError("no")

    before, broken, responder = set(threading.enumerate()), Broken(), a_responder()
    with pytest.raises(OSError, match="no"):
        responder.join(broken)
    responder.leave(broken)
    assert broken.calls == []
    assert set(threading.enumerate()) == before


def test_an_obstacle_is_that_of_its_tenant_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    guest, other = Guest(), Guest()
    guest.obstacles = ["no port"]
    with staying(a_responder(look_s=SOON), guest) as responder, staying(responder, other):
        assert (responder.obstacles(guest), responder.obstacles(other)) == (("no port",), ())
        guest.obstacles = []
        eventually(lambda: not responder.obstacles(guest))
    assert caplog.text.count("no port") == 1


def test_a_call_after_the_end_is_nothing() -> None:
    responder = a_responder()
    responder.post(pytest.fail, "it ran")
    with staying(responder, Guest()):
        pass
    responder.post(pytest.fail, "it ran")


def test_a_datagram_that_cannot_be_sent_is_no_drama(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "emulator.lan")
    with staying(a_responder(), Guest(GUEST)) as responder, client() as sock:
        site = next(iter(responder._sites.values()))
        responder.post(site.send, b"x" * 70_000, ("127.0.0.1", 9))
        eventually(lambda: "too long" in caplog.text)
        ask(sock, UDN)
        assert len(collect(sock, 1)) == 1
