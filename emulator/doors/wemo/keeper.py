"""Keep subscriptions in the journal: seldom, several at a time, and never on the loop's thread."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import suppress

from emulator.errors import EmulatorError
from emulator.store.subscriptions import Kept, Subscriptions

LOG = logging.getLogger(__name__)

SOON_S = 1.0
"""Debounce from the first change to its write: a hub that starts subscribes to every switch within this."""

EVERY_S = 300.0
"""Minimum between two writes: hubs renew every few minutes, and a memory card wears out."""


class Keeper:
    """Writes the `current` subscriptions after changes. Lives on the loop's thread, but for `load` and `finish`."""

    def __init__(self, store: Subscriptions | None, executor: Executor, current: Callable[[], Sequence[Kept]]) -> None:
        self._store = store
        self._executor = executor
        self._current = current
        self._next_at = float("-inf")
        self._timer: asyncio.TimerHandle | None = None
        self._warned = self._stopped = False
        self._empty = True

    def load(self) -> list[Kept]:
        """Return the subscriptions that an earlier run kept. Blocking."""
        found: list[Kept] = []
        with suppress(EmulatorError):  # those that write the journal report one that cannot be read
            found = self._store.load() if self._store else []
        self._empty = not found
        return found

    def changed(self) -> None:
        """Schedule a write."""
        if self._store and self._timer is None and not self._stopped:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(max(loop.time() + SOON_S, self._next_at), self._write)

    def stop(self) -> None:
        """Cancel the scheduled write; the next is `finish`."""
        self._stopped = True
        if self._timer:
            self._timer.cancel()

    def finish(self, kept: Sequence[Kept]) -> None:
        """Write them for the next run. Blocking."""
        if self._store and (kept or not self._empty):
            self._save(kept)

    def _write(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer, self._next_at = None, loop.time() + EVERY_S
        self._executor.submit(self._save, self._current())

    def _save(self, kept: Sequence[Kept]) -> None:
        try:
            if self._store:
                self._store.save(kept)
            self._empty, self._warned = not kept, False
        except EmulatorError as error:
            # Hubs subscribe anew when a renewal is refused, so it is not tried again before the next change.
            LOG.log(logging.DEBUG if self._warned else logging.WARNING, "subscriptions are not kept: %s", error)
            self._warned = True
