"""Flood protection: a client that sends too many requests is banned for a while."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from emulator.simulator.bounded import keep

MOST_ASKERS = 200
"""Clients remembered, and bans; the oldest is evicted first."""


@dataclass(slots=True)
class Floods:
    """Recent requests and bans, by client: an account or an address."""

    now: Callable[[], float]
    _recent: dict[str, deque[float]] = field(default_factory=dict)
    _banned_until: dict[str, float] = field(default_factory=dict)

    def over(self, client: str, limit: int, window: float) -> bool:
        """Count a request. Return whether it is one more than `limit` within `window` seconds."""
        recent, now = self._recent.get(client) or keep(self._recent, client, deque(), MOST_ASKERS), self.now()
        recent.append(now)
        while recent[0] <= now - window:
            recent.popleft()
        if len(recent) <= limit:
            return False
        recent.clear()
        return True

    def ban(self, client: str, seconds: float) -> None:
        """Ban `client` for `seconds` from now."""
        keep(self._banned_until, client, self.now() + seconds, MOST_ASKERS)

    def banned(self, client: str) -> bool:
        """Return whether `client` is banned now."""
        return self.now() < self._banned_until.get(client, 0)

    def forgive(self) -> None:
        """End every ban."""
        self._recent.clear()
        self._banned_until.clear()
