"""A WSGI app at one port of every place served: local peers only, Host and Origin checked (lan-emulation.md §1.7)."""

import logging
import os
import re
import socket
from collections.abc import Callable, Collection, Iterable, Mapping, MutableMapping, Sequence
from functools import cache
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from emulator.lan import access, network, wsgi
from emulator.lan.network import Nic, Place
from emulator.words.text import Text

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LOG = logging.getLogger(__name__)

WORKERS = 4
"""Threads of a place: more of them only take turns, and under load an answer then waits longer."""

CONNECTIONS = 100
"""Open at once at a place; clients use one or two each."""

PLACE = "emulator.place"
"""Key in the environment of a request: the Place that it came in by."""

FIRST_FD = 3
"""First file descriptor that systemd passes on (sd_listen_fds)."""

ELSEWHERE = Text("from elsewhere")

HEADERS = {"host": "HTTP_HOST", "origin": "HTTP_ORIGIN", "referer": "HTTP_REFERER"}
"""By which a request is let in."""

Refused = Callable[[str, str, str], None]
"""Called with the peer, its request, and why it was refused."""

LOCALHOST = Place("lo", "127.0.0.1", IPv4Network("127.0.0.0/8"), "127.0.0.1")


def activated(environment: MutableMapping[str, str]) -> list[socket.socket]:
    """Return the TCP sockets that systemd opened for this process, and take out its variables: not for children."""
    told = {name: environment.pop(name, "") for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")}
    if told["LISTEN_PID"] != str(os.getpid()) or not told["LISTEN_FDS"].isdecimal():
        return []
    found = []
    for number in range(FIRST_FD, FIRST_FD + int(told["LISTEN_FDS"])):
        try:
            os.set_inheritable(number, False)
            sock = socket.socket(fileno=number)
        except OSError as error:
            LOG.error("systemd passed no usable socket as file descriptor %d (%s)", number, error.strerror)
            continue
        listening = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        if sock.family in (socket.AF_INET, socket.AF_INET6) and sock.type == socket.SOCK_STREAM and listening:
            found.append(sock)
        else:
            LOG.error("file descriptor %d from systemd is no listening TCP socket: use ListenStream=80", number)
            sock.close()
    return found


@cache
def inherited() -> Sequence[socket.socket]:
    """Return the sockets from systemd, the same at each call: a door that is opened again needs them again."""
    return activated(os.environ)


class Web:
    """The servers of one app. `look` opens them at the places to serve; `in_the_way` words why it cannot, once for all
    addresses with the same trouble. The trouble of an address is logged again only after it was served.

    Not locked: one thread calls `look` and `stop`. `served` and `port` may be read from any.
    """

    body = wsgi.BODY
    """Bytes of a body that do not come to the app any more."""

    def __init__(
        self,
        name: str,
        app: "WSGIApplication",
        port: int,
        *,
        interfaces: Sequence[str] | None = None,
        address: str | None = None,
        sockets: Sequence[socket.socket] = (),
        also: Sequence[Place] = (),
        names: Collection[str] = (),
        in_the_way: Callable[[Sequence[str], OSError], str],
        refused: Refused = lambda _peer, _asked, _why: None,
        misnamed: "WSGIApplication | None" = None,
        nics: Callable[[], list[Nic]] = network.nics,
    ) -> None:
        self.port = sockets[0].getsockname()[1] if sockets else port
        self.served: tuple[Place, ...] = ()
        self._name = name
        self._app = app
        self._interfaces = interfaces
        self._address = address
        self._sockets = sockets
        self._also = also
        self._names = names
        self._in_the_way = in_the_way
        self._refused = refused
        self._misnamed = misnamed
        self._nics = nics
        self._servers: dict[Place, wsgi.Server] = {}
        self._inherited: list[wsgi.Server] = []
        self._told: set[tuple[str, int]] = set()  # addresses and errno
        self._failed: tuple[tuple[str, OSError], ...] = ()

    def look(self) -> None:
        """Follow the interfaces: serve at new addresses, leave those that vanished, try again what failed."""
        places = network.places(self._nics(), self._interfaces, self._address)
        places = (*places, *(place for place in self._also if place.host not in {each.host for each in places}))
        if self._sockets:
            self._take_over()
            bound = {sock.getsockname()[0] for sock in self._sockets}
            self.served = tuple(place for place in places if bound & {place.host, "0.0.0.0", "::"})  # noqa: S104  # theirs
            return
        failed: list[tuple[str, OSError]] = []
        for place in set(self._servers) - set(places):
            self._servers.pop(place).stop()
        for place in places:
            if place not in self._servers:
                try:
                    self._open(place)
                except OSError as error:
                    failed.append((place.host, error))
                else:
                    self._told = {each for each in self._told if each[0] != place.host}
        self._complain(failed)
        self._failed = tuple(failed)
        self.served = tuple(place for place in places if place in self._servers)

    def obstacles(self) -> tuple[str, ...]:
        """Return what is in the way of serving, as it was logged; any thread may ask."""
        return tuple(self._in_the_way([host for host, _ in alike], alike[0][1]) for alike in _alike(self._failed))

    def stop(self) -> None:
        """Close everything; nothing runs any more afterwards."""
        self.served = ()
        for server in (*self._servers.values(), *self._inherited):
            server.stop()
        self._servers.clear()
        self._inherited.clear()
        self._told.clear()
        self._failed = ()

    def _complain(self, failed: Iterable[tuple[str, OSError]]) -> None:
        news = [(host, error) for host, error in failed if (host, error.errno or 0) not in self._told]
        self._told |= {(host, error.errno or 0) for host, error in news}
        for alike in _alike(news):
            LOG.error("%s", self._in_the_way([host for host, _ in alike], alike[0][1]))

    def _open(self, place: Place) -> None:
        self._servers[place] = self._serve(network.listener(place.host, self.port), lambda: (place,))

    def _take_over(self) -> None:
        if not self._inherited:
            # Copies, as a server closes what it has and the next start needs them again.
            self._inherited = [self._serve(sock.dup(), lambda: (*self.served, LOCALHOST)) for sock in self._sockets]

    def _serve(self, listener: socket.socket, places: Callable[[], Sequence[Place]]) -> wsgi.Server:
        def welcome(peer: str) -> bool:
            local = place_of(peer, places()) is not None
            if not local:
                self._refused(access.plain(peer), "connection", ELSEWHERE)
            return local

        return wsgi.Server(
            gate(self._app, places, self._names, self._refused, self._misnamed),
            listener,
            name=self._name,
            workers=WORKERS,
            connections=CONNECTIONS,
            body=self.body,
            welcome=welcome,
        )


def _alike(failed: Iterable[tuple[str, OSError]]) -> list[list[tuple[str, OSError]]]:
    """Return the failures grouped by their reason."""
    found: dict[int, list[tuple[str, OSError]]] = {}
    for host, error in failed:
        found.setdefault(error.errno or 0, []).append((host, error))
    return list(found.values())


def place_of(peer: str, places: Iterable[Place]) -> Place | None:
    """Return the place by which a local peer comes in; None for one that is not local."""
    peer = access.plain(peer)
    local = [place for place in places if access.is_local(peer, place.network)]
    # For a peer on this host every place is local; one whose network it is in says more than the first.
    return next((place for place in local if access.is_within(peer, place.network)), next(iter(local), None))


def gate(
    app: "WSGIApplication",
    places: Callable[[], Sequence[Place]],
    names: Collection[str] = (),
    refused: Refused = lambda _peer, _asked, _why: None,
    misnamed: "WSGIApplication | None" = None,
) -> "WSGIApplication":
    """Wrap an app: requests by our address or one of `names`, and from no foreign page, enter; others get 403.

    `refused` is called for those. `misnamed` answers a browser that looks by another name, and knows nothing of it.
    """

    def note(why: str, environ: Mapping[str, object]) -> None:
        LOG.debug("%s asked %s: refused", environ.get("REMOTE_ADDR"), why)
        asked = f"{environ.get('REQUEST_METHOD', '')} {environ.get('PATH_INFO', '')}"
        refused(access.plain(str(environ.get("REMOTE_ADDR", ""))), asked, why)

    def refuse(why: str, environ: Mapping[str, Any], start: "StartResponse") -> Iterable[bytes]:
        note(why, environ)
        return forbid(start, environ[PLACE].url(environ["SERVER_PORT"]) if why == access.MISNAMED else "")

    def enter(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        here = places()
        place = place_of(str(environ.get("REMOTE_ADDR", "")), here)
        if place is None:  # the interface went away while the connection was open
            return refuse(ELSEWHERE, environ, start)
        ours: Collection[str] = {name for each in here for name in (each.host, each.advertised)} | set(names)
        environ["REMOTE_ADDR"] = peer = access.plain(environ["REMOTE_ADDR"])
        headers = {name: environ[key] for name, key in HEADERS.items() if key in environ}
        environ[PLACE] = place
        if why := access.why_not_enter(peer, environ["REQUEST_METHOD"], headers, ours):
            looks = environ["REQUEST_METHOD"] == "GET" and "text/html" in environ.get("HTTP_ACCEPT", "")
            if misnamed and looks and why == access.MISNAMED:
                note(why, environ)
                return misnamed(environ, start)
            return refuse(why, environ, start)
        environ["PATH_INFO"] = re.sub("/{2,}", "/", environ.get("PATH_INFO", ""))  # clients join paths carelessly
        return app(environ, start)

    return enter


def forbid(start: "StartResponse", at: str = "") -> Iterable[bytes]:
    """Answer a request that is not let in; say where it would be, if that is known."""
    body = f"This is served to local clients only, by address{at and f': {at}/'}\n".encode()
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    start("403 Forbidden", headers)
    return [body]
