"""HTTP/1 on one connection, bounded: bytes to requests, responses to bytes. Pure (lan-emulation.md §2.9)."""

from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

from emulator.errors import ProtocolError
from emulator.lan import ssdp
from emulator.lan.request_reader import MAX_HEADER, FoundRequest, Request, RequestReader, whole

REMEMBERED = 64
"""Heads of answers: clients are told the same all day."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer; `after` is called once it has been handed to the network, `close` ends the connection."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    close: bool = False
    after: Callable[[], None] | None = None


class Conversation:
    """Requests in order, one answer each. `first` is the first byte of the request that is coming in."""

    def __init__(self) -> None:
        self.over = False
        self._reader: RequestReader | None = None  # made for what does not come in one piece
        self._unread = b""
        self._ended = False
        self._asked: FoundRequest | None = None
        self.first = b""

    @property
    def started(self) -> bool:
        """Return whether a part of the next request is here."""
        return bool(self._unread or (self._reader and (self._reader.under_way or self._reader.found)))

    def feed(self, data: bytes) -> None:
        """Take bytes from the peer."""
        if not self.started:
            self.first = data.lstrip(b"\r\n")[:1]
        if not self.over:
            self._unread += data

    def end(self) -> None:
        """Note that the peer will send no more."""
        self._ended = True

    def next(self) -> Request | None:
        """Return the next whole request, if it is here; a ProtocolError carries the status to refuse it with."""
        if self._asked or self.over:
            return None
        if self._reader is None and self._unread:
            self._asked = whole(self._unread) if len(self._unread) <= MAX_HEADER else None
            if self._asked:
                self._unread = b""
                return self._asked.request
            self._reader = RequestReader()
        return self._read(self._reader) if self._reader else None

    def _read(self, reader: "RequestReader") -> Request | None:
        while self._unread and not reader.found:
            # In pieces, so that what is ready before it is asked for is bounded too.
            piece, self._unread = self._unread[:MAX_HEADER], self._unread[MAX_HEADER:]
            self._unread = reader.read(piece) + self._unread
        if not reader.found:
            if self._ended and reader.under_way:
                raise ProtocolError("The peer left in the middle of a request")
            return None
        found = reader.found.popleft()
        if isinstance(found, ProtocolError):
            raise found
        self._asked = found
        return found.request

    def go_on(self) -> bytes:
        """Return what to send now to a client that waits for `100 Continue`."""
        if self._reader is None or not self._reader.expected or self._asked or self.over:
            return b""
        self._reader.expected = False
        return b"HTTP/1.1 100 \r\n\r\n"

    def answer(self, response: Response, now: float) -> bytes:
        """Return the bytes of an answer to the current request, and pass on to the next; `now` in epoch seconds."""
        asked, self._asked = self._asked, None
        if response.close or asked is None or not asked.stays:
            self.close()
        head = _head(response.status, len(response.body), response.headers, self.over, int(now))
        return head if asked and asked.request.method == "HEAD" else head + response.body

    def close(self) -> None:
        """Read no more; parser and reader, which refer to each other, are let go."""
        self.over = True
        self._unread = b""
        if self._reader:
            self._reader.close()


@lru_cache(maxsize=REMEMBERED)
def _head(status: int, length: int, headers: tuple[tuple[str, str], ...], close: bool, now: int) -> bytes:
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        f"CONTENT-LENGTH: {length}",
        f"DATE: {formatdate(now, usegmt=True)}",
        f"SERVER: {ssdp.SERVER}",
        *(f"{name}: {value}" for name, value in headers),
        *(["CONNECTION: close"] if close else []),
    ]
    return "\r\n".join((*lines, "", "")).encode("latin-1")
