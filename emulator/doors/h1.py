"""HTTP/1 on one connection, bounded: bytes to requests, responses to bytes. Pure, on h11 (lan-emulation.md §2.9)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from urllib.parse import urlsplit

import h11

from emulator.errors import ProtocolError

MAX_HEADER = 8 * 1024  # bytes; an Echo sends about 300, a browser with cookies for other ports some thousand
MAX_BODY = 16 * 1024  # bytes; a SOAP request has about 400 (§2.6)
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
        self._begin()

    def _begin(self) -> None:
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEADER)
        self._head: h11.Request | None = None
        self._body = bytearray()
        self._fed = False

    @property
    def started(self) -> bool:
        """Whether a part of the next request is here."""
        return self._fed

    def feed(self, data: bytes) -> None:
        """Take bytes from the peer."""
        if not self._fed:
            data = data.lstrip(b"\r\n")  # blank lines before a request are to be overlooked (RFC 9112 §2.2)
        if data and not self.over:
            self._fed = True
            self._h11.receive_data(data)

    def end(self) -> None:
        """The peer will send no more."""
        if not self.over:
            self._h11.receive_data(b"")

    def next(self) -> Request | None:
        """The next whole request, if it is here; ProtocolError carries the status that it deserves."""
        if not self._fed or self.over:
            return None
        try:
            return self._next()
        except h11.RemoteProtocolError as error:
            raise ProtocolError(str(error), error.error_status_hint) from None

    def _next(self) -> Request | None:
        while True:
            event = self._h11.next_event()
            if isinstance(event, h11.Request):
                self._head = event
                _check_size(event)
            elif isinstance(event, h11.Data):
                self._body += event.data
                if len(self._body) > MAX_BODY:
                    raise ProtocolError("The body is too large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            elif isinstance(event, h11.EndOfMessage) and self._head:
                return _request(self._head, bytes(self._body))
            else:  # NEED_DATA, PAUSED until the answer is out, or the end of it
                return None

    def go_on(self) -> bytes:
        """What a client that waits for `100 Continue` is to be sent now."""
        if not self._h11.they_are_waiting_for_100_continue:
            return b""
        return self._h11.send(h11.InformationalResponse(status_code=100, headers=[])) or b""

    def answer(self, response: Response, now: float) -> bytes:
        """The bytes of an answer to the current request, `now` in epoch seconds; afterwards comes the next one."""
        headers = [
            ("CONTENT-LENGTH", str(len(response.body))),
            ("DATE", formatdate(now, usegmt=True)),
            ("SERVER", SERVER),
            *response.headers,
            *([("CONNECTION", "close")] if response.close else []),
        ]
        head = h11.Response(
            status_code=response.status, headers=headers, reason=HTTPStatus(response.status).phrase.encode()
        )
        out = self._h11.send(head) or b""
        if response.body and not (self._head and self._head.method == b"HEAD"):
            out += self._h11.send(h11.Data(data=response.body)) or b""
        out += self._h11.send(h11.EndOfMessage()) or b""
        self._renew()
        return out

    def _renew(self) -> None:
        """A new h11 connection for the next request, so that stray blank lines between two do no harm."""
        finished = self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE
        rest, ended = self._h11.trailing_data
        self._begin()
        self.over = not finished
        if finished:
            self.feed(rest)
            if ended:
                self.end()


def _check_size(head: h11.Request) -> None:
    size = len(head.target) + sum(len(name) + len(value) + 4 for name, value in head.headers)
    if size > MAX_HEADER:
        raise ProtocolError("The header is too large", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
    length = dict(head.headers).get(b"content-length", b"0").lstrip(b"0")
    if len(length) > len(str(MAX_BODY)) or int(length or b"0") > MAX_BODY:
        raise ProtocolError("The body is too large", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def _request(head: h11.Request, body: bytes) -> Request:
    headers: dict[str, str] = {}
    for raw_name, raw_value in head.headers:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    target = head.target.decode("latin-1")
    authority = ""
    if not target.startswith("/"):
        try:
            parts = urlsplit(target)
        except ValueError:
            raise ProtocolError("The request target is not a URL") from None
        authority, target = parts.netloc, parts.path or "/"
    path = target.partition("?")[0].partition("#")[0]
    return Request(head.method.decode("latin-1"), path, headers, authority, body.decode("utf-8", "replace"))
