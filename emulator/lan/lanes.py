"""Work of many peers for one thread: one piece of each in turn, so that no peer waits for all that another one asks."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor

LOG = logging.getLogger(__name__)

PER_PEER = 32
"""Pieces at once; a scene of a hub may name every switch of a house."""

PER_SECOND = 8.0
"""Pieces of a peer after those: more would keep the interpreter from the loop, and no person means so many."""

IN_ALL = 256
"""Pieces that wait; beyond that each peer has one: some milliseconds each make a second."""

REMEMBERED = 512
"""Peers; those that asked for little lately are forgotten first."""


class Lanes:
    """Keeps the order of each peer's work, and takes no more than can be done. For any thread."""

    def __init__(self, executor: Executor, now: Callable[[], float] = time.monotonic) -> None:
        self._executor = executor
        self._now = now
        self._lock = threading.Lock()
        self._lanes: dict[str, deque[Callable[[], object]]] = {}  # in the order of their turns
        self._waiting = 0
        self._closed = False
        self._used: dict[str, tuple[float, float]] = {}  # pieces asked for lately, and when that was counted

    def close(self) -> None:
        """Take no more, and drop what has not begun."""
        with self._lock:
            self._closed = True
            self._lanes.clear()

    def put(self, peer: str, work: Callable[[], object]) -> bool:
        """Queue work; False when the peer asks for too much, or the thread is gone."""
        with self._lock:
            if self._closed or (peer in self._lanes and self._waiting >= IN_ALL) or not self._may_use(peer):
                return False
            self._lanes.setdefault(peer, deque()).append(work)
            self._waiting += 1
        try:
            self._executor.submit(self._next)
        except RuntimeError:  # it was shut down, and does nothing of what waits either
            return False
        return True

    def _may_use(self, peer: str) -> bool:
        """Count one more; False when that would be too many, waiting or done a moment ago."""
        now = self._now()
        if len(self._used) >= REMEMBERED:
            self._used = {each: used for each, used in self._used.items() if self._left(used, now) > 0}
        used = self._left(self._used.get(peer, (0.0, now)), now) + 1
        if used > PER_PEER or len(self._lanes.get(peer, ())) >= PER_PEER:
            return False
        self._used[peer] = (used, now)
        return True

    @staticmethod
    def _left(used: tuple[float, float], now: float) -> float:
        number, then = used
        return max(0.0, number - PER_SECOND * (now - then))

    def _next(self) -> None:
        with self._lock:
            peer = next(iter(self._lanes), None)
            if peer is None:  # dropped
                return
            lane = self._lanes.pop(peer)
            work = lane.popleft()
            self._waiting -= 1
            if lane:
                self._lanes[peer] = lane
        try:
            work()
        except Exception:  # the next one's turn comes all the same
            LOG.exception("%s: its work failed", peer)
