"""Clients on the LAN: a search, a query, a command, a subscriber. Each returns its times."""

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.load import is_whole, request

HOST, GROUP, SSDP_PORT = "127.0.0.1", "239.255.255.250", 1900
SEARCH = 'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: {}\r\nST: {}\r\n\r\n'

WEMO = "urn:Belkin:device:**"
"""Search target of an Echo, which every program answers once for each switch."""

MX_S = 3
"""As current Echos send it."""

RECEIVE_BUFFER_BYTES = 1 << 20
"""Large enough that no answer is lost here."""


def _searching() -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(HOST))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_BYTES)
    return sock


def search(expected: int) -> tuple[float, float]:
    """Send a search. Return the seconds to the first and to the last of `expected` answers."""
    with _searching() as sock:
        sock.settimeout(MX_S + 2)
        began = time.perf_counter()
        sock.sendto(SEARCH.format(MX_S, WEMO).encode(), (GROUP, SSDP_PORT))
        moments: dict[str, float] = {}
        while len(moments) < expected:
            found = re.search(r"LOCATION: (\S+)", sock.recv(2048).decode(), re.IGNORECASE)
            if found:
                moments.setdefault(found[1], time.perf_counter() - began)
    return min(moments.values()), max(moments.values())


def until_found(began: float, within_s: float = 60.0) -> float:
    """Search every 50 ms, each time from a new port. Return the seconds from `began` to the first answer."""
    sockets: list[socket.socket] = []
    try:
        while time.perf_counter() - began < within_s:
            sock = _searching()
            sockets.append(sock)
            sock.setblocking(False)
            sock.sendto(SEARCH.format(1, WEMO).encode(), (GROUP, SSDP_PORT))
            time.sleep(0.05)
            for each in sockets[-40:]:
                try:
                    each.recv(2048)
                except BlockingIOError:
                    continue
                return time.perf_counter() - began
    finally:
        for sock in sockets:
            sock.close()
    raise TimeoutError("no search was answered")


def exchange(port: int, data: bytes, within_s: float = 60.0) -> bytes:
    """Send a request on a connection of its own. Return the answer."""
    answer = b""
    with socket.create_connection((HOST, port), within_s) as sock:
        sock.sendall(data)
        while not is_whole(answer) and (part := sock.recv(65536)):
            answer += part
    return answer


def until_known(port: int, within_s: float = 60.0) -> None:
    """Wait until a switch reports its state; there is no answer before its alarm was read."""
    ends = time.monotonic() + within_s
    while time.monotonic() < ends:
        try:
            if b"<BinaryState>" in exchange(port, request(port)):
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise TimeoutError(f"port {port} does not say whether it is on")


def turn(port: int, on: bool) -> float:
    """Send a command and wait for its answer. Return the time at which it was sent."""
    began = time.perf_counter()
    exchange(port, request(port, "SetBinaryState", int(on)))
    return began


@contextmanager
def pressed(port: int) -> Iterator[None]:
    """Send a command on a thread, and join it at the end of the context."""
    press = threading.Thread(target=turn, args=(port, True))
    press.start()
    time.sleep(0.3)  # it is on its way
    try:
        yield
    finally:
        press.join()


class Subscriber:
    """A subscriber: it records each event and the time of its first byte."""

    def __init__(self) -> None:
        self.events: list[tuple[float, str]] = []
        self._server = socket.create_server((HOST, 0), backlog=200)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def subscribe(self, port: int, path: str = "/") -> None:
        """Subscribe to the state of a switch."""
        callback = f"<http://{HOST}:{self._server.getsockname()[1]}{path}>"
        lines = (
            "SUBSCRIBE /upnp/event/basicevent1 HTTP/1.1",
            f"HOST: {HOST}:{port}",
            f"CALLBACK: {callback}",
            "NT: upnp:event",
            "TIMEOUT: Second-1800",
            "CONNECTION: close",
        )
        answer = exchange(port, "\r\n".join((*lines, "", "")).encode())
        if not answer.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(answer.decode(errors="replace"))

    def heard(self, state: str, since: float, within_s: float = 60.0) -> float:
        """Return the time of the first event after `since` with this state."""
        ends = time.monotonic() + within_s
        while time.monotonic() < ends:
            for moment, reported in list(self.events):
                if moment > since and reported == state:
                    return moment
            time.sleep(0.005)
        raise TimeoutError(f"no event with {state}")

    def close(self) -> None:
        """Accept no more events."""
        self._server.close()

    def _run(self) -> None:
        while True:
            try:
                sock, _ = self._server.accept()
            except OSError:
                return
            with sock:
                data = sock.recv(65536)
                moment = time.perf_counter()
                while not is_whole(data) and (part := sock.recv(65536)):
                    data += part
                sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            found = re.search(rb"<BinaryState>(\d)", data)
            self.events.append((moment, found[1].decode() if found else ""))
