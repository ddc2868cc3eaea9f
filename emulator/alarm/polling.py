"""Schedule the next poll, and judge whether the last read is fresh. Pure: the owner brings the time, and locks.

| event        | next poll                     | failures  | last read is fresh |
|--------------|-------------------------------|-----------|--------------------|
| POLLED       | after the interval            | as before | as before          |
| SILENCE      | after the back-off            | one more  | as before          |
| LOGIN_NEEDED | after LOGIN_LOOK_S            | as before | as before          |
| CONFIRMED    | soon, unless it is due before | as before | as before          |
| FAILED       | now                           | as before | no more            |
| GAP          | now                           | as before | no more            |
| (a read)     | as before                     | none      | for FRESH_S        |
"""

from dataclasses import dataclass
from enum import Enum, auto

from emulator.clock import Moment

FRESH_S = 10.0
"""Age up to which a read counts for a command that only makes sense in some states; an older one is renewed first."""

BACKOFF_LIMIT_S, BACKOFF_DOUBLINGS = 600.0, 10
"""Longest pause between polls of a cloud that does not answer, and the most doublings on the way there."""

LOGIN_LOOK_S = 5.0
"""Pause until a login that a person has made is noticed; looking costs no request, as only our own files are read."""

ASKED_EVERY_S = 10.0
"""Shortest time between two polls because people ask: a button is pressed again and again."""


class PollEvent(Enum):
    """An event that moves the next poll."""

    POLLED = auto()
    """A poll brought the state, found that the cloud refuses the login, or ended in a defect of this program."""
    SILENCE = auto()
    """A poll brought no news."""
    LOGIN_NEEDED = auto()
    """A poll found that a person has to log in."""
    CONFIRMED = auto()
    """A command was carried out. After an outage the next poll may be far away."""
    FAILED = auto()
    """A command was refused, or it is unknown whether it was carried out."""
    GAP = auto()
    """The process or the machine stood still."""


@dataclass
class PollSchedule:
    """The next poll of one installation, and the moment of its last read.

    `reread_after_s` is for clouds whose polls are rare: the delay after a command until the state is read once more.
    """

    every_s: float
    reread_after_s: float | None
    due_at: float
    """The moment when the next poll is due, in monotonic seconds."""
    failures: int = 0
    """Polls in a row that brought no news."""
    read_at: float | None = None
    """The moment when the state was read last in this run, in epoch seconds."""
    gaps: int = 0
    _fresh: Moment | None = None
    _asked_at: float = float("-inf")

    def ask(self, now: float) -> bool:
        """Let a poll be due now, unless one was asked for within ASKED_EVERY_S, which this one joins: return False."""
        is_new = now - self._asked_at >= ASKED_EVERY_S
        if is_new:
            self._asked_at, self.due_at = now, min(self.due_at, now)
        return is_new

    def saw(self, event: PollEvent, now: float, gaps: int | None = None) -> None:
        """Move the next poll. It is due at once where there was another gap since `gaps` of them.

        An answer that came in before a gap, and was looked at after it, is no news.
        """
        self.failures += event is PollEvent.SILENCE
        self.gaps += event is PollEvent.GAP
        due_at = now + (self._pause_s(event) if gaps in (None, self.gaps) else 0.0)
        self.due_at = min(due_at, self.due_at) if event is PollEvent.CONFIRMED else due_at
        if event in (PollEvent.FAILED, PollEvent.GAP):
            self._fresh = None

    def _pause_s(self, event: PollEvent) -> float:
        doublings = min(max(self.failures - 1, 0), BACKOFF_DOUBLINGS)
        back_off_s = max(self.every_s, min(self.every_s * float(2**doublings), BACKOFF_LIMIT_S))
        return {
            PollEvent.POLLED: self.every_s,
            PollEvent.SILENCE: back_off_s,
            PollEvent.LOGIN_NEEDED: min(self.every_s, LOGIN_LOOK_S),
            PollEvent.CONFIRMED: self.every_s if self.reread_after_s is None else self.reread_after_s,
        }.get(event, 0.0)

    def read(self, now: Moment) -> bool:
        """Note that the state was read; return whether that ends a silence."""
        was_silent, self.failures = self.failures > 0, 0
        self._fresh, self.read_at = now, now.wall
        return was_silent

    def is_fresh(self, now: Moment) -> bool:
        """Return whether the last read is of the last moments, by both clocks: one stops while the machine sleeps."""
        return bool(self._fresh and self._fresh.wall <= now.wall and self._fresh.age_s(now) <= FRESH_S)
