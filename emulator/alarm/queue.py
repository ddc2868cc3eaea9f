"""The queue of one alarm: join, supersede, bound, and where it leads. Pure: no thread, no clock."""

from collections import deque
from collections.abc import Collection
from concurrent.futures import Future
from dataclasses import dataclass, field, replace

from emulator.clock import Moment
from emulator.errors import EmulatorError
from emulator.model import Action, Arm, ArmMode, Axes, Command, Disarm, Outcome, PanelState, Result

MOST_WAITING = 4
"""Most jobs that wait for an alarm: a command takes half a minute, and no person means more than the next few."""

MOST_OF_A_PEER = 2
"""Most of those by one peer, so that others find room."""


@dataclass(eq=False, slots=True)
class Ticket:
    """A submitted command.

    `accepted` resolves to None when the cloud took the command, or when there was nothing to do, and raises an
    EmulatorError when it was refused. `done` always resolves to the Outcome, possibly minutes later. `entry` is its
    number in the journal. `waits` is True if it is not sent at once, and `obstacle` is what will probably refuse it:
    in both cases the client is better answered now.
    """

    accepted: Future[None] = field(default_factory=Future)
    done: Future[Outcome] = field(default_factory=Future)
    entry: int = 0
    waits: bool = False
    obstacle: EmulatorError | None = None

    def __post_init__(self) -> None:
        # A client that disconnects must not be able to cancel what others wait for.
        self.accepted.set_running_or_notify_cancel()
        self.done.set_running_or_notify_cancel()

    def accept(self) -> None:
        """Resolve `accepted`."""
        if not self.accepted.done():
            self.accepted.set_result(None)

    def finish(self, outcome: Outcome, error: EmulatorError | None) -> None:
        """Resolve `done`, and `accepted` if still pending."""
        if error is None:
            self.accept()
        elif not self.accepted.done():
            self.accepted.set_exception(error)
        if not self.done.done():
            self.done.set_result(outcome)

    def fail(self, error: EmulatorError, result: Result = Result.FAILED) -> None:
        """Resolve both with an error."""
        self.finish(Outcome(result, str(error)), error)

    def follow(self, other: "Ticket") -> None:
        """Resolve as another one does."""
        other.accepted.add_done_callback(lambda taken: None if taken.exception() else self.accept())
        other.done.add_done_callback(lambda ended: self.finish(ended.result(), _error(other)))


def _error(ticket: Ticket) -> EmulatorError | None:
    error = ticket.accepted.exception() if ticket.accepted.done() else None
    return error if isinstance(error, EmulatorError) else None


@dataclass(eq=False, slots=True)
class Job:
    """A command, its number in the journal, when it was asked for last, and its ticket.

    `sent` is True once it may have reached the cloud, `begun` once a part of it is done, `over` if it has ended before.
    """

    command: Command
    entry: int
    asked: Moment
    ticket: Ticket = field(default_factory=Ticket)
    sent: bool = False
    begun: bool = False
    over: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """The alarm at one moment: last polled state, where queued commands lead, first entry, and since when it rings."""

    state: PanelState | None = None
    target: Axes | None = None
    entry: int | None = None
    triggered: float | None = None

    @property
    def axes(self) -> Axes:
        """The axes of the last polled state, all unknown where there is none."""
        return self.state.axes if self.state else Axes()

    @property
    def soon(self) -> Axes:
        """The axes once the queued commands are carried out."""
        return self.axes if self.target is None else self.target


