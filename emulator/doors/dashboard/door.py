"""The dashboard as a door: its servers on the LAN and on this machine, and the thread that follows the interfaces."""

import logging
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence

from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from emulator.alarm.hub import Switch
from emulator.doors import DecisionPage, Door, DoorContext
from emulator.doors.dashboard import api, decisions, failures, pages, records
from emulator.doors.dashboard.access import Access
from emulator.doors.dashboard.inline import inline
from emulator.doors.dashboard.overview import Overview
from emulator.doors.dashboard.settings import DashboardSettings
from emulator.errors import EmulatorError
from emulator.lan import wsgi
from emulator.lan.access import own_names
from emulator.lan.door import Life
from emulator.lan.headers import SECURITY
from emulator.lan.ingress import PERSON, PageWeb, taken
from emulator.lan.news import News
from emulator.lan.web import LOCALHOST
from emulator.system import local_api
from emulator.views.timeline import KINDS
from emulator.words import speech

LOG = logging.getLogger(__name__)

HEADERS = SECURITY | {
    "Content-Security-Policy": SECURITY["Content-Security-Policy"].replace(
        "script-src 'self'", f"script-src 'self' {inline('retry.js')[1]}"
    )
}
"""With the one script that stands in the page itself."""

PROGRAMS = ("/api/", "/healthz", "/metrics")
"""Paths whose errors are JSON."""


def create_app(overview: Overview, access: Access, mounted: Sequence[tuple[str, str, Blueprint]] = ()) -> Flask:
    """Build the page and the API as one app, with pages of others: path, title and pages.

    The gate in front of it has checked the peer, Host and Origin.
    """
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = wsgi.BODY
    speech.teach(app, overview.language)
    app.register_blueprint(pages.blueprint(overview, access))
    app.register_blueprint(records.blueprint(overview))
    app.register_blueprint(api.blueprint(overview, access))
    app.register_blueprint(decisions.blueprint(overview, access))
    app.jinja_env.globals["inline"] = inline
    app.jinja_env.globals["mounted"] = [(path, title) for path, title, _ in mounted]
    for path, _, others in mounted:
        app.register_blueprint(others, url_prefix=path)

    @app.before_request
    def meet() -> None:
        if name := request.environ.get(PERSON):
            overview.names.introduce(str(request.remote_addr), name)

    @app.after_request
    def guard(reply: Response) -> Response:
        reply.headers.extend(HEADERS)
        if not request.path.startswith("/static/"):
            reply.headers["Cache-Control"] = "no-store"
        return reply

    @app.errorhandler(Exception)
    def fail(error: Exception) -> Response:
        if not isinstance(error, HTTPException | EmulatorError):
            LOG.error("a request from %s failed", request.remote_addr, exc_info=error)
        if isinstance(error, MethodNotAllowed) and "POST" in (error.valid_methods or ()):
            access.note_method(request)
        return api.refusal(error) if request.path.startswith(PROGRAMS) else failures.page(error)

    return app


class Dashboard:
    """The door for people, and for programs of the house. It tells the commands typed on this machine where it is."""

    def __init__(self, context: DoorContext, settings: DashboardSettings) -> None:
        self._context = context
        self._token = secrets.token_urlsafe(32)
        self._news = News()
        now, pin = context.clock.time, context.pin
        access = Access(context.journal, pin, now, self._token)
        searches, pairing = context.responder.searches, context.pairing
        hub, journal = context.hub, context.journal
        more = (context.language, context.changes, context.unnotified, settings.force_pin)
        self._at_once = not settings.force_pin
        overview = Overview(hub, journal, pin, self._news, now, self._others, searches, pairing, context.names, *more)
        self._overview, self._was_pressed = overview, False
        mounted = [(one.path, one.title, one.open(context, access.refuse)) for one in context.mounted]
        app = create_app(overview, access, mounted)
        self._web = PageWeb(
            "dashboard",
            app,
            settings.port,
            interfaces=context.interfaces,
            address=context.address,
            also=(LOCALHOST,),
            names=own_names(socket.gethostname()),
            in_the_way=self._in_the_way,
            refused=access.refuse,
            misnamed=failures.misnamed(app, context.language),
            nics=context.nics,
        )
        self._announced = False
        self._unsubscribe: Callable[[], None] = lambda: None
        life = Life("dashboard-look", opening=self._open, look=self._look, closing=self._close, look_s=context.look_s)
        self._life = life

    def start(self) -> None:
        """Return when the page is served wherever it can be; what is in the way is logged, and tried again."""
        self._life.start()

    def stop(self) -> None:
        """Close everything."""
        self._life.stop()

    def urls(self) -> tuple[tuple[Switch, str], ...]:
        """Return nothing: it shows the switches, and is no door of theirs."""
        return ()

    def obstacles(self) -> tuple[str, ...]:
        """Return what is in the way of the page, as it was logged."""
        return self._web.obstacles()

    def report(self, switch: Switch) -> str:
        """Return what the page shows of a switch."""
        return KINDS[self._context.hub.state(switch).on]

    def pages(self) -> tuple[str, ...]:
        """Return the addresses of the page now; those for other machines first."""
        return tuple(f"{place.url(self._web.port)}/" for place in self._web.served)

    def decide(self, token: str) -> DecisionPage | None:
        """Return where a person decides what a token names; None while no page is served."""
        found = self.pages()
        return DecisionPage(f"{found[0]}decide?t={token}", self._at_once) if found else None

    def _in_the_way(self, hosts: Sequence[str], error: OSError) -> str:
        what_to_do = "choose another port with doors.dashboard.port. Everything else goes on; the port is tried again"
        return f"The page cannot use {taken(self._web.port, hosts, error)}. Stop that program, or {what_to_do}"

    def _others(self) -> Mapping[str, Door]:
        return {name: door for name, door in self._context.opened().items() if door is not self}

    def _open(self) -> None:
        self._news.open()
        for one in self._context.mounted:
            one.served(True)
        self._unsubscribe = self._context.hub.subscribe(lambda _installation: self._news.changed())

    def _look(self) -> None:
        self._web.look()
        if self._was_pressed and not self._overview.is_pressed:
            self._news.changed()
        self._was_pressed = self._overview.is_pressed
        # The commands of this machine are not told before it is us who answer there: the token opens everything.
        if not self._announced and LOCALHOST.host in {place.host for place in self._web.served}:
            url = f"http://{LOCALHOST.host}:{self._web.port}"
            local_api.announce(self._context.state_dir, url, self._token)
            self._announced = True

    def _close(self) -> None:
        local_api.withdraw(self._context.state_dir)
        self._announced = False
        self._unsubscribe()
        self._news.close()
        for one in self._context.mounted:
            one.served(False)
        self._web.stop()
