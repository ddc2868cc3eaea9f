"""The transport against real sockets on this machine: each request once, and no secret in any error."""

import gzip
import os
import socket
import ssl
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests
import trustme

from emulator.clouds import deadline
from emulator.clouds.deadline import last_look
from emulator.clouds.http import ANSWER_LIMIT_BYTES, USER_AGENT, HttpTransport
from emulator.errors import TooLate, Unreachable

VECTORS = Path(__file__).parent / "vectors"
PASSWORD = "hunter2 & ñ"
PARAMS = {"request": "LOGIN", "user": "0042", "pwd": PASSWORD, "hash": "31415926535"}
SECRETS = ("hunter2", "31415926535", "0042")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n<PET>"
PATIENCE_S = 10.0
SHORT_S, LONG_S = 0.2, 1.0
DROPS = 5000
"""More than any client has patience for, and an end for one that has too much."""
TLS_HANDSHAKE = b"\x16"


class Server:
    """Answers every connection with the same bytes, and closes it; `hold` keeps it open until the client goes.

    `drip` is what comes first, and then `drop` again and again, each with a `tick` of time; `endless` sends megabytes
    after the answer; `deaf` reads nothing.
    """

    def __init__(
        self,
        answer: bytes = OK,
        *,
        hold: bool = False,
        tls: ssl.SSLContext | None = None,
        drip: bytes = b"",
        drop: bytes = b"x",
        tick: Callable[[], None] = lambda: time.sleep(SHORT_S / 10),
        endless: bool = False,
        deaf: bool = False,
    ) -> None:
        self.answer = drip or answer
        self.hold = hold
        self.tls = tls
        self.drops = [drop] * DROPS if drip else []
        self.tick = tick
        self.deaf = deaf
        self.endless = endless
        self.sent = 0
        self.requests: list[bytes] = []
        self.connections = 0
        self.ciphers: list[str] = []
        self.gone = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/WebService/ws.do"

    def stop(self) -> None:
        self.gone.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            connection.settimeout(PATIENCE_S)
            with connection, suppress(OSError):  # the client went first
                self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        if self.tls:
            connection = self.tls.wrap_socket(connection, server_side=True)
            self.ciphers.append((connection.cipher() or ("",))[0])
        with connection:
            if self.deaf:
                self.gone.wait(PATIENCE_S)
                return
            self.requests.append(receive(connection))
            connection.sendall(self.answer)
            while self.endless and self.sent < 50_000_000:
                self.sent += connection.send(bytes(65536))
            for drop in self.drops:
                connection.sendall(drop)
                self.tick()
            if self.hold:
                connection.recv(1)


def receive(connection: socket.socket) -> bytes:
    """One request, as long as its headers say."""
    data = b""
    while b"\r\n\r\n" not in data or len(data.partition(b"\r\n\r\n")[2]) < length(data):
        chunk = connection.recv(65536)
        data += chunk
        if not chunk or data.startswith(TLS_HANDSHAKE):
            break
    return data


def length(data: bytes) -> int:
    lines = data.partition(b"\r\n\r\n")[0].decode().lower().splitlines()
    return next((int(line.partition(":")[2]) for line in lines if line.startswith("content-length:")), 0)


