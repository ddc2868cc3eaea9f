"""The simulated alarm as a server: one Flask app behind waitress, started and stopped at will."""

import errno
import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

from flask import Flask
from waitress.channel import ClientDisconnected

from emulator.errors import ConfigError, EmulatorError, Hindered, Problem
from emulator.lan import wsgi
from emulator.simulator import control
from emulator.simulator.accounts import SimulatedAccount
from emulator.simulator.backend import Backend, Sms
from emulator.simulator.face import HOST, Face
from emulator.simulator.faults import ConnectionDropped, Faults
from emulator.simulator.mypages.face import MYPAGES
from emulator.simulator.owa.face import OWA
from emulator.simulator.panel.panel import SimulatedPanel
from emulator.simulator.wsdo.face import WSDO

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

FACES = {"wsdo": WSDO, "owa": OWA, "mypages": MYPAGES}
"""The APIs that the cloud can speak."""

WORKERS = 4
"""Threads: one client, a person at the control page, and two that may be kept waiting by a late answer."""

TRIES = 20
"""Ports that are tried for the first host until those of the others are free, too."""

CONNECTIONS = 50
"""Open connections at once; some browsers and some clients."""


def create_app(
    panel: SimulatedPanel | None = None,
    *,
    api: str = "wsdo",
    profile: str = "",
    accounts: Sequence[SimulatedAccount] = (),
    options: object = None,
    sent: Callable[[Sms], object] = lambda _: None,
    sleep: Callable[[float], object] = time.sleep,
    zone: tzinfo | None = None,
) -> Flask:
    """Return the app; `app.extensions` has the "backend" and the "face" that it serves.

    `api` is a row of FACES, and `profile` one of its units, else the first: the panel and the account are made by it
    unless they are given. `sent` is called with each SMS, and `sleep` waits for a late answer.
    """
    row = FACES[api]
    unit = row.units[profile or next(iter(row.units))]
    if options is not None and not isinstance(options, row.options):
        raise TypeError(f"these are not {row.options.__name__}: {options}")
    panel = panel or SimulatedPanel(time.time, unit.equipment)
    backend = Backend(panel, accounts or (unit.account(),), Faults(row.faults, row.requests), sleep, sent, zone)
    face = row.open(backend, unit, options or row.options())
    app = Flask(__name__)
    app.config["PROPAGATE_EXCEPTIONS"] = True  # ConnectionDropped must reach the server, or the test
    app.config["MAX_CONTENT_LENGTH"] = wsgi.BODY
    app.extensions["backend"], app.extensions["face"] = backend, face
    app.register_blueprint(face.pages())
    app.register_blueprint(control.blueprint(face))
    return app


class SimulatedAlarm:
    """The app on a port of its own, or on one for each host of its cloud, in a row.

    Nothing runs before `start`, and nothing is left after `stop`.
    """

    def __init__(
        self,
        panel: SimulatedPanel | None = None,
        *,
        api: str = "wsdo",
        host: str = "127.0.0.1",
        port: int = 0,
        **how: Any,
    ) -> None:
        """Make the app; `how` are further arguments of `create_app`."""
        self.host, self.port, self._path, self._hosts = host, port, FACES[api].path, FACES[api].hosts
        self._stopping = threading.Event()
        self._app = create_app(panel, api=api, sleep=self._stopping.wait, **how)
        self.backend: Backend = self._app.extensions["backend"]
        self.face: Face = self._app.extensions["face"]
        self.panel = self.backend.panel
        self._running: list[wsgi.Server] = []

    @property
    def url(self) -> str:
        """The endpoint; `port` 0 is replaced by the real one in `start`."""
        return self.urls[0]

    @property
    def urls(self) -> tuple[str, ...]:
        """The endpoint of each host."""
        return tuple(f"http://{self._netloc(host)}{self._path}" for host in range(self._hosts))

    @property
    def control_url(self) -> str:
        """The control page; every host has it."""
        return f"http://{self._netloc(0)}/control"

    def _netloc(self, host: int) -> str:
        name = f"[{self.host}]" if ":" in self.host else self.host
        return f"{name}:{self.port + host}"

    def start(self) -> None:
        """Listen. Raise ConfigError if the port is not free."""
        if self._running:
            return
        listeners = self._listen()
        self.port = listeners[0].getsockname()[1]
        self._stopping.clear()
        self._running = [
            wsgi.Server(
                _closing(self._app, host),
                listener,
                name="simulator",
                workers=WORKERS,
                connections=CONNECTIONS,
                per_peer=CONNECTIONS,  # they all come from this machine
                at_once=WORKERS,
            )
            for host, listener in enumerate(listeners)
        ]

    def _listen(self) -> list[socket.socket]:
        """Return a listener for each host, on ports in a row."""
        family, tries = socket.AF_INET6 if ":" in self.host else socket.AF_INET, 1 if self.port else TRIES
        while True:
            with ExitStack() as opened:
                port, listeners, tries = self.port, list[socket.socket](), tries - 1
                try:
                    for _ in range(self._hosts):
                        listeners.append(opened.enter_context(socket.create_server((self.host, port), family=family)))
                        port = listeners[-1].getsockname()[1] + 1
                except OSError as error:
                    if not tries:
                        raise _occupied(error, f"port {port} on {self.host}") from None
                    continue
                opened.pop_all()
                return listeners

    def stop(self) -> None:
        """End every thread and close every connection. May be called twice."""
        self._stopping.set()
        while self._running:
            self._running.pop().stop()


def _occupied(error: OSError, where: str) -> EmulatorError:
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return Hindered(f"the simulated alarm cannot listen: {error.strerror}")
    return ConfigError([Problem(where, f"the simulated alarm cannot listen there: {error.strerror}")])


def _closing(app: "WSGIApplication", host: int) -> "WSGIApplication":
    """Wrap `app` as a host of the cloud, so that waitress closes a dropped connection without a byte."""

    def serve(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        environ[HOST] = host
        try:
            return app(environ, start_response)
        except ConnectionDropped:
            raise ClientDisconnected from None

    return serve
