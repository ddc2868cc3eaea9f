"""One HTTP connection, with a server of the tests; the switches prove the rest (doors/wemo/test_protocol)."""

import asyncio
from collections.abc import Callable
from ipaddress import IPv4Network

import pytest

from emulator.errors import ProtocolError
from emulator.lan.connection import IDLE_S, HttpConnection
from emulator.lan.http1 import Response
from emulator.lan.limits import Connections
from emulator.lan.network import Place
from emulator.lan.request_reader import Request
from tests.doors.clockwork import advance, run
from tests.doors.rig import Wire

PLACE = Place("eth0", "192.168.7.2", IPv4Network("192.168.7.0/24"), "192.168.7.2")
PEER = "192.168.7.9"


class Server(HttpConnection):
    """Answers with the path, but for some paths."""

    def __init__(self, connections: Connections["Server"]) -> None:
        super().__init__(PLACE, connections)
        self.later: list[Request] = []
        self.notes: list[str] = []

    def serve(self, request: Request) -> None:
        if request.path == "/later":
            self.later.append(request)
        elif request.path == "/refused":
            raise ProtocolError("no", 418)
        elif request.path == "/broken":
            raise RuntimeError("a defect")
        else:
            self.answer(Response(200, request.path.encode()))

    def warn(self, why: str) -> None:
        self.notes.append(why)

    def abandoned(self) -> None:
        self.notes.append("abandoned")


def get(path: str, host: str = "192.168.7.2") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()


def with_server(test: Callable[[Server, Wire], object]) -> None:
    async def main() -> None:
        server = Server(Connections())
        wire = Wire(server, PEER)
        server.connection_made(wire)
        test(server, wire)
        await asyncio.sleep(0)

    run(main())


def test_answers_come_in_the_order_of_the_requests_however_long_one_takes() -> None:
    def drive(server: Server, wire: Wire) -> None:
        assert wire.say(get("/later") + get("/next")) == b""
        assert wire.paused
        assert server.is_served
        server.answer(Response(200, b"first"))
        sent = wire.taken()
        assert sent.index(b"first") < sent.index(b"/next")
        assert not wire.paused
        assert not server.is_served

    with_server(drive)


@pytest.mark.parametrize(("path", "status"), [("/refused", b"418"), ("/broken", b"500"), ("/fine", b"200")])
def test_every_request_is_answered(path: str, status: bytes, caplog: pytest.LogCaptureFixture) -> None:
    def drive(_: Server, wire: Wire) -> None:
        assert wire.say(get(path)).startswith(b"HTTP/1.1 " + status)
        assert wire.closed is (path == "/broken")
        assert ("a defect" in caplog.text) is (path == "/broken")

    with_server(drive)


def test_a_request_by_another_name_may_not_enter() -> None:
    def drive(server: Server, wire: Wire) -> None:
        assert wire.say(get("/fine", "alarm.evil.example")).startswith(b"HTTP/1.1 403 ")
        assert server.notes == ["by a name that is not our address"]

    with_server(drive)


def test_a_peer_that_leaves_is_noted_once_it_has_hung_up() -> None:
    def drive(server: Server, wire: Wire) -> None:
        wire.say(get("/later"))
        assert server.eof_received() is True
        assert server.notes == ["abandoned"]
        server.answer(Response(200))
        assert wire.taken().startswith(b"HTTP/1.1 200 ")

    with_server(drive)


def test_half_a_request_times_out() -> None:
    async def main() -> None:
        server = Server(Connections())
        wire = Wire(server, PEER)
        server.connection_made(wire)
        wire.say(get("/fine")[:9])
        await advance(IDLE_S)
        assert wire.taken().startswith(b"HTTP/1.1 408 ")
        assert server.notes == ["abandoned"]

    run(main())
