"""A WSGI app on listening sockets, by waitress: all threads named, and all gone after `stop`."""

import errno
import logging
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from emulator.lan import limits, turns

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

BODY = 65_536
"""Bytes of a request's body; the longest real one is below 1 kB."""

HEADERS = 16_384
"""Bytes of a request's headers; the longest real ones are below 1 kB."""

PER_PEER = 72
"""Connections of one peer; browsers open six, a Hue client may open one for each of 49 lights. Load is tried with 64,
and whoever has read an answer may be back before we have seen that the last connection is over."""

AHEAD = 16
"""Requests of one connection that wait for their answers; real clients wait for each answer themselves."""

AT_ONCE = 2
"""Requests of one peer that are served at the same time: one may wait for news or for the cloud. More would not be
served sooner, as threads only take turns with each other, and would let everybody else wait for his."""

FEW, SPARE = 4, 24
"""Connections with which a peer is let in where others hold all and wait for answers on each, and how many there are
for such peers: what is under way is taken from nobody."""

REQUEST = 10.0
"""Seconds from the first byte of a request to its last; the slowest real one takes two packets."""

IDLE = 30.0
"""Seconds from one answer to the next request, in which a slow reader takes the answer; apps poll every 10 s."""

LOOP = 1.0
"""Seconds between looks at slow connections; requests and `stop` wake the loop at once."""

TLS_HANDSHAKE = b"\x16\x03"
"""How it begins; no HTTP request does."""

LOG = logging.getLogger(__name__)
_SILENT = logging.getLogger(f"{__name__}.silent")
_SILENT.disabled = True


