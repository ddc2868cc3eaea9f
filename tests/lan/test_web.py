"""Who is let in: addresses, Host and Origin; servers that come and go with the interfaces; sockets from systemd."""

import http.client
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import IPv4Interface, IPv4Network
from typing import TYPE_CHECKING, Any

import pytest

from emulator.lan import access, web
from emulator.lan.network import Nic, Place
from emulator.lan.web import LOCALHOST, PLACE, Web, activated, gate, place_of
from tests.support.patience import PATIENCE_S
from tests.support.program import free_port

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LO = Nic("lo", IPv4Interface("127.0.0.1/8"))
NOBODYS = "192.0.2.1/24"  # reserved for documentation (RFC 5737)
ETH = Place("eth0", "192.168.7.2", IPv4Network("192.168.7.0/24"), "192.168.7.2")
WLAN = Place("wlan0", "10.0.0.2", IPv4Network("10.0.0.0/24"), "10.9.9.9")


def app(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
    start("200 OK", [("Content-Type", "text/plain")])
    return [f"{environ['REMOTE_ADDR']} {environ[PLACE].host}".encode()]


def ask(**headers: str) -> tuple[str, bytes]:
    """What the gate says to a request that came in by one of two places."""
    said: list[str] = []
    usual = {"REMOTE_ADDR": "192.168.7.9", "HTTP_HOST": "192.168.7.2", "REQUEST_METHOD": "POST", "SERVER_PORT": "80"}
    environ: dict[str, Any] = {**usual, **headers}
    body = gate(app, lambda: (ETH, WLAN))(environ, lambda status, *_: said.append(status))
    return said[0], b"".join(body)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"HTTP_HOST": "192.168.7.2:80"},
        {"HTTP_HOST": "10.9.9.9"},
        {"HTTP_ORIGIN": "http://192.168.7.2"},
        {"HTTP_REFERER": "http://192.168.7.2:8099/"},
        {"HTTP_REFERER": "http://home.example/links", "REQUEST_METHOD": "GET"},
        {"REMOTE_ADDR": "::ffff:192.168.7.9"},
    ],
)
def test_who_is_let_in(headers: dict[str, str]) -> None:
    assert ask(**headers) == ("200 OK", b"192.168.7.9 192.168.7.2")


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_HOST": "alarm.evil.example"},
        {"HTTP_HOST": ""},
        {"HTTP_ORIGIN": "http://evil.example"},
        {"HTTP_ORIGIN": "null"},
        {"HTTP_REFERER": "http://evil.example/form"},
        {"HTTP_HOST": "localhost"},
        {"HTTP_ORIGIN": "http://localhost:3000"},
        {"REMOTE_ADDR": "8.8.8.8"},
        {"REMOTE_ADDR": "::1"},
        {"REMOTE_ADDR": ""},
    ],
)
def test_who_is_not(headers: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    status, body = ask(**headers)
    assert status == "403 Forbidden"
    assert b"by address" in body
    assert "refused" in caplog.text


def test_a_request_without_host_is_of_http_1_0() -> None:
    said: list[str] = []
    environ = {"REMOTE_ADDR": "192.168.7.9", "REQUEST_METHOD": "GET"}
    gate(app, lambda: (ETH,))(environ, lambda status, *_: said.append(status))
    assert said == ["200 OK"]


def test_this_machine_may_call_itself_localhost() -> None:
    for peer in ("127.0.0.1", "::ffff:127.0.0.1"):
        assert ask(REMOTE_ADDR=peer, HTTP_HOST="localhost:80", HTTP_ORIGIN="http://localhost:80")[0] == "200 OK"


def test_names_of_our_own_are_let_in_and_what_is_refused_is_told() -> None:
    told: list[tuple[str, str, str]] = []
    entered = gate(app, lambda: (ETH,), {"pi.local"}, lambda *what: told.append(what))
    said: list[str] = []
    for host in ("pi.local", "evil.example"):
        environ = {"REMOTE_ADDR": "192.168.7.9", "HTTP_HOST": host, "REQUEST_METHOD": "GET", "PATH_INFO": "/x"}
        environ["SERVER_PORT"] = "80"
        entered(environ, lambda status, *_: said.append(status))
    assert said == ["200 OK", "403 Forbidden"]
    assert told == [("192.168.7.9", "GET /x", "by a name that is not our address")]


def test_the_place_by_which_a_peer_comes() -> None:
    assert place_of("10.0.0.9", (ETH, WLAN)) is WLAN
    assert place_of("192.168.7.9", (ETH, WLAN)) is ETH
    assert place_of("127.0.0.1", (ETH, WLAN, LOCALHOST)) is LOCALHOST
    assert place_of("127.0.0.1", (ETH, WLAN)) is ETH
    assert place_of("127.0.0.1", ()) is None
    assert access.plain("::ffff:10.0.0.9") == "10.0.0.9"


# -- servers ----------------------------------------------------------------------------------------------------


def get(host: str, port: int, source: str = "127.0.0.1") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE_S, source_address=(source, 0))
    try:
        connection.request("GET", "/")
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@contextmanager
def a_web(nics: list[Nic], port: int | None = None, **settings: Any) -> Iterator[Web]:
    before = set(threading.enumerate())
    made = Web(
        "web",
        app,
        free_port() if port is None else port,
        interfaces=["lo"],
        in_the_way=lambda hosts, error: f"port on {' and '.join(hosts)}: {error.strerror}",
        nics=lambda: nics,
        **settings,
    )
    made.look()
    try:
        yield made
    finally:
        made.stop()
        assert set(threading.enumerate()) == before
        assert made.served == ()


