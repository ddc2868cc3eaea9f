"""A peer that takes all it can get from the door, and another one that must not notice. At length: `make abuse`."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest

from emulator.lan import limits, outbox
from tests.doors.fakes import FakeHub
from tests.doors.wemo.test_protocol import GET
from tests.support.lan import a_wemo, ask, client, collect

ABUSER, HONEST = "127.0.0.2", "127.0.0.3"


@contextmanager
def connected(port: int, peer: str, said: bytes) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), 5, (peer, 0)) as sock:
        sock.sendall(said.replace(b"192.168.7.2:49151", f"127.0.0.1:{port}".encode()))
        yield sock


@pytest.mark.parametrize("said", [b"", GET[:50]])
def test_connections_that_say_nothing_or_half_of_it_keep_nobody_out(said: bytes) -> None:
    hub = FakeHub()
    with a_wemo(hub), ExitStack() as stack:
        ports = [switch.identity.port for switch in hub.switches]
        for number in range(2 * limits.SHARES.per_peer):
            stack.enter_context(connected(ports[number % 2], ABUSER, said))
        for port in ports:
            assert stack.enter_context(connected(port, HONEST, GET)).recv(100).startswith(b"HTTP/1.1 200 ")


def test_a_flood_of_searches_is_answered_at_a_bounded_rate_and_silences_nobody() -> None:
    with a_wemo(), ExitStack() as stack, client(HONEST) as honest:
        # 100 searches for 10 answers each fill all that waits; many more at once would be lost in the kernel's queue.
        flood = [stack.enter_context(client(ABUSER)) for _ in range(100)]
        for sock in flood:
            ask(sock, "ssdp:all")
            sock.setblocking(False)
        ask(honest, "upnp:rootdevice")
        assert len(collect(honest, 2)) == 2
        assert 0 < sum(map(waiting, flood)) < outbox.MAX_PENDING / 2


def waiting(sock: socket.socket) -> int:
    """Count the datagrams."""
    number = 0
    with suppress(BlockingIOError):
        while sock.recv(2000):
            number += 1
    return number
