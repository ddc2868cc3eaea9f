"""Clients of the bridge: their keys, pairing, unpairing (lan-emulation.md §3.6)."""

import logging
import secrets
from collections.abc import Callable
from enum import Enum, auto
from typing import Literal

from emulator.doors.hue.bridge import Json, clock
from emulator.doors.hue.messages import ApiRequest, HueError
from emulator.doors.hue.values import parse
from emulator.model import Origin
from emulator.store.pairing import PairingRefused, Users

LOG = logging.getLogger(__name__)

LONGEST_KIND = 40
"""Characters of `devicetype`, as on a real bridge (§3.6)."""

USER_BYTES = 20
"""Random bytes of a user's name, which is 40 characters."""

CLIENT_KEY_BYTES = 16
"""Bytes of the key for streaming that some clients ask for: 32 hex digits, without use here."""

MAX_WARNINGS = 64
"""Pairs of a peer and a warning; beyond that, and the second time, it is a debug line."""


class Standing(Enum):
    """The rights of a client, by its key."""

    PAIRED = auto()
    WELCOME = auto()
    """Not paired, but served while pairing is open."""
    STRANGER = auto()


class Clients:
    """Pair, recognise and unpair clients; may be called from any thread. `now` is epoch seconds."""

    def __init__(self, users: Users, pairing: Literal["open", "button"], now: Callable[[], float]) -> None:
        self._users = users
        self._open = pairing == "open"
        self._now = now
        self._warned: set[tuple[str, str]] = set()

    def standing(self, request: ApiRequest) -> Standing:
        """Judge the key of a request, and note that its client was seen."""
        if request.method != "GET":
            self._users.follow()  # a client that was forgotten a moment ago commands nothing any more
        if not request.user:
            return Standing.STRANGER
        user = self._users.find(request.user, self._now())
        if self._open:
            return Standing.PAIRED if user else Standing.WELCOME
        # Any peer may have planted a name while pairing was open; the client that uses it has its place.
        return Standing.PAIRED if user and (not user.adopted or user.peer == request.peer) else Standing.STRANGER

    def register(self, request: ApiRequest) -> Json:
        """Pair a client, if pairing is open or the link button was pressed."""
        body = parse(request)
        kind = body.get("devicetype")
        if kind is None:
            raise HueError(5, request.address)
        if not isinstance(kind, str) or not 0 < len(kind) <= LONGEST_KIND or not kind.isprintable():
            raise HueError(7, "/devicetype", kind, "devicetype")
        pressed = self.button_pressed()
        if not (self._open or pressed):
            self.warn(request.peer, f"({kind}) wants to pair: type `emulator pair`, then let it try again")
            raise HueError(101, request.address)
        # An Echo registers anew with each search; while pairing is open that shall not push out others.
        user = None if pressed else self._users.known_from(request.peer, kind)
        if user is None:
            try:
                user = self._users.add(secrets.token_hex(USER_BYTES), request.peer, kind, self._now())
            except PairingRefused as refused:
                # As if the button were not pressed: a real client tries again every second, and gets in then.
                self.warn(request.peer, f"({kind}) {refused}")
                raise HueError(101, request.address) from None
            LOG.info("%s (%s) is paired", request.peer, kind)
        key = {"clientkey": secrets.token_hex(CLIENT_KEY_BYTES).upper()} if body.get("generateclientkey") else {}
        return [{"success": {"username": user.name, **key}}]

    def adopt(self, request: ApiRequest) -> None:
        """Pair a welcome client that turns a light under the name it came with, as an Echo has for years (§3.6).

        A client that only reads is answered and not kept: a scanner of the LAN has many names.
        """
        now = self._now()
        new = self._open and not self._users.find(request.user, now)
        if new and self._users.adopt(request.user, request.peer, now):
            LOG.info("%s comes with a user name from elsewhere and is paired (doors.hue.pairing: open)", request.peer)

    def unpair(self, request: ApiRequest) -> Json:
        """Unpair the client that asks, or any while the link button is pressed."""
        name = request.segments[-1]
        if name != request.user and not self.button_pressed():
            raise HueError(101, request.address)
        gone = self._users.remove(name, Origin("hue", request.peer), self._now())
        if gone is None:
            raise HueError(3, request.address, request.address)
        message = "%s has unpaired %s (%s), which was paired from %s"
        LOG.info(message, request.peer, gone.short, gone.devicetype, gone.peer)
        return [{"success": f"{request.address} deleted."}]

    def button_pressed(self) -> bool:
        """Return whether the link button was pressed a moment ago."""
        return self._users.button_pressed(self._now())

    def whitelist(self, name: str) -> Json:
        """Return the list of paired clients as `name` sees it: itself alone."""
        now = self._now()
        user = self._users.find(name, now)
        return {
            name: {
                "last use date": clock(user.used if user else now),
                "create date": clock(user.created if user else now),
                "name": user.devicetype if user else "",
            }
        }

    def warn(self, peer: str, what: str) -> bool:
        """Log a warning about a peer, and return whether it is the first: clients try again every second."""
        new = (peer, what) not in self._warned and len(self._warned) < MAX_WARNINGS
        self._warned |= {(peer, what)} if new else set()
        LOG.log(logging.WARNING if new else logging.DEBUG, "%s %s", peer, what)
        return new
