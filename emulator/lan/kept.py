"""Listening sockets that outlive the doors that opened them: clients wait for a moment and are not refused.

While a door is closed to be opened with other settings, a copy of each of its listeners stays open. The kernel goes on
to accept, and no other program can take the port.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from weakref import WeakSet

KEPT_S = 5.0
"""Longest time that a client is kept waiting: one that has waited for longer has gone on to something else."""

Address = tuple[str, int]


class KeptListeners:
    """The listeners of this process, and copies of them while `keeping`. For any thread."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._open: WeakSet[socket.socket] = WeakSet()
        self._kept: dict[Address, socket.socket] = {}
        self._until = float("-inf")

    def add(self, listener: socket.socket) -> None:
        """Take note of a listener, for as long as its owner has it open."""
        with self._lock:
            self._open.add(listener)

    def take(self, address: Address) -> socket.socket | None:
        """Return the copy that was kept of the listener at an address, owned by the caller; None where there is none.

        One that was kept for too long is closed: its port is free to be opened anew.
        """
        with self._lock:
            found = self._kept.pop(address, None)
            if found is None:
                return None
            if self._monotonic() > self._until:
                found.close()
                return None
            self._open.add(found)
            return found

    @contextmanager
    def keeping(self) -> Iterator[None]:
        """Keep a copy of each listener that is open now, until it is taken or the block ends."""
        with self._lock:
            self._until = self._monotonic() + KEPT_S
            for listener in [one for one in self._open if one.fileno() >= 0]:
                with suppress(OSError):  # no descriptor is left, or it was closed just now: then it is opened anew
                    self._kept[listener.getsockname()] = listener.dup()
        try:
            yield
        finally:
            with self._lock:
                for copy in self._kept.values():
                    copy.close()
                self._kept.clear()


LISTENERS = KeptListeners()
"""Those of this process, as ports are the whole machine's."""
