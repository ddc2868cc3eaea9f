"""Unfinished business of an alarm: commands to write down and to end, writes to make up for, commands to settle."""

import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from emulator.alarm.queue import Job
from emulator.clock import Clock
from emulator.errors import (
    EmulatorError,
    LoginRefused,
    OpenZones,
    Rejected,
    Retired,
    Superseded,
    TooLate,
    TooMany,
    Unconfirmed,
)
from emulator.model import Action, Command, Disarm, Notice, Origin, Outcome, PanelState, Result
from emulator.store import history
from emulator.store.journal import Journal
from emulator.words import spoken
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

SETTLE_S, SETTLE_LIMIT_S = 10.0, 3600.0
"""First and longest pause between two questions to the panel about an unconfirmed command; it doubles in between."""

WAKE_AGAIN_S = 30.0
"""Minimum time between panel wake-ups while the state is unknown, however often a switch is pressed."""

TYPED = "cli"
"""The door of commands that a person types, and whose outcome that person reads at once."""


@dataclass(eq=False)
class Records:
    """One alarm's pages of the journal, and the notices to people; every method may be called from any thread.

    `who` names for people who asked for a command.
    A write that fails does not end the thread: it is logged, and made up for later where that matters.
    """

    name: str
    journal: Journal
    clock: Clock
    tell: Callable[[Notice, str], None]
    who: Callable[[Origin], str] = spoken.who
    _unwritten: deque[Callable[[], object]] = field(default_factory=deque)

    def write(self, write: Callable[[], object], *, again: bool = False) -> None:
        """Write now, or with `again` as soon as that is possible."""
        try:
            write()
        except EmulatorError as error:
            LOG.error("%s: %s", self.name, error)
            if again:
                # Bounded by the commands that were begun, as none is begun that cannot be written down, and by the
                # events of the alarm meanwhile: a person's few a day.
                self._unwritten.append(write)

    def catch_up(self) -> None:
        """Make up for the writes that failed."""
        with suppress(EmulatorError):
            while self._unwritten:
                self._unwritten[0]()
                self._unwritten.popleft()

    def hold(self, command: Command) -> int:
        """Write down a command that is held back; return its entry in the journal, for `submit` or `finish`.

        Raises EmulatorError when the journal cannot be written: what is not written is not sent.
        """
        try:
            return self.journal.begin(self.name, command, self.clock.time())
        except EmulatorError as full:
            if command.origin.door != TYPED:
                # A voice may have said OK before.
                self.tell(
                    Notice.FAILED,
                    Text("{action}, asked for by {who}: not sent: {why}", **self._asked(command), why=str(full)),
                )
            raise

    def finish(self, entry: int, outcome: Outcome) -> None:
        """Write down how a command ended; later where that is not possible now."""
        now = self.clock.time()
        self.write(lambda: self.journal.end(entry, outcome, now), again=True)

    def end(self, job: Job, end: Outcome | EmulatorError, took_s: float = 0.0) -> None:
        """Log and write down how a job ended, resolve its ticket, and notify people where it matters."""
        error = end if isinstance(end, EmulatorError) else None
        outcome = end if isinstance(end, Outcome) else _outcome(end)
        command = job.command
        asked = f"{command.action}, asked for {command.origin}"
        level = logging.INFO if error is None else logging.WARNING
        LOG.log(level, "%s: %s: %s after %.0f s: %s", self.name, asked, outcome.result, took_s, outcome.message)
        self.finish(job.entry, outcome)
        job.ticket.finish(outcome, error)
        matters = error is not None and (isinstance(error, TooLate) or not isinstance(error, Superseded))
        done = _worth_telling(command.action, outcome)
        if done:
            self.tell(done, Text("{action}, asked for by {who}: {why}", **self._asked(command), why=outcome.message))
        elif matters and command.origin.door != TYPED:
            result = spoken.RESULTS[outcome.result]
            self.tell(
                Notice.OPEN if isinstance(error, OpenZones) else Notice.FAILED,
                Text(
                    "{action}, asked for by {who}: {result}: {why}",
                    **self._asked(command),
                    result=result,
                    why=outcome.message,
                ),
            )

    def end_again(self, job: Job, error: EmulatorError) -> None:
        """End a job with the error of one that has just failed: it is counted, and people were notified then."""
        outcome = _outcome(error)
        if outcome.result is Result.UNCONFIRMED:
            # Nothing was sent this time, so there is nothing to settle.
            outcome = Outcome(Result.FAILED, Text("not sent again: {why}", why=str(error)))
        if job.entry:
            self.finish(job.entry, outcome)
        else:
            job.ticket.entry = self.journal.turn_away(self.name, job.command, outcome, self.clock.time())
        job.ticket.finish(outcome, error)

    def _asked(self, command: Command) -> dict[str, str]:
        return {"action": spoken.action(command.action), "who": self.who(command.origin)}

    def keep(self, state: PanelState, quiet_s: float, command: int | None) -> None:
        """Write down the panel's state, and that it has stood there without a gap of `quiet_s`.

        `command` is the entry of our command that brought it there.
        """
        self.write(lambda: self.journal.save_state(self.name, state))
        self.write(lambda: history.keep(self.journal, self.name, state, self.clock.time(), quiet_s, command))

    def settle(self, entries: list[int], state: PanelState) -> None:
        """Write down what the panel said after unconfirmed commands."""
        now = self.clock.time()
        self.write(lambda: self.journal.settle(entries, state, now), again=True)