Serve = Callable[..., Server]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts servers that are stopped after the test."""
    started: list[Server] = []

    def start(answer: bytes = OK, **how: Any) -> Server:
        started.append(Server(answer, **how))
        return started[-1]

    yield start
    for server in started:
        server.stop()


class SinceSent:
    """Time that passes once something was sent: on a busy machine the way there may take longer than a test waits."""

    def __init__(self) -> None:
        self.sent: Callable[[], bool] = lambda: False
        self.began: float | None = None

    def __call__(self) -> float:
        if self.began is None and self.sent():
            self.began = time.monotonic()
        return 0.0 if self.began is None else time.monotonic() - self.began


def to(url: str, timeout_s: float = PATIENCE_S, cafile: Path | None = None) -> HttpTransport:
    """A transport whose time passes like that, for one request."""
    clock = SinceSent()
    transport = HttpTransport(url, timeout_s, str(cafile) if cafile else None, clock)
    clock.sent = lambda: transport._adapter.until.sent
    return transport


def send(url: str, method: str = "GET", *, timeout_s: float = PATIENCE_S, cafile: Path | None = None) -> bytes:
    with closing(to(url, timeout_s, cafile)) as transport:
        return transport.send(method, PARAMS)


def failure(
    url: str, method: str = "GET", *, timeout_s: float = PATIENCE_S, cafile: Path | None = None
) -> tuple[str, bool]:
    """What the error says, and whether the request may have arrived. It tells no secret."""
    with pytest.raises(Unreachable) as caught:
        send(url, method, timeout_s=timeout_s, cafile=cafile)
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + str(caught.value.args)
    assert not [secret for secret in SECRETS if secret in told]
    return str(caught.value), caught.value.sent


BOTH = pytest.mark.parametrize("method", ["GET", "POST"])


# -- what is sent -----------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("tls", [False, True])
def test_a_last_look_is_taken_when_the_connection_stands(
    serve: Serve, good: tuple[trustme.CA, Path], method: str, tls: bool
) -> None:
    """A command may have become too old in the look-up, the connection or TLS: then not a byte of it is sent."""
    server, cafile = (serve(tls=secured(good[0])), good[1]) if tls else (serve(), None)
    connected: list[bool] = []

    def look() -> None:
        connected.append(True)
        raise TooLate("ask again")

    with last_look(look), pytest.raises(TooLate, match="ask again"):
        send(server.url, method, cafile=cafile)
    assert connected == [True]
    assert [request for request in server.requests if request] == []
    with last_look(lambda: connected.append(False)):
        assert send(server.url, method, cafile=cafile) == b"<PET>"
    assert connected == [True, False]


def test_a_get_has_its_parameters_in_the_url(serve: Serve) -> None:
    server = serve()
    assert send(server.url) == b"<PET>"
    [request] = server.requests
    line, _, rest = request.decode().partition("\r\n")
    method, target, _ = line.split(" ")
    path, _, query = target.partition("?")
    assert (method, path) == ("GET", "/WebService/ws.do")
    assert parse_qs(query) == {name: [value] for name, value in PARAMS.items()}
    assert rest.endswith("\r\n\r\n")


def test_a_post_has_its_parameters_in_the_body_and_none_in_the_url(serve: Serve) -> None:
    server = serve()
    assert send(server.url, "POST") == b"<PET>"
    head, _, body = server.requests[0].decode().partition("\r\n\r\n")
    assert head.splitlines()[0] == "POST /WebService/ws.do HTTP/1.1"
    assert "Content-Type: application/x-www-form-urlencoded" in head
    assert parse_qs(body) == {name: [value] for name, value in PARAMS.items()}
    assert "hunter2" not in head


def test_the_headers_name_an_app_and_ask_for_no_kept_connection(serve: Serve) -> None:
    server = serve()
    send(server.url)
    head = server.requests[0].decode().lower()
    assert f"user-agent: {USER_AGENT}".lower() in head
    assert "connection: close" in head
    assert "python" not in head


@BOTH
@pytest.mark.parametrize("hold", [False, True])
def test_each_request_has_a_connection_of_its_own(serve: Serve, method: str, hold: bool) -> None:
    """A kept one may die under the next request, which would then be one whose answer got lost."""
    server = serve(hold=hold)
    with closing(HttpTransport(server.url, PATIENCE_S)) as transport:
        for _ in range(3):
            transport.send(method, PARAMS)
    assert (server.connections, len(server.requests)) == (3, 3)


@BOTH
def test_no_cookie_of_the_cloud_is_kept_or_sent(serve: Serve, method: str) -> None:
    """One that sets another with each answer would have them all kept, and sent until the headers are too long."""
    server = serve(b"HTTP/1.1 200 OK\r\nSet-Cookie: seen=1; Path=/\r\nContent-Length: 5\r\n\r\n<PET>")
    with closing(HttpTransport(server.url, PATIENCE_S)) as transport:
        for _ in range(2):
            transport.send(method, PARAMS)
    assert not [request for request in server.requests if b"cookie" in request.lower()]


def test_cookies_come_with_the_answer_for_whom_they_are_tokens(serve: Serve) -> None:
    lines = b"Set-Cookie: a=1=2; Path=/; HttpOnly\r\nSet-Cookie: b=; Path=/\r\nset-cookie: c=3; Max-Age=0\r\n"
    server = serve(b"HTTP/1.1 200 OK\r\n" + lines + b"Content-Length: 2\r\n\r\n{}")
    with closing(HttpTransport(server.url, PATIENCE_S)) as transport:
        answer = transport.request("POST", "/auth/login", {"Cookie": "x=y"})
        transport.request("GET", "/auth/token", {})
    assert answer.cookies == {"a": "1=2", "b": "", "c": ""}
    assert "1=2" not in repr(answer)
    first, second = server.requests
    assert first.startswith(b"POST /WebService/ws.do/auth/login HTTP/1.1\r\n")
    assert b"Cookie: x=y" in first
    assert second.startswith(b"GET /WebService/ws.do/auth/token HTTP/1.1\r\n")
    assert b"cookie" not in second.lower()


def test_proxies_netrc_and_certificates_of_the_environment_do_not_count(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, proxy = serve(), serve(b"HTTP/1.1 200 OK\r\n\r\nstolen")
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    netrc = Path.home() / ".netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    netrc.chmod(0o600)
    assert requests.get(server.url, timeout=PATIENCE_S).text == "stolen", "so that what follows means something"
    assert send(server.url) == b"<PET>"
    assert proxy.connections == 1
    assert b"authorization" not in server.requests[0].lower()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\n\r\n<PET>",
        b"HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\n\r\n<PET>",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n<P\r\n3\r\nET>\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"<PET>", mtime=0),
    ],
)
def test_the_body_however_it_is_framed(serve: Serve, answer: bytes) -> None:
    assert send(serve(answer).url) == b"<PET>"


def test_an_answer_as_long_as_may_be(serve: Serve) -> None:
    body = b"x" * ANSWER_LIMIT_BYTES
    assert send(serve(b"HTTP/1.1 200 OK\r\n\r\n" + body).url) == body


# -- what fails -------------------------------------------------------------------------------------------------


@BOTH
def test_a_refused_connection_sent_nothing(method: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    assert failure(f"http://127.0.0.1:{port}/ws.do", method) == ("the alarm's cloud refuses the connection", False)


@BOTH
def test_a_name_that_does_not_resolve_sent_nothing(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_args: object, **_kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert failure("https://alarm.invalid:12010/ws.do", method) == (
        "the alarm's cloud is not found: is the internet connection up?",
        False,
    )


@pytest.mark.parametrize("host", ["127.0.0.1:99999", "x..y"])
def test_a_host_that_cannot_be_one_sent_nothing(host: str) -> None:
    assert failure(f"http://{host}/ws.do") == ("the alarm's cloud does not answer", False)


def test_a_host_that_does_not_take_the_connection_sent_nothing() -> None:
    """A full queue of connections: the kernel drops what comes then."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = []
        for _ in range(4):
            waiting.append(socket.socket())
            waiting[-1].setblocking(False)
            waiting[-1].connect_ex(listener.getsockname())
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/ws.do"
        assert failure(url, timeout_s=SHORT_S) == ("the alarm's cloud does not answer", False)
        for one in waiting:
            one.close()


