"""The simulated alarm as a server: one Flask app behind waitress, started and stopped at will."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING

from flask import Flask
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import ClientDisconnected
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from emulator.errors import ConfigError, Problem
from emulator.simulator import control, wsdo
from emulator.simulator.backend import DEMO, Account, Backend, Options
from emulator.simulator.panel import House

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

WORKERS = 4
"""Threads: one client, a person at the control page, and two that may be kept waiting by a late answer."""

CONNECTIONS = 50
"""Open connections at once; some browsers and some clients."""

BODY = 65_536
"""Bytes of a request's body; the longest real one is below 1 kB."""

IDLE = 30
"""Seconds after which a silent connection is closed."""

LOOP = 1.0
"""Seconds between looks at silent connections; requests and `stop` wake the loop at once."""

_SILENT = logging.getLogger(f"{__name__}.silent")
_SILENT.disabled = True


def create_app(
    house: House | None = None,
    *,
    accounts: Sequence[Account] = (DEMO,),
    options: Options | None = None,
    sleep: Callable[[float], object] = time.sleep,
    zone: tzinfo | None = None,
) -> Flask:
    """The app; `app.extensions["backend"]` is what it serves. `sleep` is what a late answer waits with."""
    backend = Backend(house or House(time.time), accounts, options or Options(), sleep=sleep)
    app = Flask(__name__)
    app.config["PROPAGATE_EXCEPTIONS"] = True  # ConnectionDropped must reach the server, or the test
    app.config["MAX_CONTENT_LENGTH"] = BODY
    app.extensions["backend"] = backend
    app.register_blueprint(wsdo.blueprint(backend, zone=zone))
    app.register_blueprint(control.blueprint(backend, zone=zone))
    return app


class SimulatedAlarm:
    """The app on a port of its own. Nothing runs before `start` and nothing is left after `stop`."""

    def __init__(
        self,
        house: House | None = None,
        *,
        accounts: Sequence[Account] = (DEMO,),
        options: Options | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.host, self.port = host, port
        self._stopping = threading.Event()
        self._app = create_app(house, accounts=accounts, options=options, sleep=self._stopping.wait)
        self.backend: Backend = self._app.extensions["backend"]
        self.house = self.backend.house
        self._running: _Running | None = None

    @property
    def url(self) -> str:
        """The ws.do endpoint; `port` 0 is known only after `start`."""
        return f"http://{self._netloc}{wsdo.PATH}"

    @property
    def control_url(self) -> str:
        """The control page."""
        return f"http://{self._netloc}/control"

    @property
    def _netloc(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def start(self) -> None:
        """Listen; ConfigError when the port cannot be had."""
        if self._running:
            return
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        try:
            listener = socket.create_server((self.host, self.port), family=family)
        except OSError as error:
            where = f"port {self.port} on {self.host}"
            raise ConfigError([Problem(where, f"the simulated alarm cannot listen there: {error.strerror}")]) from None
        self.port = listener.getsockname()[1]
        self._stopping.clear()
        self._running = _Running(_closing(self._app), listener)

    def stop(self) -> None:
        """End every thread and close every connection; may be called twice."""
        self._stopping.set()
        running, self._running = self._running, None
        if running:
            running.stop()


class _Workers(ThreadedTaskDispatcher):
    """Waitress's worker threads, with names, and joined at the end."""

    queue_logger = _SILENT  # a request that waits a moment is no news

    def __init__(self) -> None:
        super().__init__()
        self.started: list[threading.Thread] = []

    def start_new_thread(self, target: Callable[[int], object], thread_no: int) -> None:
        thread = threading.Thread(target=target, name=f"simulator-{thread_no}", args=(thread_no,), daemon=True)
        self.started.append(thread)
        thread.start()


class _Running:
    """One run of the server: its loop, its workers, its sockets."""

    def __init__(self, app: "WSGIApplication", listener: socket.socket) -> None:
        self._ended = False
        self._workers = _Workers()
        self._map: dict[int, socket.socket] = {}
        self._server = TcpWSGIServer(
            app,
            map=self._map,
            _sock=listener,
            dispatcher=self._workers,
            adj=Adjustments(
                connection_limit=CONNECTIONS,
                channel_timeout=IDLE,
                max_request_body_size=BODY,
                clear_untrusted_proxy_headers=True,
                ident=None,
            ),
            bind_socket=False,
        )
        self._workers.set_thread_count(WORKERS)
        self._loop = threading.Thread(target=self._serve, name="simulator", daemon=True)
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


def _closing(app: "WSGIApplication") -> "WSGIApplication":
    """A dropped connection is told to waitress in its own words: it closes the socket without a byte."""

    def serve(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        try:
            return app(environ, start_response)
        except wsdo.ConnectionDropped:
            raise ClientDisconnected from None

    return serve
