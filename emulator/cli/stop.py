"""The wish that the program stops, which a signal's handler may express whatever the main thread is doing."""

from contextlib import suppress
from queue import Empty, SimpleQueue


class Stop:
    """An event that is set once, from anywhere.

    A handler runs on the main thread, between any two of its steps. Were this `threading.Event`, whose lock is held for
    a moment at each wait, a signal in that moment would wait for ever for the thread that it has interrupted.
    """

    def __init__(self) -> None:
        self._is_set = False
        self._wishes: SimpleQueue[None] = SimpleQueue()

    def set(self) -> None:
        """Stop."""
        self._is_set = True
        self._wishes.put(None)

    def is_set(self) -> bool:
        """Return whether the program is to stop."""
        return self._is_set

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for it, at most so many seconds; return whether the program is to stop."""
        with suppress(Empty):
            self._wishes.get(timeout=timeout)
            self._wishes.put(None)  # for whoever waits, too
        return self._is_set
