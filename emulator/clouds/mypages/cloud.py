"""The My Pages cloud: the state that the cloud has, and commands submitted once and polled to the end.

Facts: verisure-mypages.md §4 and §5.
"""

import logging
from collections.abc import Sequence

from emulator.alarm.cloud import GLANCE_S, Details, Reading, Report
from emulator.clouds import values
from emulator.clouds.fitted import NAMES
from emulator.clouds.mypages import operations
from emulator.clouds.mypages.commands import PagesCommands
from emulator.clouds.mypages.lag import RecordLag
from emulator.clouds.mypages.operations import AWAY, DISARMED, HOME, PENDING
from emulator.clouds.mypages.session import PagesHome, PagesSession
from emulator.clouds.mypages.wire import PagesWire
from emulator.errors import CloudError, Rejected, Unconfirmed, Unreachable
from emulator.model import Action, Arm, ArmMode, Axes, Disarm, Interior, PanelState
from emulator.model.activity import AlarmEvent
from emulator.words import spoken
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

CHANGING = Text("the alarm is just changing its state; try again in a moment")
NO_NEWS = Text("the cloud has no news yet of an earlier command; try again in a minute")


class MyPagesCloud:
    """One installation at My Pages; owned by one thread. `deadline_s` bounds the wait for its panel."""

    def __init__(self, wire: PagesWire, deadline_s: float) -> None:
        self._wire = wire
        self._session = PagesSession(wire)
        self._commands = PagesCommands(wire, self._session, deadline_s)
        self._clock = wire.clock
        self._interior = {DISARMED: Interior.OFF, AWAY: Interior.TOTAL, HOME: wire.account.partial}
        self._state: PanelState | None = None
        self._lag = RecordLag(self._clock.monotonic())
        self._is_changing = False

    def read(self, how: Reading = Reading.POLL) -> PanelState:
        """Return the state that the cloud has; the last one while the cloud is behind. Raises CloudError.

        The last one, too, at the first look while the alarm changes its state: from the second on that is no news.
        """
        if how is not Reading.GLANCE:
            return self._read()
        with self._wire.command(), self._wire.within(GLANCE_S):
            return self._read()

    def _read(self) -> PanelState:
        content = self._session.look(operations.STATE, {"giid": self._session.home().number})
        record, now = (values.text(content, "statusType"), values.text(content, "date")), self._clock.monotonic()
        status, _ = record
        if not status:
            raise Unreachable(Text("the cloud does not tell the panel's state"))
        changed, self._is_changing = self._is_changing, status == PENDING
        if self._is_changing and (changed or not self._state):
            raise Unreachable(CHANGING, sent=False)
        is_old = self._is_changing or self._lag.is_behind(record, now)
        if is_old and self._state:
            return self._state
        if is_old:
            raise Unreachable(NO_NEWS, sent=False)
        known = self._state.bypassed if self._state and self._lag.is_of_told(record, now) else ()
        return self._remember(status, "ArmState", known)

    def _remember(self, status: str, source: str, bypassed: tuple[str, ...] = ()) -> PanelState:
        axes = Axes(self._interior.get(status), perimeter=False, annex=False)
        self._state = PanelState(axes, self._clock.time(), self._wire.told(status), source, bypassed)
        return self._state

    def execute(self, action: Action, report: Report) -> PanelState:
        """Send one command, and follow it until the alarm has ended it. It has to be disarmed to be armed otherwise."""
        with self._wire.command():
            home = self._session.home()
            try:
                if isinstance(action, Disarm):
                    return self._disarm(home, action, report)
                return self._arm(home, action, report)
            except Unconfirmed:
                self._lag.lost(self._clock.monotonic())
                raise

    def _disarm(self, home: PagesHome, action: Disarm, report: Report) -> PanelState:
        if not action.main:
            raise Rejected(Text("this alarm cannot {action}", action=spoken.action(action)))
        code = self._commands.code(home, action)
        transaction = self._commands.submit(home, DISARMED, code, report)
        return self._ended(home, DISARMED, transaction, report)

    def _arm(self, home: PagesHome, action: Arm, report: Report) -> PanelState:
        wanted = {ArmMode(self._interior[one]): one for one in (AWAY, HOME)}.get(action.mode)
        if wanted is None:
            raise Rejected(Text("this alarm cannot {action}", action=spoken.action(action)))
        code = self._commands.code(home, action)
        state = self.read()
        if self._is_changing:
            raise Unreachable(CHANGING, sent=False)
        reached = state.axes.reached(action)
        # A record that may be older than the last command is no proof that the house is armed: it is armed once more.
        if reached and self._lag.proves(self._clock.monotonic()):
            return state
        if not reached and state.axes.interior is not Interior.OFF:
            where = spoken.axes(state.axes)
            raise Rejected(Text("the panel is {axes}, and has to be disarmed before it is armed otherwise", axes=where))
        bypassed = self._commands.force(home.number, action)
        force = action.force or bool(bypassed)
        transaction = self._commands.submit(home, wanted, code, report, force=force)
        state = self._ended(home, wanted, transaction, report)
        left = self._commands.left_open(home.number, bypassed) if force else ()
        return self._remember(wanted, state.source, left)

    def _ended(self, home: PagesHome, wanted: str, transaction: str, report: Report) -> PanelState:
        """Return the state that was reached. Raises Rejected and Unconfirmed."""
        if self._commands.follow(home.number, wanted, transaction, report):
            self._lag.note(wanted, self._clock.monotonic())
            return self._remember(wanted, operations.OUTCOME.name)
        try:
            state = self.read()
        except CloudError as error:
            LOG.debug("%s", error)
            raise Unconfirmed(Text("the alarm has ended the command; its state cannot be read")) from None
        if self._is_changing:
            raise Unconfirmed(Text("the alarm has ended the command, and is changing its state all the same"))
        # The alarm has not done it: that it stands there all the same has to be beyond doubt.
        if self._lag.doubtful or (state.raw == wanted and not self._lag.proves(self._clock.monotonic())):
            raise Unconfirmed(NO_NEWS)
        if state.raw == wanted:
            self._lag.note(wanted, self._clock.monotonic())
            return state
        raise Rejected(Text("the panel ended the command without doing it: it is {axes}", axes=spoken.axes(state.axes)))

    def activity(self) -> Sequence[AlarmEvent]:
        """Return nothing: how this cloud tells its log is not known well enough (§7)."""
        return ()

    def describe(self) -> Details:
        """Return the details of the installation, and its doors and windows. Raises CloudError."""
        home = self._session.home()
        told = self._wire.told
        devices = [
            {
                "device": told(values.text(row, "area")),
                "kind": told(values.text(row, "type")),
                "state": told(values.text(row, "state")),
            }
            for row in self._commands.openings(home.number)
        ]
        partial = NAMES[self._wire.account.partial.value]
        return Details(home.number, "", home.alias, tuple(devices), fitted=frozenset({partial}))

    def close(self) -> None:
        """Close the connections; never raises. The login is kept for the next start."""
        self._session.close()
