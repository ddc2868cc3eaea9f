"""HTTP/1 on one connection, bounded: bytes to requests, responses to bytes. Pure (lan-emulation.md §2.9)."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from urllib.parse import urlsplit

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from emulator.errors import ProtocolError

MAX_HEADER = 8 * 1024  # bytes; an Echo sends about 300, a browser with cookies for other ports some thousand
MAX_BODY = 16 * 1024  # bytes; a SOAP request has about 400 (§2.6)
CHUNK = 6  # bytes on the wire at most for a byte of the body, when each is a chunk: 1 CR LF x CR LF
MAX_MESSAGE = MAX_HEADER + CHUNK * MAX_BODY + MAX_HEADER  # bytes on the wire: head, body in chunks, and trailers
REMEMBERED = 64  # requests, and heads of answers: clients ask the same in the same bytes all day
SERVER = "Unspecified, UPnP/1.0, Unspecified"


@dataclass(frozen=True, slots=True)
class Request:
    """A whole request. Header names are in lower case, repeated ones joined; `authority` is that of an absolute URI."""

    method: str
    path: str
    headers: Mapping[str, str]
    authority: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer; `after` is called once it has been handed to the network, `close` ends the connection."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    close: bool = False
    after: Callable[[], None] | None = None


class Conversation:
    """Requests in order, one answer each."""

    def __init__(self) -> None:
        self.over = False
        self._reader: _Reader | None = None  # made for what does not come in one piece
        self._unread = b""
        self._ended = False
        self._asked: _Found | None = None

    @property
    def started(self) -> bool:
        """Whether a part of the next request is here."""
        return bool(self._unread or (self._reader and (self._reader.under_way or self._reader.found)))

    def feed(self, data: bytes) -> None:
        """Take bytes from the peer."""
        if not self.over:
            self._unread += data

    def end(self) -> None:
        """The peer will send no more."""
        self._ended = True

    def next(self) -> Request | None:
        """The next whole request, if it is here; ProtocolError carries the status that it deserves."""
        if self._asked or self.over:
            return None
        if self._reader is None and self._unread:
            self._asked = _whole(self._unread) if len(self._unread) <= MAX_HEADER else None
            if self._asked:
                self._unread = b""
                return self._asked.request
            self._reader = _Reader()
        return self._read(self._reader) if self._reader else None

    def _read(self, reader: "_Reader") -> Request | None:
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
        """What a client that waits for `100 Continue` is to be sent now."""
        if self._reader is None or not self._reader.expected or self._asked or self.over:
            return b""
        self._reader.expected = False
        return b"HTTP/1.1 100 \r\n\r\n"

    def answer(self, response: Response, now: float) -> bytes:
        """The bytes of an answer to the current request, `now` in epoch seconds; afterwards comes the next one."""
        asked, self._asked = self._asked, None
        if response.close or asked is None or not asked.stays:
            self.close()
        head = _head(response.status, len(response.body), response.headers, self.over, int(now))
        return head if asked and asked.request.method == "HEAD" else head + response.body

    def close(self) -> None:
        """Nothing more is read; parser and reader, which refer to each other, are let go."""
        self.over = True
        self._unread = b""
        if self._reader:
            self._reader.close()


@dataclass(frozen=True, slots=True)
class _Found:
    """A whole request, and whether the connection stays open after its answer."""

    request: Request
    stays: bool


class _Reader:
    """Bytes to requests: what httptools calls, and the checks that it leaves to others."""

    def __init__(self) -> None:
        self.found: deque[_Found | ProtocolError] = deque()
        self.under_way = False
        self.expected = False  # the client waits for `100 Continue`
        self._parser: HttpRequestParser | None = HttpRequestParser(self)
        self._broken = False

    def close(self) -> None:
        """Read no more."""
        self._parser = None

    def read(self, data: bytes) -> bytes:
        """Find requests; gives back what has to be read again."""
        if self._parser is None or self._broken:
            return b""
        already = len(self.found)
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            return self._declined(self._parser) + data[upgrade.args[0] :]
        except HttpParserError as error:
            too_large = "overflow" in str(error)  # of the number in Content-Length or of a chunk's size
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE if too_large else HTTPStatus.BAD_REQUEST
            self._fail(str(error), status)
        if self.under_way and len(self.found) == already:
            self._count(len(data))
        return b""

    def _declined(self, parser: HttpRequestParser) -> bytes:
        """The head again without the upgrade that it offers: we take none, and the parser no body after one."""
        self._parser = HttpRequestParser(self)
        method, version = parser.get_method(), parser.get_http_version().encode()
        if method == b"CONNECT" or self._broken:
            return b""
        self.found.pop()  # without its body
        lines = [b"%s: %s\r\n" % (name, value) for name, value in self._headers if name.lower() != b"upgrade"]
        return b"%s %s HTTP/%s\r\n%s\r\n" % (method, self._target, version, b"".join(lines))

    def _count(self, bytes_: int) -> None:
        """Hold the bounds that the parser does not have."""
        self._size += bytes_
        if self._in_head and self._size > MAX_HEADER:
            self._fail("The header is too large", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif self._size > MAX_MESSAGE:
            self._fail("The request is too large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

    def _fail(self, message: str, status: int = HTTPStatus.BAD_REQUEST) -> None:
        if not self._broken:
            self._broken = True
            self.found.append(ProtocolError(message, status))

    # What httptools calls

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self.under_way = self._in_head = True
        self._size = 0
        self._target = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._body = b""

    def on_url(self, part: bytes) -> None:
        """A piece of the target."""
        self._target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer, which nobody asked for."""
        if self._in_head:
            self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The head is here."""
        self._in_head = False
        try:
            self._check()
        except ProtocolError as error:
            self._fail(str(error), error.status)

    def _check(self) -> None:
        parser, headers = self._parser, _joined(self._headers)
        assert parser  # noqa: S101  # it is calling
        size = len(self._target) + sum(len(name) + len(value) + 4 for name, value in self._headers)
        if size > MAX_HEADER:
            raise ProtocolError("The header is too large", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        version = parser.get_http_version()
        if version not in ("1.0", "1.1"):
            raise ProtocolError("Only HTTP/1.0 and HTTP/1.1 are spoken")
        hosts = sum(name.lower() == b"host" for name, _ in self._headers)
        if hosts > 1 or (version == "1.1" and not hosts):
            raise ProtocolError("A request names one Host")
        if headers.get("transfer-encoding", "chunked").lower() != "chunked":
            raise ProtocolError("Only chunked is understood", HTTPStatus.NOT_IMPLEMENTED)
        if int(headers.get("content-length") or 0) > MAX_BODY:
            raise ProtocolError("The body is too large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        self.expected = version == "1.1" and headers.get("expect", "").lower() == "100-continue"
        # A client of 1.0 that asks to keep the connection would have to be told that it is kept.
        self._stays = version == "1.1" and parser.should_keep_alive()
        path, authority = _split(self._target)
        self._head = (parser.get_method().decode("latin-1"), path, headers, authority)

    def on_body(self, part: bytes) -> None:
        """A piece of the body."""
        self.expected = False
        self._body += part
        if len(self._body) > MAX_BODY:
            self._fail("The body is too large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

    def on_message_complete(self) -> None:
        """The request is here."""
        self.under_way = self.expected = False
        if not self._broken:
            self.found.append(_Found(Request(*self._head, self._body.decode("utf-8", "replace")), self._stays))


def _joined(found: list[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in found:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1").strip(" \t")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _split(raw: bytes) -> tuple[str, str]:
    """The path of a target, and the authority of one that is a URL."""
    target, authority = raw.decode("latin-1"), ""
    if not target.startswith("/"):
        try:
            parts = urlsplit(target)
        except ValueError:
            raise ProtocolError("The request target is not a URL") from None
        authority, target = parts.netloc, parts.path or "/"
    return target.partition("?")[0].partition("#")[0], authority


@lru_cache(maxsize=REMEMBERED)
def _whole(data: bytes) -> _Found | None:
    """The request that `data` is, if it is exactly one."""
    reader = _Reader()
    unread = reader.read(data)
    one = reader.found.popleft() if len(reader.found) == 1 and not (unread or reader.under_way) else None
    reader.close()
    return one if isinstance(one, _Found) else None


@lru_cache(maxsize=REMEMBERED)
def _head(status: int, length: int, headers: tuple[tuple[str, str], ...], close: bool, now: int) -> bytes:
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        f"CONTENT-LENGTH: {length}",
        f"DATE: {formatdate(now, usegmt=True)}",
        f"SERVER: {SERVER}",
        *(f"{name}: {value}" for name, value in headers),
        *(["CONNECTION: close"] if close else []),
    ]
    return "\r\n".join((*lines, "", "")).encode("latin-1")
