"""Clients on the LAN: a search, a question, a command, a subscriber. Each says when what happened."""

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.load import is_whole, request

HOST, GROUP, SSDP_PORT = "127.0.0.1", "239.255.255.250", 1900
SEARCH = 'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: {}\r\nST: {}\r\n\r\n'
WEMO = "urn:Belkin:device:**"  # what an Echo asks for, and every program answers once for each switch
MX_S = 3  # as Echos of today have it
RECEIVE_BUFFER = 1 << 20  # bytes; no answer is to be lost here


def _searching() -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(HOST))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    return sock


def search(expected: int) -> tuple[float, float]:
    """Seconds from a search to the first and to the last of as many answers."""
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
    """Seconds from `began` to the first answered search; a new one is sent every 50 ms, each from a new port."""
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
    """One request on a connection of its own."""
    answer = b""
    with socket.create_connection((HOST, port), within_s) as sock:
        sock.sendall(data)
        while not is_whole(answer) and (part := sock.recv(65536)):
            answer += part
    return answer


def until_known(port: int, within_s: float = 60.0) -> None:
    """Wait until a switch says whether it is on: before its alarm was read there is no answer."""
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
    """Send a command, and hear its answer out; the moment in which it was sent."""
    began = time.perf_counter()
    exchange(port, request(port, "SetBinaryState", int(on)))
    return began


@contextmanager
def pressed(port: int) -> Iterator[None]:
    """While a command is being sent and answered, however long that takes."""
    press = threading.Thread(target=turn, args=(port, True))
    press.start()
    time.sleep(0.3)  # it is on its way
    try:
        yield
    finally:
        press.join()


class Subscriber:
    """Takes events, and remembers when the first byte of each was here."""

    def __init__(self) -> None:
        self.events: list[tuple[float, str]] = []
        self._server = socket.create_server((HOST, 0), backlog=200)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def subscribe(self, port: int, path: str = "/") -> None:
        """To the state of a switch."""
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
        """The moment of the first event since then that told this state."""
        ends = time.monotonic() + within_s
        while time.monotonic() < ends:
            for moment, told in list(self.events):
                if moment > since and told == state:
                    return moment
            time.sleep(0.005)
        raise TimeoutError(f"no event told {state}")

    def close(self) -> None:
        """Take no more."""
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
