"""TCP on the loop's thread: a listener and its connections, each served in the turn of the loop that it came in.

A WeMo client opens a connection for nearly every question. asyncio's own server spends a task, a future and six
callbacks on one, over four turns of the loop: more than half of the time of an answer (docs/performance.md).
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from typing import Any

LOG = logging.getLogger(__name__)

CHUNK = 64 * 1024  # bytes read at once; a request has at most a third of it
HIGH_WATER = 64 * 1024  # bytes that the peer has not taken; as asyncio has it
RETRY = 1.0  # seconds without accepting when the system has no file descriptor or memory left for a connection


class Listener:
    """Accepts connections, one in a turn, so that no switch keeps the others from being served."""

    def __init__(self, sock: socket.socket, protocol: Callable[[], asyncio.Protocol]) -> None:
        self._sock = sock
        self._protocol = protocol
        self._loop = asyncio.get_running_loop()
        self._resting: asyncio.TimerHandle | None = None
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # connections inherit it
        self._watch()

    def close(self) -> None:
        """Accept no more; connections stay."""
        if self._resting:
            self._resting.cancel()
        self._loop.remove_reader(self._sock)
        self._sock.close()

    def _watch(self) -> None:
        self._loop.add_reader(self._sock, self._accept)

    def _accept(self) -> None:
        try:
            sock, address = self._sock.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return  # it left while it waited
        except OSError as error:
            LOG.error("no connection can be taken at port %d (%s)", self._sock.getsockname()[1], error.strerror)
            self._loop.remove_reader(self._sock)
            self._resting = self._loop.call_later(RETRY, self._watch)
            return
        Connection(sock, address, self._protocol())


class Connection(asyncio.Transport):
    """A connection as its protocol knows it from asyncio, but that `connection_lost` comes before `close` returns.

    The protocol is let go then, as the two refer to each other.
    """

    def __init__(self, sock: socket.socket, peer: Any, protocol: asyncio.Protocol) -> None:
        super().__init__({"peername": peer})
        self._loop = asyncio.get_running_loop()
        self._sock = sock
        self._protocol: asyncio.Protocol | None = protocol
        self._unsent = b""
        self._watching = self._paused = self._closing = self._full = self._last = False
        sock.setblocking(False)
        self._guarded(protocol.connection_made, self)
        self._read()  # what a client has to say mostly comes with the connection

    # What the protocol calls

    def write(self, data: Any) -> None:
        """Send now what the network takes, and the rest as it takes it."""
        if self._closing:
            return
        sent = 0 if self._unsent else self._send(data)
        if sent == len(data):
            return
        if not self._unsent:
            self._loop.add_writer(self._sock, self._write)
        self._unsent += data[sent:]
        if self._protocol and len(self._unsent) > HIGH_WATER and not self._full:
            self._full = True
            self._protocol.pause_writing()

    def can_write_eof(self) -> bool:
        """Yes."""
        return True

    def write_eof(self) -> None:
        """Tell the peer that nothing follows what was written."""
        self._last = True
        if not self._unsent and self._protocol:
            self._shut_down()

    def pause_reading(self) -> None:
        """Leave what the peer sends to the kernel, which stops it before long."""
        self._paused = True
        self._unwatch()

    def resume_reading(self) -> None:
        """Read again."""
        self._paused = False
        self._watch()

    def close(self) -> None:
        """Close once everything is sent."""
        self._closing = True
        self._unwatch()
        if not self._unsent:
            self._lost(None)

    def abort(self) -> None:
        """Close now."""
        self._lost(None)

    def is_closing(self) -> bool:
        """Whether it is closed, or about to be."""
        return self._closing

    # What the loop calls

    def _read(self) -> None:
        if self._paused or self._closing or self._protocol is None:
            return
        try:
            data = self._sock.recv(CHUNK)
        except (BlockingIOError, InterruptedError):
            self._watch()
            return
        except OSError as error:
            self._lost(error)
            return
        if data:
            self._guarded(self._protocol.data_received, data)
            self._watch()
        elif self._guarded(self._protocol.eof_received):
            self._unwatch()  # it would be heard again and again
        else:
            self.close()

    def _write(self) -> None:
        self._unsent = self._unsent[self._send(self._unsent) :]
        if self._full and not self._unsent and self._protocol:
            self._full = False
            self._guarded(self._protocol.resume_writing)
        if not self._unsent and self._protocol:
            self._loop.remove_writer(self._sock)
            if self._last:
                self._shut_down()
            if self._closing:
                self._lost(None)

    # The socket

    def _send(self, data: bytes) -> int:
        try:
            return self._sock.send(data)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError as error:
            # Not now: whoever writes goes on with a connection that it has.
            self._closing = True
            self._loop.call_soon(self._lost, error)
            return len(data)

    def _shut_down(self) -> None:
        try:
            self._sock.shutdown(socket.SHUT_WR)
        except OSError as error:
            self._lost(error)

    def _watch(self) -> None:
        if not (self._watching or self._paused or self._closing or self._protocol is None):
            self._watching = True
            self._loop.add_reader(self._sock, self._read)

    def _unwatch(self) -> None:
        if self._watching:
            self._watching = False
            self._loop.remove_reader(self._sock)

    def _guarded(self, call: Callable[..., Any], *args: Any) -> Any:
        """Whatever goes wrong with one peer, the loop goes on."""
        try:
            return call(*args)
        except Exception:
            LOG.exception("a connection failed")
            self._lost(None)
            return None

    def _lost(self, error: OSError | None) -> None:
        self._closing = True
        protocol, self._protocol = self._protocol, None
        if protocol is None:
            return
        self._unwatch()
        if self._unsent:
            self._loop.remove_writer(self._sock)
            self._unsent = b""
        self._sock.close()
        protocol.connection_lost(error)
