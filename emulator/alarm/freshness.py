"""How old the last news of an alarm is, for threads that no cloud can hold up; and people are told of long silence."""

import math
import threading

from emulator.alarm.unfinished import Records
from emulator.clock import Clock
from emulator.model import Notice, PanelState
from emulator.store.keys import TOLD_OF_SILENCE

READ_REQUESTS = 6
"""Of the longest read: a new login, its list of installations, capabilities, the state, and what failed once more."""

SPACING_S = 2.0
"""The longest pause that a cloud is given between two requests."""

STEP_READS = 4
"""The longest step of an alarm's thread: a command for a sum of three modes, and a read before it."""

UNANSWERED = "what was asked last has not been answered"
ASLEEP = "this machine slept, or the program was stopped; the alarm is being asked"


def read_within_s(request_s: float, command_s: float) -> float:
    """Return how long news may take once it is due, derived from the time-outs.

    A command that is under way when the poll is due goes first. Back-off does not count: after a poll that failed the
    cloud is known to be down, however old the news is.
    """
    return command_s + READ_REQUESTS * (request_s + SPACING_S)


class Freshness:
    """Knows how long an alarm's news has been out, and how long its thread has been at one step.

    Has people told, once, of silence for `silent_after_s`, and once that there is news again. Over a restart too:
    whoever was told that there is none is told when there is. The alarm's thread says what happens; any thread asks.
    """

    def __init__(
        self, records: Records, clock: Clock, *, poll_every_s: float, read_s: float, silent_after_s: float
    ) -> None:
        self._records = records
        self._clock = clock
        self._old_s = poll_every_s + read_s
        self._step_s = STEP_READS * read_s
        self._silent_after_s = silent_after_s
        self._note = f"{TOLD_OF_SILENCE}{records.journal.alarm(records.name)}"
        self._lock = threading.Lock()
        self._news_at = self._silent_since = clock.monotonic()
        self._step_at: float | None = None
        self._why = UNANSWERED
        self._told = math.isfinite(silent_after_s) and records.journal.recall(self._note) is not None

    @property
    def trouble(self) -> str:
        """Why the last news is older than it can be where all is well; empty where it is not."""
        return self._why if self._clock.monotonic() - self._news_at > self._old_s else ""

    @property
    def hangs(self) -> bool:
        """Whether the alarm's thread has been at one step for longer than any step can take."""
        step_at = self._step_at
        return step_at is not None and self._clock.monotonic() - step_at > self._step_s

    def begin_step(self) -> None:
        """Note that the alarm's thread begins something that may hang."""
        self._step_at = self._clock.monotonic()

    def end_step(self) -> None:
        """Note that it is done with that."""
        self._step_at = None

    def has_news(self, state: PanelState) -> None:
        """Take note of news, and have people told if they were told of silence."""
        with self._lock:
            self._news_at = self._silent_since = self._clock.monotonic()
            self._why = UNANSWERED
            if self._told:
                self._told = False
                self._records.write(lambda: self._records.journal.note(self._note, None))
                self._records.tell(Notice.BACK, f"the alarm answers again: the panel is {state}")

    def look(self, why: str) -> None:
        """Have people told of silence that lasts; `why` is empty where the alarm is well."""
        with self._lock:
            silent_s = self._clock.monotonic() - self._silent_since
            if why and silent_s >= self._silent_after_s and not self._told:
                self._told = True
                self._records.write(lambda: self._records.journal.note(self._note, "told"))
                self._records.tell(Notice.SILENT, f"no news from the alarm for {silent_s / 60:.0f} min: {why}")

    def missed(self, stopped_s: float, slept_s: float) -> None:
        """Take a gap of the process into account: the news is older by it, and the cloud was not silent in it.

        The monotonic clock has counted `stopped_s`, and not `slept_s`.
        """
        with self._lock:
            self._news_at -= slept_s
            self._silent_since = min(self._silent_since + stopped_s, self._clock.monotonic())
            self._why = ASLEEP
            if self._step_at is not None:
                self._step_at += stopped_s
