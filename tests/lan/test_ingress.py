"""The entrance for Home Assistant's Supervisor: its headers let in, and nobody else's do."""

import errno
import os
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Interface, IPv4Network
from typing import TYPE_CHECKING, Any

import pytest

from emulator.lan import access, network
from emulator.lan.headers import SECURITY
from emulator.lan.ingress import HOST, PERSON, SUPERVISOR, UNADDRESSED, VARIABLE, IngressWeb, PageWeb, entrance, person
from emulator.lan.network import Nic, Place
from emulator.lan.web import ELSEWHERE, gate
from tests.support.program import free_port

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

TOKEN = "n2JvYyUb9wq3cS0rK8x-5tQ_1aZbXcDeFgHiJkLmNoP"
ROOT = f"/api/hassio_ingress/{TOKEN}"
ANNA = "0123456789abcdef0123456789abcdef"
HOME = "homeassistant.local:8123"
LAN = Place("eth0", "192.168.7.2", IPv4Network("192.168.7.0/24"), "192.168.7.2")

BROUGHT = {
    "SERVER_PORT": "8099",
    "REMOTE_ADDR": SUPERVISOR,
    "REQUEST_METHOD": "POST",
    "PATH_INFO": "/arm",
    "HTTP_HOST": HOME,
    "HTTP_ORIGIN": f"http://{HOME}",
    "HTTP_X_INGRESS_PATH": ROOT,
    "HTTP_X_FORWARDED_HOST": HOME,
    "HTTP_X_FORWARDED_PROTO": "http",
    "HTTP_X_FORWARDED_FOR": "192.168.7.31, 172.30.32.1",
    "HTTP_X_REMOTE_USER_ID": ANNA,
    "HTTP_X_REMOTE_USER_NAME": "anna",
    "HTTP_X_REMOTE_USER_DISPLAY_NAME": "Anna",
}
"""The headers of a form by a person in the side bar (ingress.md §2)."""


