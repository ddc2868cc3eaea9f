"""Age of the last news of an alarm, for threads that no cloud can hold up; people are notified of long silence."""

import math
import threading
from dataclasses import dataclass

from emulator.alarm.unfinished import Records
from emulator.model import Notice, PanelState
from emulator.store.keys import TOLD_OF_SILENCE
from emulator.words import spoken
from emulator.words.text import Text

READ_REQUESTS = 6
"""Requests of the longest read: a new login, its list of installations, capabilities, the state, and retries."""

SPACING_S = 2.0
"""Longest pause between two requests to a cloud."""

STEP_READS = 4
"""Reads that the longest step of an alarm's thread takes: a command for a sum of three modes, and a read before it."""

UNANSWERED = Text("what was asked last has not been answered")
ASLEEP = Text("this machine slept, or the program was stopped; the alarm is being asked")


def read_within_s(request_s: float, command_s: float) -> float:
    """Return how long news may take once it is due, derived from the time-outs.

    A command that is under way when the poll is due goes first. Back-off does not count: after a failed poll the cloud
    is known to be down, however old the news is.
    """
    return command_s + READ_REQUESTS * (request_s + SPACING_S)


@dataclass(eq=False)
class Freshness:
    """Time since an alarm's last news, and since its thread began a step.

    Notifies people once of a silence of `silent_after_s`, and once of its end, also if a restart lies between the two.
    The alarm's thread reports what happens; any thread may ask.
    """

    records: Records
    poll_every_s: float
    read_s: float
    silent_after_s: float

    def __post_init__(self) -> None:
        self._note = f"{TOLD_OF_SILENCE}{self.records.journal.alarm(self.records.name)}"
        self._lock = threading.Lock()
        self._news_at = self._silent_since = self.records.clock.monotonic()
        self._step_at: float | None = None
        self._why = UNANSWERED
        self._told = math.isfinite(self.silent_after_s) and self.records.journal.recall(self._note) is not None

    @property
    def trouble(self) -> str:
        """Return why the last news is older than it can be where all is well; empty where it is not."""
        return self._why if self.records.clock.monotonic() - self._news_at > self.poll_every_s + self.read_s else ""

    @property
    def hangs(self) -> bool:
        """Return whether the alarm's thread has been at one step for longer than any step can take."""
        step_at = self._step_at
        return step_at is not None and self.records.clock.monotonic() - step_at > STEP_READS * self.read_s

    def begin_step(self) -> None:
        """Note that the alarm's thread begins a step, which may hang."""
        self._step_at = self.records.clock.monotonic()

    def end_step(self) -> None:
        """Note that the step has ended."""
        self._step_at = None

    def has_news(self, state: PanelState) -> None:
        """Note news, and notify people if they were notified of silence."""
        with self._lock:
            self._news_at = self._silent_since = self.records.clock.monotonic()
            self._why = UNANSWERED
            if self._told:
                self._told = False
                self.records.write(lambda: self.records.journal.note(self._note, None))
                said = spoken.state(state)
                self.records.tell(Notice.BACK, Text("the alarm answers again: the panel is {state}", state=said))

    def look(self, why: str) -> None:
        """Notify people of silence that lasts; `why` is empty where the alarm is well."""
        with self._lock:
            silent_s = self.records.clock.monotonic() - self._silent_since
            if why and silent_s >= self.silent_after_s and not self._told:
                self._told = True
                self.records.write(lambda: self.records.journal.note(self._note, "told"))
                silent = spoken.length(silent_s)
                self.records.tell(Notice.SILENT, Text("no news from the alarm for {time}: {why}", time=silent, why=why))

    def missed(self, stopped_s: float, slept_s: float) -> None:
        """Account for a gap of the process: the news is older by it, and the cloud was not silent in it.

        The monotonic clock has counted `stopped_s`, and not `slept_s`.
        """
        with self._lock:
            self._news_at -= slept_s
            self._silent_since = min(self._silent_since + stopped_s, self.records.clock.monotonic())
            self._why = ASLEEP
            if self._step_at is not None:
                self._step_at += stopped_s
