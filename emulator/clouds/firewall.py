"""Barriers before a cloud: one that stops requests for a time, and the firewall with its page and its bans.

Facts: verisure-owa.md §1.6 and §12.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from emulator.clock import Clock
from emulator.errors import Unreachable
from emulator.words.text import Text

BAN_S = 600.0
"""Time without any request after the firewall's page; requests meanwhile would lengthen the ban (§1.6)."""

FORBIDDEN, TOO_MANY = 403, 429

MARKS = (b"_Incapsula_Resource", b"Incapsula incident ID")
"""Marks of its page, which comes with status 403 or 200."""

SERVER_ERROR = 500
"""From this status on the page is about a cloud that did not answer in time: the request may have reached it."""

ANSWERS = (b"{", b"<?xml", b"<PET")
"""Beginnings of the clouds' own answers, which may quote anything."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer of whatever status. `retry_after` is the header of that name, empty where there is none.

    `cookies` are those that it sets, by name; empty where it deletes one.
    """

    status: int
    body: bytes
    retry_after: str = ""
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)


class Barrier:
    """Stops everything that passes through it, until a time; shared by threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shut_until = float("-inf")
        self._why = ""

    def shut(self, until: float, why: str) -> None:
        """Let nothing through until then (monotonic seconds); `why` is the error text. A longer stop stands."""
        with self._lock:
            if until > self._shut_until:
                self._shut_until, self._why = until, why

    def pass_through(self, now: float) -> None:
        """Raise Unreachable, not sent, while nothing is let through."""
        with self._lock:
            self._check(now)

    def _check(self, now: float) -> None:
        if now < self._shut_until:
            raise Unreachable(self._why, sent=False)


class Forbidden(Unreachable):
    """HTTP 403 or 429, or the firewall's `page`: the request did not reach the cloud."""

    def __init__(self, message: str, *, page: bool) -> None:
        self.page = page
        super().__init__(message, sent=False)


def is_page(answer: Answer) -> bool:
    """Return whether this is the page with which the firewall stops a request."""
    body = answer.body
    return (
        answer.status < SERVER_ERROR and not body.lstrip().startswith(ANSWERS) and any(mark in body for mark in MARKS)
    )


class Bans(Protocol):
    """Store of bans, kept over restarts and shared by all processes."""

    def banned_until(self) -> float:
        """Return the end of the firewall's ban of this network (epoch seconds)."""

    def ban(self, until: float) -> None:
        """Remember a ban until then (epoch seconds)."""


class Firewall:
    """Silences all sessions for the time of a ban; `shut` stops them until then (monotonic seconds)."""

    def __init__(self, clock: Clock, bans: Bans, shut: Callable[[float, str], None], advice: str = "") -> None:
        self._clock = clock
        self._bans = bans
        self._shut = shut
        self._advice = advice
        self._until = 0.0
        self.heed()

    def met(self) -> Unreachable:
        """Begin the silence after the page; return the error for the caller."""
        until = self._clock.time() + BAN_S
        shut_out = self._silence(until)
        # Last: a full disk must not prevent the silence.
        self._bans.ban(until)
        return shut_out

    def heed(self) -> None:
        """Obey a ban from before the start, or from another process; once for each, however long it is."""
        until = self._bans.banned_until()
        if until != self._until:
            self._until = until
            self._silence(until)

    def _silence(self, until: float) -> Unreachable:
        """Stop all sessions until then (epoch seconds), unless it has passed."""
        now = self._clock.time()
        again = datetime.fromtimestamp(until).astimezone()
        why = Text(
            "the cloud's firewall has blocked the address of this network, for the phone app too; "
            "nothing is sent until {time}, so that the block ends",
            time=f"{again:%H:%M}",
        )
        if self._advice:
            why = Text("{why}. {advice}", why=why, advice=self._advice)
        self._shut(self._clock.monotonic() + min(until - now, BAN_S), why)
        return Unreachable(why, sent=False)
