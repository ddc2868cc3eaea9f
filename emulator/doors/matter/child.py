"""A process that speaks Matter: started, written to, read from and ended. It ends with its standard input.

Nothing here waits for it but threads of its own: one for each of its pipes.
"""

import logging
import queue
import re
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path

LOG = logging.getLogger(__name__)

LINE_BYTES = 65_536
"""Longest line that is read; a real one has some hundred bytes for each fabric."""

LAST_WORDS = 8
"""Lines of its standard error that are kept to tell why it ended."""

WORDS_BYTES = 300
"""Part of such a line that is kept: Node.js cites the line of an error, which may be the whole bridge."""

ERROR = re.compile(r"\w*Error\b.*:")
"""Begin of a line that names an error."""

WAITING = 256
"""Messages that wait for it to read. One that reads none of so many is hung, and killed."""

JOIN_S = 1.0
"""For a thread whose pipe has ended."""


class Child:
    """A process. `take` gets it with each line that it writes, on a thread of its own; then with None, once."""

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        take: Callable[["Child", bytes | None], object],
    ) -> None:
        self._take = take
        self._last_words: deque[str] = deque(maxlen=LAST_WORDS)
        self._to_write: queue.Queue[bytes | None] = queue.Queue(WAITING)
        self.gone: Future[None] = Future()
        """Resolves when the process has ended and its last line was taken."""
        # In a session of its own: Ctrl-C in a terminal is for the program, which then ends it.
        self._process = subprocess.Popen(  # noqa: S603  the command is our own
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=folder,
            env=dict(environment),
            start_new_session=True,
        )
        self._threads = [
            threading.Thread(target=one, name=f"matter-{name}", daemon=True)
            for name, one in (("write", self._write), ("read", self._read), ("errors", self._listen))
        ]

    def begin(self, first: bytes) -> None:
        """Send the first line, and take what it writes from now on."""
        self.send(first)
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    @property
    def why(self) -> str:
        """Return its last error, in its own words; empty when it said nothing."""
        said = [line for line in self._last_words if ERROR.match(line)] or list(self._last_words)
        return said[-1] if said else ""

    def send(self, line: bytes) -> None:
        """Write a line soon. A process that does not read is killed; whoever looks after it starts another."""
        try:
            self._to_write.put_nowait(line)
        except queue.Full:
            self.kill()

    def end(self) -> None:
        """Let it end by itself."""
        try:
            self._to_write.put_nowait(None)
        except queue.Full:
            self.kill()

    def kill(self) -> None:
        """End it now."""
        self._process.kill()

    def join(self) -> None:
        """Wait for its threads, after it is gone."""
        for thread in self._threads:
            thread.join(JOIN_S)

    def _write(self) -> None:
        assert self._process.stdin  # noqa: S101  for mypy
        with suppress(OSError, ValueError), self._process.stdin as pipe:  # it has ended
            while (line := self._to_write.get()) is not None:
                pipe.write(line)
                pipe.flush()

    def _read(self) -> None:
        assert self._process.stdout  # noqa: S101  for mypy
        with self._process.stdout as pipe:
            while line := pipe.readline(LINE_BYTES):
                self._take(self, line)
        # Its output is closed, so it ends; what it does not do by then is of no use.
        try:
            self._process.wait(JOIN_S)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()
        while not self._to_write.empty():
            with suppress(queue.Empty):
                self._to_write.get_nowait()
        self.end()
        self._threads[-1].join(JOIN_S)  # its last words
        self._take(self, None)
        self.gone.set_result(None)

    def _listen(self) -> None:
        assert self._process.stderr  # noqa: S101  for mypy
        with self._process.stderr as pipe:
            begins = True
            while line := pipe.readline(LINE_BYTES):
                text = printable(line)
                if begins and text:
                    self._last_words.append(text)
                    LOG.debug("Matter bridge: %s", text)
                begins = line.endswith(b"\n")


def printable(line: bytes) -> str:
    """Return the begin of a line for a log: no control character of it reaches a terminal."""
    text = line[:WORDS_BYTES].decode(errors="replace").strip()
    return "".join(letter if letter.isprintable() else " " for letter in text)
