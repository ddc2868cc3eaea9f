"""Time, injected: the contract, and the machine's own."""

import threading
import time
from dataclasses import dataclass
from typing import Protocol


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
