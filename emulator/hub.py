"""Where doors meet installations: submit, state, subscribe. Doors know nothing behind this page."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from emulator.commands import Ticket
from emulator.errors import EmulatorError
from emulator.installation import Installation
from emulator.journal import Journal
from emulator.model import Arm, Command, Disarm, Origin, Outcome, Result, Switch, SwitchState
from emulator.verisure.cloud import Clock

__all__ = ["Hub", "Ticket"]

log = logging.getLogger(__name__)

LATER = "something else was asked for after it, before this was sent"
"""Why a command that was held back is not sent."""


class Hub:
    """The switches of the house; every method may be called from any thread.

    `submit` may block for some milliseconds (it writes the journal): never call it on an event loop.
    """

    def __init__(
        self,
        switches: Sequence[Switch],
        installations: Mapping[str, Installation],
        journal: Journal,
        clock: Clock,
        *,
        show_target: bool = True,
    ) -> None:
        self.switches = tuple(switches)
        self._installations = installations
        self._journal = journal
        self._clock = clock
        self._show_target = show_target
        self._order = threading.RLock()
        self._asked = 0
        self._armed: dict[str, int] = {}
        self._subscribers: list[Callable[[str], None]] = []

    def ask(self) -> int:
        """Take note that something is asked for, to be submitted later; the number tells earlier from later."""
        with self._order:
            self._asked += 1
            return self._asked

    def submit(self, switch: Switch, on: bool, origin: Origin, asked: int | None = None) -> Ticket:
        """Ask for a switch to be turned on or off; `asked` is what `ask` said, if that was before.

        An off that was asked for before an arm, through whatever door, is too late: the house stays armed.
        """
        if not (on or switch.off_disarms):
            return self.ignore(switch, on, origin, "this switch only arms: it has no `off: disarm` in devices.yaml")
        ticket = Ticket()
        with self._order:
            asked = self.ask() if asked is None else asked
            armed = self._armed.get(switch.installation, 0)
            if not on and armed > asked:
                return self.ignore(switch, on, origin, LATER)
            self._armed[switch.installation] = max(armed, asked) if on else armed
            try:
                return self._installations[switch.installation].submit(_command(switch, on, origin))
            except EmulatorError as error:
                log.error("%s: %s", switch.name, error)
                ticket.finish(Outcome(Result.FAILED, str(error)), error)
        return ticket

    def ignore(self, switch: Switch, on: bool, origin: Origin, reason: str) -> Ticket:
        """Write down that a command was asked for and why it changes nothing; the ticket has ended like that."""
        command, ended, ticket = _command(switch, on, origin), Outcome(Result.IGNORED, reason), Ticket()
        log.info("%s: %s, asked for %s: ignored: %s", switch.installation, command.action, command.origin, reason)
        try:
            entry = self._journal.begin(switch.installation, command, self._clock.time())
            self._journal.end(entry, ended, self._clock.time())
            ticket.finish(ended, None)
        except EmulatorError as error:
            log.error("%s: %s", switch.name, error)
            ticket.finish(Outcome(Result.FAILED, str(error)), error)
        return ticket

    def known_obstacle(self, switch: Switch, on: bool) -> EmulatorError | None:
        """What is known to be in the way of a command before it is submitted, if anything."""
        return self._installations[switch.installation].known_obstacle(_command(switch, on, Origin("")).action)

    def state(self, switch: Switch) -> SwitchState:
        """What may be reported of a switch now, from memory.

        Unknown never reads as off: a panel that is armed in a way nobody can read shows every switch as on.
        """
        view = self._installations[switch.installation].view
        pending = view.target is not None
        if pending and self._show_target and view.target is not None:
            on = view.target.has(switch.mode)
        else:
            on = view.state.axes.has(switch.mode) if view.state else None
        if on is None and view.state is not None:
            on = True
        return SwitchState(on, pending, view.state)

    def subscribe(self, callback: Callable[[str], None]) -> Callable[[], None]:
        """Call back with the installation's name after each change, from any thread; returns the unsubscribe."""
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)

    def changed(self, installation: str) -> None:
        """Tell the subscribers; called by installations."""
        for callback in tuple(self._subscribers):
            try:
                callback(installation)
            except Exception:
                # A door that is broken must not stop the alarm's thread.
                log.exception("%s: a door did not take the news", installation)


def _command(switch: Switch, on: bool, origin: Origin) -> Command:
    action = Arm(switch.mode) if on else Disarm.of(switch.mode)
    return Command(action, replace(origin, switch=switch.name), only_if=None if on else switch.mode)
