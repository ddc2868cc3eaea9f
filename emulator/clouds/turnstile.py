"""The turnstile before one server: turns with pauses between, and commands before polls."""

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from emulator.clock import Clock
from emulator.clouds.firewall import Barrier
from emulator.errors import Unreachable
from emulator.words.text import Text

LOG = logging.getLogger(__name__)


class Turnstile(Barrier):
    """Turnstile shared by all sessions at one server: turns with pauses, commands before polls, and a ban stops all."""

    def __init__(self, spacing_s: float) -> None:
        super().__init__()
        self._spacing_s = spacing_s
        self._next = float("-inf")
        self._commands = 0

    @contextmanager
    def command(self) -> Iterator[None]:
        """Hold back all other requests while a command is under way."""
        with self._lock:
            self._commands += 1
        try:
            yield
        finally:
            with self._lock:
                self._commands -= 1

    @contextmanager
    def turn(self, clock: Clock, name: str, *, urgent: bool) -> Iterator[None]:
        """Wait for a turn to send, and hold it. Unreachable, not sent, if the program stops or a ban begins."""
        while True:
            with self._lock:
                now = clock.monotonic()
                self._check(now)
                if now >= self._next and (urgent or not self._commands):
                    self._next = float("inf")
                    break
                # Another thread holds the turn, or it is too early: look again when it may be free.
                wait_s = self._next - now if 0 < self._next - now <= self._spacing_s else self._spacing_s / 10
            if not clock.sleep(wait_s):
                LOG.info("the program stopped before %s was sent", name)
                raise Unreachable(Text("the program stopped before this was sent"), sent=False)
        try:
            yield
        finally:
            with self._lock:
                self._next = clock.monotonic() + self._spacing_s


class TurnstileLane:
    """The way of one session to the turnstile; owned by one thread."""

    def __init__(self, turnstile: Turnstile, clock: Clock) -> None:
        self._turnstile = turnstile
        self._clock = clock
        self.urgent = False
        """True while its requests have precedence."""

    @contextmanager
    def command(self) -> Iterator[None]:
        """Give requests in this context precedence over the polls of others; reentrant."""
        before, self.urgent = self.urgent, True
        try:
            with self._turnstile.command():
                yield
        finally:
            self.urgent = before

    def turn(self, name: str) -> AbstractContextManager[None]:
        """Wait for a turn to send, and hold it; see Turnstile.turn."""
        return self._turnstile.turn(self._clock, name, urgent=self.urgent)
