"""Threads that compute one after the other: more at once are no sooner done, and keep the interpreter from the rest.

Among threads that wait for the interpreter chance decides. The loop that answers searches and switches would be one of
a dozen, and need a dozen times as long for each of its steps.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE_S = 0.05
"""Longest wait for a turn; most take 2 ms. A thread at a disk, a hash or a fault holds up no other for longer."""


class Turns:
    """A turn for one thread at a time, first come, first served."""

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._lock = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Lock] = deque()
        self._mine = threading.local()

    @contextmanager
    def take(self) -> Iterator[None]:
        """Compute within, when it is this thread's turn or its patience has ended. A turn within a turn is the same."""
        if getattr(self._mine, "inside", False):
            yield
            return
        self._enter()
        try:
            yield
        finally:
            self._leave()

    @contextmanager
    def pass_on(self) -> Iterator[None]:
        """Wait for something within, while others compute. Does nothing in a thread that takes no turns."""
        inside = self._leave()
        try:
            yield
        finally:
            if inside:
                self._enter()

    def _enter(self) -> None:
        self._mine.inside = True
        with self._lock:
            gate = threading.Lock()
            if self._taken:
                gate.acquire()
                self._waiting.append(gate)
            self._taken = True
        came = gate.acquire(timeout=self._patience_s)
        with self._lock:
            # It may have been opened between the end of patience and now.
            self._mine.holds = came or gate not in self._waiting
            if not self._mine.holds:
                self._waiting.remove(gate)

    def _leave(self) -> bool:
        """Give the turn to the thread that waits longest; return whether this one takes turns at all."""
        inside, holds = getattr(self._mine, "inside", False), getattr(self._mine, "holds", False)
        self._mine.inside = self._mine.holds = False
        if holds:
            with self._lock:
                if self._waiting:
                    self._waiting.popleft().release()
                else:
                    self._taken = False
        return inside


WEB = Turns()
"""Shared by the threads of all web servers."""
