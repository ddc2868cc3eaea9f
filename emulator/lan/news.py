"""Long polls of our web servers: requests that wait for the next change, bounded in time and number."""

import secrets
import threading

from emulator.lan import turns

LISTENERS = 2
"""Long polls at once, each of another peer. Each occupies one of a place's four threads; further ones are answered at
once, so that those clients poll every few seconds."""

LONGEST_S = 20.0
"""Longest wait; below the time-outs of proxies, of phones, and of our own server (30 s)."""


class News:
    """A counter of changes that requests can wait on; for any thread. No request waits before `open`."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._run = secrets.token_hex(4)
        self._count = 0
        self._listening: set[str] = set()
        self._open = False

    @property
    def revision(self) -> str:
        """A text that differs after every change, and from those of every other run."""
        return f"{self._run}-{self._count}"

    def changed(self) -> None:
        """Count a change, and wake the requests that wait for it."""
        with self._changed:
            self._count += 1
            self._changed.notify_all()

    def wait(self, peer: str, revision: str, longest_s: float = LONGEST_S) -> None:
        """Wait until `revision` is not the present one; return at once if this peer or too many wait already."""
        with turns.WEB.pass_on(), self._changed:
            if peer in self._listening or len(self._listening) >= LISTENERS:
                return
            self._listening.add(peer)
            try:
                self._changed.wait_for(lambda: not self._open or self.revision != revision, longest_s)
            finally:
                self._listening.remove(peer)

    def open(self) -> None:
        """Allow requests to wait."""
        self._open = True

    def close(self) -> None:
        """Wake all requests that wait, and let no further one wait."""
        with self._changed:
            self._open = False
            self._changed.notify_all()
