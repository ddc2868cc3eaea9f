"""One alarm: the thread that runs its commands and polls its cloud, and what other threads may ask meanwhile."""

import logging
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass

from emulator.alarm.age import ARM_WITHIN_S, Age
from emulator.alarm.cloud import Cloud, Details, Reading, Report
from emulator.alarm.freshness import Freshness
from emulator.alarm.log_reader import LogReader
from emulator.alarm.login_guard import LoginGuard
from emulator.alarm.offers import Offer
from emulator.alarm.pending import PendingCommands
from emulator.alarm.polling import PollEvent, PollSchedule
from emulator.alarm.queue import Ticket, View
from emulator.alarm.session import CloudSession
from emulator.alarm.unfinished import Records
from emulator.clock import Clock, Moment
from emulator.errors import EmulatorError, Unconfirmed
from emulator.model import Action, Command, Notice, Origin, PanelState
from emulator.store.journal import Journal
from emulator.words import spoken
from emulator.words.text import Text

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Health:
    """Health of an installation's connection to its cloud. Times are epoch seconds.

    `read_at` is the last successful read of this run, `next_poll_at` when the next is due. `failures` counts the polls
    in a row that brought no news. `error` is what the last one said, or why the news is `old`: older than it can be
    where all is well. `blocked` says why logins have stopped and what a person can do. `alive` is False when the thread
    has ended or hangs.
    """

    read_at: float | None = None
    next_poll_at: float | None = None
    failures: int = 0
    error: str = ""
    old: bool = False
    blocked: str = ""
    alive: bool = True

    @property
    def is_faulty(self) -> bool:
        """True while there is no news from the alarm, or its login needs a person."""
        return bool(self.failures or self.old or self.blocked or not self.alive)


