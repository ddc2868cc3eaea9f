"""Work of many peers for one thread: one piece of each in turn, so that no peer waits for all that another one asks."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor

LOG = logging.getLogger(__name__)

PER_PEER = 32  # pieces that wait; a scene of a hub may name every switch of a house at once
IN_ALL = 256  # beyond that each peer has one: some milliseconds each make a second, and nobody waits that long


class Lanes:
    """Keeps the order of each peer's work, and takes no more than can be done. Usable from every thread."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._lock = threading.Lock()
        self._lanes: dict[str, deque[Callable[[], object]]] = {}  # in the order of their turns
        self._waiting = 0

    def put(self, peer: str, work: Callable[[], object]) -> bool:
        """Have it done in its turn; False when the peer has too much waiting, or the thread is gone."""
        with self._lock:
            lane = self._lanes.get(peer)
            if lane and (len(lane) >= PER_PEER or self._waiting >= IN_ALL):
                return False
            self._lanes.setdefault(peer, deque()).append(work)
            self._waiting += 1
        try:
            self._executor.submit(self._next)
        except RuntimeError:  # it was shut down, and does nothing of what waits either
            return False
        return True

    def _next(self) -> None:
        with self._lock:
            peer = next(iter(self._lanes))
            lane = self._lanes.pop(peer)
            work = lane.popleft()
            self._waiting -= 1
            if lane:
                self._lanes[peer] = lane
        try:
            work()
        except Exception:  # the next one's turn comes all the same
            LOG.exception("%s: its work failed", peer)
