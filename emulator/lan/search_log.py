"""The last searches of the LAN, for people who look why a client does not find its devices."""

import threading
from collections import OrderedDict
from dataclasses import dataclass

KEPT = 50
"""Different searches that are logged; a busy LAN has some twenty, each from time to time."""


@dataclass(frozen=True, slots=True)
class LoggedSearch:
    """The last of equal searches by one peer, and how many there were. `at` is epoch seconds."""

    at: float
    peer: str
    st: str
    verdict: str
    times: int = 1


class SearchLog:
    """The last different searches: televisions that repeat theirs do not push an Echo's out. For any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._searches: OrderedDict[tuple[str, str], LoggedSearch] = OrderedDict()

    def note(self, peer: str, st: str, verdict: str, now: float) -> None:
        """Remember a search."""
        with self._lock:
            before = self._searches.pop((peer, st), None)
            self._searches[peer, st] = LoggedSearch(now, peer, st, verdict, 1 + (before.times if before else 0))
            if len(self._searches) > KEPT:
                self._searches.popitem(last=False)

    def latest(self) -> tuple[LoggedSearch, ...]:
        """Return the searches, newest first."""
        with self._lock:
            return tuple(reversed(self._searches.values()))