class Installation:
    """Owns one cloud session. The first half serves any thread; the rest runs on the one that `start` makes.

    `credentials`, `refusals` and `after_refusal` are for LoginGuard, `reread_after_s` for PollSchedule, `lag_s` for
    CloudSession, `activity_s` for LogReader, `arm_within_s` and `stood_still` for Age, `who` for Records. `read_s` is
    how long a read may take where all is well, with whatever goes before it. `silent_after_s` is how long there may be
    no news until people are notified. `asks_code` if a command needs a person's code, as none is kept.
    """

    def __init__(
        self,
        name: str,
        make_cloud: Callable[[], Cloud],
        journal: Journal,
        clock: Clock,
        *,
        poll_every_s: float,
        reread_after_s: float | None = None,
        lag_s: float = 0.0,
        activity_s: float | None = None,
        credentials: str = "",
        refusals: int = 0,
        after_refusal: str = "",
        on_change: Callable[[], None] = lambda: None,
        on_progress: Report = lambda _phase, _text: None,
        on_notice: Callable[[Notice, str], None] = lambda _notice, _text: None,
        who: Callable[[Origin], str] = spoken.who,
        read_s: float = math.inf,
        silent_after_s: float = math.inf,
        arm_within_s: float = ARM_WITHIN_S,
        stood_still: Callable[[Moment], bool] = lambda _asked: False,
        asks_code: bool = False,
    ) -> None:
        self.name, self.asks_code, self._on_change = name, asks_code, on_change
        self._shown = (False, True)
        self.records = Records(name, journal, clock, on_notice, who)
        age = Age(arm_within_s, stood_still)
        self._commands = PendingCommands(View(journal.load_state(name)), self.records, age, on_change)
        self._polling = PollSchedule(poll_every_s, reread_after_s, clock.monotonic())
        self._guard = LoginGuard(self.records, credentials, refusals, after_refusal)
        self._freshness = Freshness(self.records, poll_every_s, read_s, silent_after_s)
        log = LogReader(self.records, self._commands, activity_s, poll_every_s)
        parts = (self.records, self._commands, self._guard, self._polling, self._freshness, log)
        self._session = CloudSession(make_cloud, *parts, on_progress, lag_s)
        self._thread = threading.Thread(target=self._run, name=f"installation {name}", daemon=True)

    # -- for any thread -------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to poll and to run commands."""
        if self._guard.refusal:
            LOG.error("%s: %s", self.name, self._guard.trouble)
        self._thread.start()

    def leave(self) -> None:
        """Let the thread end by itself; `stop` is next."""
        with self._commands.lock:
            self._commands.stopping = True
            self._commands.lock.notify_all()

    def stop(self, timeout_s: float) -> None:
        """End the thread and the session; commands that were not sent end as failed. The clock must be stopping.

        A thread that is still held by an answer of the cloud after that time is left to the end of the process.
        """
        self.leave()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        if self._thread.is_alive():
            self.abandon()

    def abandon(self) -> None:
        """End the command in flight as unconfirmed, as its end is not waited for, and those that wait as failed."""
        if (job := self._commands.queue.current) and not job.over:
            self.records.end(job, Unconfirmed(Text("the program stopped while the cloud was silent")))
        self._commands.drain()

    @property
    def view(self) -> View:
        """Last state of the alarm, and where queued commands lead."""
        return self._commands.view

    @property
    def health(self) -> Health:
        """Health of its connection to the cloud; memory only, so that its thread may hang."""
        # A cloud that has refused the login is not asked: then the age of the news says nothing of it.
        old = "" if self._guard.refusal else self._freshness.trouble
        failures = self._polling.failures
        return Health(
            read_at=self._polling.read_at,
            next_poll_at=self.records.clock.time() + max(0.0, self._polling.due_at - self.records.clock.monotonic()),
            failures=failures,
            error=self._session.error if failures else old,
            old=bool(old),
            blocked=self._guard.trouble,
            alive=(self._thread.ident is None or self._thread.is_alive()) and not self._freshness.hangs,
        )

    def look_after(self) -> None:
        """Notify people and subscribers of what its thread cannot report while it hangs. For every few seconds."""
        health = self.health
        self._freshness.look("" if health.blocked else health.error)
        shown = (health.old, health.alive)
        if shown != self._shown:
            self._shown = shown
            if health.old or not health.alive:
                why = health.error if health.alive else "its thread has ended or hangs; restart the program"
                LOG.warning("%s: %s", self.name, why)
            self._on_change()

    def after_gap(self, stopped_s: float, slept_s: float) -> None:
        """Invalidate what was read before a gap of the process, and read at once.

        The monotonic clock has counted `stopped_s`, and not `slept_s`.
        """
        self._freshness.missed(stopped_s, slept_s)
        with self._commands.lock:
            self._polling.saw(PollEvent.GAP, self.records.clock.monotonic())
            self._commands.lock.notify_all()

    def refresh(self) -> bool:
        """Poll at once for a person who asks, in the cheapest way; return False if that joins one of seconds ago."""
        with self._commands.lock:
            self._commands.lock.notify_all()
            return self._polling.ask(self.records.clock.monotonic())

    def submit(
        self, command: Command, entry: int | None = None, *, asked: Moment | None = None, ticket: Ticket | None = None
    ) -> Ticket:
        """Queue a command and write it down; see PendingCommands.submit."""
        return self._commands.submit(command, entry, asked=asked, ticket=ticket)

    def expire(self) -> bool:
        """End what was not sent in time; see PendingCommands.expire."""
        return self._commands.expire()

    @property
    def is_at_rest(self) -> bool:
        """True if no command waits or is under way, and the cloud is not being asked."""
        return self._commands.is_at_rest

    def pause(self) -> bool:
        """Ask the cloud nothing until `resume`; see PendingCommands.pause."""
        return self._commands.pause()

    def resume(self) -> None:
        """Go on after `pause`."""
        self._commands.resume()

    @property
    def offer(self) -> Offer | None:
        """The decision that a person may take now after a refusal, if there is one."""
        return self._commands.offer

    def known_obstacle(self, action: Action) -> EmulatorError | None:
        """Return what a command would be refused for now, without asking the cloud."""
        with self._commands.lock:
            return self._guard.refusal or self._commands.obstacle(action)

    # -- on the thread, or without one ----------------------------------------------------------------------

    def read_now(self, how: Reading = Reading.POLL) -> PanelState:
        """Read the state and settle what was unconfirmed; raises CloudError."""
        return self._session.read_now(how)

    def describe(self) -> Details:
        """Return what the cloud knows of the installation; raises CloudError."""
        return self._session.describe()

    def close(self) -> None:
        """End the session; for a caller that drives this without its thread."""
        self.records.catch_up()
        self._session.close()

    def step(self) -> None:
        """Run the next command, or poll if there is none and it is time."""
        self._freshness.begin_step()
        try:
            self.records.catch_up()
            if job := self._commands.take():
                self._session.perform(job)
            elif self.records.clock.monotonic() >= self._polling.due_at:
                self._session.poll()
            self._on_change()
        finally:
            self._freshness.end_step()

    def _run(self) -> None:
        while self._commands.wait(lambda: self._polling.due_at):
            try:
                self.step()
            except Exception:
                # Nothing may end this thread while the house relies on it.
                LOG.exception("%s: a defect of this program; going on", self.name)
                self._polling.saw(PollEvent.POLLED, self.records.clock.monotonic())
        self._commands.drain()
        self.close()