class Asked:
    """An app behind an entrance: what it was asked, what the browser got, and what was refused."""

    def __init__(self, **headers: str | None) -> None:
        self.environ: dict[str, Any] = {}
        self.refused: list[tuple[str, str, str]] = []
        self.status, self.headers = "", dict[str, str]()
        sent = {name: value for name, value in {**BROUGHT, **headers}.items() if value is not None}
        list(entrance(self._app, lambda *what: self.refused.append(what))(sent, self._start))

    def _app(self, environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        self.environ = environ
        start("200 OK", list(SECURITY.items()))
        return []

    def _start(self, status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
        self.status, self.headers = status, dict(headers)

    @property
    def own(self) -> str:
        """The origin that the app takes for its own."""
        return f"{self.environ['wsgi.url_scheme']}://{self.environ['HTTP_HOST']}"


def test_what_the_supervisor_brings_is_below_the_path_of_home_assistant_and_may_be_framed_there() -> None:
    asked = Asked()
    assert (asked.status, asked.refused) == ("200 OK", [])
    assert (asked.environ["SCRIPT_NAME"], asked.environ["PATH_INFO"], asked.own) == (ROOT, "/arm", f"http://{HOME}")
    assert asked.headers["X-Frame-Options"] == "SAMEORIGIN"
    policy = asked.headers["Content-Security-Policy"]
    assert policy == SECURITY["Content-Security-Policy"].replace("frame-ancestors 'none'", "frame-ancestors 'self'")
    assert policy != SECURITY["Content-Security-Policy"]
    rest = {"X-Frame-Options", "Content-Security-Policy"}
    assert {name: asked.headers[name] for name in SECURITY.keys() - rest} == {
        name: SECURITY[name] for name in SECURITY.keys() - rest
    }


@pytest.mark.parametrize(
    ("headers", "own"),
    [
        ({"HTTP_ORIGIN": None}, f"http://{HOST}"),
        ({"HTTP_ORIGIN": "https://my.ui.nabu.casa", "HTTP_HOST": "my.ui.nabu.casa"}, "https://my.ui.nabu.casa"),
        ({"HTTP_HOST": "172.30.32.1:8099"}, f"http://{HOME}"),
        ({"HTTP_X_FORWARDED_HOST": None}, f"http://{HOME}"),
        ({"HTTP_REFERER": f"http://{HOME}{ROOT}/"}, f"http://{HOME}"),
        ({"REQUEST_METHOD": "GET", "HTTP_REFERER": "https://elsewhere.example/"}, f"http://{HOME}"),
        # A proxy that changes Host: the browser's own word.
        (
            {"HTTP_ORIGIN": "https://ha.example:8443", "HTTP_HOST": "ha.example", "HTTP_SEC_FETCH_SITE": "same-origin"},
            "https://ha.example:8443",
        ),
    ],
)
def test_whatever_home_assistant_is_reached_by_its_own_page_is_ours(headers: dict[str, str | None], own: str) -> None:
    asked = Asked(**headers)
    assert (asked.status, asked.own) == ("200 OK", own)


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"REMOTE_ADDR": "192.168.7.9"}, ELSEWHERE),
        ({"REMOTE_ADDR": "172.30.32.1"}, ELSEWHERE),
        ({"REMOTE_ADDR": "172.30.33.5"}, ELSEWHERE),
        ({"REMOTE_ADDR": "127.0.0.1"}, ELSEWHERE),
        ({"REMOTE_ADDR": "::ffff:172.30.32.2"}, ELSEWHERE),
        ({"REMOTE_ADDR": ""}, ELSEWHERE),
        ({"HTTP_X_INGRESS_PATH": None}, UNADDRESSED),
        ({"HTTP_X_INGRESS_PATH": ""}, UNADDRESSED),
        ({"HTTP_X_INGRESS_PATH": "/"}, UNADDRESSED),
        ({"HTTP_X_INGRESS_PATH": f"{ROOT}/"}, UNADDRESSED),
        ({"HTTP_X_INGRESS_PATH": f"{ROOT}\n"}, UNADDRESSED),
        ({"HTTP_X_INGRESS_PATH": f"{ROOT}, {ROOT}"}, UNADDRESSED),
        ({"HTTP_X_INGRESS_PATH": f"//evil.example{ROOT}"}, UNADDRESSED),
        ({"HTTP_X_INGRESS_PATH": "/api/hassio_ingress/../../evil"}, UNADDRESSED),
        ({"HTTP_X_INGRESS_PATH": '/api/hassio_ingress/"><script>alert(1)</script>'}, UNADDRESSED),
        ({"HTTP_X_INGRESS_PATH": "/api/hassio_ingress/" + 4096 * "a"}, UNADDRESSED),
        ({"HTTP_ORIGIN": "http://evil.example"}, access.FOREIGN_PAGE),
        ({"HTTP_ORIGIN": "http://homeassistant.local:9000"}, access.FOREIGN_PAGE),
        ({"HTTP_ORIGIN": "null"}, access.FOREIGN_PAGE),
        ({"HTTP_ORIGIN": ""}, access.FOREIGN_PAGE),
        ({"HTTP_ORIGIN": "null", "HTTP_SEC_FETCH_SITE": "same-origin"}, access.FOREIGN_PAGE),
        ({"HTTP_ORIGIN": "http://evil.example", "HTTP_SEC_FETCH_SITE": "cross-site"}, access.FOREIGN_PAGE),
        ({"HTTP_ORIGIN": "http://evil.example", "HTTP_SEC_FETCH_SITE": "same-site"}, access.FOREIGN_PAGE),
        ({"HTTP_ORIGIN": None, "HTTP_REFERER": "http://evil.example/form"}, access.FOREIGN_PAGE),
        ({"HTTP_HOST": None, "HTTP_X_FORWARDED_HOST": None}, access.FOREIGN_PAGE),
        ({"HTTP_ORIGIN": "", "HTTP_HOST": "", "HTTP_X_FORWARDED_HOST": ""}, access.FOREIGN_PAGE),
    ],
)
def test_nothing_else_enters(headers: dict[str, str | None], why: str) -> None:
    asked = Asked(**headers)
    assert (asked.status, asked.environ) == ("403 Forbidden", {})
    assert asked.refused == [({**BROUGHT, **headers}["REMOTE_ADDR"], "POST /arm", why)]


def test_the_path_below_is_a_path_and_no_escape() -> None:
    assert Asked(PATH_INFO="//static///icon.svg").environ["PATH_INFO"] == "/static/icon.svg"
    assert Asked(PATH_INFO="", SCRIPT_NAME="/other").environ["SCRIPT_NAME"] == ROOT


