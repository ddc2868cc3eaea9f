"""A WeMo door on loopback, and what clients of it do there."""

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import IPv4Interface
from typing import Any

from emulator.doors.wemo.door import WemoDoor
from emulator.lan import network, ssdp
from emulator.lan.network import Nic
from emulator.lan.responder import Responder
from tests.doors.clockwork import until
from tests.doors.fakes import FakeHub
from tests.support.patience import PATIENCE_S, STOP_S

LO = Nic("lo", IPv4Interface("127.0.0.1/8"))
SOON = 0.05  # seconds between looks at the interfaces

SEARCH = 'M-SEARCH * HTTP/1.1\r\nHost:239.255.255.250:1900\r\nMan:"ssdp:discover"\r\nMX:1\r\nST:{}\r\n\r\n'


def eventually(condition: Callable[[], object]) -> None:
    asyncio.run(until(condition))


def a_responder(**settings: Any) -> Responder:
    return Responder(**{"interfaces": ["lo"], **settings})


@contextmanager
def running(door: WemoDoor) -> Iterator[WemoDoor]:
    door.start()
    try:
        yield door
    finally:
        before = time.monotonic()
        door.stop()
        assert time.monotonic() - before < STOP_S


@contextmanager
def a_wemo(hub: FakeHub | None = None, responder: Responder | None = None, **settings: Any) -> Iterator[WemoDoor]:
    with running(WemoDoor(hub or FakeHub(), responder or a_responder(), **settings)) as door:
        yield door


@contextmanager
def client(host: str = "127.0.0.1") -> Iterator[socket.socket]:
    with network.sender(host, 0) as sock:
        sock.settimeout(PATIENCE_S)
        yield sock


def ask(sock: socket.socket, target: str, to: str = ssdp.GROUP) -> None:
    sock.sendto(SEARCH.format(target).encode(), (to, ssdp.PORT))


def collect(sock: socket.socket, number: int) -> list[tuple[dict[str, str], tuple[str, int]]]:
    """That many datagrams; a test that expects too many fails on the timeout."""
    found = []
    for _ in range(number):
        data, peer = sock.recvfrom(2000)
        lines = [line.partition(": ") for line in data.decode().split("\r\n")]
        found.append(({name: value for name, _, value in lines}, peer))
    return found


def silent(sock: socket.socket) -> bool:
    sock.settimeout(0.3)
    try:
        sock.recvfrom(2000)
    except TimeoutError:
        return True
    return False
