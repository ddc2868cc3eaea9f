"""One alarm's cloud, as its thread uses it: for polls, for reads before a command, and for the command itself."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import InitVar, dataclass

from emulator.alarm.cloud import Cloud, Details, Phase, Reading, Report
from emulator.alarm.freshness import Freshness
from emulator.alarm.log_reader import LogReader
from emulator.alarm.login_guard import LoginGuard
from emulator.alarm.pending import PendingCommands
from emulator.alarm.polling import PollEvent, PollSchedule
from emulator.alarm.queue import Job, applies
from emulator.alarm.unfinished import Records, Unsettled
from emulator.errors import EmulatorError, LoginNeeded, LoginRefused, Rejected, Retired, Unconfirmed, Unreachable
from emulator.model import Arm, Axes, Command, Disarm, Notice, Outcome, PanelState, Result
from emulator.store import history
from emulator.words import spoken
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

DEFECT = Text("a defect of this program; see its log")


@dataclass(eq=False)
class CloudSession:
    """Asks the cloud, and spreads what it says. Only for the alarm's thread, or without one.

    `lag_s` is how old the panel's state may be that a cloud with rare polls shows.
    """

    make_cloud: Callable[[], Cloud]
    records: Records
    commands: PendingCommands
    guard: LoginGuard
    polling: PollSchedule
    freshness: Freshness
    log: LogReader
    on_progress: Report
    lag_s: InitVar[float]
    error: str = ""
    """The reason why the last poll brought no news."""

    def __post_init__(self, lag_s: float) -> None:
        self._cloud = self.make_cloud()
        self._unsettled = Unsettled(self.records.journal.unsettled(self.records.name), self.polling.due_at, lag_s)
        self._got: PanelState | None = None
        self._decided: Arm | None = None

    def close(self) -> None:
        """End the session with the cloud."""
        self._cloud.close()

    @contextmanager
    def _login(self) -> Iterator[None]:
        """Ask the cloud in the block, unless it has refused the login; remember if it does so now."""
        try:
            if self.guard.check():
                self._cloud.close()
                self._cloud = self.make_cloud()
            yield
        except (LoginRefused, Retired) as error:
            self.guard.refuse(error)
            raise

    # -- reading --------------------------------------------------------------------------------------------

    def read_now(self, how: Reading = Reading.POLL) -> PanelState:
        """Read the state and settle what was unconfirmed; raises CloudError."""
        if how is Reading.POLL and self._unsettled and self.commands.now().monotonic >= self._unsettled.at:
            how = Reading.SETTLE
        with self._login():
            return self._read(how)

    def describe(self) -> Details:
        """Return what the cloud knows of the installation; raises CloudError."""
        with self._login():
            return self._cloud.describe()

    def poll(self) -> None:
        """Read the state because it is time, and say when to do so next."""
        gaps, event, before = self.polling.gaps, PollEvent.POLLED, self.commands.view.state
        try:
            state = self.read_now()
            self.log.polled(self._cloud, moved=before is not None and before.axes != state.axes)
        except (LoginRefused, Retired) as error:
            # People were notified when it happened; looked at again in case a person's try works meanwhile.
            event = PollEvent.LOGIN_NEEDED if isinstance(error, LoginNeeded) else PollEvent.POLLED
        except Exception as error:
            event = PollEvent.SILENCE
            self.error = str(error) if isinstance(error, EmulatorError) else DEFECT
            if not isinstance(error, EmulatorError):
                LOG.exception("%s: a poll ended in a defect of this program", self.records.name)
            elif not self.polling.failures:
                LOG.warning("%s: no news from the alarm, the last state is kept: %s", self.records.name, error)
        with self.commands.lock:
            self.polling.saw(event, self.commands.now().monotonic, gaps)
            if self._unsettled and self.guard.lets_ask:
                self.polling.due_at = min(self.polling.due_at, self._unsettled.at)

    def _read(self, how: Reading) -> PanelState:
        now = self.commands.now()
        is_poll = how in (Reading.POLL, Reading.GLANCE)
        if not is_poll:
            self._unsettled.asked(now.monotonic)
        before, state = self._got, self._cloud.read(how)
        self._got = state
        self._keep(state, self._unsettled.last)
        # A cloud without news gives back what it had; its time alone would make that news once the clock is set back.
        is_news = state is not before and state.read_at >= now.wall
        believable = how is Reading.PANEL or now.monotonic >= self._unsettled.believable_at
        if not is_poll and is_news and believable:
            self._settle(state)
        return state

    def _keep(self, state: PanelState, command: int | None) -> None:
        before = self.commands.view.state
        if before is None or before.axes != state.axes:
            LOG.info("%s: the panel is %s (%s)", self.records.name, state, state.source)
        self.guard.worked()
        self._compare(state)
        self.freshness.has_news(state)
        now = self.commands.now()
        self.commands.know(state, now.monotonic)
        self.log.saw(state.axes, ours=command is not None)
        # In this order: what is said to be of this run must not be the view of an earlier one.
        if self.polling.read(now):
            LOG.info("%s: the alarm answers again", self.records.name)
        quiet_s = max(history.QUIET_S, history.QUIET_POLLS * self.polling.every_s)
        self.records.keep(state, quiet_s, command)

    def _compare(self, state: PanelState) -> None:
        """Notify people if more is bypassed than a person decided: a window may have been opened just then."""
        if self._decided and not (state.axes.reached(self._decided) and self._decided.passes(state.bypassed)):
            if state.axes.reached(self._decided):
                zones = state.bypassed
                self.records.tell(
                    Notice.BYPASSED, Text("nobody decided on all of it, but not guarded: {zones}", zones=zones)
                )
            self._decided = None

    def _settle(self, state: PanelState) -> None:
        if self._unsettled:
            LOG.warning("%s: after an unconfirmed command the panel says: %s", self.records.name, state.axes)
            self.records.settle(self._unsettled.take(), state)

    # -- commands -------------------------------------------------------------------------------------------

    def perform(self, job: Job) -> None:
        """Carry out a job, and draw the consequences of how it ended."""
        started = self.commands.now().monotonic
        end: Outcome | EmulatorError
        try:
            with self._login():
                end = self._carry_out(job)
        except EmulatorError as error:
            end = error
        except Exception:
            # A defect of ours must not end the thread; it is unknown what was sent.
            LOG.exception("%s: %s ended in a defect of this program", self.records.name, job.command.action)
            end = Unconfirmed(DEFECT)
        now = self.commands.now().monotonic
        with self.commands.lock:
            self.polling.saw(PollEvent.CONFIRMED if isinstance(end, Outcome) else PollEvent.FAILED, now)
        if isinstance(end, Unconfirmed):
            self._unsettled.add(job.entry, now, armed=isinstance(job.command.action, Arm))
        self.commands.complete(job, end, now - started)

    def _carry_out(self, job: Job) -> Outcome:
        """Send a job's command if it makes sense where the panel stands, and follow it to its end.

        Raises EmulatorError where it was not carried out, or perhaps.
        """
        command = job.command
        if command.only_if is not None:
            axes = self._fresh_axes(command)
            if command.is_on(axes) is None:
                axes = self._fresh_axes(command, Reading.SETTLE)
            unclear = self._unsettled.may_have_armed or command.is_on(axes.doubted()) is None
            if self._unsettled and unclear:
                text = Text("the cloud has no news yet of an earlier command; try again in a minute")
                raise Unreachable(text, sent=False)
            if not applies(command, axes):
                return Outcome(Result.IGNORED, _why_not(command, axes))
        view = self.commands.view
        blind = isinstance(command.action, Arm) and view.state is not None and view.axes.interior is None
        if blind and self._fresh_axes(command, Reading.SETTLE).interior is None:
            raise Rejected(Text("the panel is armed in a way that this program cannot read; disarm it first"))
        self.commands.commit(job)
        self._decided = command.action if isinstance(command.action, Arm) and command.action.past else None
        state = self._got = self._cloud.execute(command.action, self._reporter(job))
        self._keep(state, job.entry)
        self._settle(state)
        said = Text("the panel is {state}", state=spoken.state(state))
        return Outcome(Result.CONFIRMED, said, zones=state.bypassed)

    def _fresh_axes(self, command: Command, how: Reading = Reading.POLL) -> Axes:
        """Return the axes as they are now: what this process read in the last moments, or reads at once.

        Raises CloudError when that cannot be known: in doubt the house stays as it is.
        """
        now = self.commands.now()
        if self._unsettled:
            how = Reading.SETTLE
        if how is not Reading.POLL and not self._unsettled.may_wake(now.monotonic):
            how = Reading.POLL
        if how is not Reading.POLL or not self.polling.is_fresh(now):
            # A disarm does not depend on reading: it may turn off a mode that was on when last read.
            was_on = isinstance(command.action, Disarm) and command.is_on(self.commands.view.axes) is True
            try:
                self._read(Reading.GLANCE if how is Reading.POLL and was_on else how)
            except Unreachable as error:
                if not was_on:
                    what = spoken.action(command.action)
                    text = Text("cannot tell whether {action} is right: {why}", action=what, why=str(error))
                    raise Unreachable(text, sent=False) from None
                LOG.warning("%s: going by the last state, %s: %s", self.records.name, self.commands.view.axes, error)
        return self.commands.view.axes

    def _reporter(self, job: Job) -> Report:
        said = None
        accepted: set[str] = set()

        def report(phase: Phase, text: str) -> None:
            nonlocal said
            if phase is Phase.SENDING:
                # More than once for a request: when its turn has come, and when the connection stands.
                # One that was accepted and is sent anew, by force, has done nothing; what follows another one has.
                self.commands.commit(job, sending=True, begun=bool(accepted - {text}))
            if phase is Phase.ACCEPTED:
                accepted.add(text)
                job.ticket.accept()
            if (phase, text) != said:
                said = (phase, text)
                self.on_progress(phase, text)

        return report


def _why_not(command: Command, axes: Axes) -> str:
    modes = spoken.either([spoken.mode(mode) for mode in (command.only_if, *command.or_if) if mode])
    if command.is_on(axes) is None:
        return Text(
            "the panel does not say whether {mode} is on, and disarming would take {axes} with it",
            mode=modes,
            axes=spoken.axes(axes),
        )
    return Text("{mode} was not on; nothing was sent", mode=modes)
