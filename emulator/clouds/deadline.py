"""One deadline for a whole request: look-up of the name, connection, TLS, and every byte in either direction.

A socket's time-out starts anew with each byte, and getaddrinfo has the system's own; neither bounds a request.
"""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any

AddressInfo = tuple[int, int, int, str, Any]
"""Result of getaddrinfo: family, type, protocol, canonical name, address."""

ADDRESS_AT_LEAST_S = 3.0
"""Least share of the remaining time for one of several addresses: a lost SYN is repeated after one second."""


_last_look: ContextVar[Callable[[], None]] = ContextVar("last_look", default=lambda: None)


@contextmanager
def last_look(look: Callable[[], None]) -> Iterator[None]:
    """Call `look` directly before the first byte of each request in this context; if it raises, nothing is sent.

    Look-up, connection and TLS come before that, and may take all the time of the request.
    """
    before = _last_look.set(look)
    try:
        yield
    finally:
        _last_look.reset(before)


class Deadline:
    """End of one request. `sent` is set once a byte of it may have left this machine."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._at = clock() + seconds
        self._look = _last_look.get()
        self.sent = False

    def begin(self) -> None:
        """Note that bytes may leave from now on. Raises the error of the last look."""
        if not self.sent:
            self._look()
            self.sent = True

    @property
    def is_over(self) -> bool:
        """True if no time is left."""
        return self._clock() >= self._at

    def left(self) -> float:
        """Return the remaining seconds; TimeoutError if there are none."""
        left_s = self._at - self._clock()
        if left_s <= 0:
            raise TimeoutError("the deadline has passed")
        return left_s


class BoundSocket(socket.socket):
    """A socket whose waits all end with the request."""

    until: Deadline

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        """Receive within the remaining time."""
        self.settimeout(self.until.left())
        return super().recv_into(*args, **kwargs)

    def send(self, *args: Any, **kwargs: Any) -> int:
        """Send within the remaining time; note that bytes may have left."""
        self.settimeout(self.until.left())
        self.until.begin()
        return super().send(*args, **kwargs)

    def sendall(self, *args: Any, **kwargs: Any) -> None:
        """Send all within the remaining time; note that bytes may have left."""
        self.settimeout(self.until.left())
        self.until.begin()
        super().sendall(*args, **kwargs)


class BoundTlsSocket(BoundSocket, ssl.SSLSocket):
    """The same over TLS. The handshake ends with the time-out of the underlying socket."""


class Resolver:
    """Look-up of names within the remaining time. Owned by one thread.

    getaddrinfo cannot be interrupted. A call that hangs is left to a thread of its own, and there is at most one.
    """

    def __init__(self) -> None:
        self._asked: tuple[str, int, int] | None = None
        self._answer: Future[Sequence[AddressInfo]] = Future()

    def look_up(self, host: str, port: int, family: int, until: Deadline) -> Sequence[AddressInfo]:
        """Return the addresses of a name; gaierror if none come in time, UnicodeError if it is no name."""
        with suppress(socket.gaierror):
            # A numeric address needs no name server.
            return socket.getaddrinfo(host, port, family, socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        asked = (host, port, family)
        if self._asked != asked or self._answer.done():
            self._asked, self._answer = asked, Future()
            try:
                threading.Thread(
                    target=_look_up, args=(*asked, self._answer), name=f"look up {host}", daemon=True
                ).start()
            except RuntimeError as error:
                self._asked = None
                raise socket.gaierror(socket.EAI_MEMORY, str(error)) from None
        try:
            return self._answer.result(until.left())
        except TimeoutError:
            raise socket.gaierror(socket.EAI_AGAIN, "the name servers do not answer") from None


def _look_up(host: str, port: int, family: int, answer: Future[Sequence[AddressInfo]]) -> None:
    try:
        answer.set_result(socket.getaddrinfo(host, port, family, socket.SOCK_STREAM))
    except Exception as error:
        answer.set_exception(error)


def connect(addresses: Sequence[AddressInfo], until: Deadline) -> BoundSocket:
    """Connect to the first address that accepts; OSError of the last one if none does.

    The time is divided between the addresses, so that one that drops packets leaves some for the others.
    """
    failed = OSError("the name has no address")
    for number, address in enumerate(addresses):
        try:
            left_s = until.left()
            share_s = left_s / (len(addresses) - number)
            return _connect(address, min(left_s, max(share_s, ADDRESS_AT_LEAST_S)), until)
        except OSError as error:
            failed = error
    raise failed


def _connect(to: AddressInfo, within_s: float, until: Deadline) -> BoundSocket:
    family, kind, protocol, _, address = to
    made = BoundSocket(family, kind, protocol)
    try:
        made.until = until
        made.settimeout(within_s)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        made.connect(address)
        # The time-out of a TLS handshake that follows.
        made.settimeout(until.left())
    except OSError:
        made.close()
        raise
    return made