def test_some_places_are_served_whatever_the_interfaces() -> None:
    nics: list[Nic] = []
    with a_web(nics, also=(LOCALHOST,)) as made:
        assert get("127.0.0.1", made.port)[0] == 200
        nics[:] = [LO]  # the same address, once
        made.look()
        assert len(made.served) == 1
        assert get("127.0.0.1", made.port)[0] == 200


def test_a_stranger_is_told_of_and_not_read() -> None:
    told: list[tuple[str, str, str]] = []
    with a_web([LO], refused=lambda *what: told.append(what)) as made:
        made._servers[made.served[0]]._server.welcome("8.8.8.8")
    assert told == [("8.8.8.8", "connection", "from elsewhere")]


def test_it_serves_where_there_are_interfaces_and_follows_them() -> None:
    nics = [LO]
    with a_web(nics) as made:
        assert get("127.0.0.1", made.port) == (200, b"127.0.0.1 127.0.0.1")
        nics[:] = [Nic("lo", IPv4Interface("127.0.0.2/16"))]
        made.look()
        assert [place.host for place in made.served] == ["127.0.0.2"]
        assert get("127.0.0.2", made.port)[0] == 200
        with pytest.raises(OSError, match="refused"):
            get("127.0.0.1", made.port)
        nics.clear()
        made.look()
        assert made.served == ()
        with pytest.raises(OSError, match="refused"):
            get("127.0.0.2", made.port)


def test_a_peer_from_elsewhere_is_turned_away_before_a_byte_is_read() -> None:
    """127.0.0.9 is local to any place; so the place here claims another network and is asked about its peers."""
    nics = [LO]
    with a_web(nics) as made:
        server = next(iter(made._servers.values()))._server
        server.welcome = lambda peer: peer != "127.0.0.9"
        assert get("127.0.0.1", made.port)[0] == 200
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            get("127.0.0.1", made.port, source="127.0.0.9")


def test_a_tls_handshake_is_hung_up_on() -> None:
    """aiohue tries HTTPS at any port and waits a minute for an answer."""
    with a_web([LO]) as made, socket.create_connection(("127.0.0.1", made.port), timeout=PATIENCE_S) as sock:
        sock.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
        assert sock.recv(10) == b""
        assert get("127.0.0.1", made.port)[0] == 200


def test_a_port_that_is_taken_is_said_once_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with a_web([LO], port) as made:
            for _ in range(3):
                made.look()
            assert made.served == ()
            assert caplog.messages == ["port on 127.0.0.1: Address already in use"]
            other.close()
            made.look()
            assert get("127.0.0.1", port)[0] == 200


