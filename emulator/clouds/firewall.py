"""The firewall before the clouds: how its page is recognised, and the silence that ends a ban.

Facts: verisure-owa.md §1.6 and §12.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from emulator.alarm.cloud import Answer
from emulator.clock import Clock
from emulator.errors import Unreachable

BAN_S = 600.0
"""For which nothing is sent after the firewall's page; requests meanwhile would lengthen the ban (§1.6)."""

FORBIDDEN = 403

MARKS = (b"_Incapsula_Resource", b"Incapsula incident ID")
"""What its page holds, whether it comes with 403 or with 200."""

SERVER_ERROR = 500
"""With this and above, its page tells of a cloud that did not answer in time: the request may have come through."""

ANSWERS = (b"{", b"<?xml", b"<PET")
"""How the answers of the clouds begin; they may quote anything."""


class Forbidden(Unreachable):
    """HTTP 403, or the firewall's `page`: the request has not come through to the cloud."""

    def __init__(self, message: str, *, page: bool) -> None:
        self.page = page
        super().__init__(message, sent=False)


def is_page(answer: Answer) -> bool:
    """Whether this is the page with which the firewall stops a request."""
    body = answer.body
    return (
        answer.status < SERVER_ERROR and not body.lstrip().startswith(ANSWERS) and any(mark in body for mark in MARKS)
    )


class Bans(Protocol):
    """Remembers bans over restarts, and for every process."""

    def banned_until(self) -> float:
        """Until when the firewall shuts this network out (epoch seconds)."""

    def ban(self, until: float) -> None:
        """Remember a ban."""


class Firewall:
    """Keeps everybody quiet for the time of a ban; `shut` lets nobody through until then (monotonic seconds)."""

    def __init__(self, clock: Clock, bans: Bans, shut: Callable[[float, str], None], advice: str = "") -> None:
        self._clock = clock
        self._bans = bans
        self._shut = shut
        self._advice = advice
        self._until = 0.0
        self.heed()

    def met(self) -> Unreachable:
        """Begin the silence: the page has come. Returns what to tell."""
        until = self._clock.time() + BAN_S
        shut_out = self._silence(until)
        # Last, since a full disk must not keep us from being silent.
        self._bans.ban(until)
        return shut_out

    def heed(self) -> None:
        """Stop for a ban that was met before the start, or by another process; once, however long it says."""
        until = self._bans.banned_until()
        if until != self._until:
            self._until = until
            self._silence(until)

    def _silence(self, until: float) -> Unreachable:
        """Stop everybody until then (epoch seconds), if that is still to come."""
        now = self._clock.time()
        again = datetime.fromtimestamp(until).astimezone()
        why = (
            "the cloud's firewall has blocked the address of this network, for the phone app too; "
            f"nothing is sent until {again:%H:%M}, so that the block ends{self._advice}"
        )
        self._shut(self._clock.monotonic() + min(until - now, BAN_S), why)
        return Unreachable(why, sent=False)
