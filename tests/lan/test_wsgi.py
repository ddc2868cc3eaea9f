"""The server against peers that keep it waiting: raw sockets, and a clock that tests move."""

import errno
import logging
import socket
import struct
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from emulator.lan.channels import AHEAD, FEW, IDLE_S, LOOP_S, PER_PEER, REQUEST_S, SPARE, Channel
from emulator.lan.wsgi import AT_ONCE, Server
from tests.support.patience import PATIENCE_S, until

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n"
HONEST, OTHER = "127.0.0.1", "127.0.0.2"
CONNECTIONS = 100


class House:
    """A server on loopback, whose app answers "here" once it may."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.body = b"here"
        self.read, self.host = b"", ""
        self.bodies: list[bytes] = []
        self.peers: list[str] = []  # whose requests came to the app, one after the other
        self.may = threading.Event()
        self.may.set()
        self.asked = threading.Semaphore(0)
        listener = socket.create_server(("0.0.0.0", 0))
        self.port = listener.getsockname()[1]
        self._open = ExitStack()
        self.server = Server(
            self.app, listener, name="test", workers=AT_ONCE + 1, connections=CONNECTIONS, monotonic=lambda: self.now
        )

    def app(self, environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        body = self.body
        self.read = environ["wsgi.input"].read()
        self.bodies.append(self.read)
        self.host = environ.get("HTTP_HOST", "")
        self.peers.append(environ["REMOTE_ADDR"])
        self.asked.release()
        self.may.wait(PATIENCE_S)
        start("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    def connect(self, source: str = OTHER, said: bytes = b"") -> socket.socket:
        sock = socket.create_connection((HONEST, self.port), PATIENCE_S, (source, 0))
        self._open.enter_context(sock)
        self.say(sock, said)
        return sock

    def say(self, sock: socket.socket, said: bytes) -> None:
        """Send, and have it read."""
        sock.sendall(said)
        self.turn()

    def serves(self, source: str = HONEST) -> bool:
        """Whether a client gets an answer."""
        try:
            return self.answers(self.connect(source))
        except ConnectionError:
            return False

    def answers(self, sock: socket.socket) -> bool:
        sock.sendall(GET)
        answer = receive(sock)
        while any(channel.requests for channel in self.channels):  # its worker is not quite done
            self.turn()
        return answer.endswith(b"\r\n\r\nhere")

    def wait(self, seconds: float) -> None:
        """Move the clock, and let the loop look at it."""
        self.now += seconds
        self.turn()

    @property
    def channels(self) -> list[Channel]:
        return list(self.server._server.active_channels.values())

    def turn(self) -> None:
        """Let the loop turn: whom it hangs up on in one turn is gone in the next."""
        for _ in range(3):
            turned = threading.Event()
            trigger: Any = self.server._server.trigger
            trigger.pull_trigger(turned.set)
            assert turned.wait(PATIENCE_S)

    def stop(self) -> None:
        self._open.close()
        self.server.stop()


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    yield made
    made.stop()


def receive(sock: socket.socket) -> bytes:
    """The answer that has come, or comes; nothing when the other end hung up."""
    answer = b""
    try:
        while not answer.endswith(b"here") and (more := sock.recv(65_536)):
            answer += more
    except ConnectionResetError:
        return b""
    return answer


def is_open(sock: socket.socket) -> bool:
    """Whether there is neither an answer nor an end, now."""
    sock.setblocking(False)
    try:
        return bool(sock.recv(1))
    except BlockingIOError:
        return True
    except ConnectionError:
        return False
    finally:
        sock.settimeout(PATIENCE_S)


BY_HAND = {
    "LF": (POST + b"\n\n34").replace(b"\r", b""),
    "LF, no Host": b"\nGET / HTTP/1.0\n\n",
    "LF after the head": POST.replace(b"\r\n\r\n", b"\r\n\n") + b"\r\n34",
    "twice": POST.replace(b"\r\n", b"\r\nHost: x\r\n", 1) + b"1234",
    "no header": POST.replace(b"\r\n", b"\r\nkeep-alive\r\n", 1) + b"1234",
    "indented": POST.rstrip().replace(b"\n", b"\n    ") + b"\r\n\r\n1234",
}


@pytest.mark.parametrize("at", [1, 15, 20])
@pytest.mark.parametrize("by_hand", BY_HAND)
def test_a_head_that_is_written_by_hand_is_read(house: House, by_hand: str, at: int) -> None:
    data = BY_HAND[by_hand]
    sock = house.connect(HONEST, data[:at])
    house.say(sock, data[at:])
    assert receive(sock).endswith(b"\r\n\r\nhere")
    assert house.read == (data[-4:] if b"POST" in data else b"")
    assert house.host == ("" if "no Host" in by_hand else "x")


EXPECT = b"\r\nExpect: 100-continue\r\n\r\n"


@pytest.mark.parametrize("request_", [GET, POST.replace(b"4", b"0")], ids=["GET", "POST"])
def test_who_expects_to_be_told_to_go_on_and_has_no_body_is_answered_at_once(house: House, request_: bytes) -> None:
    sock = house.connect(HONEST, request_.replace(b"\r\n\r\n", EXPECT) + GET)
    answers = b""
    while answers.count(b"here") < 2:
        answers += receive(sock)
    assert b" 100 " not in answers
    assert house.host == "x"


def test_who_has_a_body_is_told_to_go_on(house: House) -> None:
    sock = house.connect(HONEST, POST.replace(b"\r\n\r\n", EXPECT))
    assert sock.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    house.say(sock, b"1234")
    assert receive(sock).endswith(b"here")
    assert house.read == b"1234"


BLANK = b'{\n\n"on": true\n\n}\r\n\r\n'
"""Such a body looks like a head without a first line."""


@pytest.mark.parametrize("at", [20, len(POST), len(POST) + 1, len(POST) + len(BLANK)])
def test_a_body_stays_as_it_is_and_ends_where_its_head_says(house: House, at: int) -> None:
    data = POST.replace(b"4", str(len(BLANK)).encode()) + BLANK + GET
    sock = house.connect(HONEST, data[:at])
    house.say(sock, data[at:])
    answers = b""
    while answers.count(b"here") < 2:
        answers += receive(sock)
    assert house.bodies == [BLANK, b""]


# -- how long ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("request_", [GET, POST + b"1234"], ids=["headers", "body"])
def test_a_request_that_drips_has_its_time_from_its_first_byte(house: House, request_: bytes) -> None:
    sock = house.connect(OTHER, request_[:1])
    for byte in request_[1:-1]:
        assert is_open(sock)
        house.say(sock, bytes([byte]))
        house.wait(0.99 * REQUEST_S / (len(request_) - 2))
    assert is_open(sock)
    house.wait(0.02 * REQUEST_S)
    assert receive(sock) == b""


def test_blank_lines_are_no_request(house: House) -> None:
    sock = house.connect()
    for _ in range(3):
        house.say(sock, b"\r\n")
        house.wait(IDLE_S / 3 - 1)
        assert is_open(sock)
    house.wait(4)
    assert receive(sock) == b""


def test_whoever_says_nothing_is_hung_up_on(house: House) -> None:
    sock = house.connect()
    house.wait(IDLE_S - 1)
    assert is_open(sock)
    house.wait(1)
    assert receive(sock) == b""


def test_each_request_begins_the_time_anew(house: House) -> None:
    sock = house.connect()
    for _ in range(4):
        assert house.answers(sock)
        house.wait(IDLE_S - 1)
    house.say(sock, GET[:5])
    house.wait(REQUEST_S - 1)
    sock.sendall(GET[5:])
    assert receive(sock).endswith(b"here")
    house.wait(IDLE_S)
    assert receive(sock) == b""


def test_an_answer_may_take_its_time(house: House) -> None:
    house.may.clear()
    sock = house.connect(OTHER, GET + GET[:5])
    assert house.asked.acquire(timeout=PATIENCE_S)
    for _ in range(10):
        house.now += IDLE_S
        house.turn()
        assert is_open(sock)
    house.may.set()
    assert receive(sock).endswith(b"here")
    sock.sendall(GET[5:])
    assert receive(sock).endswith(b"here")


def test_an_answer_that_nobody_takes_is_dropped(house: House) -> None:
    house.body = bytes(2**24)
    sock = house.connect(OTHER, GET)
    while not all(channel.total_outbufs_len > 2**20 for channel in house.channels):
        house.turn()
    house.wait(IDLE_S - 1)
    assert len(house.channels) == 1
    house.wait(1)
    assert not house.channels
    assert len(receive(sock)) < 2**24


def test_nonsense_whose_sender_is_gone_is_no_error(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.may.clear()
    busy = [house.connect(f"127.0.0.{each}", GET) for each in range(1, AT_ONCE + 2)]  # all workers
    for _ in range(5):
        sock = house.connect(said=b"x\r\n\r\n")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sock.close()
    house.may.set()
    assert all(receive(sock) for sock in busy)
    assert house.serves()
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


# -- how many ---------------------------------------------------------------------------------------------------


def test_a_peer_that_holds_all_it_can_keeps_nobody_out(house: House) -> None:
    held = [house.connect(OTHER, GET[:-1]) for _ in range(3 * PER_PEER)]
    assert house.serves()
    assert house.serves()
    assert sum(map(is_open, held)) == PER_PEER
    assert not house.serves(OTHER)
    house.wait(REQUEST_S)
    assert not any(map(is_open, held))
    assert house.serves(OTHER)


def test_what_a_peer_has_left_idle_longest_makes_way(house: House) -> None:
    kept = [house.connect() for _ in range(PER_PEER)]
    for sock in reversed(kept):
        house.now += IDLE_S / 2 / PER_PEER
        assert house.answers(sock)
    assert house.serves(OTHER)
    house.wait(0)
    assert [is_open(sock) for sock in kept] == [True] * (PER_PEER - 1) + [False]


def test_a_peer_that_is_being_served_loses_nothing(house: House) -> None:
    house.may.clear()
    asking = [house.connect(OTHER, GET) for _ in range(PER_PEER)]
    more = house.connect(OTHER, GET)
    assert receive(more) == b""
    house.may.set()
    assert all(receive(sock).endswith(b"here") for sock in asking)


@pytest.mark.parametrize("said", [b"", GET[:-1]])
def test_peers_that_hold_everything_keep_nobody_out(house: House, said: bytes) -> None:
    peers = [f"127.0.0.{number}" for number in range(2, 3 + CONNECTIONS // PER_PEER)]
    held = [house.connect(peer, said) for peer in peers for _ in range(PER_PEER)]
    assert sum(map(is_open, held)) <= CONNECTIONS
    assert house.serves()
    assert house.serves()
    assert sum(map(is_open, held)) >= CONNECTIONS - 2 * len(peers)


def test_peers_that_wait_for_answers_on_everything_keep_nobody_out(house: House) -> None:
    house.may.clear()
    held = [house.connect(f"127.0.0.{2 + number % 2}", GET) for number in range(CONNECTIONS)]
    one = house.connect(HONEST, GET)
    house.may.set()
    assert receive(one).endswith(b"here")
    assert all(receive(sock).endswith(b"here") for sock in held)


def test_those_who_come_last_have_little_room(house: House) -> None:
    house.may.clear()
    held = [house.connect(f"127.0.0.{2 + number % 2}", GET) for number in range(CONNECTIONS)]
    late = [house.connect(f"127.0.0.{number // FEW + 4}", GET) for number in range(2 * SPARE)]
    assert sum(map(is_open, late)) == SPARE
    house.may.set()
    assert all(receive(sock).endswith(b"here") for sock in held)


def test_without_a_file_descriptor_it_waits_and_goes_on(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def none_left(_: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as patched:
        patched.setattr("waitress.wasyncore.dispatcher.accept", none_left)
        sock = house.connect()
        for _ in range(9):
            house.turn()
    assert [record.message for record in caplog.records] == [
        "no further connection can be taken in: Too many open files"
    ]
    house.wait(LOOP_S)
    assert house.answers(sock)


def test_a_worker_closes_nothing_that_the_loop_looks_at(house: House) -> None:
    house.may.clear()
    sock = house.connect(OTHER, GET)
    (channel,) = house.channels
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
    assert [channel.send(b"here") for _ in range(2)] == [0, 0]
    assert house.channels == [channel]
    house.may.set()


def test_requests_ahead_of_their_answers_are_counted(house: House) -> None:
    few = house.connect(OTHER, GET * AHEAD)
    answers = b""
    while answers.count(b"here") < AHEAD:
        answers += receive(few)
    house.may.clear()
    many = house.connect(OTHER, GET * (AHEAD + 1))
    house.may.set()
    assert receive(many) == b""


# -- in turn ----------------------------------------------------------------------------------------------------


def test_who_asks_much_makes_nobody_else_wait(house: House) -> None:
    house.may.clear()
    many = [house.connect(OTHER, GET) for _ in range(24)]
    one = house.connect(HONEST, GET)
    until(lambda: HONEST in house.peers)
    house.may.set()
    assert receive(one).endswith(b"here")
    assert all(receive(sock).endswith(b"here") for sock in many)
    assert house.peers.index(HONEST) <= AT_ONCE
    assert house.peers.count(OTHER) == len(many)


def test_one_peer_keeps_a_worker_free_for_others(house: House) -> None:
    house.may.clear()
    many = [house.connect(OTHER, GET) for _ in range(2 * AT_ONCE)]
    one = house.connect(HONEST, GET)
    for _ in range(AT_ONCE + 1):
        assert house.asked.acquire(timeout=PATIENCE_S)
    assert sorted(house.peers) == [HONEST] + AT_ONCE * [OTHER]
    house.may.set()
    assert all(receive(sock).endswith(b"here") for sock in (one, *many))


def test_all_that_knock_are_let_in_at_once(house: House) -> None:
    knocking = [socket.create_connection((HONEST, house.port), PATIENCE_S, (OTHER, 0)) for _ in range(PER_PEER)]
    house.turn()
    assert len(house.channels) == PER_PEER
    for sock in knocking:
        sock.close()


def test_the_loop_does_not_turn_for_what_a_worker_is_writing(house: House) -> None:
    house.may.clear()
    sock = house.connect(OTHER, GET)
    (channel,) = house.channels
    with ThreadPoolExecutor(1) as loop, channel.outbuf_lock:
        channel.total_outbufs_len = 1
        assert not loop.submit(channel.writable).result()
        channel.total_outbufs_len = 0
    house.may.set()
    assert receive(sock).endswith(b"here")