def test_the_log_has_what_the_text_leaves_out_once_for_an_outage(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    server = serve(b"HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n")
    with closing(HttpTransport(server.url, PATIENCE_S)) as transport:
        for method in ("GET", "GET", "POST"):
            with pytest.raises(Unreachable):
                transport.send(method, PARAMS)
    host = server.url.split("/")[2]
    assert caplog.messages == [f"{host}: the alarm's cloud cannot answer just now (HTTP 503) (HTTP 503)"]
    caplog.clear()
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    failure(f"http://127.0.0.1:{port}/ws.do")
    [logged] = caplog.messages
    assert logged.startswith("127.0.0.1:")
    assert logged.endswith(": the alarm's cloud refuses the connection (NewConnectionError of ConnectionError)")
    assert not [secret for secret in SECRETS if secret in caplog.text]


CLOSED = "the alarm's cloud closed the connection without an answer"
BROKEN = "the alarm's cloud sent an answer that breaks off"


@pytest.mark.sampled
@BOTH
@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"", CLOSED),
        (b"nonsense\r\n\r\n", CLOSED),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000, CLOSED),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n<PET>", BROKEN),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n<PET>", BROKEN),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n<PET>", BROKEN),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n<PET>", BROKEN),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "the alarm's cloud cannot answer just now (HTTP 204)"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "the alarm's cloud cannot answer just now (HTTP 404)"),
        (b"HTTP/1.1 500 x\r\n\r\npwd=hunter2", "the alarm's cloud cannot answer just now (HTTP 500)"),
        (
            b"HTTP/1.1 503 x\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n",
            "the alarm's cloud cannot answer just now (HTTP 503)",
        ),
        (
            b"HTTP/1.1 200 OK\r\n\r\n<html>Incapsula incident ID: 0</html>",
            "the alarm's cloud lets nothing in: too many requests, or this address is blocked",
        ),
        (
            b"HTTP/1.1 504 x\r\n\r\n<html>Incapsula incident ID: 0</html>",
            "the alarm's cloud cannot answer just now (HTTP 504)",
        ),
        (
            b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
            "the alarm's cloud lets nothing in: too many requests, or this address is blocked",
        ),
        (
            b"HTTP/1.1 429 x\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n",
            "the alarm's cloud lets nothing in: too many requests, or this address is blocked",
        ),
        (
            b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (ANSWER_LIMIT_BYTES + 1),
            "the alarm's cloud sent an answer that is too long",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
            + gzip.compress(bytes(20 * ANSWER_LIMIT_BYTES), mtime=0),
            "the alarm's cloud sent an answer that is too long",
        ),
    ],
    ids=lambda value: ascii(value[:60]) if isinstance(value, bytes) else "",
)
def test_what_is_no_answer_may_have_arrived_and_is_asked_for_once(
    serve: Serve, method: str, answer: bytes, says: str
) -> None:
    server = serve(answer)
    assert failure(server.url, method) == (says, "blocked" not in says)
    assert (server.connections, len(server.requests)) == (1, 1)