class Server:
    """Serves from the moment it is made until `stop`; it owns the socket. `welcome` decides by a peer's address.

    A peer that has `per_peer` connections gets another one in the place of the one that it has left idle longest. When
    there are `connections`, whoever holds most makes way in the same manner. `at_once` requests of a peer are served.
    """

    def __init__(
        self,
        app: "WSGIApplication",
        listener: socket.socket,
        *,
        name: str,
        workers: int,
        connections: int,
        per_peer: int = PER_PEER,
        at_once: int = AT_ONCE,
        welcome: Callable[[str], bool] = lambda _peer: True,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ended = False
        self._workers = _Workers(name, at_once)
        self._map: dict[int, socket.socket] = {}
        self._server = _Listener(
            app,
            map=self._map,
            _sock=listener,
            dispatcher=self._workers,
            adj=Adjustments(
                connection_limit=2 * connections,  # ours is held below; those that are being closed still count here
                max_request_body_size=BODY,
                max_request_header_size=HEADERS,
                clear_untrusted_proxy_headers=True,
                ident=None,
            ),
            bind_socket=False,
        )
        self._server.welcome, self._server.monotonic = welcome, monotonic
        self._server.per_peer, self._server.in_all = per_peer, connections
        self._loop = threading.Thread(target=self._serve, name=name, daemon=True)
        try:
            self._workers.set_thread_count(workers)
            self._loop.start()
        except RuntimeError as error:
            self.stop()
            raise OSError(errno.EAGAIN, str(error)) from None

    def stop(self) -> None:
        """The workers, then the loop, then the sockets: whoever is still at work may pull the trigger, and its file
        descriptor must not be another file's by then."""
        self._workers.shutdown()
        for thread in self._workers.started:
            thread.join()
        self._ended = True
        self._server.pull_trigger()
        if self._loop.ident is not None:
            self._loop.join()
        wasyncore.close_all(self._map)

    def _serve(self) -> None:
        while not self._ended:
            wasyncore.loop(timeout=LOOP, use_poll=True, map=self._map, count=1)


class _Parser(HTTPRequestParser):
    """Has a path from the beginning: waitress logs that of a request which broke off before it had one."""

    path = ""


class _Channel(HTTPChannel):
    """Knows for how long its peer has kept us waiting; what waitress counts, any byte begins anew.

    Hangs up on a TLS handshake: whoever tries HTTPS at any port (aiohue does) would wait a minute for an answer.
    """

    server: "_Listener"
    socket: socket.socket
    parser_class = _Parser

    def __init__(self, server: "_Listener", *what: Any, **more: Any) -> None:
        self.began = self.rested = server.monotonic()  # the request that is coming in; the time after the last one
        super().__init__(server, *what, **more)

    def received(self, data: bytes) -> bool:
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
        """Never closes it: a worker may be sending, while the loop goes through what is open."""
        return int(super().send(data, do_close=False))

    def writable(self) -> bool:
        """Not while a worker is writing: the loop would turn and turn for what it may not touch, and hardly let the
        worker have the interpreter. What is left to write it is told of at the end."""
        if self.requests and not self.will_close:
            if not self.outbuf_lock.acquire(False):
                return False
            self.outbuf_lock.release()
        return bool(super().writable())

    def service(self) -> None:
        try:
            with turns.WEB.take():
                super().service()
        finally:
            self.server.task_dispatcher.done(self)

    @property
    def ended(self) -> bool:
        """Whether it only waits to be closed."""
        return self.will_close or (self.close_when_flushed and not self.total_outbufs_len)

    @property
    def is_idle(self) -> bool:
        """Whether it waits for its peer, who has sent nothing either that was not read yet."""
        if self.requests:
            return False
        try:
            return not self.socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except OSError:  # nothing there, or broken
            return True

    def look(self, now: float) -> None:
        """Close it if its peer takes too long."""
        since, limit = (self.began, REQUEST) if self.request and not self.requests else (self.rested, IDLE)
        if self.requests and not self.total_outbufs_len:
            self.began = self.rested = now  # it waits for us
        elif now - since >= limit:
            self.hang_up()

    def hang_up(self) -> None:
        """Have it closed in this turn of the loop, also when its peer takes no byte any more."""
        self.will_close = True
        with suppress(OSError):  # the peer was quicker
            self.socket.shutdown(socket.SHUT_RDWR)


class _Listener(TcpWSGIServer):
    """Takes in only whom it may, before a byte is read, and looks after them in each turn of the loop."""

    channel_class = _Channel
    active_channels: dict[int, _Channel]  # type: ignore[assignment]  # the stubs have it as a single one
    welcome: Callable[[str], bool] = staticmethod(lambda _peer: True)
    task_dispatcher: "_Workers"
    more = False  # whether others may wait to be taken in
    rests_until = float("-inf")
    per_peer = in_all = PER_PEER
    monotonic: Callable[[], float] = staticmethod(time.monotonic)

    def handle_accept(self) -> None:
        """All that wait: with one in each turn, the last of many would wait for as many turns."""
        for _ in range(self.in_all):
            super().handle_accept()
            if not self.more:
                break

    def accept(self) -> tuple[socket.socket, tuple[str, int]] | None:
        taken: tuple[socket.socket, tuple[str, int]] | None = None
        try:
            taken = super().accept()
        except OSError as error:  # no file descriptor is left; those that knock would wake the loop at once
            LOG.error("no further connection can be taken in: %s", error.strerror)
            self.rests_until = self.monotonic() + LOOP
        self.more = taken is not None
        if taken and not (self.welcome(taken[1][0]) and self._has_room(taken[1][0])):
            taken[0].close()
            return None
        return taken

    def add_task(self, task: Any) -> None:
        task.rested = self.monotonic()
        super().add_task(task)

    def readable(self) -> bool:
        now = self.monotonic()
        for channel in list(self.active_channels.values()):
            channel.look(now)
        return bool(super().readable()) and now >= self.rests_until

    def maintenance(self, now: int) -> None:
        """Not this, which goes by a clock that may be set."""

    def _has_room(self, peer: str) -> bool:
        held = Counter(one.addr[0] for one in self._open())
        if held[peer] >= self.per_peer:
            return self._made_room(peer, half_sent=False)
        if held.total() >= self.in_all:
            giver = limits.evicted_for(peer, held)
            if giver is not None and self._made_room(giver, half_sent=giver != peer):
                return True
            return held[peer] < FEW and held.total() < self.in_all + SPARE
        return True

    def _open(self) -> list[_Channel]:
        return [one for one in list(self.active_channels.values()) if not one.ended]

    def _made_room(self, peer: str, *, half_sent: bool) -> bool:
        """Whether this peer has left a connection idle, or may lose one with half a request; it is closed."""
        theirs = [one for one in self._open() if one.addr[0] == peer and (half_sent or not one.request)]
        longest = sorted(theirs, key=lambda one: (one.total_outbufs_len > 0, one.request is not None, one.rested))
        idle = next((one for one in longest if one.is_idle), None)
        if idle:
            idle.hang_up()
        return idle is not None


class _Queue:
    """Connections whose request waits for a worker. Peers take turns: who asks much makes nobody wait but himself.

    Used as the deque that waitress has in its place, and under the same lock. In it are those that may be served now.
    """

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._of: dict[str, deque[_Channel]] = {}  # whose turn is next comes first
        self._at_work: Counter[str] = Counter()

    def __len__(self) -> int:
        return sum(len(theirs) for peer, theirs in self._of.items() if self._at_work[peer] < self._at_once)

    def append(self, task: _Channel) -> None:
        self._of.setdefault(task.addr[0], deque()).append(task)

    def popleft(self) -> _Channel:
        peer = next(peer for peer in self._of if self._at_work[peer] < self._at_once)
        theirs = self._of.pop(peer)
        task = theirs.popleft()
        if theirs:
            self._of[peer] = theirs
        self._at_work[peer] += 1
        return task

    def done(self, peer: str) -> None:
        """What was taken for this peer is over."""
        self._at_work[peer] -= 1
        if not self._at_work[peer]:
            del self._at_work[peer]


class _Workers(ThreadedTaskDispatcher):
    """Waitress's worker threads, with names, and joined at the end."""

    queue: _Queue  # type: ignore[assignment]  # waitress asks no more of it than it has
    queue_logger = _SILENT  # a request that waits a moment is no news

    def __init__(self, name: str, at_once: int) -> None:
        super().__init__()
        self.queue = _Queue(at_once)
        self._name = name
        self.started: list[threading.Thread] = []

    def done(self, task: _Channel) -> None:
        """A worker has served it, and looks for the next itself: nobody has to be woken."""
        with self.lock:
            self.queue.done(task.addr[0])

    def start_new_thread(self, target: Callable[[int], object], thread_no: int) -> None:
        thread = threading.Thread(target=target, name=f"{self._name}-{thread_no}", args=(thread_no,), daemon=True)
        try:
            thread.start()
        except RuntimeError:
            # Waitress has counted it already, and would wait for it to end.
            self.threads.discard(thread_no)
            self.active_count -= 1
            raise
        self.started.append(thread)
