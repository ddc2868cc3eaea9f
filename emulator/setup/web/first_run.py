"""The first start, without devices.yaml: the page of set-up, until the file is written or the program is stopped."""

import logging
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from http import HTTPStatus
from pathlib import Path

from flask import Flask, Response, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from emulator.clock import StoppableClock
from emulator.lan import network, wsgi
from emulator.lan.access import own_names
from emulator.lan.door import LOOK_S, Life
from emulator.lan.headers import SECURITY
from emulator.lan.ingress import PageWeb, taken
from emulator.lan.web import LOCALHOST
from emulator.setup import door_choices, lost
from emulator.setup.claim import ClaimCode
from emulator.setup.set_up import SetUp
from emulator.setup.web import failures, pages
from emulator.setup.web.desk import SetUpDesk
from emulator.store.journal import Journal
from emulator.store.pin import set_pin
from emulator.words import speech
from emulator.words.language import ENGLISH
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

FILES = ("/setup/static/", "/setup/look/")
"""Begin of the paths of files, which hold nothing of a house."""

ANSWER_S = 0.5
"""For the last page to be read, before its server is closed."""


def create_app(desk: SetUpDesk, finish: Callable[[], str], is_over: Callable[[], bool], trouble: str = "") -> Flask:
    """Build the pages as an app of their own. The gate in front of it has checked the peer, Host and Origin.

    Once it `is_over`, the program is about to have the page in their place. `trouble` is shown on each of them.
    """
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = wsgi.BODY
    app.jinja_env.globals["trouble"] = trouble
    speech.teach(app, ENGLISH)

    def refused(peer: str, asked: str, why: str) -> None:
        LOG.warning("%s asked for %r: refused: %s", peer, asked, why)

    app.register_blueprint(pages.blueprint(desk, finish=finish, refused=refused), url_prefix="/setup")

    @app.before_request
    def give_way() -> AnyResponse | None:
        if not is_over() or request.path.startswith((*FILES, "/healthz")):
            return None
        return Response(
            render_template("setup/wait.html", to=f"{request.script_root}/"), HTTPStatus.SERVICE_UNAVAILABLE
        )

    @app.get("/")
    def begin() -> AnyResponse:
        return redirect(url_for("setup.show"))

    @app.get("/healthz")
    def healthz() -> Response:
        return Response('{"status":"set-up"}', content_type="application/json")

    @app.after_request
    def guard(reply: Response) -> Response:
        reply.headers.extend(SECURITY)
        if not request.path.startswith(FILES):
            reply.headers["Cache-Control"] = "no-store"
        return reply

    @app.errorhandler(Exception)
    def fail(error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            # The form may hold a password: neither it nor its values are logged.
            LOG.error("a request from %s failed", request.remote_addr, exc_info=error)
        return failures.page(error)

    return app


class FirstRun:
    """The server of set-up on the LAN, from `start` to `stop`. `wait` ends once the file is written."""

    def __init__(
        self,
        path: Path,
        state_dir: Path,
        clock: StoppableClock,
        *,
        conceal: Callable[[str], None],
        interfaces: Sequence[str] | None = None,
        port: int | None = None,
    ) -> None:
        _, row = door_choices.page_door()
        self.port = port or row.ports(row.settings())[0].number
        self.code = ClaimCode(clock.monotonic)
        self.journal = Journal(state_dir)
        self.trouble = lost.trouble(path.name, lost.alarms(self.journal))
        """The settings are gone, in words for people; empty where there were none."""
        self.written = threading.Event()
        self._clock = clock
        begin = partial(
            SetUp,
            path,
            state_dir,
            self.journal,
            clock,
            conceal=conceal,
            set_pin=partial(set_pin, self.journal),
            page_port=self.port,
        )
        self.desk = SetUpDesk(begin, self.code.check, clock.monotonic, goes_on=True)
        app = create_app(self.desk, self._finish, self.written.is_set, self.trouble)
        self._web = PageWeb(
            "setup",
            app,
            self.port,
            interfaces=interfaces,
            also=(LOCALHOST,),
            names=own_names(socket.gethostname()),
            in_the_way=self._in_the_way,
            misnamed=failures.misnamed(app, ENGLISH),
            nics=network.nics,
        )
        self._life = Life(
            "setup-look", opening=lambda: None, look=self._web.look, closing=self._web.stop, look_s=LOOK_S
        )

    def start(self) -> None:
        """Serve the pages wherever that is possible; what is in the way is logged, and tried again."""
        self._life.start()

    def urls(self) -> list[str]:
        """Return the addresses of the page now; those for other machines first."""
        return [f"{place.url(self._web.port)}/" for place in self._web.served]

    def obstacles(self) -> tuple[str, ...]:
        """Return what is in the way of the page."""
        return self._web.obstacles()

    def stop(self) -> None:
        """Close everything; nothing is left."""
        self.desk.stopping.set()
        try:
            self._clock.stop()
            self._life.stop()
        finally:
            with closing(self.journal):
                pass

    def _finish(self) -> str:
        self.written.set()
        return Text("The program starts with it now.")

    def _in_the_way(self, hosts: Sequence[str], error: OSError) -> str:
        where = taken(self.port, hosts, error)
        return f"Set-up cannot be shown at {where}. Stop that program, or choose another port with --page-port"
