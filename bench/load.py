"""The load: GetBinaryState from many connections at once, in a process of its own.

Standard library only, and one thread that only sends ready-made bytes: Python's own HTTP clients need more processor
time for a request than the programs need for the answer. Prints one JSON object.
"""

import argparse
import json
import select
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle

BODY = (
    b'<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
    b's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>'
    b'<u:%(action)s xmlns:u="urn:Belkin:service:basicevent:1"><BinaryState>%(value)d</BinaryState></u:%(action)s>'
    b"</s:Body></s:Envelope>"
)
END = b"</s:Envelope>"

ANSWER_WITHIN_S = 30.0
"""A later answer counts as failed."""

WARM_UP_S = 0.3
"""Default time that is not counted: first connections, caches."""


def request(port: int, action: str = "GetBinaryState", value: int = 1, *, keep_alive: bool = False) -> bytes:
    """Return a whole request for one segment, as stock fauxmo needs it, with the headers of an Echo."""
    body = BODY % {b"action": action.encode(), b"value": value}
    lines = (
        "POST /upnp/control/basicevent1 HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Accept: */*",
        'Content-type: text/xml; charset="utf-8"',
        f'SOAPACTION: "urn:Belkin:service:basicevent:1#{action}"',
        f"Content-Length: {len(body)}",
        f"Connection: {'keep-alive' if keep_alive else 'close'}",
    )
    return "\r\n".join((*lines, "", "")).encode() + body


def is_whole(answer: bytes) -> bool:
    """Return whether the answer is as long as its CONTENT-LENGTH says."""
    head, blank, body = answer.partition(b"\r\n\r\n")
    if not blank:
        return False
    length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    return len(body) >= int(length or 0)


def is_state(answer: bytes) -> bool:
    """Return whether the answer says on or off."""
    return answer.startswith(b"HTTP/1.1 200") and b"<BinaryState>" in answer


def stays_open(answer: bytes) -> bool:
    """Return whether the program keeps the connection for the next request."""
    return b"connection: close" not in answer.partition(b"\r\n\r\n")[0].lower()


@dataclass(slots=True)
class Line:
    """One client, which sends a request, waits for the answer, and repeats."""

    port: int
    data: bytes
    sock: socket.socket | None = None
    began: float = 0.0
    answer: bytearray = field(default_factory=bytearray)


class Load:
    """Clients that send the next request as soon as they have an answer."""

    def __init__(self, ports: Sequence[int], connections: int, *, keep_alive: bool, split: bool = False) -> None:
        self.seconds: list[float] = []
        self.failed = 0
        self._keep_alive = keep_alive
        self._split = split
        self._poll = select.epoll()
        self._lines: dict[int, Line] = {}
        self._waiting = [
            Line(port, request(port, keep_alive=keep_alive)) for port, _ in zip(cycle(ports), range(connections))
        ]

    def run(self, seconds: float) -> None:
        """Send requests for so long, and wait for those that are under way at the end."""
        ends = time.perf_counter() + seconds
        for line in self._waiting:
            self._ask(line)
        while self._lines:
            ready = self._poll.poll(ANSWER_WITHIN_S)
            if not ready:
                self.failed += len(self._lines)
                return
            for number, _ in ready:
                line = self._lines[number]
                if self._answered(line) and time.perf_counter() < ends:
                    self._ask(line)
                elif not line.began:
                    self._drop(line)

    def _ask(self, line: Line) -> None:
        line.began = time.perf_counter()
        if line.sock is None:
            line.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            line.sock.connect(("127.0.0.1", line.port))
            self._lines[line.sock.fileno()] = line
            self._poll.register(line.sock, select.EPOLLIN)
            line.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, int(self._split))
        line.answer.clear()
        if self._split:  # as many HTTP clients send: the head, then the body
            head, blank, body = line.data.partition(b"\r\n\r\n")
            line.sock.sendall(head + blank)
            line.sock.sendall(body)
        else:
            line.sock.sendall(line.data)

    def _answered(self, line: Line) -> bool:
        """Read the socket. Return whether the exchange has ended."""
        assert line.sock  # noqa: S101  # it is in the poll
        try:
            data = line.sock.recv(65536)
        except OSError:
            data = b""
        line.answer += data
        # Every program's answer ends so; a closer check would cost time that other clients wait for.
        if data and not line.answer.endswith(END) and not is_whole(line.answer):
            return False
        if is_state(line.answer):
            self.seconds.append(time.perf_counter() - line.began)
        else:
            self.failed += 1
        line.began = 0.0
        if not (self._keep_alive and data and stays_open(line.answer)):
            self._drop(line)
        return True

    def _drop(self, line: Line) -> None:
        if line.sock:
            del self._lines[line.sock.fileno()]
            line.sock.close()  # which also removes it from the poll
            line.sock = None


def measured(
    ports: Sequence[int],
    connections: int,
    seconds: float,
    *,
    keep_alive: bool,
    split: bool = False,
    warm_up: float = WARM_UP_S,
) -> dict[str, float]:
    """Run one load. Return its milliseconds and answers a second."""
    if warm_up:
        Load(ports, connections, keep_alive=keep_alive, split=split).run(warm_up)
    load = Load(ports, connections, keep_alive=keep_alive, split=split)
    began, used = time.perf_counter(), time.process_time()
    load.run(seconds)
    took, used = time.perf_counter() - began, time.process_time() - used
    ordered = sorted(load.seconds) or [float("nan")]
    return {
        "p50": 1000 * ordered[len(ordered) // 2],
        "p99": 1000 * ordered[int(len(ordered) * 0.99)],
        "worst": 1000 * ordered[-1],
        "rate": len(load.seconds) / took,
        "answered": len(load.seconds),
        "failed": load.failed,
        "busy": used / took,  # of the generator: near 1 it would measure itself
    }


def main() -> None:
    """Run as `python load.py`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ports", type=int, nargs="+", required=True)
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--warm-up", type=float, default=WARM_UP_S)
    parser.add_argument("--keep-alive", action="store_true")
    parser.add_argument("--split", action="store_true")
    print(json.dumps(measured(**vars(parser.parse_args()))))


if __name__ == "__main__":
    main()
