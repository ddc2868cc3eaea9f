"""Bytes to HTTP/1 requests, bounded; what httptools does not check is checked here. Pure (lan-emulation.md §2.9)."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from urllib.parse import urlsplit

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from emulator.errors import ProtocolError
from emulator.lan import line_ends

MAX_HEADER = 8 * 1024
"""Bytes; an Echo sends about 300, a browser with cookies for other ports some thousand."""

MAX_BODY = 16 * 1024
"""Bytes; a SOAP request has about 400 (§2.6)."""

CHUNK = 6
"""Bytes on the wire at most for a byte of the body, when each is a chunk: 1 CR LF x CR LF."""

MAX_MESSAGE = MAX_HEADER + CHUNK * MAX_BODY + MAX_HEADER
"""Bytes on the wire: head, body in chunks, and trailers."""

REMEMBERED = 64
"""Whole requests: clients ask the same in the same bytes all day."""


@dataclass(frozen=True, slots=True)
class Request:
    """A whole request. Header names are in lower case, repeated ones joined; `authority` is that of an absolute URI."""

    method: str
    path: str
    headers: Mapping[str, str]
    authority: str = ""
    body: str = ""


@dataclass(frozen=True, slots=True)
class FoundRequest:
    """A whole request, and whether the connection stays open after its answer."""

    request: Request
    stays: bool


class RequestReader:
    """Finds the requests in bytes: the callbacks of httptools, and the checks that it leaves to others."""

    def __init__(self) -> None:
        self.found: deque[FoundRequest | ProtocolError] = deque()
        self.under_way = False
        self.expected = False  # the client waits for `100 Continue`
        self._parser: HttpRequestParser | None = HttpRequestParser(self)
        self._broken = False
        self._held = b""  # a head until it is whole
        self._length: int | None = 0  # bytes of the body; None where only the parser knows, by its chunks

    def close(self) -> None:
        """Read no more."""
        self._parser = None

    def read(self, data: bytes) -> bytes:
        """Take bytes to the end of a head or of a body at most; return the rest, and what has to be read again.

        So what a request is depends on its own bytes alone, not on where they were cut, nor on what came with them.
        """
        if self._parser is None or self._broken:
            return b""
        if not self.under_way or self._held:
            data, rest = self._head_of(self._held + data)
        elif self._length is None:
            return self._chunks(data)
        else:
            left = self._length - len(self._body) or len(data)
            data, rest = data[:left], data[left:]
        return (self._feed(data) if data else b"") + rest

    def _head_of(self, data: bytes) -> tuple[bytes, bytes]:
        """Return a head as the parser takes it, and what comes after; nothing until it is whole."""
        self._held = b""
        data = line_ends.begun(data)
        if not data[:1].isupper():
            return data, b""  # no method, as in a TLS handshake: the parser refuses it at once
        head, length = line_ends.split(data) or (b"", len(data))
        self.under_way = True
        if length > MAX_HEADER:
            self._fail("The header is too large", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif head:
            return head, data[length:]
        else:
            self._held = data
        return b"", b""

    def _chunks(self, data: bytes) -> bytes:
        """Take them line by line: only the parser knows which is the last."""
        at = 0
        while at < len(data) and self.under_way and not self._broken:
            end = data.find(b"\n", at) + 1 or len(data)
            self._feed(data[at:end])
            at = end
        return data[at:]

    def _feed(self, data: bytes) -> bytes:
        """Let the parser have bytes that end no later than their request; return what has to be read again."""
        parser, already = self._parser, len(self.found)
        assert parser  # noqa: S101  # nothing is read after `close`
        try:
            parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            return self._declined(parser) + data[upgrade.args[0] :]
        except HttpParserError as error:
            too_large = "overflow" in str(error)  # of the number in Content-Length or of a chunk's size
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE if too_large else HTTPStatus.BAD_REQUEST
            self._fail(str(error), status)
        if self.under_way and len(self.found) == already:
            self._size += len(data)
            if self._size > MAX_MESSAGE:
                self._fail("The request is too large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return b""

    def _declined(self, parser: HttpRequestParser) -> bytes:
        """Return the head again without the upgrade that it offers: we take none, and the parser no body after one."""
        self._parser = HttpRequestParser(self)
        method, version = parser.get_method(), parser.get_http_version().encode()
        if method == b"CONNECT" or self._broken:
            return b""
        self.found.pop()  # without its body
        lines = [b"%s: %s\r\n" % (name, value) for name, value in self._headers if name.lower() != b"upgrade"]
        return b"%s %s HTTP/%s\r\n%s\r\n" % (method, self._target, version, b"".join(lines))

    def _fail(self, message: str, status: int = HTTPStatus.BAD_REQUEST) -> None:
        if not self._broken:
            self._broken = True
            self.found.append(ProtocolError(message, status))

    # -- callbacks of httptools ----------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Begin a request."""
        self.under_way = self._in_head = True
        self._size = 0
        self._target = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._body = b""

    def on_url(self, part: bytes) -> None:
        """Take a piece of the target."""
        self._target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; a trailer is dropped."""
        if self._in_head:
            self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Check the head."""
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
        if sum(name.lower() == b"host" for name, _ in self._headers) > 1:
            raise ProtocolError("A request names one Host at most")
        if headers.get("transfer-encoding", "chunked").lower() != "chunked":
            raise ProtocolError("Only chunked is understood", HTTPStatus.NOT_IMPLEMENTED)
        if int(headers.get("content-length") or 0) > MAX_BODY:
            raise ProtocolError("The body is too large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        self._length = None if "transfer-encoding" in headers else int(headers.get("content-length") or 0)
        self.expected = version == "1.1" and headers.get("expect", "").lower() == "100-continue"
        # A client of 1.0 that asks to keep the connection would have to be told that it is kept. One without a Host,
        # which no browser leaves out, is written by hand, and may read until the end of the connection (§2.9).
        self._stays = version == "1.1" and "host" in headers and parser.should_keep_alive()
        path, authority = _split(self._target)
        self._head = (parser.get_method().decode("latin-1"), path, headers, authority)

    def on_body(self, part: bytes) -> None:
        """Take a piece of the body."""
        self.expected = False
        self._body += part
        if len(self._body) > MAX_BODY:
            self._fail("The body is too large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

    def on_message_complete(self) -> None:
        """Keep the whole request."""
        self.under_way = self.expected = False
        if not self._broken:
            self.found.append(FoundRequest(Request(*self._head, self._body.decode("utf-8", "replace")), self._stays))


def _joined(found: list[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in found:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1").strip(" \t")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _split(raw: bytes) -> tuple[str, str]:
    """Return the path of a target, and the authority of one that is a URL."""
    target, authority = raw.decode("latin-1"), ""
    if not target.startswith("/"):
        try:
            parts = urlsplit(target)
        except ValueError:
            raise ProtocolError("The request target is not a URL") from None
        authority, target = parts.netloc, parts.path or "/"
    return target.partition("?")[0].partition("#")[0], authority


@lru_cache(maxsize=REMEMBERED)
def whole(data: bytes) -> FoundRequest | None:
    """Return the request that `data` is, if it is exactly one."""
    reader, unread = RequestReader(), data
    while unread and not reader.found:
        unread = reader.read(unread)
    one = reader.found.popleft() if len(reader.found) == 1 and not (unread or reader.under_way) else None
    reader.close()
    return one if isinstance(one, FoundRequest) else None
