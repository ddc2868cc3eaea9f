"""Waitress's connections, bounded for each peer and in time; the loop looks after them in each turn."""

import logging
import socket
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer

from emulator.lan import line_ends, turns
from emulator.lan.limits import Shares

if TYPE_CHECKING:
    from emulator.lan.workers import Workers

LOG = logging.getLogger(__name__)

PER_PEER = 72
"""Connections of one peer; browsers open six, a Hue client may open one for each of 49 lights. Load is tried with 64,
and a client that has read an answer may be back before we have seen that its last connection is over."""

AHEAD = 16
"""Requests of one connection that wait for their answers; real clients wait for each answer themselves."""

FEW, SPARE = 4, 24
"""Connections with which a peer is let in where others hold all and wait for answers on each, and how many there are
for such peers: a request under way is taken from no peer."""

REQUEST_S = 10.0
"""From the first byte of a request to its last; the slowest real one takes two packets."""

IDLE_S = 30.0
"""From one answer to the next request, in which a slow reader takes the answer; apps poll every 10 s."""

LOOP_S = 1.0
"""Between looks at slow connections; requests and `stop` wake the loop at once."""

TLS_HANDSHAKE = b"\x16\x03"
"""Its first bytes; no HTTP request begins so."""


class Parser(HTTPRequestParser):
    """Has a path from the beginning, as waitress logs the path of a request that broke off before it had one.

    Takes heads that are written by hand: waitress waits in vain for the end of one whose lines end in LF alone.
    """

    path = ""

    def received(self, data: bytes) -> int:
        """Take bytes, and return how many."""
        before = self.header_plus
        found = None if self.completed or self.body_rcv is not None else line_ends.split(before + data)
        if found is None:
            return int(super().received(data))
        head, length = found
        self.header_plus = b""
        super().received(head)
        return length - len(before)


class Channel(HTTPChannel):
    """Measures the time that its peer keeps us waiting; each byte restarts waitress's own measure.

    Hangs up on a TLS handshake: a client that tries HTTPS at any port (aiohue does) would wait a minute for an answer.
    """

    server: "Listener"
    socket: socket.socket
    parser_class = Parser

    def __init__(self, server: "Listener", *what: Any, **more: Any) -> None:
        self.began = self.rested = server.monotonic()  # the request that is coming in; the time after the last one
        super().__init__(server, *what, **more)

    def received(self, data: bytes) -> bool:
        """Take bytes; return whether a request is whole."""
        if self.request is None and data.startswith(TLS_HANDSHAKE):
            self.will_close = True
            return False
        before = self.request
        taken = bool(super().received(data))
        if self.request is not before:
            self.began = self.server.monotonic()
        if len(self.requests) > AHEAD:
            self.hang_up()
        return taken

    def send(self, data: bytes, do_close: bool = True) -> int:  # noqa: ARG002  # the loop closes what is broken
        """Send, and never close: a worker may be sending while the loop goes through the open channels."""
        return int(super().send(data, do_close=False))

    def send_continue(self) -> None:
        """Let the peer go on with its body. A request that is whole has none to wait for, and would be begun anew."""
        if self.request is not None and not self.request.completed:
            super().send_continue()

    def writable(self) -> bool:
        """Return whether the loop may write; not while a worker does.

        The loop would turn and turn without effect, and hardly let the worker have the interpreter. At the end the
        worker wakes the loop for the rest.
        """
        if self.requests and not self.will_close:
            if not self.outbuf_lock.acquire(False):
                return False
            self.outbuf_lock.release()
        return bool(super().writable())

    def service(self) -> None:
        """Serve a request, when it is this worker's turn."""
        try:
            with turns.WEB.take():
                super().service()
        finally:
            self.server.task_dispatcher.done(self)

    @property
    def ended(self) -> bool:
        """Return whether it only waits to be closed."""
        return self.will_close or (self.close_when_flushed and not self.total_outbufs_len)

    @property
    def is_idle(self) -> bool:
        """Return whether it waits for its peer, of which nothing is unread either."""
        if self.requests:
            return False
        try:
            return not self.socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except OSError:  # nothing there, or broken
            return True

    def look(self, now: float) -> None:
        """Close it if its peer takes too long."""
        since, limit = (self.began, REQUEST_S) if self.request and not self.requests else (self.rested, IDLE_S)
        if self.requests and not self.total_outbufs_len:
            self.began = self.rested = now  # it waits for us
        elif now - since >= limit:
            self.hang_up()

    def hang_up(self) -> None:
        """Have it closed in this turn of the loop, even if its peer takes no byte any more."""
        self.will_close = True
        with suppress(OSError):  # the peer was quicker
            self.socket.shutdown(socket.SHUT_RDWR)


class Listener(TcpWSGIServer):
    """Accepts only welcome peers within their shares, before a byte is read; looks after channels in each turn."""

    channel_class = Channel
    active_channels: dict[int, Channel]  # type: ignore[assignment]  # the stubs have it as a single one
    welcome: Callable[[str], bool] = staticmethod(lambda _peer: True)
    task_dispatcher: "Workers"
    more = False  # whether others may wait to be taken in
    rests_until = float("-inf")
    shares = Shares(PER_PEER, PER_PEER)
    monotonic: Callable[[], float] = staticmethod(time.monotonic)

    def handle_accept(self) -> None:
        """Accept all that wait: with one in each turn, the last of many would wait for as many turns."""
        for _ in range(self.shares.in_all):
            super().handle_accept()
            if not self.more:
                break

    def accept(self) -> tuple[socket.socket, tuple[str, int]] | None:
        """Accept one connection, unless its peer is not welcome or has its share."""
        taken: tuple[socket.socket, tuple[str, int]] | None = None
        try:
            taken = super().accept()
        except OSError as error:  # no file descriptor is left; what waits would wake the loop at once
            LOG.error("no further connection can be taken in: %s", error.strerror)
            self.rests_until = self.monotonic() + LOOP_S
        self.more = taken is not None
        if taken and not (self.welcome(taken[1][0]) and self._has_room(taken[1][0])):
            taken[0].close()
            return None
        return taken

    def add_task(self, task: Any) -> None:
        """Queue a request."""
        task.rested = self.monotonic()
        super().add_task(task)

    def readable(self) -> bool:
        """Look after the channels, and return whether to accept more."""
        now = self.monotonic()
        for channel in list(self.active_channels.values()):
            channel.look(now)
        return bool(super().readable()) and now >= self.rests_until

    def maintenance(self, now: int) -> None:
        """Do nothing: waitress goes by a clock that may be set."""

    def _has_room(self, peer: str) -> bool:
        held = Counter(one.addr[0] for one in self._open())
        if self.shares.are_free(peer, held):
            return True
        evicted = self.shares.evicted_for(peer, held)
        if evicted is not None and self._made_room(evicted, half_sent=evicted != peer):
            return True
        return held[peer] < FEW and held.total() < self.shares.in_all + SPARE

    def _open(self) -> list[Channel]:
        return [one for one in list(self.active_channels.values()) if not one.ended]

    def _made_room(self, peer: str, *, half_sent: bool) -> bool:
        """Evict the connection that a peer left idle longest, or with half a request; return whether there is one."""
        theirs = [one for one in self._open() if one.addr[0] == peer and (half_sent or not one.request)]
        longest = sorted(theirs, key=lambda one: (one.total_outbufs_len > 0, one.request is not None, one.rested))
        idle = next((one for one in longest if one.is_idle), None)
        if idle:
            idle.hang_up()
        return idle is not None
