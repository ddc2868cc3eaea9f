"""Connections over real sockets of this host; the far ends are plain and blocking, and read only what must be there."""

import asyncio
import errno
import logging
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from emulator.doors import network, tcp
from tests.doors.clockwork import advance, run

HOST = "127.0.0.1"


async def soon(condition: Callable[[], object]) -> None:
    """Let the loop turn until what loopback brings at once is there; time stands still meanwhile."""
    for _ in range(10_000):
        if condition():
            return
        await asyncio.sleep(0)
    pytest.fail("waited ten thousand turns in vain")


class Echo(asyncio.Protocol):
    """Gives back what it hears, and remembers what happened."""

    def __init__(self) -> None:
        self.happened: list[str] = []
        self.keep_open = False
        self.transport = asyncio.Transport()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.happened.append("made")

    def data_received(self, data: bytes) -> None:
        self.happened.append("data")
        self.transport.write(data)

    def eof_received(self) -> bool:
        self.happened.append("eof")
        return self.keep_open

    def pause_writing(self) -> None:
        self.happened.append("pause")

    def resume_writing(self) -> None:
        self.happened.append("resume")

    def connection_lost(self, exc: Exception | None) -> None:
        self.happened.append(f"lost {type(exc).__name__}" if exc else "lost")


class Bench:
    """A listener, the protocols of its connections, and the far ends of tests."""

    def __init__(self, protocol: Callable[[], Echo] = Echo) -> None:
        self.made: list[Echo] = []
        self.sock = network.listener(HOST, 0)
        self.port = self.sock.getsockname()[1]

        def connect() -> Echo:
            self.made.append(protocol())
            return self.made[-1]

        self.listener = tcp.Listener(self.sock, connect)
        self.far: list[socket.socket] = []

    async def connect(self, said: bytes = b"", buffer: int = 0) -> tuple[socket.socket, Echo]:
        """A far end that has said something, and the protocol that got to know of it."""
        before = len(self.made)
        sock = socket.socket()
        self.far.append(sock)
        sock.settimeout(5)
        if buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        sock.connect((HOST, self.port))
        sock.sendall(said)
        await soon(lambda: len(self.made) > before)
        return sock, self.made[-1]

    def close(self) -> None:
        if self.sock.fileno() >= 0:
            self.listener.close()
        for protocol in self.made:
            if not protocol.happened[-1].startswith("lost"):
                protocol.transport.abort()
        for sock in self.far:
            sock.close()


def with_bench(test: Callable[[Bench], Coroutine[Any, Any, None]], protocol: Callable[[], Echo] = Echo) -> None:
    async def main() -> None:
        bench = Bench(protocol)
        try:
            await test(bench)
        finally:
            bench.close()

    run(main())


def test_what_comes_with_the_connection_and_what_comes_later_is_heard() -> None:
    async def test(bench: Bench) -> None:
        far, protocol = await bench.connect(b"one")
        assert far.recv(10) == b"one"
        assert protocol.transport.get_extra_info("peername") == far.getsockname()
        far.sendall(b"two")
        await soon(lambda: protocol.happened == ["made", "data", "data"])
        assert far.recv(10) == b"two"

    with_bench(test)


def test_connections_are_taken_one_by_one() -> None:
    async def test(bench: Bench) -> None:
        ends = [await bench.connect(b"%d" % number) for number in range(5)]
        assert [far.recv(10) for far, _ in ends] == [b"0", b"1", b"2", b"3", b"4"]

    with_bench(test)


def test_a_close_is_told_before_it_returns_and_only_once() -> None:
    async def test(bench: Bench) -> None:
        far, protocol = await bench.connect(b"x")
        protocol.transport.close()
        assert protocol.happened == ["made", "data", "lost"]
        protocol.transport.close()
        protocol.transport.abort()
        protocol.transport.write(b"nobody hears it")
        assert protocol.transport.is_closing()
        assert (far.recv(10), far.recv(10)) == (b"x", b"")
        assert protocol.happened == ["made", "data", "lost"]

    with_bench(test)


@pytest.mark.parametrize("keep_open", [False, True])
def test_the_end_of_the_peer(keep_open: bool) -> None:
    async def test(bench: Bench) -> None:
        far, protocol = await bench.connect()
        protocol.keep_open = keep_open
        far.shutdown(socket.SHUT_WR)
        await soon(lambda: "eof" in protocol.happened)
        await advance()
        assert protocol.happened == (["made", "eof"] if keep_open else ["made", "eof", "lost"])
        if keep_open:
            protocol.transport.write(b"late")
            protocol.transport.close()
            assert far.recv(10) == b"late"
        assert far.recv(10) == b""

    with_bench(test)


def test_nothing_is_read_while_paused() -> None:
    async def test(bench: Bench) -> None:
        far, protocol = await bench.connect(b"x")
        assert far.recv(10) == b"x"
        protocol.transport.pause_reading()
        far.sendall(b"y")
        await advance()
        assert protocol.happened == ["made", "data"]
        protocol.transport.resume_reading()
        await soon(lambda: protocol.happened == ["made", "data", "data"])

    with_bench(test)


