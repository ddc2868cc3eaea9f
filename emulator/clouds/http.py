"""HTTPS to the alarm's clouds: each request is sent once. The only file that imports requests.

Over 250 lines: what the library's errors mean stands where the library is.
"""

import logging
import socket
import ssl
from collections.abc import Callable, Mapping
from functools import partial
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import certifi
import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPHeaderDict
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationParseError,
    LocationValueError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
)
from urllib3.util.connection import allowed_gai_family

from emulator.clock import boottime
from emulator.clouds.deadline import BoundTlsSocket, Deadline, Resolver, connect
from emulator.clouds.firewall import FORBIDDEN, TOO_MANY, Answer, Forbidden, is_page
from emulator.errors import Unreachable
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

ANSWER_LIMIT_BYTES = 1024 * 1024
"""Upper bound of an answer: a year of activity log is under 200 kB."""

CIPHERS = "HIGH:!DH:!aNULL"
"""The ws.do server negotiates finite-field Diffie-Hellman with a key that OpenSSL refuses. Without that family it uses
ECDHE or RSA (verisure-wsdo.md §4). Verification stays on."""

OF_TIME = ("has expired", "not yet valid")
"""OpenSSL's words for a certificate that is right at another time. A machine without a battery wakes up in 1970."""

USER_AGENT = "Verisure/5 CFNetwork/1206 Darwin/20.1.0"
"""Name of an app: an empty name, or a library's, may be refused (verisure-wsdo.md §1.1)."""


def secure(cafile: str | None = None) -> ssl.SSLContext:
    """Return a TLS context that these clouds accept; `cafile` replaces the public CAs."""
    context = ssl.create_default_context(cafile=cafile or certifi.where())
    context.set_ciphers(CIPHERS)
    context.sslsocket_class = BoundTlsSocket
    return context


class _Plain(HTTPConnection):
    """A connection that is opened, used and closed within one deadline."""

    def __init__(self, *args: Any, until: Deadline, resolver: Resolver, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._until = until
        self._resolver = resolver

    def _new_conn(self) -> socket.socket:
        try:
            addresses = self._resolver.look_up(self.host.strip("[]"), self.port, allowed_gai_family(), self._until)
            return connect(addresses, self._until)
        except UnicodeError:
            raise LocationParseError(self.host) from None
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, str(error)) from error
        except OSError as error:
            raise NewConnectionError(self, str(error)) from error


class _Tls(_Plain, HTTPSConnection):
    """The same over TLS; the handshake has the time-out that `connect` left on the socket."""

    def connect(self) -> None:
        super().connect()
        made: Any = self.sock
        made.until = self._until


