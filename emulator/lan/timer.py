"""One thing that a connection waits for, and when it is over. Lives on the loop's thread."""

import asyncio
from collections.abc import Callable


class Timer:
    """Calls once, unless something else is to be waited for before; most waits end early, and share a handle."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._due: tuple[float, Callable[..., object], tuple[object, ...]] | None = None
        self._handle: asyncio.TimerHandle | None = None

    def start(self, seconds: float, call: Callable[..., object], *args: object) -> None:
        """Call then, instead of whatever was to be called."""
        when = self._loop.time() + seconds
        self._due = (when, call, args)
        if self._handle is None or self._handle.when() > when:
            if self._handle:
                self._handle.cancel()
            self._handle = self._loop.call_at(when, self._ring)

    def rest(self) -> None:
        """Call nothing, until there is something to wait for again."""
        self._due = None

    def stop(self) -> None:
        """It is over."""
        self._due = None
        if self._handle:
            self._handle.cancel()
            self._handle = None

    def _ring(self) -> None:
        self._handle = None
        if self._due is None:
            return
        when, call, args = self._due
        if when > self._loop.time():
            self._handle = self._loop.call_at(when, self._ring)
        else:
            self._due = None
            call(*args)
