"""A WSGI app on listening sockets, by waitress: all threads named, and all gone after `stop`."""

import logging
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

BODY = 65_536
"""Bytes of a request's body; the longest real one is below 1 kB."""

HEADERS = 16_384
"""Bytes of a request's headers; the longest real ones are below 1 kB."""

IDLE = 30
"""Seconds after which a silent connection is closed."""

LOOP = 1.0
"""Seconds between looks at silent connections; requests and `stop` wake the loop at once."""

TLS_HANDSHAKE = b"\x16\x03"
"""How it begins; no HTTP request does."""

_SILENT = logging.getLogger(f"{__name__}.silent")
_SILENT.disabled = True


class Server:
    """Serves from the moment it is made until `stop`; it owns the socket. `welcome` decides by a peer's address."""

    def __init__(
        self,
        app: "WSGIApplication",
        listener: socket.socket,
        *,
        name: str,
        workers: int,
        connections: int,
        welcome: Callable[[str], bool] = lambda _peer: True,
    ) -> None:
        self._ended = False
        self._workers = _Workers(name)
        self._map: dict[int, socket.socket] = {}
        self._server = _Listener(
            app,
            map=self._map,
            _sock=listener,
            dispatcher=self._workers,
            adj=Adjustments(
                connection_limit=connections,
                channel_timeout=IDLE,
                max_request_body_size=BODY,
                max_request_header_size=HEADERS,
                clear_untrusted_proxy_headers=True,
                ident=None,
            ),
            bind_socket=False,
        )
        self._server.welcome = welcome
        self._workers.set_thread_count(workers)
        self._loop = threading.Thread(target=self._serve, name=name, daemon=True)
        self._loop.start()

    def stop(self) -> None:
        """The workers, then the loop, then the sockets: whoever is still at work may pull the trigger, and its file
        descriptor must not be another file's by then."""
        self._workers.shutdown()
        for thread in self._workers.started:
            thread.join()
        self._ended = True
        self._server.pull_trigger()
        self._loop.join()
        wasyncore.close_all(self._map)

    def _serve(self) -> None:
        while not self._ended:
            wasyncore.loop(timeout=LOOP, use_poll=True, map=self._map, count=1)


class _Channel(HTTPChannel):
    """Hangs up on a TLS handshake: whoever tries HTTPS at any port (aiohue does) would wait a minute for an answer."""

    def received(self, data: bytes) -> bool:
        if self.request is None and data.startswith(TLS_HANDSHAKE):
            self.will_close = True
            return False
        return bool(super().received(data))


class _Listener(TcpWSGIServer):
    """Takes in only whom it may, before a byte is read."""

    channel_class = _Channel
    welcome: Callable[[str], bool] = staticmethod(lambda _peer: True)

    def accept(self) -> tuple[socket.socket, tuple[str, int]] | None:
        taken: tuple[socket.socket, tuple[str, int]] | None = super().accept()
        if taken and not self.welcome(taken[1][0]):
            taken[0].close()
            return None
        return taken


class _Workers(ThreadedTaskDispatcher):
    """Waitress's worker threads, with names, and joined at the end."""

    queue_logger = _SILENT  # a request that waits a moment is no news

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self.started: list[threading.Thread] = []

    def start_new_thread(self, target: Callable[[int], object], thread_no: int) -> None:
        thread = threading.Thread(target=target, name=f"{self._name}-{thread_no}", args=(thread_no,), daemon=True)
        self.started.append(thread)
        thread.start()
