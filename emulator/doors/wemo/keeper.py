"""When subscriptions are written down: seldom, several at a time, and never on the loop's thread."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import suppress

from emulator.errors import EmulatorError
from emulator.store.subscriptions import Kept, Subscriptions

LOG = logging.getLogger(__name__)

SOON_S = 1.0
"""From the first change to its write: a hub that starts subscribes to every switch within this."""

EVERY_S = 300.0
"""Between two writes, whatever peers do: hubs renew every few minutes, and a memory card wears out."""


class Keeper:
    """Writes what `current` says after changes. Lives on the loop's thread, but for `load` and `finish`."""

    def __init__(self, store: Subscriptions | None, executor: Executor, current: Callable[[], Sequence[Kept]]) -> None:
        self._store = store
        self._executor = executor
        self._current = current
        self._next_at = float("-inf")
        self._timer: asyncio.TimerHandle | None = None
        self._warned = self._stopped = False
        self._empty = True

    def load(self) -> list[Kept]:
        """What an earlier run kept. Blocking."""
        found: list[Kept] = []
        with suppress(EmulatorError):  # a journal that cannot be read is complained about by those who write it
            found = self._store.load() if self._store else []
        self._empty = not found
        return found

    def changed(self) -> None:
        """Have it written before long."""
        if self._store and self._timer is None and not self._stopped:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(max(loop.time() + SOON_S, self._next_at), self._write)

    def stop(self) -> None:
        """Write nothing any more until `finish`."""
        self._stopped = True
        if self._timer:
            self._timer.cancel()

    def finish(self, kept: Sequence[Kept]) -> None:
        """Write the last of it, for the next run. Blocking, for when the loop has ended."""
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
            # Hubs subscribe anew when they renew in vain, so it is not tried again before the next change.
            LOG.log(logging.DEBUG if self._warned else logging.WARNING, "subscriptions are not kept: %s", error)
            self._warned = True
