"""Bytes on the LAN as clients put them there: searches, requests, notices."""

import re
import socket
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tests.netns.lan import HOSTS, HOUSE, Lan
from tests.support.patience import PATIENCE_S

GROUP, SSDP_PORT = "239.255.255.250", 1900
QUIET_S = 0.6
"""Silence after which nothing more is expected: answers to one search are never further apart than 0.1 s."""

SERVICE = "urn:Belkin:service:basicevent:1"
# What Echos send (lan-emulation.md §2.6): no blank before the second attribute, and a BinaryState in a question.
ECHO_BODY = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
    's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">'
    '<s:Body><u:{action} xmlns:u="urn:Belkin:service:basicevent:1">'
    "<BinaryState>{value}</BinaryState></u:{action}></s:Body></s:Envelope>"
)


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: str

    @property
    def state(self) -> str:
        """The BinaryState in it, or nothing."""
        found = re.search(r"<BinaryState>(.*?)</BinaryState>", self.body)
        return found[1] if found else ""


@dataclass(frozen=True)
class Datagram:
    """A search's answer, or a notice: where it came from, its first line and its headers in lower case."""

    source: str
    first: str
    headers: dict[str, str]

    @classmethod
    def parse(cls, data: bytes, source: str) -> "Datagram":
        """Strictly: a colon and a blank in each line, as pywemo wants it."""
        first, *lines = data.decode().rstrip("\r\n").split("\r\n")
        headers = [re.fullmatch(r"([\w.-]+): ?(.*)", line).groups() for line in lines]
        return cls(source, first, {name.lower(): value for name, value in headers})


def search(target: str, mx: int = 1) -> bytes:
    """An M-SEARCH."""
    return (
        f'M-SEARCH * HTTP/1.1\r\nHOST: {GROUP}:{SSDP_PORT}\r\nMAN: "ssdp:discover"\r\nMX: {mx}\r\nST: {target}\r\n\r\n'
    ).encode()


def get(path: str = "/setup.xml", host: str = HOUSE, *more: str) -> bytes:
    """A GET."""
    return "\r\n".join([f"GET {path} HTTP/1.1", f"Host: {host}", "Accept: */*", *more, "", ""]).encode()


def soap(action: str, value: int, *more: str, host: str = HOUSE) -> bytes:
    """A POST as an Echo sends it."""
    body = ECHO_BODY.format(action=action, value=value).encode()
    lines = [
        "POST /upnp/control/basicevent1 HTTP/1.1",
        f"Host: {host}",
        "Accept: */*",
        'Content-type: text/xml; charset="utf-8"',
        f'SOAPACTION: "{SERVICE}#{action}"',
        f"Content-Length: {len(body)}",
        *more,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def turn(on: bool) -> bytes:
    """SetBinaryState."""
    return soap("SetBinaryState", int(on))


QUERY = soap("GetBinaryState", 1)


class Line:
    """One TCP connection to a switch."""

    def __init__(self, lan: Lan, host: str, port: int, to: str = HOUSE) -> None:
        with lan.at(host):
            self._sock = socket.create_connection((to, port), timeout=PATIENCE_S)
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""

    def send(self, *parts: bytes) -> None:
        """Each part in a segment of its own."""
        for part in parts:
            self._sock.sendall(part)

    def answer(self) -> Answer:
        """The next answer, exactly as long as it says."""
        while b"\r\n\r\n" not in self._buffer:
            self._read()
        head, _, rest = self._buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers["content-length"])
        self._buffer = rest
        while len(self._buffer) < length:
            self._read()
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return Answer(int(first.split()[1]), headers, body.decode())

    def ask(self, *parts: bytes) -> Answer:
        """Send, and take the answer."""
        self.send(*parts)
        return self.answer()

    def ended(self) -> bool:
        """Whether the other end closed without another byte."""
        try:
            return not self._sock.recv(1)
        except ConnectionResetError:
            return True

    def _read(self) -> None:
        data = self._sock.recv(65536)
        assert data, f"closed after {self._buffer!r}"
        self._buffer += data

    def close(self) -> None:
        """Hang up."""
        self._sock.close()


@contextmanager
def line(lan: Lan, host: str, port: int, to: str = HOUSE) -> Iterator[Line]:
    """A connection for as long as the block lasts."""
    one = Line(lan, host, port, to)
    try:
        yield one
    finally:
        one.close()


def ask(lan: Lan, host: str, port: int, request: bytes, to: str = HOUSE) -> Answer:
    """One request on a connection of its own."""
    with line(lan, host, port, to) as one:
        return one.ask(request)


def ask_at_once(lan: Lan, host: str, port: int, requests: Sequence[bytes]) -> list[Answer]:
    """All requests on their way before the first answer is read, each on a connection of its own."""
    with ExitStack() as stack:
        lines = [stack.enter_context(line(lan, host, port)) for _ in requests]
        for one, request in zip(lines, requests, strict=True):
            one.send(request)
        return [one.answer() for one in lines]


@contextmanager
def udp(lan: Lan, host: str, port: int = 0) -> Iterator[socket.socket]:
    """A socket that searches."""
    with lan.at(host), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(QUIET_S)
        sock.bind((HOSTS.get(host, "0.0.0.0"), port))
        yield sock


@contextmanager
def notices(lan: Lan, host: str) -> Iterator[socket.socket]:
    """A socket that hears what is announced."""
    with lan.at(host), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(QUIET_S)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((GROUP, SSDP_PORT))
        member = socket.inet_aton(GROUP) + socket.inet_aton(HOSTS[host])
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        yield sock


def heard(sock: socket.socket, enough: int = 0) -> list[Datagram]:
    """What comes in until there is silence, for which `enough` datagrams must have come."""
    found: list[Datagram] = []
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            data, (source, _) = sock.recvfrom(65536)
        except TimeoutError:
            if len(found) >= enough or time.monotonic() > end:
                return found
        else:
            found.append(Datagram.parse(data, source))


def found_by(lan: Lan, host: str, target: str, enough: int = 0, sends: Iterable[int] = (0,)) -> list[Datagram]:
    """What answers a search from a host, sent once or more."""
    with udp(lan, host) as sock:
        for _ in sends:
            sock.sendto(search(target), (GROUP, SSDP_PORT))
        return heard(sock, enough)
