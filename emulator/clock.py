"""Time, injected: the contract, the machine's own, and gaps in it."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

BEAT_S = 5.0
"""Interval of the checks of the whole program: people see nothing older, and a check costs next to nothing."""

GAP_S = 10.0
"""Excess over a beat from which the process was stopped or the machine slept, rather than was busy."""

BACKLOG_S = 2.0
"""After a gap: a request that arrives may have waited in a socket all the while."""


class Timepiece(Protocol):
    """Read the time."""

    def time(self) -> float:
        """Return seconds since the epoch."""

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""


class Clock(Timepiece, Protocol):
    """Read the time, and wait."""

    def sleep(self, seconds: float) -> bool:
        """Wait; return False when the program is stopping and the wait was cut short."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment by two clocks, in seconds: the one that a suspend stops, and the one that people set."""

    monotonic: float
    wall: float

    def age_s(self, now: "Moment") -> float:
        """Return the seconds until `now` by the clock that went on for longer."""
        return max(now.monotonic - self.monotonic, now.wall - self.wall)


class StoppableClock(Clock, Protocol):
    """The time of the whole program, and the end of every wait in it."""

    def stop(self) -> None:
        """End all waits, now and later."""


class SystemClock:
    """The machine's time; `stop` ends every wait."""

    def __init__(self) -> None:
        self._stopping = threading.Event()

    def time(self) -> float:
        """Return seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""
        return time.monotonic()

    def sleep(self, seconds: float) -> bool:
        """Wait; return False when the program is stopping."""
        return not self._stopping.wait(seconds)

    def stop(self) -> None:
        """End all waits, now and later."""
        self._stopping.set()


def boottime() -> float:
    """Return seconds since the start of the machine, those in which it slept included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True, slots=True)
class Gap:
    """Time in which this process did not run. The monotonic clock has counted `stopped_s`, but not `slept_s`."""

    stopped_s: float
    slept_s: float

    def __str__(self) -> str:
        if self.slept_s >= self.stopped_s:
            return f"this machine slept for {self.slept_s:.0f} s, or its clock was set forward"
        return f"this program was stopped for {self.stopped_s:.0f} s, or the machine was too busy to run it"


class Heartbeat:
    """Measures at each beat the time since the last one, by every clock there is.

    A beat is due every `beat_s`; what exceeds that by `gap_s` is a gap.
    """

    def __init__(
        self,
        clock: Timepiece,
        boot: Callable[[], float] = boottime,
        *,
        beat_s: float = BEAT_S,
        gap_s: float = GAP_S,
    ) -> None:
        self._clocks = (clock.monotonic, boot, clock.time)
        self._beat_s = beat_s
        self._gap_s = gap_s
        self._last = self._read()
        self._gap_ended = float("-inf")

    def _read(self) -> tuple[float, ...]:
        return tuple(read() for read in self._clocks)

    def beat(self) -> Gap | None:
        """Return the gap since the last beat, if there was one."""
        now = self._read()
        gap = self._between(now)
        if gap:
            # Before the beat itself: there is no moment in which `skipped_since` knows of neither.
            self._gap_ended = now[0]
        self._last = now
        return gap

    def skipped_since(self, asked: Moment) -> bool:
        """Return whether a gap came after `asked`, or ended so shortly before that the request waited in a socket.

        Any thread may call it, even before the first beat after the gap.
        """
        # In this order: a beat at this very moment hides the gap from the first look, and shows it to the second.
        return self._between(self._read()) is not None or asked.monotonic < self._gap_ended + BACKLOG_S

    def _between(self, now: tuple[float, ...]) -> Gap | None:
        counted_s, *others = (after - before for after, before in zip(now, self._last, strict=True))
        # A virtual machine that was paused shows by the time of day alone, once that is corrected.
        gap = Gap(max(0.0, counted_s - self._beat_s), max(0.0, max(others) - counted_s))
        return gap if max(gap.stopped_s, gap.slept_s) >= self._gap_s else None
