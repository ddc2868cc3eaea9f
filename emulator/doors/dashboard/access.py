"""Who may do what from here; what is refused is written down with its reason, and never with the PIN."""

import hmac
import logging
from collections.abc import Callable
from http import HTTPStatus

from flask import Request

from emulator.errors import EmulatorError, ProtocolError
from emulator.lan import access
from emulator.model import Origin
from emulator.store.journal import Journal
from emulator.store.pin import Pin, PinRefused

LOG = logging.getLogger(__name__)

ASKED_LIMIT = 80
"""Characters of what was asked; the longest of ours has half of that."""

SAME_ORIGIN = "same-origin"


class AccessDenied(ProtocolError):
    """Not from there, or not without a PIN."""

    def __init__(self, message: str) -> None:
        super().__init__(message, HTTPStatus.FORBIDDEN)


class Access:
    """Checks requests; usable from every thread. `token` is what the commands of this machine show instead of a PIN."""

    def __init__(self, journal: Journal, pin: Pin, now: Callable[[], float], token: str) -> None:
        self.pin = pin
        self._journal = journal
        self._now = now
        self._token = token

    def check_page(self, request: Request) -> None:
        """Let a change come from our own page, or from a program; AccessDenied when another site's page asks.

        The Host has been checked, so that it may say what our own origin is. Other ports of this host are others.
        """
        site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
        if origin is not None and origin != f"{request.scheme}://{request.host}":
            self._forbid(request, "from a web page that is not ours")
        if site not in (None, SAME_ORIGIN):
            self._forbid(request, "from a web page that is not ours")
        if origin is None and site is None and not request.is_json:
            self._forbid(request, "a form that does not say which page it comes from; a program sends application/json")

    def check_token(self, request: Request, asked: str, installation: str = "") -> bool:
        """Whether the request bears this machine's token; AccessDenied when it bears another.

        Whoever shows that took us for the program of another state folder: this house is not the one that they mean.
        """
        if request.authorization is None:
            return False
        peer = str(request.remote_addr)
        here = access.is_within(peer, access.LOOPBACK)
        shown = (request.authorization.token or "").encode()
        if here and hmac.compare_digest(shown, self._token.encode()):
            return True
        self.refuse(peer, asked, why := "the token is not the one in the state folder", installation)
        raise AccessDenied(why)

    def check_machine(self, request: Request, asked: str) -> None:
        """Return when the request bears this machine's token; AccessDenied otherwise, whatever PIN it has."""
        if not self.check_token(request, asked):
            self.refuse(str(request.remote_addr), asked, why := "only a command typed on this machine may do that")
            raise AccessDenied(why)

    def check_person(self, request: Request, pin: str | None, asked: str, installation: str = "") -> None:
        """Return when the request bears the PIN or this machine's token; AccessDenied says why not."""
        if self.check_token(request, asked, installation):
            return
        peer = str(request.remote_addr)
        try:
            self.pin.check(pin or "", peer)
        except PinRefused as error:
            self.refuse(peer, asked, str(error), installation)
            raise AccessDenied(str(error)) from None

    def refuse(self, peer: str, asked: str, why: str, installation: str = "") -> None:
        """Write down that something was refused; what a peer repeats is only counted."""
        asked = asked[:ASKED_LIMIT]
        try:
            is_new = self._journal.refuse(Origin("dashboard", peer), asked, why, self._now(), installation)
        except EmulatorError as error:
            LOG.error("%s", error)
            is_new = True
        if is_new:
            LOG.warning("%s asked for %r: refused: %s", peer, asked, why)

    def note_method(self, request: Request) -> None:
        """Write down that a change was asked for in a way that never changes anything, such as a link."""
        self.refuse(str(request.remote_addr), f"{request.method} {request.path}", "only a POST may change something")

    def _forbid(self, request: Request, why: str) -> None:
        self.refuse(str(request.remote_addr), f"{request.method} {request.path}", why)
        raise AccessDenied(f"refused: {why}")
