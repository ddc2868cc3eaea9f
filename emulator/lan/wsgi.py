"""A WSGI app on a listening socket, by waitress: all threads named, and all gone after `stop`."""

import errno
import socket
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from waitress import wasyncore
from waitress.adjustments import Adjustments

from emulator.lan.channels import LOOP_S, PER_PEER, Listener
from emulator.lan.limits import Shares
from emulator.lan.workers import Workers

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

BODY = 65_536
"""Bytes of a request's body; the longest real one is below 1 kB."""

HEADERS = 16_384
"""Bytes of a request's headers; the longest real ones are below 1 kB."""

REFUSABLE = 2 * BODY
"""Bytes of a body that come to an app which says in words of its own that it takes only BODY."""

AT_ONCE = 2
"""Requests of one peer that are served at the same time: one may wait for news or for the cloud. More would not be
served sooner, as threads only take turns with each other, and would delay all other peers."""


class Server:
    """Serves from the moment it is made until `stop`; it owns the socket. `welcome` decides by a peer's address.

    A peer that has `per_peer` connections gets another one in place of the one that it has left idle longest. When
    there are `connections`, the peer with most loses one in the same manner. `at_once` requests of a peer are served.
    A `body` of so many bytes is refused without a word to the app.
    With `keeps_forwarded`, the app gets what a proxy says of the request (X-Forwarded-…), and must know whom to trust.
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
        body: int = BODY,
        welcome: Callable[[str], bool] = lambda _peer: True,
        keeps_forwarded: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ended = False
        self._workers = Workers(name, at_once)
        self._map: dict[int, socket.socket] = {}
        self._server = Listener(
            app,
            map=self._map,
            _sock=listener,
            dispatcher=self._workers,
            adj=Adjustments(
                connection_limit=2 * connections,  # ours is held below; those that are being closed still count here
                max_request_body_size=body,
                max_request_header_size=HEADERS,
                clear_untrusted_proxy_headers=not keeps_forwarded,
                ident=None,
            ),
            bind_socket=False,
        )
        self._server.welcome, self._server.monotonic = welcome, monotonic
        self._server.shares = Shares(per_peer, connections)
        self._loop = threading.Thread(target=self._serve, name=name, daemon=True)
        try:
            self._workers.set_thread_count(workers)
            self._loop.start()
        except RuntimeError as error:
            self.stop()
            raise OSError(errno.EAGAIN, str(error)) from None

    def stop(self) -> None:
        """Stop the workers, then the loop, then close the sockets.

        A worker may pull the trigger until its end, and the trigger's descriptor must not be another file's by then.
        """
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
            wasyncore.loop(timeout=LOOP_S, use_poll=True, map=self._map, count=1)