@pytest.mark.parametrize("peer", ["192.168.7.9", SUPERVISOR, "127.0.0.1"])
@pytest.mark.parametrize("host", ["192.168.7.2", HOME, HOST])
def test_on_the_lan_these_headers_change_nothing(peer: str, host: str) -> None:
    """Neither for a machine that forges them, nor for the Supervisor at the port of a door."""
    seen: list[Any] = []

    def app(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        seen.append((environ["REMOTE_ADDR"], environ.get("SCRIPT_NAME", ""), environ.get(PERSON)))
        start("200 OK", [])
        return []

    sent: dict[str, Any] = BROUGHT | {"REMOTE_ADDR": peer, "HTTP_HOST": host, "HTTP_ORIGIN": f"http://{host}"}
    list(gate(app, lambda: (LAN,))(sent, lambda *_: seen.append("answered")))
    is_let_in = peer != SUPERVISOR and host == "192.168.7.2"
    assert seen == [(peer, "", None), "answered"] if is_let_in else ["answered"]


@pytest.mark.parametrize(
    ("headers", "who"),
    [
        ({}, ("ha:0123456789ab", "Anna (Home Assistant)")),
        ({"HTTP_X_REMOTE_USER_DISPLAY_NAME": ""}, ("ha:0123456789ab", "anna (Home Assistant)")),
        (
            {"HTTP_X_REMOTE_USER_DISPLAY_NAME": "Íñigo".encode().decode("latin-1")},
            ("ha:0123456789ab", "Íñigo (Home Assistant)"),
        ),
        (
            {"HTTP_X_REMOTE_USER_DISPLAY_NAME": " ", "HTTP_X_REMOTE_USER_NAME": ""},
            ("ha:0123456789ab", "01234567 (Home Assistant)"),
        ),
        # A second header, in other letters, is a client's own.
        ({"HTTP_X_REMOTE_USER_DISPLAY_NAME": "Anna, Boss"}, ("ha:0123456789ab", "01234567 (Home Assistant)")),
        ({"HTTP_X_REMOTE_USER_NAME": "anna, boss"}, ("ha:0123456789ab", "01234567 (Home Assistant)")),
        ({"HTTP_X_REMOTE_USER_ID": f"{ANNA}, {ANNA}"}, (SUPERVISOR, "")),
        ({"HTTP_X_REMOTE_USER_ID": "192.168.7.2"}, (SUPERVISOR, "")),
        ({"HTTP_X_REMOTE_USER_ID": ""}, (SUPERVISOR, "")),
        # One that would pass for a device of the house stays a person.
        (
            {"HTTP_X_REMOTE_USER_DISPLAY_NAME": "192.168.7.31 " + 60 * "x"},
            ("ha:0123456789ab", "192.168.7.31 xxxxxxx (Home Assistant)"),
        ),
    ],
)
def test_a_person_is_who_home_assistant_says(headers: dict[str, str], who: tuple[str, str]) -> None:
    assert person(BROUGHT | headers) == who
    environ = Asked(**headers).environ
    assert (environ["REMOTE_ADDR"], environ[PERSON]) == who


def in_the_way(_hosts: Sequence[str], error: OSError) -> str:
    return f"errno {error.errno}"


def a_page() -> PageWeb:
    return PageWeb("page", lambda *_: [], free_port(), interfaces=(), in_the_way=in_the_way, nics=list)


@pytest.mark.parametrize("asked", [None, "", "no port"])
def test_without_the_add_on_there_is_no_such_server(monkeypatch: pytest.MonkeyPatch, asked: str | None) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    if asked is not None:
        monkeypatch.setenv(VARIABLE, asked)
    page = a_page()
    page.look()
    assert page._ingress is None
    assert page.obstacles() == ()
    page.stop()


def test_where_it_is_not_home_assistants_machine_it_says_so_and_the_page_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The add-on sets the variable; nothing but that very address is ever listened at."""
    monkeypatch.setenv(VARIABLE, "8099")
    tried: list[tuple[str, int]] = []

    def listener(host: str, port: int) -> Any:
        tried.append((host, port))
        raise OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))

    monkeypatch.setattr(network, "listener", listener)
    page = a_page()
    page.look()
    assert tried == [(HOST, 8099)]
    assert page.obstacles() == (
        "Home Assistant cannot show the page: TCP port 8099 on 172.30.32.1: Cannot assign requested address",
    )
    page.stop()


def test_the_server_welcomes_the_supervisor_alone() -> None:
    """By its connection, before a byte is read."""
    refused: list[tuple[str, str, str]] = []
    web = IngressWeb(lambda *_: [], 0, lambda *what: refused.append(what))
    server = web._serve(network.listener("127.0.0.1", 0), lambda: ())
    try:
        assert server._server.welcome(SUPERVISOR)
        assert not server._server.welcome("172.30.33.7")
        assert not server._server.welcome("127.0.0.1")
    finally:
        server.stop()
    assert refused == [("172.30.33.7", "connection", ELSEWHERE), ("127.0.0.1", "connection", ELSEWHERE)]


def test_the_bridge_of_the_add_ons_is_no_place_of_the_house() -> None:
    """Or every add-on would be a peer on the LAN."""
    nics = [Nic("hassio", IPv4Interface("172.30.32.1/23")), Nic("eth0", IPv4Interface("192.168.7.2/24"))]
    assert [place.interface for place in network.places(nics, None, None)] == ["eth0"]
