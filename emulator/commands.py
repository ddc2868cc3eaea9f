"""The queue of one alarm: what joins what, what a disarm takes out, and where it all leads. No thread, no clock."""

from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field

from emulator.errors import EmulatorError
from emulator.model import Action, Arm, Axes, Command, Disarm, Outcome


@dataclass(frozen=True, slots=True)
class Ticket:
    """A submitted command.

    `accepted` resolves to None when the cloud took the command, or when there was nothing to do, and raises an
    EmulatorError when it was refused. `done` always resolves to the Outcome, possibly minutes later. `entry` is its
    number in the journal.
    """

    accepted: Future[None] = field(default_factory=Future)
    done: Future[Outcome] = field(default_factory=Future)
    entry: int = 0

    def __post_init__(self) -> None:
        # A client that goes away must not be able to cancel what others wait for.
        self.accepted.set_running_or_notify_cancel()
        self.done.set_running_or_notify_cancel()

    def accept(self) -> None:
        """The cloud took it."""
        if not self.accepted.done():
            self.accepted.set_result(None)

    def finish(self, outcome: Outcome, error: EmulatorError | None) -> None:
        """It ended."""
        if error is None:
            self.accept()
        elif not self.accepted.done():
            self.accepted.set_exception(error)
        if not self.done.done():
            self.done.set_result(outcome)


@dataclass(frozen=True, slots=True)
class Job:
    """A command, its number in the journal, and its ticket."""

    command: Command
    entry: int
    ticket: Ticket = field(default_factory=Ticket)


class CommandQueue:
    """Commands in order of arrival, and the one in flight. Not locked: its owner does that."""

    def __init__(self) -> None:
        self._waiting: deque[Job] = deque()
        self.current: Job | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def same_as_last(self, command: Command) -> Job | None:
        """The last job, in the queue or in flight, if `command` asks for the very same: then it joins."""
        last = self._waiting[-1] if self._waiting else self.current
        same = last and (last.command.action, last.command.only_if) == (command.action, command.only_if)
        return last if same else None

    def put(self, job: Job) -> None:
        """Add at the end."""
        self._waiting.append(job)

    def take(self) -> Job | None:
        """The next job, which is in flight from now on, or None."""
        self.current = self._waiting.popleft() if self._waiting else None
        return self.current

    def supersede(self, command: Command, axes: Axes) -> list[Job]:
        """Take out the waiting arms that a disarm makes pointless: all that it disarms, if it has something to do.

        It has where the panel stands at `axes`, or where the command in flight leads. Otherwise only those arms go
        that would turn on the switch that it turns off.
        """
        soon = axes.after(self.current.command.action) if self.current else axes
        pointless = [job for job in self._waiting if makes_pointless(command, job.command.action, axes, soon)]
        for job in pointless:
            self._waiting.remove(job)
        return pointless

    def target(self, axes: Axes) -> Axes:
        """Where the panel will stand once everything is done."""
        jobs = ([self.current] if self.current else []) + list(self._waiting)
        for job in jobs:
            if applies(job.command, axes):
                axes = axes.after(job.command.action)
        return axes

    @property
    def first(self) -> Job | None:
        """What is in flight, or else the next; None when there is nothing to do."""
        return self.current or next(iter(self._waiting), None)


def applies(command: Command, axes: Axes) -> bool:
    """Whether a command has something to do where the panel stands at `axes`.

    A panel that is armed in a way nobody can read may be disarmed. A mode that is merely unclear beside a known
    interior may not: disarming would take the interior with it.
    """
    if command.only_if is None:
        return True
    on = axes.has(command.only_if)
    return on is True or (on is None and axes.interior is None)


def makes_pointless(command: Command, waiting: Action, axes: Axes, soon: Axes) -> bool:
    """Whether a command takes an earlier one, that was not sent yet, out of the queue; see CommandQueue.supersede."""
    if not isinstance(command.action, Disarm) or not isinstance(waiting, Arm):
        return False
    if command.only_if is None or applies(command, axes) or applies(command, soon):
        return command.action.main or waiting.mode.annex
    return Axes().after(waiting).has(command.only_if) is True