def test_a_pause_from_the_first_moment_holds() -> None:
    class Shy(Echo):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            self.transport.pause_reading()

    async def test(bench: Bench) -> None:
        _, protocol = await bench.connect(b"x")
        await advance()
        assert protocol.happened == ["made"]
        protocol.transport.resume_reading()
        await soon(lambda: protocol.happened == ["made", "data"])

    with_bench(test, Shy)


MUCH = b"x" * 8 * 1024 * 1024  # more than the kernel keeps for a peer that does not read


def test_a_peer_that_does_not_read_is_waited_for_and_then_gets_all() -> None:
    async def test(bench: Bench) -> None:
        far, protocol = await bench.connect(buffer=4096)
        protocol.transport.write(MUCH)
        protocol.transport.write(b"end")
        assert protocol.happened == ["made", "pause"]
        protocol.transport.write_eof()
        got = bytearray()
        far.setblocking(False)
        loop = asyncio.get_running_loop()
        while part := await loop.sock_recv(far, 1 << 20):
            got += part
        assert bytes(got) == MUCH + b"end"
        assert protocol.happened == ["made", "pause", "resume"]
        assert not protocol.transport.is_closing()

    with_bench(test)


def test_close_waits_for_what_was_written_and_abort_does_not() -> None:
    async def test(bench: Bench) -> None:
        far, protocol = await bench.connect(buffer=4096)
        protocol.transport.write(MUCH)
        protocol.transport.close()
        assert protocol.happened == ["made", "pause"]
        got = 0
        far.setblocking(False)
        while part := await asyncio.get_running_loop().sock_recv(far, 1 << 20):
            got += len(part)
        assert got == len(MUCH)
        await soon(lambda: protocol.happened[-1] == "lost")
        _, other = await bench.connect(buffer=4096)
        other.transport.write(MUCH)
        other.transport.abort()
        assert other.happened == ["made", "pause", "lost"]

    with_bench(test)


def test_eof_is_written_at_once_when_nothing_waits() -> None:
    async def test(bench: Bench) -> None:
        far, protocol = await bench.connect()
        assert protocol.transport.can_write_eof()
        protocol.transport.write_eof()
        assert far.recv(10) == b""
        assert protocol.happened == ["made"]

    with_bench(test)


def reset(far: socket.socket) -> None:
    """Leave without a goodbye."""
    far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    far.close()


def test_a_reset_ends_the_connection() -> None:
    async def test(bench: Bench) -> None:
        far, protocol = await bench.connect()
        reset(far)
        await soon(lambda: protocol.happened == ["made", "lost ConnectionResetError"])

    with_bench(test)


def test_whoever_writes_to_a_peer_that_has_gone_is_told_a_turn_later() -> None:
    async def test(bench: Bench) -> None:
        far, protocol = await bench.connect()
        protocol.transport.pause_reading()
        reset(far)
        protocol.transport.write(b"x")  # takes the reset
        assert protocol.happened == ["made"]
        protocol.transport.write(b"y")
        protocol.transport.write_eof()
        await soon(lambda: len(protocol.happened) == 2)
        assert protocol.happened[1].startswith("lost ")

    with_bench(test)


@pytest.mark.parametrize("fault", ["connection_made", "data_received", "eof_received"])
def test_a_bug_of_the_protocol_costs_its_connection_alone(fault: str, caplog: pytest.LogCaptureFixture) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    async def test(bench: Bench) -> None:
        for number in (1, 2):
            far = socket.create_connection((HOST, bench.port), 5)
            bench.far.append(far)
            far.sendall(b"x")
            far.shutdown(socket.SHUT_WR)
            await soon(lambda count=number: caplog.text.count("a connection failed") == count)
            assert bench.made[-1].happened[-1] == "lost"

    with_bench(test, type("Broken", (Echo,), {fault: fail}))


def test_without_file_descriptors_it_rests_and_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    class Exhausted(socket.socket):
        left = 1

        def accept(self) -> Any:
            if self.left:
                self.left -= 1
                raise OSError(errno.EMFILE, "Too many open files")
            return super().accept()

    async def main() -> None:
        sock = Exhausted()
        sock.setblocking(False)
        sock.bind((HOST, 0))
        sock.listen()
        made: list[Echo] = []
        listener = tcp.Listener(sock, lambda: made.append(Echo()) or made[-1])  # type: ignore[func-returns-value]
        with socket.create_connection(sock.getsockname(), 5):
            await soon(lambda: "Too many open files" in caplog.text)
            await advance(tcp.RETRY / 2)
            assert not made
            await advance(tcp.RETRY)
            await soon(lambda: made)
            made[0].transport.abort()
            sock.left = 1
        with socket.create_connection(sock.getsockname(), 5):
            await soon(lambda: caplog.text.count("Too many open files") == 2)
            listener.close()  # while it rests
        await advance(2 * tcp.RETRY)
        assert len(made) == 1

    with caplog.at_level(logging.ERROR):
        run(main())


def test_a_listener_that_closed_takes_nobody() -> None:
    async def test(bench: Bench) -> None:
        bench.listener.close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((HOST, bench.port), 5)

    with_bench(test)
