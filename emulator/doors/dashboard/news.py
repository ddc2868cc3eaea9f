"""Who looks at the page hears of changes at once: requests that wait for one, bounded in time and number."""

import secrets
import threading

from emulator.lan import turns

LISTENERS = 2
"""Requests that may wait at once, each of another peer. Each keeps one of a place's four threads; whoever else comes is
answered at once and asks again every few seconds."""

LONGEST_S = 20.0
"""How long a request waits; below what proxies, phones and our own server (30 s) take for a dead connection."""


class News:
    """Counts changes; for any thread. `closed` from the start until `open`."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._run = secrets.token_hex(4)
        self._count = 0
        self._listening: set[str] = set()
        self._open = False

    @property
    def revision(self) -> str:
        """What has changed when it is not what it was; another run never has the same."""
        return f"{self._run}-{self._count}"

    def changed(self) -> None:
        """Something is different now."""
        with self._changed:
            self._count += 1
            self._changed.notify_all()

    def wait(self, peer: str, revision: str, longest_s: float = LONGEST_S) -> None:
        """Return when `revision` is not the present one, soon if this peer or too many wait already."""
        with turns.WEB.pass_on(), self._changed:
            if peer in self._listening or len(self._listening) >= LISTENERS:
                return
            self._listening.add(peer)
            try:
                self._changed.wait_for(lambda: not self._open or self.revision != revision, longest_s)
            finally:
                self._listening.remove(peer)

    def open(self) -> None:
        """Let requests wait."""
        self._open = True

    def close(self) -> None:
        """Let nobody wait any more."""
        with self._changed:
            self._open = False
            self._changed.notify_all()
