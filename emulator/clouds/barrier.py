"""The barrier before a server: while it is down, nothing is sent."""

import threading

from emulator.errors import Unreachable


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
