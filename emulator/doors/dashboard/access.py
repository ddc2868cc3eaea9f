"""Checks of requests by page, PIN and token. Refusals are journalled with their reason, never with the PIN."""

import hmac
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import NoReturn

from flask import Request

from emulator.errors import EmulatorError, ProtocolError
from emulator.lan import access
from emulator.model import Origin
from emulator.store.journal import Journal
from emulator.store.pin import Pin, PinRefused
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

ASKED_LIMIT = 80
"""Characters of a request that are kept; the longest of ours has half of that."""


class Access:
    """Checks of requests; usable from every thread. Commands typed on this machine show `token` instead of a PIN.

    A request that fails a check gets a ProtocolError with status 403.
    """

    def __init__(self, journal: Journal, pin: Pin, now: Callable[[], float], token: str) -> None:
        self.pin = pin
        self._journal = journal
        self._now = now
        self._token = token

    def check_page(self, request: Request) -> None:
        """Let our own page and programs change something, but no page of another origin.

        The gate in front of this app has checked Host, so that Host tells our own origin.
        """
        origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
        if why := access.why_not_change(origin, site, f"{request.scheme}://{request.host}", is_json=request.is_json):
            self.refuse(str(request.remote_addr), line_of(request), why)
            raise ProtocolError(Text("refused: {why}", why=why), HTTPStatus.FORBIDDEN)

    def check_token(self, request: Request, asked: str, installation: str = "") -> bool:
        """Return whether the request bears this machine's token; refuse any other token.

        A client with another token means the program of another state folder, so the request is not for this alarm.
        """
        if request.authorization is None:
            return False
        here = access.is_within(str(request.remote_addr), access.LOOPBACK)
        shown = (request.authorization.token or "").encode()
        if not (here and hmac.compare_digest(shown, self._token.encode())):
            self._deny(request, asked, Text("the token is not the one in the state folder"), installation)
        return True

    def check_machine(self, request: Request, asked: str) -> None:
        """Require this machine's token; no PIN replaces it."""
        if not self.check_token(request, asked):
            self._deny(request, asked, Text("only a command typed on this machine may do that"))

    def check_person(self, request: Request, pin: str | None, asked: str, installation: str = "") -> None:
        """Require the PIN or this machine's token."""
        if self.check_token(request, asked, installation):
            return
        try:
            self.pin.check(pin or "", str(request.remote_addr))
        except PinRefused as error:
            self._deny(request, asked, str(error), installation)

    def refuse(self, peer: str, asked: str, why: str, installation: str = "") -> None:
        """Journal a refusal; one that a peer repeats is only counted."""
        asked = asked[:ASKED_LIMIT]
        try:
            is_new = self._journal.refuse(Origin("dashboard", peer), asked, why, self._now(), installation)
        except EmulatorError as error:
            LOG.error("%s", error)
            is_new = True
        if is_new:
            LOG.warning("%s asked for %r: refused: %s", peer, asked, why)

    def note_method(self, request: Request) -> None:
        """Journal that a change was asked for with a method that never changes anything, such as a link's GET."""
        self.refuse(str(request.remote_addr), line_of(request), Text("only a POST may change something"))

    def _deny(self, request: Request, asked: str, why: str, installation: str = "") -> NoReturn:
        self.refuse(str(request.remote_addr), asked, why, installation)
        raise ProtocolError(why, HTTPStatus.FORBIDDEN)


def line_of(request: Request) -> str:
    """Return method and path, as the journal names a request that is refused for them."""
    return f"{request.method} {request.path}"