class _Adapter(HTTPAdapter):
    """Opens connections that end with the current request."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._resolver = Resolver()
        self.until = Deadline(0, boottime)
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
        kind = _Tls if pool.scheme == "https" else _Plain
        pool.ConnectionCls = partial(kind, until=self.until, resolver=self._resolver)
        return pool


class _Session(requests.Session):
    """Ignores redirects: requests would read the whole body of one even without following it."""

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002  # as it is overridden
        return None


def _cookies(headers: HTTPHeaderDict) -> dict[str, str]:
    """Return the cookies that an answer sets, by name; empty where it deletes one."""
    found: dict[str, str] = {}
    for line in headers.getlist("Set-Cookie"):
        pair, _, attributes = line.partition(";")
        name, _, value = pair.partition("=")
        is_over = any(one.strip() == "max-age=0" for one in attributes.lower().split(";"))
        found[name.strip()] = "" if is_over else value.strip()
    return found


def _reason(error: Exception) -> object:
    cause = error.args[0] if error.args else None
    return cause.reason if isinstance(cause, MaxRetryError) else cause


def _kind(error: Exception) -> str:
    """Return the classes of an error and of its reason: their texts hold the whole URL, with the session."""
    return " of ".join(
        dict.fromkeys(type(one).__name__ for one in (_reason(error), error) if isinstance(one, Exception))
    )


class HttpTransport:
    """Sends each request once: no retries, no redirects, no proxies, and no kept connection, which may be dead.

    ARM1 is a GET, so the "safe" retry of a library would arm again. `timeout_s` bounds a whole request, from the
    look-up of the name to the last byte of the answer. `cafile` replaces the public CAs.
    """

    def __init__(
        self, url: str, timeout_s: float, cafile: str | None = None, clock: Callable[[], float] = boottime
    ) -> None:
        self._url = url
        self._timeout_s = timeout_s
        # A clock that runs while the machine sleeps: a request from before the sleep is too late.
        self._clock = clock
        self._host = urlsplit(url).netloc
        self._logged = ""
        self._session = _Session()
        self._session.trust_env = False
        # No cookie is needed, and a cloud that sets ever new ones would have all of them kept and sent.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        # Otherwise requests adds the public CAs to those of the context.
        self._session.verify = cafile or certifi.where()
        self._session.headers = {"User-Agent": USER_AGENT, "Accept": "*/*", "Connection": "close"}
        self._adapter = _Adapter(secure(cafile))
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, self._adapter)

    def send(self, method: str, params: Mapping[str, str], timeout_s: float | None = None) -> bytes:
        """Send a request and return the body of its 200 answer. A POST carries the parameters in its body, so that a
        password never stands in a URL.

        Raises Forbidden for a 403, a 429 or the firewall's page, and else Unreachable, without the request in its text.
        """
        where: dict[str, Any] = {"data": dict(params)} if method == "POST" else {"params": dict(params)}
        answer = self._exchange(method, timeout_s, **where)
        page = is_page(answer)
        if page or answer.status in (FORBIDDEN, TOO_MANY):
            text = Text("the alarm's cloud lets nothing in: too many requests, or this address is blocked")
            raise Forbidden(self._noted(text, f"HTTP {answer.status}"), page=page)
        if answer.status != requests.codes.ok:
            text = Text("the alarm's cloud cannot answer just now (HTTP {status})", status=str(answer.status))
            raise Unreachable(self._noted(text, f"HTTP {answer.status}"))
        self._logged = ""
        return answer.body

    def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """Send a request to a path below the URL; return its answer of whatever status, or raise Unreachable."""
        return self._exchange(method, None, path, headers=dict(headers), data=body)

    def _exchange(self, method: str, timeout_s: float | None, path: str = "", **what: Any) -> Answer:
        patience_s = timeout_s or self._timeout_s
        self._adapter.until = until = Deadline(patience_s, self._clock)
        try:
            with self._session.request(
                method, self._url + path, timeout=patience_s, allow_redirects=False, stream=True, **what
            ) as response:
                body = self._body(response.raw)
                after, cookies = response.headers.get("Retry-After", ""), _cookies(response.raw.headers)
                answer = Answer(response.status_code, body, after, cookies)
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            # The text of a requests error holds the whole URL with the session: it must not get out.
            why = self._why(error, until, patience_s)
            raise Unreachable(self._noted(why, _kind(error)), sent=until.sent) from None
        finally:
            # "Connection: close" is not enough: the next request could reuse a connection that is just closing.
            self._session.close()
        if len(body) > ANSWER_LIMIT_BYTES:
            text = Text("the alarm's cloud sent an answer that is too long")
            raise Unreachable(self._noted(text, f"more than {ANSWER_LIMIT_BYTES} bytes"))
        return answer

    def _body(self, raw: Any) -> bytes:
        """Return all of it, up to one byte more than the limit."""
        body = b""
        while len(body) <= ANSWER_LIMIT_BYTES and (piece := raw.read1(ANSWER_LIMIT_BYTES, decode_content=True)):
            body += piece
        return body

    def _noted(self, text: Text, detail: str) -> Text:
        """Return the text for people, after the log has got what it does not say; once for an outage."""
        LOG.log(logging.DEBUG if detail == self._logged else logging.INFO, "%s: %s (%s)", self._host, text, detail)
        self._logged = detail
        return text

    def _why(self, error: Exception, until: Deadline, patience_s: float) -> Text:
        reason = _reason(error)
        if isinstance(reason, NameResolutionError):
            return Text("the alarm's cloud is not found: is the internet connection up?")
        if isinstance(error, requests.ConnectTimeout | requests.exceptions.InvalidURL | LocationValueError):
            return Text("the alarm's cloud does not answer")
        if isinstance(reason, NewConnectionError):
            return Text("the alarm's cloud refuses the connection")
        if isinstance(error, requests.Timeout | ReadTimeoutError) or until.is_over:
            if until.sent:
                return Text("the alarm's cloud did not answer within {s} s", s=f"{patience_s:g}")
            return Text("the alarm's cloud made no secure connection within {s} s", s=f"{patience_s:g}")
        if isinstance(error, requests.exceptions.SSLError):
            if "CERTIFICATE_VERIFY_FAILED" in str(reason):
                if not any(word in str(reason) for word in OF_TIME):
                    return Text(
                        "no secure connection to the alarm's cloud: its certificate is not the cloud's; "
                        "does something on the way open TLS connections?"
                    )
                return Text(
                    "no secure connection to the alarm's cloud: its certificate does not verify; "
                    "is this machine's clock right?"
                )
            return Text("no secure connection to the alarm's cloud")
        if isinstance(error, HTTPError):
            return Text("the alarm's cloud sent an answer that breaks off")
        return Text("the alarm's cloud closed the connection without an answer")

    def close(self) -> None:
        """Close the connections."""
        self._session.close()
