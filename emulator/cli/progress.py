"""Progress of a command on standard error: on a terminal one line that counts the seconds, else a line a step."""

import itertools
import logging
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

FIRST_S = 0.3
"""Time before the line appears: what is answered sooner needs none."""

TICK_S = 0.1
"""Interval between two pictures of the line; smooth for the eye, and next to nothing for the processor."""

ERASE = "\r\x1b[K"
"""Back to the first column, and empty the line."""


def can_move(stream: TextIO) -> bool:
    """Return whether a line can be drawn anew there: it is a terminal, and not a dumb one."""
    return stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"


class Progress:
    """The steps of a command, each said once. On a terminal they share a line, which ends with the seconds so far.

    Elsewhere `waits`, which says what is waited for until the first step, is not shown. Thread-safe.
    """

    def __init__(
        self, waits: str, stream: TextIO, now: Callable[[], float] = time.monotonic, *, moves: bool = False
    ) -> None:
        self._waits, self._stream, self._now, self._moves = waits, stream, now, moves
        self._began = now()
        self._steps: list[str] = []
        self._lock = threading.Lock()
        self._over = threading.Event()
        is_unicode = "utf" in (stream.encoding or "").lower()
        self._pictures = itertools.cycle("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏" if is_unicode else "|/-\\")
        self._between = " … " if is_unicode else " ... "

    @property
    def seconds(self) -> str:
        """The time so far."""
        return f"{self._now() - self._began:.0f} s"

    def step(self, text: str) -> None:
        """Say the next step."""
        with self._lock:
            self._steps.append(text)
            if not self._moves:
                self._write(f"{text}\n")
        self.draw()

    def end(self, word: str) -> None:
        """Say how it ended, and after how long."""
        text = f"{word} after {self.seconds}"
        self._over.set()
        with self._lock:
            if self._moves:
                self._write(f"{ERASE}{self._between.join([*(self._steps or [self._waits]), text])}\n")
            elif self._steps:
                self._write(f"{text}\n")

    def draw(self) -> None:
        """Draw the line anew, on a terminal."""
        with self._lock:
            if not self._moves or self._over.is_set():
                return
            said = self._between.join([*(self._steps or [self._waits]), self.seconds])
            # A line that wraps could not be drawn over. Its end is what is new.
            width = shutil.get_terminal_size().columns - 3
            self._write(f"{ERASE}{next(self._pictures)} {said[-width:]}")

    @contextmanager
    def drawn(self) -> Iterator["Progress"]:
        """Draw the line every moment inside, and leave nothing of it unless its end was said."""
        if not self._moves:
            yield self
            return
        handlers = logging.getLogger().handlers[:]
        thread = threading.Thread(target=self._keep_drawing, name="progress", daemon=True)
        for handler in handlers:
            handler.addFilter(self._make_way)
        thread.start()
        try:
            yield self
        finally:
            for handler in handlers:
                handler.removeFilter(self._make_way)
            with self._lock:
                if not self._over.is_set():
                    self._over.set()
                    self._write(ERASE)
            thread.join()

    def _keep_drawing(self) -> None:
        wait_s = FIRST_S
        while not self._over.wait(wait_s):
            self.draw()
            wait_s = TICK_S

    def _make_way(self, _record: logging.LogRecord) -> bool:
        """Empty the line for one of the log, which is about to be written."""
        with self._lock:
            if not self._over.is_set():
                self._write(ERASE)
        return True

    def _write(self, text: str) -> None:
        # A terminal that is gone must not end a command that is under way.
        with suppress(OSError, ValueError):
            self._stream.write(text)
            self._stream.flush()


@contextmanager
def waiting(waits: str, *, quiet: bool, now: Callable[[], float] = time.monotonic) -> Iterator[Progress]:
    """Show progress on standard error, or nothing at all for programs: `quiet`, as with --json."""
    if quiet or sys.stderr is None:  # closed
        with open(os.devnull, "w") as nowhere:  # noqa: PTH123  # not a file of ours
            yield Progress(waits, nowhere, now)
        return
    with Progress(waits, sys.stderr, now, moves=can_move(sys.stderr)).drawn() as progress:
        yield progress