def test_the_same_trouble_at_several_addresses_is_said_in_one_piece(caplog: pytest.LogCaptureFixture) -> None:
    first, second, nobodys = (
        Nic("lo", IPv4Interface(address)) for address in ("127.0.0.1/24", "127.0.1.1/24", NOBODYS)
    )
    nics: list[Nic] = []
    port = free_port()
    with ExitStack() as others, a_web(nics, port) as made:
        taken = [others.enter_context(socket.create_server((host, port))) for host in ("127.0.0.1", "127.0.1.1")]
        nics += [first, second]

        def said() -> list[str]:
            caplog.clear()
            made.look()
            return caplog.messages

        assert said() == ["port on 127.0.0.1 and 127.0.1.1: Address already in use"]
        assert said() == []
        nics.append(nobodys)
        assert said() == ["port on 192.0.2.1: Cannot assign requested address"]
        nics.remove(second)
        assert said() == []
        nics.append(second)
        assert said() == []  # as it was
        taken[0].close()
        assert said() == []
        assert get("127.0.0.1", port)[0] == 200
        nics.remove(first)
        assert said() == []
        others.enter_context(socket.create_server(("127.0.0.1", port)))
        nics.append(first)
        assert said() == ["port on 127.0.0.1: Address already in use"]  # as it was served in between


# -- sockets from systemd ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")]
)
def test_a_socket_from_systemd_is_served_again_and_again(family: socket.AddressFamily, host: str) -> None:
    with socket.create_server((host, 0), family=family, dualstack_ipv6=host == "::") as passed:
        for _ in range(2):
            with a_web([LO], 80, sockets=[passed]) as made:
                assert made.port == passed.getsockname()[1]
                assert [place.host for place in made.served] == ["127.0.0.1"]
                made.look()
                assert get("127.0.0.1", made.port) == (200, b"127.0.0.1 127.0.0.1")
        assert passed.fileno() > 0


def test_a_socket_from_systemd_at_one_address_is_announced_there_only() -> None:
    with socket.create_server(("127.0.0.2", 0)) as passed, a_web([LO], 80, sockets=[passed]) as made:
        assert made.served == ()


def test_without_systemd_there_are_none() -> None:
    assert activated({}) == []
    assert activated({"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "one"}) == []


def test_sockets_for_another_process_are_left_alone_and_nobody_inherits_the_word() -> None:
    environment = {"LISTEN_PID": "1", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "hue", "PATH": "/bin"}
    assert activated(environment) == []
    assert environment == {"PATH": "/bin"}


ACTIVATED = """
import os, socket, sys
first = socket.create_server(("127.0.0.1", 0))
datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for number, sock in ((3, first), (4, datagrams)):
    os.dup2(sock.fileno(), number + 100)
first.close(); datagrams.close()
for number in (3, 4):
    os.dup2(number + 100, number, inheritable=True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="3")
os.closerange(5, 6)
from emulator.lan import web
found = web.activated(os.environ)
print([(one.fileno(), one.getsockname()[0]) for one in found], os.get_inheritable(3), "LISTEN_FDS" in os.environ)
"""


def test_what_systemd_passes_on() -> None:
    """In a process of its own, as the file descriptors have fixed numbers: TCP, UDP, and one that is not open."""
    done = subprocess.run([sys.executable, "-c", ACTIVATED], capture_output=True, text=True, check=True)
    assert done.stdout == "[(3, '127.0.0.1')] False False\n"
    assert "file descriptor 4 from systemd is no listening TCP socket" in done.stderr
    assert "no usable socket as file descriptor 5" in done.stderr


def test_what_systemd_passes_on_is_taken_if_it_listens(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The same in this process, at file descriptors that are free here."""
    first = 200
    monkeypatch.setattr(web, "FIRST_FD", first)
    with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket() as idle:
        for number, sock in enumerate((listening, idle), first):
            os.dup2(sock.fileno(), number)
        environment = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "3"}
        (found,) = activated(environment)
        with found:
            assert found.getsockname() == listening.getsockname()
            assert not os.get_inheritable(first)
    assert environment == {}
    assert [message.partition(":")[0] for message in caplog.messages] == [
        "file descriptor 201 from systemd is no listening TCP socket",
        "systemd passed no usable socket as file descriptor 202 (Bad file descriptor)",
    ]


def test_the_numbers_are_systemds() -> None:
    assert web.FIRST_FD == 3
