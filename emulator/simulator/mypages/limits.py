"""Limits of the requests of an account (verisure-mypages.md §9)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from emulator.simulator.backend import Backend
from emulator.simulator.mypages import failures
from emulator.simulator.mypages.options import MypagesOptions


@dataclass(slots=True)
class MypagesLimits:
    """Requests of the current day, by account. Guarded by the panel's lock."""

    backend: Backend
    options: MypagesOptions
    refused: int = 0
    """Requests that came in spite of a limit."""
    _day: date | None = None
    _counts: Counter[str] = field(default_factory=Counter)
    _blocked: set[str] = field(default_factory=set)

    def check(self, user: str, names: Iterable[str]) -> None:
        """Count a request. Raise MypagesError if the account has sent too many."""
        backend, options = self.backend, self.options
        today = backend.local(backend.now()).date()
        if today != self._day:
            self._day = today
            self._counts.clear()
            self._blocked.clear()
        self._counts[user] += 1
        if (
            any(backend.faults.strike("blocked", name) for name in names)
            or 0 < options.daily_limit < self._counts[user]
        ):
            self._blocked.add(user)
        if user in self._blocked:
            self.refused += 1
            raise failures.blocked(user)
        floods = backend.floods
        if floods.banned(user):
            self.refused += 1
            raise failures.limited()
        if options.flood_limit and floods.over(user, options.flood_limit, options.flood_window):
            floods.ban(user, options.flood_ban)
            raise failures.limited()

    def forgive(self) -> None:
        """Unblock every account."""
        self._counts.clear()
        self._blocked.clear()
