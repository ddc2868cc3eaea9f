"""Clouds that answer, and clouds that do not: real servers on loopback."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme

from emulator.app.login_store import JournalVault
from emulator.doctor import cloud
from emulator.doctor.finding import Finding, Verdict
from emulator.store.journal import Journal
from tests.doctor.conftest import NOW_S, SIMULATED, SWITCHES, MakeCase
from tests.support.zone import living_in


class Server(ThreadingHTTPServer):
    """Answers as the test wants, and keeps the requests."""

    status = 200
    date = formatdate(NOW_S, usegmt=True)

    def __init__(self) -> None:
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/owa-api/graphql"

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore errors: some tests are about clients that hang up."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_HEAD(self) -> None:
        self.server.asked.append(self.requestline)
        self.send_response_only(self.server.status)
        if self.server.date:
            self.send_header("Date", self.server.date)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name in the standard library
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def at(url: str) -> str:
    return f"installations: {{home: {{cloud: owa, url: '{url}'}}}}\n" + SWITCHES


def look(make_case: MakeCase, text: str) -> tuple[Finding, Finding]:
    found, clock = cloud.clouds_and_clock(make_case(text))
    return found, clock


def test_a_resolver_that_does_not_answer_is_not_waited_for() -> None:
    enough = threading.Event()
    with pytest.raises(cloud.Unreached) as caught:
        cloud.reach("https://cloud.example/", 0.01, lambda *_: enough.wait())
    enough.set()
    assert caught.value.why == "has a name that does not resolve within 0.01 s"


@pytest.mark.parametrize("host", ["nobody.invalid", f"{'x' * 70}.example"])
def test_a_name_that_does_not_resolve_is_named(host: str) -> None:
    with pytest.raises(cloud.Unreached, match=r"does not resolve$"):
        cloud.reach(f"https://{host}/")


def test_a_cloud_that_answers_is_asked_for_nothing_but_headers_once(make_case: MakeCase, server: Server) -> None:
    both = at(server.url).replace("}}", f"}}, away: {{cloud: owa, url: '{server.url}'}}}}", 1)
    both = both.replace("name: Night,", "name: Night, installation: home,")
    found, clock = look(make_case, both)
    assert (found.check, found.verdict) == ("cloud home, away", Verdict.OK)
    assert clock.verdict is Verdict.OK
    assert server.asked == ["HEAD / HTTP/1.1"]


@pytest.mark.parametrize(("status", "verdict"), [(404, Verdict.OK), (403, Verdict.WARNING), (503, Verdict.WARNING)])
def test_what_it_answers_is_told(make_case: MakeCase, server: Server, status: int, verdict: Verdict) -> None:
    server.status = status
    found, _ = look(make_case, at(server.url))
    assert (found.verdict, str(status) in found.found) == (verdict, True)


@pytest.mark.parametrize(("off_s", "words"), [(-3600, "60 min fast"), (600, "10 min slow")])
def test_a_clock_that_is_wrong_by_the_clouds_is_a_problem(
    make_case: MakeCase, server: Server, off_s: int, words: str
) -> None:
    server.date = formatdate(NOW_S + off_s, usegmt=True)
    _, clock = look(make_case, at(server.url))
    assert (clock.verdict, clock.found) == (Verdict.PROBLEM, f"{words} by the cloud's")


@pytest.mark.parametrize("date", ["", "yesterday"])
def test_a_cloud_that_does_not_tell_the_time_is_no_judge(make_case: MakeCase, server: Server, date: str) -> None:
    server.date = date
    _, clock = look(make_case, at(server.url))
    assert clock.verdict is Verdict.OK


def test_a_machine_that_woke_up_in_the_past_is_told() -> None:
    assert cloud._clock(0.0, None).found == "it is not 1970"


@pytest.mark.parametrize(
    ("rule", "zone", "told"), [("07:00-22:00", "UTC", 1), ("07:00-22:00", "Europe/Rome", 0), ("", "UTC", 0)]
)
def test_hours_of_a_machine_that_lives_in_utc_are_told(make_case: MakeCase, rule: str, zone: str, told: int) -> None:
    narrowed = f"off: disarm, disarm: {{between: '{rule}'}}" if rule else "off: disarm"
    case = make_case(SIMULATED.replace("off: disarm", narrowed))
    with living_in(zone):
        found = [one for one in cloud.clouds_and_clock(case) if one.check == "time zone"]
    assert len(found) == told


def test_a_cloud_that_refuses_is_unreachable(make_case: MakeCase) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        url = f"https://127.0.0.1:{gone.getsockname()[1]}/"
    found, clock = look(make_case, at(url))
    assert (found.verdict, found.found) == (Verdict.PROBLEM, f"{urlsplit(url).netloc} refuses the connection")
    assert clock.verdict is Verdict.OK


def test_a_name_that_does_not_resolve_is_unreachable(make_case: MakeCase) -> None:
    found, _ = look(make_case, at("https://cloud.invalid/owa-api/graphql"))
    assert (found.verdict, found.found) == (Verdict.PROBLEM, "cloud.invalid has a name that does not resolve")


def test_a_server_that_is_silent_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(cloud.Unreached, match=r"within 0\.05 s"):
        cloud.reach(f"http://127.0.0.1:{silent.getsockname()[1]}/", 0.05)


@contextmanager
def says(words: bytes) -> Iterator[int]:
    """Yield the port of a server that sends `words` to one client, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.recv(4096)
                peer.sendall(words)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


@pytest.mark.parametrize("words", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 2"])
def test_an_answer_that_is_none_is_told(make_case: MakeCase, words: bytes) -> None:
    with says(words) as port:
        found, _ = look(make_case, at(f"http://127.0.0.1:{port}/"))
    assert (found.verdict, "gave no usable answer" in found.found) == (Verdict.PROBLEM, True)


def test_a_server_that_speaks_no_tls_is_told(make_case: MakeCase) -> None:
    with says(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        found, _ = look(make_case, at(f"https://127.0.0.1:{port}/"))
    assert (found.verdict, "gave no usable answer" in found.found) == (Verdict.PROBLEM, True)


def test_a_certificate_that_nobody_vouches_for_is_told(make_case: MakeCase, server: Server) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    found, _ = look(make_case, at(server.url.replace("http:", "https:")))
    assert (found.verdict, "does not verify" in found.found) == (Verdict.PROBLEM, True)
    assert "clock" in found.fix


def test_a_firewall_that_shuts_us_out_is_not_asked(make_case: MakeCase, server: Server, tmp_path: Path) -> None:
    with closing(Journal(tmp_path / "state")) as book:
        JournalVault(book, tmp_path / "state", urlsplit(server.url).netloc).ban(NOW_S + 600)
    found, _ = look(make_case, at(server.url))
    assert (found.verdict, server.asked) == (Verdict.WARNING, [])


def test_a_simulated_alarm_is_nowhere(make_case: MakeCase) -> None:
    found, clock = cloud.clouds_and_clock(make_case())
    assert (found.verdict, clock.verdict) == (Verdict.SKIPPED, Verdict.OK)
