"""The page inside Home Assistant: the Supervisor brings its requests to a server of their own (ingress.md §1).

No other door or address learns of it: what the LAN sends is never looked through for these headers.
"""

import errno
import os
import re
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from emulator.lan import access, web, wsgi
from emulator.lan.network import Place
from emulator.lan.web import CONNECTIONS, ELSEWHERE, WORKERS, Refused, Web
from emulator.words.text import Text

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HOST, SUPERVISOR = "172.30.32.1", "172.30.32.2"
"""This machine and the Supervisor in Home Assistant's own network, where no other home's address is (ingress.md §1)."""

PLACE = Place("hassio", HOST, IPv4Network(f"{SUPERVISOR}/32"), HOST)

VARIABLE = "EMULATOR_INGRESS_PORT"
"""Variable that the add-on alone sets."""

PERSON = "emulator.person"
"""Key in the environment of a request: what people call the one who is logged in at Home Assistant."""

PATH = re.compile(r"/api/hassio_ingress/[A-Za-z0-9_-]{16,128}")
"""The path of the page in Home Assistant, with its token, which has 43 letters (ingress.md §2)."""

USER_ID = re.compile(r"[0-9a-f]{32}")

NAME_CHARS = 20
"""Characters of a person's name: behind it stands where it comes from."""

UNADDRESSED = Text("without the path that Home Assistant gives")

FRAMED = {
    "X-Frame-Options": ("DENY", "SAMEORIGIN"),
    "Content-Security-Policy": ("ancestors 'none'", "ancestors 'self'"),
}
"""Header → what it says on the LAN, and here, where Home Assistant's own page frames ours."""


class PageWeb(Web):
    """The servers of a page on the LAN; and one for the Supervisor, if the add-on asks for it."""

    body = wsgi.REFUSABLE

    def __init__(self, name: str, app: "WSGIApplication", port: int, **more: Any) -> None:
        super().__init__(name, app, port, **more)
        asked = os.environ.get(VARIABLE, "")
        self._ingress = IngressWeb(app, int(asked), self._refused) if asked.isdecimal() else None

    def look(self) -> None:
        """Do what Web does, and serve the Supervisor."""
        super().look()
        if self._ingress:
            self._ingress.look()

    def obstacles(self) -> tuple[str, ...]:
        """Return what is in the way of either."""
        return super().obstacles() + (self._ingress.obstacles() if self._ingress else ())

    def stop(self) -> None:
        """Close everything."""
        if self._ingress:
            self._ingress.stop()
        super().stop()


def taken(port: int, hosts: Sequence[str], error: OSError) -> str:
    """Return at which port a page cannot be served, and why."""
    why = "another program has it" if error.errno == errno.EADDRINUSE else error.strerror
    return f"TCP port {port} on {', '.join(hosts)}: {why}"


class IngressWeb(Web):
    """The server for the Supervisor, which brings the requests of all who look at Home Assistant."""

    def __init__(self, app: "WSGIApplication", port: int, refused: Refused) -> None:
        super().__init__(
            "ingress", app, port, interfaces=(), also=(PLACE,), in_the_way=self._not_served, refused=refused
        )

    def _serve(self, listener: socket.socket, _places: Callable[[], Sequence[Place]]) -> wsgi.Server:
        def welcome(peer: str) -> bool:
            if peer != SUPERVISOR:
                self._refused(peer, "connection", ELSEWHERE)
            return peer == SUPERVISOR

        return wsgi.Server(
            entrance(self._app, self._refused),
            listener,
            name=self._name,
            workers=WORKERS,
            connections=CONNECTIONS,
            at_once=WORKERS,
            body=wsgi.REFUSABLE,
            welcome=welcome,
            keeps_forwarded=True,
        )

    def _not_served(self, _hosts: Sequence[str], error: OSError) -> str:
        return Text(
            "Home Assistant cannot show the page: TCP port {port} on {host}: {why}",
            port=str(self.port),
            host=HOST,
            why=str(error.strerror),
        )


def entrance(app: "WSGIApplication", refused: Refused = lambda _peer, _asked, _why: None) -> "WSGIApplication":
    """Wrap an app: what the Supervisor brings enters, below the path that it has there; all else gets 403.

    Home Assistant has checked who it is, not which page sent the form: that is checked here. The PIN is, by the app.
    """

    def enter(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        peer, root = environ.get("REMOTE_ADDR", ""), environ.get("HTTP_X_INGRESS_PATH", "")
        why = ELSEWHERE if peer != SUPERVISOR else "" if PATH.fullmatch(root) else UNADDRESSED
        origin = environ.get("HTTP_ORIGIN")
        is_safe = environ["REQUEST_METHOD"] in access.SAFE_METHODS
        referer = None if is_safe else environ.get("HTTP_REFERER") or None
        if why := why or ("" if _is_ours(environ, origin, referer) else access.FOREIGN_PAGE):
            refused(peer, f"{environ['REQUEST_METHOD']} {environ.get('PATH_INFO', '')}", why)
            return web.forbid(start)
        # The app compares Origin with scheme and host. Without one it needs no more than some name.
        page = origin or f"http://{HOST}"
        scheme, host = page.partition("://")[0], access.authority(page)
        environ |= {"SCRIPT_NAME": root, "wsgi.url_scheme": scheme, "HTTP_HOST": host, web.PLACE: PLACE}
        environ["REMOTE_ADDR"], environ[PERSON] = person(environ)
        environ["PATH_INFO"] = re.sub("/{2,}", "/", environ.get("PATH_INFO", ""))

        def answer(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            framed = [(name, value.replace(*FRAMED[name]) if name in FRAMED else value) for name, value in headers]
            return start(status, framed, *more)

        return app(environ, answer)

    return enter


def _is_ours(environ: Mapping[str, Any], *pages: str | None) -> bool:
    """Return whether the pages that a browser names are at the address by which it reached Home Assistant.

    A proxy may have changed that address; then the browser's own word counts, which no page can set.
    """
    named = [access.authority(page) for page in pages if page is not None]
    if environ.get("HTTP_SEC_FETCH_SITE") == "same-origin":
        return all(named)
    reached = {environ[key] for key in ("HTTP_HOST", "HTTP_X_FORWARDED_HOST") if environ.get(key)}
    return reached.issuperset(named)


def person(environ: Mapping[str, Any]) -> tuple[str, str]:
    """Return a peer for each person at Home Assistant, and what people call the person.

    Without an id it is the Supervisor. A header that comes twice, as someone has added another one, counts as none.
    """
    user = environ.get("HTTP_X_REMOTE_USER_ID", "")
    if not USER_ID.fullmatch(user):
        return SUPERVISOR, ""
    names = [environ.get(f"HTTP_X_REMOTE_USER_{word}", "") for word in ("DISPLAY_NAME", "NAME")]
    name = next((one for one in names if one.strip()), "").encode("latin-1", "replace").decode(errors="replace")
    shown = "" if "," in "".join(names) else name.strip()[:NAME_CHARS]
    return f"ha:{user[:12]}", f"{shown or user[:8]} (Home Assistant)"