@BOTH
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(serve: Serve, method: str, status: int) -> None:
    other = serve()
    server = serve(f"HTTP/1.1 {status} x\r\nLocation: {other.url}\r\nContent-Length: 0\r\n\r\n".encode())
    assert failure(server.url, method) == (f"the alarm's cloud cannot answer just now (HTTP {status})", True)
    assert (server.connections, other.connections) == (1, 0)


@BOTH
@pytest.mark.parametrize("begun", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n<PET>"])
def test_an_answer_that_does_not_come_or_does_not_end(serve: Serve, method: str, begun: bytes) -> None:
    server = serve(begun, hold=True)
    assert failure(server.url, method, timeout_s=SHORT_S) == ("the alarm's cloud did not answer within 0.2 s", True)
    assert (server.connections, len(server.requests)) == (1, 1)


HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
TOO_LATE = "the alarm's cloud did not answer within 3 s"


class Ticks:
    """A clock that a server moves on by a second with each of its drops."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def tick(self) -> None:
        self.now += 1


def late(url: str, clock: Ticks, timeout_s: float = 3.0, cafile: Path | None = None) -> tuple[str, bool]:
    """What a transport by that clock says of a server, and whether the request may have arrived."""
    transport = HttpTransport(url, timeout_s, str(cafile) if cafile else None, clock)
    with closing(transport), pytest.raises(Unreachable) as caught:
        transport.send("GET", PARAMS)
    return str(caught.value), caught.value.sent


DRIPS = pytest.mark.parametrize(
    ("begun", "drop"),
    [
        (b"H", b"x"),
        (HEAD, b"x"),
        (HEAD, b"x: y\r\n"),
        (b"HTTP/1.1 100 Continue\r\n", b"\r\nHTTP/1.1 100 Continue\r\n"),
        (HEAD + b"Content-Length: 1000000\r\n\r\n", b"x"),
        (HEAD + b"\r\n", b"x"),
        (CHUNKED, b"0"),
        (CHUNKED, b"1\r\nx\r\n"),
        (CHUNKED + b"5;", b"x"),
        (CHUNKED + b"5\r\n<PET>\r\n0\r\n", b"x: y\r\n"),
        (HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"<PET>", mtime=0)[:10], b"\0\0\0\xff\xff"),
    ],
    ids=lambda value: ascii(value),
)


@pytest.mark.sampled
@DRIPS
def test_whatever_drips_ends_with_the_time_that_a_request_has(serve: Serve, begun: bytes, drop: bytes) -> None:
    clock = Ticks()
    assert late(serve(drip=begun, drop=drop, tick=clock.tick).url, clock) == (TOO_LATE, True)


@pytest.mark.sampled
@DRIPS
def test_so_it_does_over_tls(serve: Serve, good: tuple[trustme.CA, Path], begun: bytes, drop: bytes) -> None:
    clock = Ticks()
    server = serve(drip=begun, drop=drop, tick=clock.tick, tls=secured(good[0]))
    assert late(server.url, clock, cafile=good[1]) == (TOO_LATE, True)


def test_by_the_clock_of_this_machine_too(serve: Serve) -> None:
    transport = HttpTransport(serve(drip=HEAD).url, LONG_S)
    with closing(transport), pytest.raises(Unreachable, match="did not answer within 1 s") as caught:
        transport.send("GET", PARAMS)
    assert caught.value.sent


@pytest.mark.parametrize("how", [{"answer": b"", "hold": True}, {"drip": b"\x16\x03\x03\x40\x00\x02"}])
def test_a_handshake_that_does_not_end_sent_nothing(serve: Serve, how: dict[str, Any]) -> None:
    server = serve(**how)
    says = failure(server.url.replace("http:", "https:"), "POST", timeout_s=SHORT_S)
    assert says == ("the alarm's cloud made no secure connection within 0.2 s", False)


def test_nothing_is_sent_once_the_time_is_over(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that slept between the connection and the request: the request is of yesterday."""
    server, clock, sendall = serve(), Ticks(), deadline.BoundSocket.sendall

    def wake(self: deadline.BoundSocket, *args: Any) -> None:
        clock.now += 3600
        sendall(self, *args)

    monkeypatch.setattr(deadline.BoundSocket, "sendall", wake)
    assert late(server.url, clock)[1] is False
    assert not any(server.requests)


def test_a_server_that_takes_nothing_may_have_got_it(serve: Serve) -> None:
    transport = HttpTransport(serve(deaf=True).url, LONG_S)
    with closing(transport), pytest.raises(Unreachable, match="did not answer within 1 s") as caught:
        transport.request("POST", "", {}, bytes(30_000_000))
    assert caught.value.sent


def test_name_servers_that_do_not_answer_cost_no_more_time_and_one_thread(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, silent, asked = socket.getaddrinfo("127.0.0.1", serve().port), threading.Event(), []

    def hang(*args: Any, flags: int = 0) -> Any:
        if flags:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        asked.append(args)
        silent.wait(PATIENCE_S)
        return found

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    with closing(HttpTransport("http://alarm.invalid/ws.do", SHORT_S)) as transport:
        for _ in range(2):
            with pytest.raises(Unreachable, match="is not found") as caught:
                transport.send("GET", PARAMS)
            assert not caught.value.sent
        assert len(asked) == 1
        silent.set()
        assert transport.send("GET", PARAMS, PATIENCE_S) == b"<PET>"


def test_an_address_of_a_kind_that_this_machine_does_not_know_is_passed_over(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo

    def both(*args: Any, **kwargs: Any) -> Any:
        [found] = real(*args, **kwargs)
        return [(socket.AF_APPLETALK, *found[1:]), found]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    assert send(serve().url) == b"<PET>"


def test_an_address_that_drops_everything_leaves_time_for_the_next(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, server = socket.getaddrinfo, serve()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(listener.getsockname())

        def both(*args: Any, **kwargs: Any) -> Any:
            [found] = real(*args, **kwargs)
            return [(*found[:4], listener.getsockname()), found]

        monkeypatch.setattr(socket, "getaddrinfo", both)
        monkeypatch.setattr(deadline, "ADDRESS_AT_LEAST_S", SHORT_S)
        assert send(server.url, timeout_s=2 * SHORT_S) == b"<PET>"
        for one in waiting:
            one.close()


def test_the_body_of_a_redirect_is_not_read_without_limit(serve: Serve) -> None:
    head = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 50000000\r\n\r\n"
    server = serve(head, endless=True)
    with pytest.raises(Unreachable, match="too long"):
        send(server.url)
    assert server.sent < 10 * ANSWER_LIMIT_BYTES


def test_one_request_may_be_given_less_time(serve: Serve) -> None:
    server = serve(b"", hold=True)
    with closing(to(server.url)) as transport, pytest.raises(Unreachable, match=r"within 0\.2 s"):
        transport.send("GET", PARAMS, SHORT_S)


def test_closing_twice_is_closing(serve: Serve) -> None:
    transport = HttpTransport(serve().url, PATIENCE_S)
    transport.close()
    transport.close()


# -- TLS --------------------------------------------------------------------------------------------------------


def authority(folder: Path, name: str) -> tuple[trustme.CA, Path]:
    ca = trustme.CA(key_type=trustme.KeyType.RSA)
    path = folder / f"{name}.pem"
    ca.cert_pem.write_to_path(str(path))
    return ca, path


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, Path]:
    return authority(tmp_path_factory.mktemp("tls"), "good")


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, Path]:
    return authority(tmp_path_factory.mktemp("tls"), "wrong")


def secured(ca: trustme.CA, name: str = "127.0.0.1", not_after: datetime | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(name, key_type=trustme.KeyType.RSA, not_after=not_after).configure_cert(context)
    return context


UNVERIFIED = (
    "no secure connection to the alarm's cloud: its certificate is not the cloud's; "
    "does something on the way open TLS connections?"
)
OUT_OF_TIME = (
    "no secure connection to the alarm's cloud: its certificate does not verify; is this machine's clock right?"
)


def test_a_certificate_of_our_authority_is_accepted(serve: Serve, good: tuple[trustme.CA, Path]) -> None:
    server = serve(tls=secured(good[0]))
    assert send(server.url, "POST", cafile=good[1]) == b"<PET>"


def test_a_certificate_of_another_authority_is_refused_and_nothing_is_sent(
    serve: Serve, good: tuple[trustme.CA, Path], wrong: tuple[trustme.CA, Path]
) -> None:
    server = serve(tls=secured(good[0]))
    for cafile in (wrong[1], None):
        assert failure(server.url, "POST", cafile=cafile) == (UNVERIFIED, False)
    assert server.requests == []
    assert server.connections == 2


def test_a_certificate_for_another_name_is_refused(serve: Serve, good: tuple[trustme.CA, Path]) -> None:
    server = serve(tls=secured(good[0], "elsewhere.invalid"))
    assert failure(server.url, cafile=good[1]) == (UNVERIFIED, False)


def test_a_certificate_of_another_time_asks_for_the_clock(serve: Serve, good: tuple[trustme.CA, Path]) -> None:
    server = serve(tls=secured(good[0], not_after=datetime(2001, 1, 1, tzinfo=UTC)))
    assert failure(server.url, cafile=good[1]) == (OUT_OF_TIME, False)


def test_our_authority_takes_the_place_of_the_public_ones_and_of_the_environments(
    serve: Serve, good: tuple[trustme.CA, Path], wrong: tuple[trustme.CA, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(good[1]))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(good[1]))
    monkeypatch.setenv("CURL_CA_BUNDLE", str(good[1]))
    server = serve(tls=secured(good[0]))
    assert requests.get(server.url, timeout=PATIENCE_S).ok, "so that what follows means something"
    assert failure(server.url, cafile=wrong[1]) == (UNVERIFIED, False)


def test_a_server_that_speaks_no_tls(serve: Serve) -> None:
    server = serve(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    says = failure(server.url.replace("http:", "https:"))
    assert says == ("no secure connection to the alarm's cloud", False)


@pytest.mark.parametrize("fallback", ["ECDHE-RSA-AES128-GCM-SHA256", "AES128-GCM-SHA256"])
def test_a_server_that_prefers_weak_diffie_hellman_is_reached_by_another_way(
    serve: Serve, good: tuple[trustme.CA, Path], fallback: str
) -> None:
    """As the real one does; a library with its usual settings gives up ("dh key too small")."""
    context = secured(good[0])
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_ciphers(f"DHE-RSA-AES128-GCM-SHA256:{fallback}:@SECLEVEL=0")
    context.load_dh_params(os.fspath(VECTORS / "weak-dh.pem"))
    server = serve(tls=context)
    with pytest.raises(requests.exceptions.SSLError, match="DH_KEY_TOO_SMALL"):
        requests.get(server.url, verify=str(good[1]), timeout=PATIENCE_S)
    assert send(server.url, "POST", cafile=good[1]) == b"<PET>"
    assert server.ciphers == [fallback]
