"""One alarm: its queue, its session, its polling and its last state, all on one thread."""

import logging
import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from emulator.alarm.cloud import Cloud, Details, Phase, Reading, Report
from emulator.alarm.freshness import Freshness
from emulator.alarm.queue import CommandQueue, Job, Ticket, applies, nothing_left
from emulator.alarm.unfinished import Records, Unsettled
from emulator.clock import Clock
from emulator.errors import (
    CloudError,
    EmulatorError,
    LoginNeeded,
    LoginRefused,
    Rejected,
    Retired,
    SettingNeeded,
    Superseded,
    TooLate,
    TooMany,
    Unconfirmed,
    Unreachable,
)
from emulator.model import (
    LOGIN_CAUSE,
    Action,
    Arm,
    Axes,
    Command,
    Disarm,
    Health,
    Moment,
    Notice,
    Outcome,
    PanelState,
    Result,
)
from emulator.store import history, refused_logins
from emulator.store.journal import Journal

LOG = logging.getLogger(__name__)

FAILURE_KEPT_S = 5.0
"""A client that repeats at once an arm that failed (pywemo does, three times) does not repeat it to the panel."""

FRESH_S = 10.0
"""Before a command that only makes sense in some states, an older state is brought up to date."""

BACKOFF_LIMIT_S, BACKOFF_DOUBLINGS = 600.0, 10
"""The longest pause between polls of a cloud that does not answer, and how soon it is reached."""

WAKE_AGAIN_S = 30.0
"""Whoever goes on pressing a switch of which nobody knows whether it is on does not wake the panel each time."""

LOGIN_LOOK_S = 5.0
"""How soon it is noticed that a person has logged in; looking asks nobody but our own files."""

DISARM_WITHIN_S = 30.0
"""A disarm that could not be sent in this time is not sent any more: its house may be another by then."""

ARM_WITHIN_S = 60.0
"""The same for an arm where the settings do not say otherwise."""

Answer = TypeVar("Answer")

TYPED = "cli"
"""The door of commands whose outcome a person reads at once."""


@dataclass(frozen=True, slots=True)
class View:
    """What may be known of the alarm at one moment: the last polled state, and where queued commands lead.

    `entry` is where the first of those stands in the journal.
    """

    state: PanelState | None = None
    target: Axes | None = None
    entry: int | None = None

    @property
    def axes(self) -> Axes:
        """The axes of the last polled state, all unknown where there is none."""
        return self.state.axes if self.state else Axes()


