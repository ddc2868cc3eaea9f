"""The OWA cloud: the state that the cloud has cached, and arm or disarm submitted once and polled to the end.

Facts: verisure-owa.md §4 to §7.
"""

import logging
from collections.abc import Iterable, Sequence

from emulator.alarm.cloud import Details, Reading, Report
from emulator.clouds.owa import log
from emulator.clouds.owa.commands import Commands
from emulator.clouds.owa.failures import Unsupported
from emulator.clouds.owa.profiles import candidates, effect, profile_for
from emulator.clouds.owa.refusals import because
from emulator.clouds.owa.session import OwaSession
from emulator.clouds.owa.state import StateReader
from emulator.clouds.owa.wire import Wire
from emulator.errors import CloudError, CommandError, EmulatorError, Rejected, Unconfirmed, Unreachable
from emulator.model import Action, Arm, PanelState
from emulator.model.activity import AlarmEvent
from emulator.words import spoken
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

LOOKED_S = 60.0
"""Time after an attempt to read the state in which a disarm does not wait for another one."""


class OwaCloud:
    """One installation on the OWA server; owned by one thread. `deadline_s` bounds the wait for its panel."""

    def __init__(self, wire: Wire, deadline_s: float) -> None:
        self._wire = wire
        self._session = OwaSession(wire)
        self._reader = StateReader(self._session, wire.clock)
        self._commands = Commands(self._session, self._reader, wire.clock, deadline_s)
        self._unsupported: dict[str, str] = {}

    def read(self, how: Reading = Reading.POLL) -> PanelState:
        """Return the state that the cloud has cached, or that of the panel; see StateReader."""
        return self._reader.read(how)

    def execute(self, action: Action, report: Report) -> PanelState:
        """Send the requests that lead to `action`, each once, until the panel tells that state.

        A disarm is sent even if the state cannot be read: there are requests for that, too.
        """
        if self._reader.cached.seen is None:
            self._look(action)
        with self._wire.command():
            return self._reach(action, report)

    def _look(self, action: Action) -> None:
        """Read the state before the first command; raise Unreachable only for an arm, which may depend on it."""
        if isinstance(action, Arm):
            self.read()
        elif self._wire.clock.monotonic() - self._reader.looked_at >= LOOKED_S:
            try:
                self.read()
            except Unreachable as error:
                LOG.warning("the state cannot be read; %s is sent all the same: %s", action, error)

    def _reach(self, action: Action, report: Report) -> PanelState:
        number, panel = self._session.installation()
        profile = profile_for(self._wire.account.country, panel)
        sent: list[str] = []
        refused: dict[str, str] = {}
        while not sent or self._reader.axes.reached(action) is False:
            fit = candidates(profile, self._session.fitted(), action, self._reader.axes)
            known = {*self._wire.vault.unsupported(number), *self._unsupported, *refused, *sent}
            request = next((one for one in fit if one not in known), None)
            if request is None:
                break
            try:
                self._commands.run(request, action, report)
            except Unsupported as error:
                refused[request] = str(error)
                if isinstance(action, Arm):
                    # A disarm is tried each time: it may be needed, and may work by then.
                    self._unsupported[request] = str(error)
                continue
            except (CommandError, CloudError) as error:
                if sent:
                    done, part = tuple(spoken.action(effect(one)) for one in sent), spoken.action(effect(request))
                    error.args = (Text("{done}: done; {part}: {why}", done=done, part=part, why=str(error)),)
                elif type(error) is Rejected and isinstance(action, Arm) and self._still(action):
                    # Some panels refuse a mode in which they are already.
                    sent.append(request)
                    break
                raise
            sent.append(request)
        # Remembered for good only if another request worked instead.
        if self._reader.axes.reached(action):
            self._remember_unsupported(number, refused)
        return self._ended(action, sent, [refused.get(one) or self._unsupported.get(one, "") for one in fit])

    def _remember_unsupported(self, number: str, refused: Iterable[str]) -> None:
        try:
            for request in refused:
                self._wire.vault.remember_unsupported(number, request)
        except EmulatorError as error:
            # The command is done; without this note the next one only takes as long again.
            LOG.error("%s", error)

    def _still(self, action: Action) -> bool:
        """Return whether the panel confirms the state of `action` that the cache shows, which may be older."""
        try:
            return bool(self._reader.axes.reached(action) and self._reader.check().axes.reached(action))
        except CloudError:
            return False

    def _ended(self, action: Action, sent: list[str], reasons: list[str]) -> PanelState:
        """Return the state that was reached; raise Rejected or Unconfirmed with the reason if it was not."""
        why = next((reason for reason in reversed(reasons) if reason), "")
        if not sent:
            raise Rejected(because(Text("this alarm cannot {action}", action=spoken.action(action)), why))
        reached = self._reader.axes.reached(action)
        if reached is None or self._reader.state is None:
            raise Unconfirmed(Text("the command ended, but the panel's answer does not tell the state"))
        if not reached:
            text = Text("the command ended, but the panel is {axes}", axes=spoken.axes(self._reader.axes))
            raise Rejected(because(text, why))
        return self._reader.state

    def activity(self) -> Sequence[AlarmEvent]:
        """Return the newest events of the log. Raises EmulatorError."""
        return log.read(self._session, self._wire.account.user, self._wire.clock.time())

    def describe(self) -> Details:
        """Return the details of the installation. Raises CloudError."""
        return self._session.describe()

    def close(self) -> None:
        """Close the connections; never raises. The login is kept for the next start."""
        self._session.close()
