"""The simulated alarm as a server: one Flask app behind waitress, started and stopped at will."""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING

from flask import Flask
from waitress.channel import ClientDisconnected

from emulator import wsgi
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
    app.config["MAX_CONTENT_LENGTH"] = wsgi.BODY
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
        self._running: wsgi.Server | None = None

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
        self._running = wsgi.Server(
            _closing(self._app), listener, name="simulator", workers=WORKERS, connections=CONNECTIONS
        )

    def stop(self) -> None:
        """End every thread and close every connection; may be called twice."""
        self._stopping.set()
        running, self._running = self._running, None
        if running:
            running.stop()


def _closing(app: "WSGIApplication") -> "WSGIApplication":
    """A dropped connection is told to waitress in its own words: it closes the socket without a byte."""

    def serve(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        try:
            return app(environ, start_response)
        except wsdo.ConnectionDropped:
            raise ClientDisconnected from None

    return serve