class CommandQueue:
    """Commands in order of arrival, and the one in flight. Not locked: its owner does that."""

    def __init__(self) -> None:
        self._waiting: deque[Job] = deque()
        self.current: Job | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def twin(self, command: Command, leaving: Collection[Job] = ()) -> Job | None:
        """Return the job that `command` joins once `leaving` are gone: one that waits, or that in flight if last."""
        waiting = [job for job in self._waiting if job not in leaving]
        flying = [job for job in self._flying() if job not in leaving]
        return next((job for job in waiting or flying if _is_same(job.command, command)), None)

    def join(self, command: Command, leaving: Collection[Job], asked: Moment) -> Job | None:
        """Let a command join a job in the queue once `leaving` are gone; return that job, or None."""
        if twin := self.twin(command, leaving):
            self.again(twin, asked)
        return twin or self.merge(command, leaving)

    def put(self, job: Job) -> None:
        """Add at the end."""
        self._waiting.append(job)

    def again(self, job: Job, asked: Moment) -> None:
        """Note that a job was asked for once more; one that waits takes its place at the end."""
        if job in self.unsent():
            job.asked = asked
        if job in self._waiting:
            self._waiting.remove(job)
            self.put(job)

    def merge(self, command: Command, leaving: Collection[Job]) -> Job | None:
        """Let an off join a job that waits and disarms the same; return that job, which keeps its age, or None."""
        for job in self._waiting:
            same = job.command.action == command.action and job not in leaving
            if same and command.only_if is not None and job.command.only_if is not None:
                job.command = replace(job.command, or_if=(*job.command.or_if, command.only_if))
                return job
        return None

    def drop(self, job: Job) -> None:
        """Take out a job of which nothing was sent; the one in flight is over then."""
        job.over = True
        if job in self._waiting:
            self._waiting.remove(job)

    def take(self) -> Job | None:
        """Return the next job, which is in flight from now on, or None."""
        self.current = self._waiting.popleft() if self._waiting else None
        return self.current

    def has_room(self, peer: str, leaving: Collection[Job]) -> bool:
        """Return whether a peer may put one more once `leaving` have made room."""
        staying = [job.command.origin.peer for job in self._waiting if job not in leaving]
        return len(staying) < MOST_WAITING and staying.count(peer) < MOST_OF_A_PEER

    def pointless(self, command: Command, axes: Axes) -> list[Job]:
        """Return the jobs that a later command supersedes: some that wait, and for an arm the unsent one in flight.

        A disarm takes that of all arms of what it disarms, if it has something to do: where the panel stands at `axes`,
        or where the command in flight leads. Otherwise only of those that would turn on the switch that it turns off.
        An arm takes that of disarms of what it arms, as the house stays armed in doubt, and of arms of its own axes.
        """
        flying = self._flying()
        soon = axes.after(flying[0].command.action) if flying else axes
        candidates = self.unsent() if isinstance(command.action, Arm) else self._waiting
        others = (job for job in candidates if not _is_same(job.command, command))
        return [job for job in others if takes_place(command, job.command.action, axes, soon)]

    def unsent(self) -> list[Job]:
        """Return the jobs that nothing was sent of yet: the one in flight, if it is one, and those that wait."""
        return [job for job in self._flying() if not job.sent] + list(self._waiting)

    def target(self, axes: Axes) -> Axes:
        """Return where the panel will stand once everything is done."""
        for job in self._ahead():
            if applies(job.command, axes):
                axes = axes.after(job.command.action)
        return axes

    def view(self, state: PanelState | None, triggered: float | None = None) -> View:
        """Return the view of an alarm that was last read in `state`."""
        view = View(state, triggered=triggered)
        return replace(view, target=self.target(view.axes), entry=self.first.entry) if self.first else view

    @property
    def first(self) -> Job | None:
        """The command in flight, or else the next; None when there is nothing to do."""
        return next(iter(self._ahead()), None)

    def _ahead(self) -> list[Job]:
        return self._flying() + list(self._waiting)

    def _flying(self) -> list[Job]:
        return [self.current] if self.current and not self.current.over else []


def applies(command: Command, axes: Axes) -> bool:
    """Return whether a command has something to do where the panel stands at `axes`.

    A panel that is armed in an unreadable way may be disarmed. A mode that is merely unclear beside a known
    interior may not: disarming would take the interior with it.
    """
    if command.only_if is None:
        return True
    on = command.is_on(axes)
    return on is True or (on is None and axes.interior is None)


def _is_same(one: Command, other: Command) -> bool:
    return one.action == other.action and (one.only_if == other.only_if or other.only_if in one.or_if)


def nothing_left(command: Command, axes: Axes) -> bool:
    """Return whether a disarm finds nothing to do at `axes`, as far as they are known."""
    if command.only_if is None:
        return axes.reached(command.action) is True
    return command.is_on(axes) is False


def makes_pointless(command: Command, waiting: Action, axes: Axes, soon: Axes) -> bool:
    """Return whether a disarm takes the place of an arm that was not sent yet; see CommandQueue.pointless."""
    if not isinstance(command.action, Disarm) or not isinstance(waiting, Arm):
        return False
    if command.only_if is None or applies(command, axes) or applies(command, soon):
        return command.action.main or waiting.mode.annex
    return Axes().after(waiting).has(command.only_if) is True


def takes_place(command: Command, waiting: Action, axes: Axes, soon: Axes) -> bool:
    """Return whether a command takes the place of one that was not sent yet; see CommandQueue.pointless."""
    if isinstance(command.action, Disarm):
        return makes_pointless(command, waiting, axes, soon)
    mode = command.action.mode
    if isinstance(waiting, Disarm):
        undone = Disarm.of(mode)
        return (waiting.main and undone.main) or (waiting.annex and undone.annex)
    return _named(waiting.mode) <= _named(mode)


def _named(mode: ArmMode) -> set[str]:
    axes = {"interior": mode.interior is not None, "perimeter": mode.perimeter, "annex": mode.annex}
    return {axis for axis, named in axes.items() if named}