def _worth_telling(action: Action, outcome: Outcome) -> Notice | None:
    """Return the notice about a command that was carried out, where it left the house less guarded."""
    if outcome.result is not Result.CONFIRMED:
        return None
    if isinstance(action, Disarm):
        return Notice.DISARMED
    return Notice.BYPASSED if action.past and outcome.zones else None


def _outcome(error: EmulatorError) -> Outcome:
    results: dict[type[EmulatorError], Result] = {
        Rejected: Result.REJECTED,
        Unconfirmed: Result.UNCONFIRMED,
        Superseded: Result.SUPERSEDED,
        TooMany: Result.REFUSED,
    }
    found = (result for kind, result in results.items() if isinstance(error, kind))
    needs_login = isinstance(error, LoginRefused | Retired)
    message = Text("the login needs you: {why}", why=str(error)) if needs_login else str(error)
    zones = error.zones if isinstance(error, OpenZones) else ()
    return Outcome(next(found, Result.FAILED), message, needs_login, zones)


class Unsettled:
    """The commands that ended unconfirmed, by their entries in the journal, and when to ask the panel about them.

    Times are monotonic seconds. `lag_s` is how old the state may be that the cloud shows unasked.
    """

    def __init__(self, entries: list[int], now: float, lag_s: float) -> None:
        self._entries = entries
        self._pause_s = SETTLE_S
        self._woken_at = float("-inf")
        self.at = now
        """When to ask the panel next."""
        self.may_have_armed = bool(entries)
        """True if one of them was an arm: then another mode may be on than the last state says."""
        self.believable_at = now + lag_s if entries else now
        """Until then, what the cloud shows unasked may be older than commands of an earlier run."""

    def __bool__(self) -> bool:
        return bool(self._entries)

    @property
    def last(self) -> int | None:
        """The newest of them: a change of the panel counts as its effect."""
        return self._entries[-1] if self._entries else None

    def add(self, entry: int, now: float, *, armed: bool) -> None:
        """Add a command; the panel is to be asked at once."""
        self._entries.append(entry)
        self.may_have_armed |= armed
        self.at, self._pause_s = now, SETTLE_S

    def asked(self, now: float) -> None:
        """Note that the panel is being asked; before it answers, or a silent one would be woken often."""
        self._woken_at = now
        self.at = now + self._pause_s
        self._pause_s = min(self._pause_s * 2, SETTLE_LIMIT_S)

    def may_wake(self, now: float) -> bool:
        """Return whether the panel has had enough rest to be woken again."""
        return now >= self._woken_at + WAKE_AGAIN_S

    def take(self) -> list[int]:
        """Remove and return all of them: they are settled."""
        taken, self._entries, self.may_have_armed = self._entries, [], False
        return taken
