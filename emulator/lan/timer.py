"""A timer that is restarted all the time. Lives on the loop's thread."""

import asyncio
from collections.abc import Callable


class Timer:
    """Calls once, unless it is restarted before; most waits end early, and share a handle."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._due: tuple[float, Callable[..., object], tuple[object, ...]] | None = None
        self._handle: asyncio.TimerHandle | None = None

    def start(self, seconds: float, call: Callable[..., object], *args: object) -> None:
        """Call in some seconds, and drop the call before."""
        when = self._loop.time() + seconds
        self._due = (when, call, args)
        if self._handle is None or self._handle.when() > when:
            if self._handle:
                self._handle.cancel()
            self._handle = self._loop.call_at(when, self._ring)

    def rest(self) -> None:
        """Drop the call; the handle stays for the next."""
        self._due = None

    def stop(self) -> None:
        """Drop the call and the handle."""
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
