"""The commands of one alarm that have not ended: taken in from any thread, joined, judged by their age, and ended."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from emulator.alarm.age import Age
from emulator.alarm.offers import Offer, Offers
from emulator.alarm.queue import CommandQueue, Job, Ticket, View
from emulator.alarm.unfinished import Records
from emulator.clock import Moment
from emulator.errors import EmulatorError, Superseded, TooLate, TooMany, Unconfirmed, Unreachable
from emulator.model import Action, Arm, Command, Outcome, PanelState, Result
from emulator.words import spoken
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

FAILURE_KEPT_S = 5.0
"""A switch whose client at once repeats an arm that failed (pywemo does, three times) sends the panel nothing."""


@dataclass(eq=False)
class PendingCommands:
    """The queue, and the view of the alarm, which is replaced whole. Every method may be called from any thread.

    `on_change` is called after a change of the view, without the lock.
    """

    view: View
    records: Records
    age: Age
    on_change: Callable[[], None]
    lock: threading.Condition = field(default_factory=threading.Condition)
    queue: CommandQueue = field(default_factory=CommandQueue)
    offers: Offers = field(default_factory=Offers)
    stopping: bool = False
    paused: bool = False
    _stepping: bool = False
    _failed: dict[Action, tuple[float, EmulatorError]] = field(default_factory=dict)

    def now(self) -> Moment:
        """Return this moment."""
        return Moment(self.records.clock.monotonic(), self.records.clock.time())

    def submit(
        self, command: Command, entry: int | None = None, *, asked: Moment | None = None, ticket: Ticket | None = None
    ) -> Ticket:
        """Queue a command and write it down; one that equals one in the queue joins it.

        For a command that was held back, `entry` is what `hold` returned, `asked` the moment when it was asked for and
        `ticket` the one that was given out then. Raises TooMany where too much waits, and EmulatorError as `hold` does.
        """
        asked = asked or self.now()
        with self.lock:
            pointless = self.queue.pointless(command, self.view.axes)
            twin = self.queue.join(command, pointless, asked)
            known = None if twin else self.obstacle(command.action, repeats=bool(command.origin.switch))
            again = None if self.stopping else known
            full = None
            if twin is None and not self.queue.has_room(command.origin.peer, pointless):
                full = TooMany(Text("not sent: too many commands wait already; try again in a minute"))
                if entry is None:
                    raise full
            if entry is None and twin is None and again is None:
                entry = self.records.hold(command)
            job = Job(command, entry or 0, asked, ticket or Ticket())
            job.ticket.waits |= self.queue.first is not None
            refused = None if twin else known or full or self._lateness(job)
            if refused is None:
                for other in pointless:
                    self.queue.drop(other)
                if twin is None:
                    job.ticket.entry = job.entry
                    self.queue.put(job)
                self._look()
                self.lock.notify_all()
        joined = ": already under way" if twin else ""
        LOG.info("%s: %s, asked for %s%s", self.records.name, command.action, command.origin, joined)
        if twin:
            if entry is not None:
                self.records.finish(entry, Outcome(Result.IGNORED, Text("the same was already under way")))
            job.ticket.follow(twin.ticket)
            job.ticket.entry = twin.entry
        if again is not None:
            self.records.end_again(job, again)
        elif refused is not None:
            self.records.end(job, refused)
        else:
            later = spoken.action(command.action)
            for other in pointless:
                self.records.end(other, Superseded(Text("a later {action} took its place", action=later)))
        self.on_change()
        return job.ticket

    def obstacle(self, action: Action, *, repeats: bool = True) -> EmulatorError | None:
        """Return what an action would be refused for now, without asking the cloud; the lock is held.

        `repeats` is for those whose client may repeat itself; a person who asks again has closed the window.
        """
        if self.stopping:
            return Unreachable(Text("the program is stopping"), sent=False)
        until, error = self._failed.get(action, (0.0, None)) if repeats else (0.0, None)
        return error if self.records.clock.monotonic() < until else None

    @property
    def is_at_rest(self) -> bool:
        """True if nothing waits or is under way, and no failure is remembered for the client that repeats itself."""
        with self.lock:
            return self._is_at_rest()

    def _is_at_rest(self) -> bool:
        now = self.records.clock.monotonic()
        return (
            not self._stepping and self.queue.first is None and all(now >= until for until, _ in self._failed.values())
        )

    def pause(self) -> bool:
        """Begin nothing any more until `resume`, and only take in; False, without any change, while not at rest."""
        with self.lock:
            self.paused = self.paused or self._is_at_rest()
            return self.paused

    def resume(self) -> None:
        """Go on after `pause`."""
        with self.lock:
            self.paused = False
            self.lock.notify_all()

    @property
    def offer(self) -> Offer | None:
        """The decision that a person may take now after a refusal."""
        with self.lock:
            return None if self.stopping else self.offers.open(self.now())

    def expire(self) -> bool:
        """End what was not sent in time, also where the thread is held up; return whether anything waits to be sent."""
        with self.lock:
            late = [(job, error) for job in self.queue.unsent() if (error := self._lateness(job))]
            for job, _ in late:
                self.queue.drop(job)
            if late:
                self._look()
            waits = bool(self.queue.unsent())
        for job, error in late:
            self.records.end(job, error)
        if late:
            self.on_change()
        return waits

    # -- on the alarm's thread ------------------------------------------------------------------------------

    def wait(self, due_at: Callable[[], float]) -> bool:
        """Wait for a command, or until the poll is due, which may change meanwhile; return False when stopping."""
        with self.lock:
            self._stepping = False
            while not self.stopping and self._may_wait(due_at()):
                self.lock.wait(None if self.paused else due_at() - self.records.clock.monotonic())
            self._stepping = not self.stopping
            return not self.stopping

    def _may_wait(self, due_at: float) -> bool:
        return self.paused or (not self.queue and self.records.clock.monotonic() < due_at)

    def take(self) -> Job | None:
        """Return the next job, which is in flight from now on, or None."""
        with self.lock:
            return self.queue.take()

    def commit(self, job: Job, *, sending: bool = False, begun: bool = False) -> None:
        """See that a command may still be sent.

        Raises Superseded where it has ended, or is too late; Unconfirmed where a part of it was done before: `begun`.
        """
        with self.lock:
            late = TooLate(Text("it had ended before it was sent")) if job.over else None
            # Of an arm that goes in parts, the first has left the house half armed: the others follow.
            if late is None and not (begun and isinstance(job.command.action, Arm)):
                late = self._lateness(job) or self.offers.why_not(job)
            if late:
                raise Unconfirmed(str(late)) if begun and not job.over else late
            job.sent, job.begun = job.sent | sending, job.begun | begun
            if sending:
                self.offers.sends(job)

    def know(self, state: PanelState, at: float) -> None:
        """Take over what the panel said, at a moment in monotonic seconds."""
        with self.lock:
            self.age.saw(state.axes, at)
            self.offers.saw(state)
            self.view = self.queue.view(state, self.view.triggered)

    def trigger(self, at: float | None) -> None:
        """Show since when the alarm has gone off; None that it has not."""
        with self.lock:
            self.view = replace(self.view, triggered=at)

    def complete(self, job: Job, end: Outcome | EmulatorError, took_s: float) -> None:
        """End the job in flight, unless that has happened while it was; remember a failed arm for a moment."""
        self._failed.clear()
        action = job.command.action
        if isinstance(end, EmulatorError) and isinstance(action, Arm) and not isinstance(end, Superseded):
            self._failed[action] = (self.records.clock.monotonic() + FAILURE_KEPT_S, end)
        with self.lock:
            self.queue.current = None
            if not job.over:
                self.offers.ended(job, end, self.view, self.now())
            self._look()
        if not job.over:
            self.records.end(job, end, took_s)

    def drain(self) -> None:
        """End everything that waits: the program stops."""
        while job := self.queue.take():
            self.records.end(job, Unreachable(Text("the program stopped before this was sent"), sent=False))

    def _lateness(self, job: Job) -> TooLate | None:
        return self.age.lateness(job.command, job.asked, self.now())

    def _look(self) -> None:
        """Replace the view after a change of the state or the queue; the lock is held."""
        self.view = self.queue.view(self.view.state, self.view.triggered)
