"""Who asks too often is shut out for a while."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

MOST_ASKERS = 200
"""Askers remembered, and bans; the oldest is forgotten first."""


@dataclass(slots=True)
class Floods:
    """The requests of the last seconds and the bans, by asker."""

    now: Callable[[], float]
    _recent: dict[str, deque[float]] = field(default_factory=dict)
    _banned_until: dict[str, float] = field(default_factory=dict)

    def over(self, who: str, limit: int, window: float) -> bool:
        """Take note of a request; True when it is one more than `limit` within `window` seconds."""
        _trim(self._recent, who)
        recent = self._recent.setdefault(who, deque())
        now = self.now()
        recent.append(now)
        while recent[0] <= now - window:
            recent.popleft()
        if len(recent) <= limit:
            return False
        recent.clear()
        return True

    def ban(self, who: str, seconds: float) -> None:
        """Shut out for so long from now."""
        _trim(self._banned_until, who)
        self._banned_until[who] = self.now() + seconds

    def banned(self, who: str) -> bool:
        """Whether shut out now."""
        return self.now() < self._banned_until.get(who, 0)

    def forgive(self) -> None:
        """End every ban."""
        self._recent.clear()
        self._banned_until.clear()


def _trim(remembered: dict[str, Any], who: str) -> None:
    """Make room for one more, unless it is known."""
    if who not in remembered and len(remembered) >= MOST_ASKERS:
        del remembered[next(iter(remembered))]
