"""The simulated alarm as a server: one Flask app behind waitress, started and stopped at will."""

import errno
import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING, TypeVar

from flask import Flask
from waitress.channel import ClientDisconnected

from emulator.errors import ConfigError, Hindered, Problem
from emulator.lan import wsgi
from emulator.simulator import control
from emulator.simulator.backend import Backend, SimulatedAccount, WsdoOptions
from emulator.simulator.face import ConnectionDropped, Face
from emulator.simulator.owa.face import Owa
from emulator.simulator.owa.options import OwaOptions
from emulator.simulator.owa.profiles import PROFILES, Unit
from emulator.simulator.owa.trust import Sms
from emulator.simulator.panel.panel import SimulatedPanel
from emulator.simulator.wsdo.face import Wsdo

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

WORKERS = 4
"""Threads: one client, a person at the control page, and two that may be kept waiting by a late answer."""

CONNECTIONS = 50
"""Open connections at once; some browsers and some clients."""


Kind = TypeVar("Kind", WsdoOptions, OwaOptions)
Settings = WsdoOptions | OwaOptions | None
Sent = Callable[[Sms], object]


def _wsdo(backend: Backend, _: Unit, options: Settings, __: Sent, zone: tzinfo | None) -> Face:
    backend.options = _of(WsdoOptions, options)
    return Wsdo(backend, zone)


def _owa(backend: Backend, unit: Unit, options: Settings, sent: Sent, zone: tzinfo | None) -> Face:
    return Owa(backend, unit, _of(OwaOptions, options), sent, zone)


FACES: dict[str, Callable[[Backend, Unit, Settings, Sent, tzinfo | None], Face]] = {"wsdo": _wsdo, "owa": _owa}
"""The APIs that the cloud can speak."""

PROFILE = "es-perimeter"
"""The central unit unless told otherwise; the one that the ws.do face has, too."""


def create_app(
    panel: SimulatedPanel | None = None,
    *,
    api: str = "wsdo",
    profile: str = PROFILE,
    accounts: Sequence[SimulatedAccount] = (),
    options: Settings = None,
    sent: Sent = lambda _: None,
    sleep: Callable[[float], object] = time.sleep,
    zone: tzinfo | None = None,
) -> Flask:
    """The app; `app.extensions` has the "backend" and the "face" that it serves.

    `api` is a row of FACES. `profile` is a row of profiles.PROFILES and what the house and the account are made by
    unless they are given; only the OWA face knows it. `sent` is told of each SMS, `sleep` is what a late answer waits
    with.
    """
    unit = PROFILES[profile]
    panel = panel or SimulatedPanel(time.time, unit.equipment)
    backend = Backend(panel, accounts or (unit.account(),), sleep=sleep)
    face = FACES[api](backend, unit, options, sent, zone)
    app = Flask(__name__)
    app.config["PROPAGATE_EXCEPTIONS"] = True  # ConnectionDropped must reach the server, or the test
    app.config["MAX_CONTENT_LENGTH"] = wsgi.BODY
    app.extensions["backend"], app.extensions["face"] = backend, face
    app.register_blueprint(face.pages())
    app.register_blueprint(control.blueprint(face, zone=zone))
    return app


def _of(kind: type[Kind], options: Settings) -> Kind:
    """The options of one face, its defaults where there are none."""
    if options is None:
        return kind()
    if not isinstance(options, kind):
        raise TypeError(f"these are not {kind.__name__}: {options}")
    return options


class SimulatedAlarm:
    """The app on a port of its own. Nothing runs before `start` and nothing is left after `stop`."""

    def __init__(
        self,
        panel: SimulatedPanel | None = None,
        *,
        api: str = "wsdo",
        profile: str = PROFILE,
        accounts: Sequence[SimulatedAccount] = (),
        options: Settings = None,
        sent: Sent = lambda _: None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.host, self.port = host, port
        self._stopping = threading.Event()
        self._app = create_app(
            panel,
            api=api,
            profile=profile,
            accounts=accounts,
            options=options,
            sent=sent,
            sleep=self._stopping.wait,
        )
        self.backend: Backend = self._app.extensions["backend"]
        self.face: Face = self._app.extensions["face"]
        self.panel = self.backend.panel
        self._running: wsgi.Server | None = None

    @property
    def url(self) -> str:
        """The endpoint; `port` 0 is known only after `start`."""
        return f"http://{self._netloc}{self.face.path}"

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
            if error.errno in (errno.EMFILE, errno.ENFILE):
                raise Hindered(f"the simulated alarm cannot listen: {error.strerror}") from None
            where = f"port {self.port} on {self.host}"
            raise ConfigError([Problem(where, f"the simulated alarm cannot listen there: {error.strerror}")]) from None
        self.port = listener.getsockname()[1]
        self._stopping.clear()
        self._running = wsgi.Server(
            _closing(self._app),
            listener,
            name="simulator",
            workers=WORKERS,
            connections=CONNECTIONS,
            per_peer=CONNECTIONS,  # they all come from this machine
            at_once=WORKERS,
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
        except ConnectionDropped:
            raise ClientDisconnected from None

    return serve
