"""Waitress's worker threads, with names, and peers that take turns."""

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable

from waitress.task import ThreadedTaskDispatcher

from emulator.lan.channels import Channel

_SILENT = logging.getLogger(f"{__name__}.silent")
_SILENT.disabled = True


class TaskQueue:
    """Connections whose request waits for a worker. Peers take turns, so that a busy one delays only itself.

    Stands in for waitress's deque, under the same lock. Its length is the number that may be served now.
    """

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._of: dict[str, deque[Channel]] = {}  # the next peer comes first
        self._at_work: Counter[str] = Counter()

    def __len__(self) -> int:
        return sum(len(theirs) for peer, theirs in self._of.items() if self._at_work[peer] < self._at_once)

    def append(self, task: Channel) -> None:
        """Queue a connection."""
        self._of.setdefault(task.addr[0], deque()).append(task)

    def popleft(self) -> Channel:
        """Return a connection of the next peer that may be served."""
        peer = next(peer for peer in self._of if self._at_work[peer] < self._at_once)
        theirs = self._of.pop(peer)
        task = theirs.popleft()
        if theirs:
            self._of[peer] = theirs
        self._at_work[peer] += 1
        return task

    def done(self, peer: str) -> None:
        """Note that a request of this peer has been served."""
        self._at_work[peer] -= 1
        if not self._at_work[peer]:
            del self._at_work[peer]


class Workers(ThreadedTaskDispatcher):
    """The worker threads; `started` are to be joined at the end."""

    queue: TaskQueue  # type: ignore[assignment]  # waitress asks no more of it than it has
    queue_logger = _SILENT  # a request that waits a moment is no news

    def __init__(self, name: str, at_once: int) -> None:
        super().__init__()
        self.queue = TaskQueue(at_once)
        self._name = name
        self.started: list[threading.Thread] = []

    def done(self, task: Channel) -> None:
        """Note a request that a worker has served; it looks for the next itself, and none has to be woken."""
        with self.lock:
            self.queue.done(task.addr[0])

    def start_new_thread(self, target: Callable[[int], object], thread_no: int) -> None:
        """Start a worker."""
        thread = threading.Thread(target=target, name=f"{self._name}-{thread_no}", args=(thread_no,), daemon=True)
        try:
            thread.start()
        except RuntimeError:
            # Waitress has counted it already, and would wait for it to end.
            self.threads.discard(thread_no)
            self.active_count -= 1
            raise
        self.started.append(thread)