class Installation:
    """Owns one cloud session. `submit` and `view` serve any thread; the rest runs on the one that `start` makes.

    `credentials` is only kept as a fingerprint, of a login that was refused. `refusals` is how many refusals of these
    very credentials do not keep it from trying them: none, unless a person asks. `after_refusal` says what helps then.
    `reread_after_s` is for clouds whose polls are rare: how soon after a command the state is read once more. `lag_s`
    is how old may be what such a cloud shows as the panel's state. `read_s` is how long a read may take where all is
    well, with whatever goes before it. `silent_after_s` is how long there may be no news until somebody is told.
    `arm_within_s` is how old an arm may be when it is sent; `stood_still` tells whether the process did since a moment.
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
        credentials: str = "",
        refusals: int = 0,
        after_refusal: str = "",
        on_change: Callable[[], None] = lambda: None,
        on_progress: Report = lambda _phase, _text: None,
        on_notice: Callable[[Notice, str], None] = lambda _notice, _text: None,
        read_s: float = math.inf,
        silent_after_s: float = math.inf,
        arm_within_s: float = ARM_WITHIN_S,
        stood_still: Callable[[Moment], bool] = lambda _asked: False,
    ) -> None:
        self.name = name
        self.view = View(journal.load_state(name))
        self._make_cloud = make_cloud
        self._cloud = make_cloud()
        self._journal = journal
        self._clock = clock
        self._poll_every_s = poll_every_s
        self._reread_after_s = reread_after_s
        self._credentials = credentials
        self._refusals = refusals
        self._after_refusal = after_refusal
        self._on_change = on_change
        self._on_progress = on_progress
        self._on_notice = on_notice
        self._arm_within_s = arm_within_s
        self._stood_still = stood_still
        self._readings: list[tuple[float, Axes]] = []
        self._records = Records(name)
        self._freshness = Freshness(
            name,
            journal,
            self._records,
            clock,
            poll_every_s=poll_every_s,
            read_s=read_s,
            silent_after_s=silent_after_s,
            tell=on_notice,
        )
        self._shown = (False, True)
        self._gaps = 0
        self._lock = threading.Condition()
        self._queue = CommandQueue()
        self._stopping = False
        self._poll_at = clock.monotonic()
        self._failures = 0
        self._error = ""
        self._read_at: float | None = None
        self._failed: dict[Action, tuple[float, EmulatorError]] = {}
        self._unsettled = Unsettled(journal.unsettled(name), self._poll_at, lag_s)
        self._got: PanelState | None = None
        self._woken_at = float("-inf")
        self._fresh_until = float("-inf")
        refused = refused_logins.recall(journal, credentials)
        self._blocked: CloudError | None = None
        self._is_noted = refused is not None  # only then may others tell by the journal that it is lifted
        if refused and refused.times > refusals:
            self._blocked = LoginRefused(self._what_to_do(LoginRefused(refused.message)))
        self._thread = threading.Thread(target=self._run, name=f"installation {name}", daemon=True)

    # -- for any thread -------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to poll and to run commands."""
        if self._blocked:
            LOG.error("%s: %s", self.name, self._blocked)
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """End the thread and the session; commands that were not sent end as failed. The clock must be stopping.

        A thread that is still held by an answer of the cloud after that time is left to the end of the process.
        """
        with self._lock:
            self._stopping = True
            self._lock.notify_all()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        if self._thread.is_alive():
            self.abandon()

    def abandon(self) -> None:
        """End what is in flight as unconfirmed, because nobody will wait for its end, and what waits as failed."""
        if (job := self._queue.current) and not job.over:
            error = Unconfirmed("the program stopped while the cloud was silent")
            self._end(job, _outcome(error), error)
        self._drain()

    @property
    def health(self) -> Health:
        """How it gets on with its cloud; memory only, so that its thread may hang."""
        # Nobody asks a cloud that has refused the login: then the age of the news says nothing of it.
        old = "" if self._blocked else self._freshness.trouble
        return Health(
            read_at=self._read_at,
            next_poll_at=self._clock.time() + max(0.0, self._poll_at - self._clock.monotonic()),
            failures=self._failures,
            error=self._error if self._failures else old,
            old=bool(old),
            blocked="" if self._blocked is None else self._what_to_do(self._blocked),
            alive=(self._thread.ident is None or self._thread.is_alive()) and not self._freshness.hangs,
        )

    def look_after(self) -> None:
        """Tell people and subscribers what its own thread cannot tell while it hangs. Cheap; for every few seconds."""
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
        """Take nothing for fresh that was read before a gap of the process, and read at once.

        The monotonic clock has counted `stopped_s`, and not `slept_s`.
        """
        self._freshness.missed(stopped_s, slept_s)
        with self._lock:
            self._gaps += 1
            self._poll_at = self._clock.monotonic()
            self._fresh_until = float("-inf")
            self._lock.notify_all()

    def hold(self, command: Command) -> int:
        """Write down a command that somebody holds back; its entry in the journal, for `submit` or `finish`.

        Raises EmulatorError when the journal cannot be written: what is not written is not sent.
        """
        try:
            return self._journal.begin(self.name, command, self._clock.time())
        except EmulatorError as full:
            if command.origin.door != TYPED:
                # A voice may have said OK before.
                self._on_notice(Notice.FAILED, f"{command.action}, asked for {command.origin}: not sent: {full}")
            raise

    def finish(self, entry: int, outcome: Outcome) -> None:
        """Write down how a command ended; later where that is not possible now."""
        now = self._clock.time()
        self._records.write(lambda: self._journal.end(entry, outcome, now), again=True)

    def submit(
        self, command: Command, entry: int | None = None, *, asked: Moment | None = None, ticket: Ticket | None = None
    ) -> Ticket:
        """Queue a command and write it down; one that equals one in the queue joins it.

        `entry` is what `hold` said, `asked` when it was asked for, and `ticket` what was given out for it then, if it
        was held back. Raises TooMany where too much waits, and EmulatorError as `hold` does.
        """
        asked = asked or self._now()
        with self._lock:
            pointless = self._queue.pointless(command, self.view.axes)
            if twin := self._queue.twin(command, pointless):
                self._queue.again(twin, asked)
            else:
                twin = self._queue.merge(command, pointless)
            known = None if twin else self._refusal_now(command.action)
            again = None if self._stopping else known
            full = None
            if twin is None and not self._queue.has_room(command.origin.peer, pointless):
                full = TooMany("not sent: too many commands wait already; try again in a minute")
                if entry is None:
                    raise full
            entry = self.hold(command) if entry is None and twin is None and again is None else entry
            ticket = ticket or Ticket()
            ticket.waits |= self._queue.first is not None
            job = Job(command, entry or 0, asked, ticket)
            refused = None if twin else known or full or self._lateness(job)
            if refused is None:
                for other in pointless:
                    self._queue.drop(other)
                if twin is None:
                    ticket.entry = job.entry
                    self._queue.put(job)
                self._look()
                self._lock.notify_all()
        if twin:
            LOG.info("%s: %s, asked for %s: already under way", self.name, command.action, command.origin)
            if entry is not None:
                self.finish(entry, Outcome(Result.IGNORED, "the same was already under way"))
            ticket.follow(twin.ticket)
            ticket.entry = twin.entry
        else:
            LOG.info("%s: %s, asked for %s", self.name, command.action, command.origin)
        if again is not None:
            self._end_again(command, again, ticket, entry)
        elif refused is not None:
            self._end(job, _outcome(refused), refused)
        else:
            error = Superseded(f"a later {command.action} took its place")
            for other in pointless:
                self._end(other, _outcome(error), error)
        self._on_change()
        return ticket

    def _end_again(self, command: Command, error: EmulatorError, ticket: Ticket, entry: int | None) -> None:
        """End what has just failed without asking the cloud again: it is counted, and people were told."""
        outcome = _outcome(error)
        if outcome.result is Result.UNCONFIRMED:
            # Nothing was sent this time, so there is nothing to settle.
            outcome = Outcome(Result.FAILED, f"not sent again: {error}")
        if entry is None:
            ticket.entry = self._journal.turn_away(self.name, command, outcome, self._clock.time())
        else:
            self.finish(entry, outcome)
        ticket.finish(outcome, error)

    def expire(self) -> bool:
        """End what was not sent in time, also where the thread is held up; tell whether anything waits to be sent."""
        with self._lock:
            late = [(job, error) for job in self._queue.unsent() if (error := self._lateness(job))]
            for job, _ in late:
                self._queue.drop(job)
            if late:
                self._look()
            waits = bool(self._queue.unsent())
        for job, error in late:
            self._end(job, _outcome(error), error)
        if late:
            self._on_change()
        return waits

    def _now(self) -> Moment:
        return Moment(self._clock.monotonic(), self._clock.time())

    def _lateness(self, job: Job) -> TooLate | None:
        """Say why a command must not be sent any more."""
        command, age_s = job.command, job.asked.age_s(self._now())
        disarms = isinstance(command.action, Disarm)
        if age_s >= (DISARM_WITHIN_S if disarms else self._arm_within_s):
            return TooLate(f"it came too late, {age_s:.0f} s after it was asked for; ask again")
        if disarms and self._stood_still(job.asked):
            return TooLate("this program stood still after it was asked for, so it may come too late; ask again")
        left = any(at > job.asked.monotonic and nothing_left(command, axes) for at, axes in self._readings)
        if disarms and left and not nothing_left(command, self.view.axes):
            return TooLate("the alarm was disarmed and armed again after it was asked for; ask again")
        return None

    def known_obstacle(self, action: Action) -> EmulatorError | None:
        """What a command would be refused for now, without asking the cloud."""
        with self._lock:
            return self._blocked or self._refusal_now(action)

    def _refusal_now(self, action: Action) -> EmulatorError | None:
        if self._stopping:
            return Unreachable("the program is stopping", sent=False)
        until, error = self._failed.get(action, (0.0, None))
        return error if self._clock.monotonic() < until else None

    # -- on the thread --------------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            with self._lock:
                while not self._stopping and not self._queue and self._clock.monotonic() < self._poll_at:
                    self._lock.wait(self._poll_at - self._clock.monotonic())
                if self._stopping:
                    break
            try:
                self.step()
            except Exception:
                # Nothing may end this thread while the house relies on it.
                LOG.exception("%s: a defect of this program; going on", self.name)
                self._poll_at = self._clock.monotonic() + self._poll_every_s
        self._drain()
        self.close()

    def _drain(self) -> None:
        while job := self._queue.take():
            error = Unreachable("the program stopped before this was sent", sent=False)
            self._end(job, _outcome(error), error)

    def close(self) -> None:
        """End the session; for whoever drives this without its thread."""
        self._records.catch_up()
        self._cloud.close()

    def step(self) -> None:
        """Run the next command, or poll if there is none and it is time."""
        self._freshness.begin_step()
        try:
            self._records.catch_up()
            with self._lock:
                job = self._queue.take()
            if job:
                self._perform(job)
            elif self._clock.monotonic() >= self._poll_at:
                self._poll()
            self._on_change()
        finally:
            self._freshness.end_step()

    def _perform(self, job: Job) -> None:
        error: EmulatorError | None = None
        started = self._clock.monotonic()
        try:
            outcome = self._execute(job)
        except EmulatorError as caught:
            error = caught
        except Exception as caught:
            # A defect of ours must not end the thread; nobody knows what was sent.
            LOG.exception("%s: %s ended in a defect of this program", self.name, job.command.action)
            error = Unconfirmed(f"a defect of this program ({type(caught).__name__})")
        self._learn(job, error)
        with self._lock:
            self._queue.current = None
            self._look()
        took_s = self._clock.monotonic() - started
        if not job.over:
            self._end(job, outcome if error is None else _outcome(error), error, took_s)

    def _execute(self, job: Job) -> Outcome:
        command = job.command
        self._check_blocked()
        if command.only_if is not None:
            axes = self._fresh_axes(command)
            if command.is_on(axes) is None:
                axes = self._fresh_axes(command, Reading.SETTLE)
            unclear = self._unsettled.may_have_armed or command.is_on(axes.doubted()) is None
            if self._unsettled and unclear:
                raise Unreachable("the cloud has no news yet of an earlier command; try again in a minute", sent=False)
            if not applies(command, self.view.axes):
                return Outcome(Result.IGNORED, self._why_not(command))
        blind = isinstance(command.action, Arm) and self.view.state is not None and self.view.axes.interior is None
        if blind and self._fresh_axes(command, Reading.SETTLE).interior is None:
            raise Rejected("the panel is armed in a way that this program cannot read; disarm it first")
        self._commit(job)
        state = self._got = self._cloud.execute(command.action, self._reporter(job))
        self._keep(state, job.entry)
        self._settle(state)
        return Outcome(Result.CONFIRMED, f"the panel is {state}")

    def _commit(self, job: Job, *, sending: bool = False, begun: bool = False) -> None:
        """See that a command may still be sent.

        Raises Superseded where it has ended, or is too late; Unconfirmed where a part of it was done before: `begun`.
        """
        with self._lock:
            late = TooLate("it had ended before it was sent") if job.over else None
            # Of an arm that goes in parts, the first has left the house half armed: the others follow.
            if late is None and not (begun and isinstance(job.command.action, Arm)):
                late = self._lateness(job)
            if late:
                raise Unconfirmed(str(late)) if begun and not job.over else late
            job.sent |= sending

    def _why_not(self, command: Command) -> str:
        modes = " or ".join(str(mode) for mode in (command.only_if, *command.or_if))
        if command.is_on(self.view.axes) is None:
            return f"the panel does not say whether {modes} is on, and disarming would take {self.view.axes} with it"
        return f"{modes} was not on; nothing was sent"

    def _fresh_axes(self, command: Command, how: Reading = Reading.POLL) -> Axes:
        """The axes as they are now: what this process read in the last moments, or reads at once.

        Raises CloudError when that cannot be told: in doubt the house stays as it is.
        """
        now = self._clock.monotonic()
        if self._unsettled:
            how = Reading.SETTLE
        if how is not Reading.POLL and now < self._woken_at + WAKE_AGAIN_S:
            how = Reading.POLL
        # While the machine slept only the time of day went on.
        is_fresh = now <= self._fresh_until and 0 <= self._clock.time() - (self._read_at or 0.0) <= FRESH_S
        if how is not Reading.POLL or not is_fresh:
            try:
                self._read(Reading.GLANCE if how is Reading.POLL and self._was_on(command) else how)
            except Unreachable as error:
                if not self._was_on(command):
                    raise Unreachable(f"cannot tell whether {command.action} is right: {error}", sent=False) from None
                LOG.warning("%s: going by the last state, %s: %s", self.name, self.view.axes, error)
        return self.view.axes

    def _was_on(self, command: Command) -> bool:
        """Whether this turns off a mode that was on when last read: a disarm does not depend on reading."""
        return isinstance(command.action, Disarm) and command.is_on(self.view.axes) is True

    def _learn(self, job: Job, error: EmulatorError | None) -> None:
        """Draw the consequences of how a command ended."""
        self._failed.clear()
        now = self._clock.monotonic()
        if error is None:
            # After an outage the next poll may have been far away.
            soon_s = self._poll_every_s if self._reread_after_s is None else self._reread_after_s
            self._poll_at = min(self._poll_at, now + soon_s)
            return
        self._poll_at, self._fresh_until = now, float("-inf")
        if isinstance(job.command.action, Arm) and not isinstance(error, Superseded):
            self._failed[job.command.action] = (now + FAILURE_KEPT_S, error)
        if isinstance(error, Unconfirmed):
            self._unsettled.add(job.entry, now, armed=isinstance(job.command.action, Arm))
        elif isinstance(error, LoginRefused | Retired):
            self._block(error)

    def read_now(self, how: Reading = Reading.POLL) -> PanelState:
        """Read the state and settle what was unconfirmed; raises CloudError. Only for the thread, or without one."""
        if how is Reading.POLL and self._unsettled and self._clock.monotonic() >= self._unsettled.at:
            how = Reading.SETTLE
        return self._allowed(lambda: self._read(how))

    def describe(self) -> Details:
        """What the cloud knows of the installation; raises CloudError. Only for the thread, or without one."""
        return self._allowed(lambda: self._cloud.describe())

    def _allowed(self, ask: Callable[[], Answer]) -> Answer:
        """Ask the cloud something, unless it has refused the login; remember if it does so now."""
        try:
            self._check_blocked()
            return ask()
        except (LoginRefused, Retired) as error:
            self._block(error)
            raise

    def _read(self, how: Reading) -> PanelState:
        now, asked_at = self._clock.monotonic(), self._clock.time()
        is_poll = how in (Reading.POLL, Reading.GLANCE)
        if not is_poll:
            self._unsettled.asked(now)
            self._woken_at = now
        before, state = self._got, self._cloud.read(how)
        self._got = state
        self._keep(state, self._unsettled.last)
        # A cloud without news gives back what it had; its time alone would make that news once the clock is set back.
        is_news = state is not before and state.read_at >= asked_at
        believable = how is Reading.PANEL or now >= self._unsettled.believable_at
        if not is_poll and is_news and believable:
            self._settle(state)
        return state

    def _poll(self) -> None:
        pause_s, gaps = self._poll_every_s, self._gaps
        try:
            self.read_now()
        except (LoginRefused, Retired) as error:
            # Said when it happened; looked at again in case a person's try works meanwhile.
            if isinstance(error, LoginNeeded):
                pause_s = min(pause_s, LOGIN_LOOK_S)
        except Exception as error:
            self._failures += 1
            self._error = str(error) if isinstance(error, EmulatorError) else "a defect of this program; see its log"
            doublings = min(self._failures - 1, BACKOFF_DOUBLINGS)
            pause_s = max(pause_s, min(pause_s * 2**doublings, BACKOFF_LIMIT_S))
            if not isinstance(error, EmulatorError):
                LOG.exception("%s: a poll ended in a defect of this program", self.name)
            elif self._failures == 1:
                LOG.warning("%s: no news from the alarm, the last state is kept: %s", self.name, error)
        with self._lock:
            # What came in before a gap, and was looked at after it, is no news.
            self._poll_at = self._clock.monotonic() + (pause_s if gaps == self._gaps else 0.0)
        if self._unsettled and (self._blocked is None or isinstance(self._blocked, LoginNeeded)):
            self._poll_at = min(self._poll_at, self._unsettled.at)

    def _settle(self, state: PanelState) -> None:
        if self._unsettled:
            LOG.warning("%s: after an unconfirmed command the panel says: %s", self.name, state.axes)
            entries, now = self._unsettled.take(), self._clock.time()
            self._records.write(lambda: self._journal.settle(entries, state, now), again=True)

    def _keep(self, state: PanelState, command: int | None = None) -> None:
        if self.view.state is None or self.view.axes != state.axes:
            LOG.info("%s: the panel is %s (%s)", self.name, state, state.source)
        if isinstance(self._blocked, LoginNeeded):
            LOG.info("%s: the login works again", self.name)
            self._blocked = None
        if self._failures:
            LOG.info("%s: the alarm answers again", self.name)
            self._failures = 0
        self._freshness.has_news(state)
        now = self._clock.monotonic()
        with self._lock:
            self._readings = [each for each in self._readings if each[0] > now - DISARM_WITHIN_S] + [(now, state.axes)]
            self.view = replace(self.view, state=state)
            self._look()
        self._fresh_until = now + FRESH_S
        self._read_at = self._clock.time()
        self._records.write(lambda: self._journal.save_state(self.name, state))
        quiet_s = max(history.QUIET_S, history.QUIET_POLLS * self._poll_every_s)
        self._records.write(lambda: history.keep(self._journal, self.name, state, self._clock.time(), quiet_s, command))
        if self._refusals:
            self._records.write(lambda: refused_logins.forget(self._journal, self._credentials))

    def _look(self) -> None:
        """Replace the view after a change of the state or the queue; the lock is held."""
        if job := self._queue.first:
            self.view = replace(self.view, target=self._queue.target(self.view.axes), entry=job.entry)
        else:
            self.view = replace(self.view, target=None, entry=None)

    # -- refused logins -------------------------------------------------------------------------------------

    def _check_blocked(self) -> None:
        """Raise what the cloud said when it refused the login, unless a person's try has worked meanwhile.

        A login that a person has to make is the cloud's own to look for.
        """
        if self._blocked is None or isinstance(self._blocked, LoginNeeded):
            return
        if not self._is_noted or refused_logins.recall(self._journal, self._credentials):
            raise self._blocked.with_traceback(None)
        self._blocked = None
        self._cloud.close()
        self._cloud = self._make_cloud()

    def _block(self, error: LoginRefused | Retired) -> None:
        if isinstance(error, LoginNeeded):
            if str(self._blocked) != str(error):
                if not self._refusals:
                    LOG.error("%s: %s", self.name, error)
                self._on_notice(Notice.LOGIN, str(error))
            self._blocked = error
        elif self._blocked is None:
            self._on_notice(Notice.LOGIN, self._what_to_do(error))
            self._blocked = error
            self._is_noted = error.noted
            if not (error.noted or isinstance(error, SettingNeeded)):
                self._records.write(lambda: self._note_refusal(error), again=True)
            if not self._refusals:
                LOG.error("%s: %s", self.name, self._what_to_do(error))

    def _what_to_do(self, refusal: CloudError) -> str:
        """What the cloud said, and what a person can do about it where that does not say so itself."""
        text = str(refusal)
        if isinstance(refusal, LoginNeeded | SettingNeeded) or text.endswith(self._after_refusal):
            return text
        return f"{text.removesuffix('.')}. {self._after_refusal}"

    def _note_refusal(self, error: LoginRefused | Retired) -> None:
        refused_logins.remember(self._journal, self.name, self._credentials, str(error))
        error.noted = self._is_noted = True

    # -- ends -----------------------------------------------------------------------------------------------

    def _reporter(self, job: Job) -> Report:
        said = None
        accepted: set[str] = set()

        def report(phase: Phase, text: str) -> None:
            nonlocal said
            if phase is Phase.SENDING:
                # More than once for a request: when its turn has come, and when the connection stands.
                # One that was accepted and is sent anew, by force, has done nothing; what follows another one has.
                self._commit(job, sending=True, begun=bool(accepted - {text}))
            if phase is Phase.ACCEPTED:
                accepted.add(text)
                job.ticket.accept()
            if (phase, text) != said:
                said = (phase, text)
                self._on_progress(phase, text)

        return report

    def _end(self, job: Job, outcome: Outcome, error: EmulatorError | None, took_s: float = 0.0) -> None:
        LOG.log(
            logging.INFO if error is None else logging.WARNING,
            "%s: %s, asked for %s: %s after %.0f s: %s",
            self.name,
            job.command.action,
            job.command.origin,
            outcome.result,
            took_s,
            outcome.message,
        )
        self.finish(job.entry, outcome)
        job.ticket.finish(outcome, error)
        command = job.command
        if outcome.result is Result.CONFIRMED and isinstance(command.action, Disarm):
            self._on_notice(Notice.DISARMED, f"{command.action}, asked for {command.origin}: {outcome.message}")
        elif (
            error is not None
            and command.origin.door != TYPED
            and (isinstance(error, TooLate) or not isinstance(error, Superseded))
        ):
            text = f"{command.action}, asked for {command.origin}: {outcome.result}: {outcome.message}"
            self._on_notice(Notice.FAILED, text)


def _outcome(error: EmulatorError) -> Outcome:
    results: dict[type[EmulatorError], Result] = {
        Rejected: Result.REJECTED,
        Unconfirmed: Result.UNCONFIRMED,
        Superseded: Result.SUPERSEDED,
        TooMany: Result.REFUSED,
    }
    found = (result for kind, result in results.items() if isinstance(error, kind))
    cause = LOGIN_CAUSE if isinstance(error, LoginRefused | Retired) else ""
    return Outcome(next(found, Result.FAILED), f"{cause}{error}")
