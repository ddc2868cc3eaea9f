"""Where doors meet installations: submit, state, subscribe. Doors know nothing behind this page."""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from emulator.commands import Ticket, makes_pointless
from emulator.errors import EmulatorError
from emulator.installation import Installation, View
from emulator.journal import Journal
from emulator.model import (
    Action,
    Arm,
    Axes,
    Command,
    Disarm,
    Health,
    Narrowing,
    Origin,
    Outcome,
    Result,
    Switch,
    SwitchState,
)
from emulator.policy import why_not_disarm
from emulator.verisure.cloud import Clock

__all__ = ["Hub", "Ticket"]

log = logging.getLogger(__name__)

LATER = "something else was asked for after it, before this was sent"
"""Why a command that was held back is not sent."""


@dataclass(frozen=True, slots=True)
class Announced:
    """Something that a door was asked for and holds back; `asked` is what `Hub.ask` said."""

    switch: Switch
    on: bool
    asked: int


class Hub:
    """The switches of the house; every method may be called from any thread.

    `submit` may block for some milliseconds (it writes the journal): never call it on an event loop. `state`,
    `announce` and `withdraw` are memory only and call nobody: they may be called under any lock.
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
        self._turned_off: dict[str, int] = {}
        self._announcing = threading.Lock()
        self._announced: tuple[Announced, ...] = ()
        self._subscribers: list[Callable[[str], None]] = []

    def ask(self) -> int:
        """Take note that something is asked for, to be submitted later; the number tells earlier from later."""
        with self._order:
            self._asked += 1
            return self._asked

    def hold(self, switch: Switch, on: bool, origin: Origin) -> int:
        """Write down a command that is submitted or ignored later; its entry in the journal, to be given then.

        Raises EmulatorError when it cannot be written down: then it must not be held either.
        """
        try:
            return self._installations[switch.installation].hold(_command(switch, on, origin))
        except EmulatorError as error:
            log.error("%s: %s", switch.name, error)
            raise

    def submit(
        self, switch: Switch, on: bool, origin: Origin, asked: int | None = None, entry: int | None = None
    ) -> Ticket:
        """Ask for a switch to be turned on or off; `asked` and `entry` are what `ask` and `hold` said, if it was held.

        An off that was asked for before an arm, through whatever door, is too late: the house stays armed. So is an
        arm that was asked for before an off which would have taken it out of the queue.
        """
        if refusal := self.why_not(switch, on, origin):
            return self.ignore(switch, on, origin, refusal, entry)
        ticket = Ticket()
        with self._order:
            asked = self.ask() if asked is None else asked
            armed = self._armed.get(switch.installation, 0)
            if (self._turned_off.get(switch.identity.key, 0) if on else armed) > asked:
                return self.ignore(switch, on, origin, LATER, entry)
            command = _command(switch, on, origin)
            if on:
                self._armed[switch.installation] = max(armed, asked)
            else:
                self._note_off(switch.installation, command, asked)
            try:
                return self._installations[switch.installation].submit(command, entry)
            except EmulatorError as error:
                log.error("%s: %s", switch.name, error)
                ticket.finish(Outcome(Result.FAILED, str(error)), error)
        return ticket

    def why_not(self, switch: Switch, on: bool, origin: Origin) -> str:
        """Why the settings let a command do nothing; empty when they do not."""
        if on:
            return ""
        if not switch.off_disarms:
            return "this switch only arms: it has no `off: disarm` in devices.yaml"
        if switch.narrowing == Narrowing():
            return ""
        now = datetime.fromtimestamp(self._clock.time()).astimezone()
        refusal = why_not_disarm(switch.narrowing, origin, now.hour * 60 + now.minute)
        return refusal and f"{refusal}, says devices.yaml"

    def ignore(self, switch: Switch, on: bool, origin: Origin, reason: str, entry: int | None = None) -> Ticket:
        """Write down that a command was asked for and why it changes nothing; the ticket has ended like that.

        `entry` is what `hold` said, if it was held.
        """
        command, ended, ticket = _command(switch, on, origin), Outcome(Result.IGNORED, reason), Ticket()
        log.info("%s: %s, asked for %s: ignored: %s", switch.installation, command.action, command.origin, reason)
        try:
            if entry is None:
                self._journal.turn_away(switch.installation, command, ended, self._clock.time())
            else:
                self._installations[switch.installation].finish(entry, ended)
            ticket.finish(ended, None)
        except EmulatorError as error:
            log.error("%s: %s", switch.name, error)
            ticket.finish(Outcome(Result.FAILED, str(error)), error)
        return ticket

    def announce(self, switch: Switch, on: bool, asked: int) -> None:
        """Show where something leads that is held back, until `withdraw`. Tell the subscribers with `changed`.

        Commands are still decided by what the panel says.
        """
        with self._announcing:
            self._announced = (*self._announced, Announced(switch, on, asked))

    def withdraw(self, asked: int) -> None:
        """It is submitted now, or never. Tell the subscribers with `changed`."""
        with self._announcing:
            self._announced = tuple(one for one in self._announced if one.asked != asked)

    def command(self, installation: str, action: Action, origin: Origin) -> Ticket:
        """Ask an alarm itself, whatever its switches are; who asked for a disarm has proved that they may.

        Raises EmulatorError when it cannot be written down: then nothing is sent.
        """
        with self._order:
            asked = self.ask()
            if isinstance(action, Arm):
                self._armed[installation] = asked
            else:
                self._note_off(installation, Command(action, origin), asked)
            return self._installations[installation].submit(Command(action, origin))

    def _note_off(self, installation: str, command: Command, asked: int) -> None:
        """Where this makes an arm pointless that a door still holds back and shows as on, that is not sent any more."""
        view = self._installations[installation].view
        soon = view.axes if view.target is None else view.target
        for switch in self.switches:
            arm = Arm(switch.mode)
            if switch.installation == installation and makes_pointless(command, arm, view.axes, soon):
                self._turned_off[switch.identity.key] = max(self._turned_off.get(switch.identity.key, 0), asked)

    @property
    def installations(self) -> tuple[str, ...]:
        """The names of the alarms."""
        return tuple(self._installations)

    def view(self, installation: str) -> View:
        """Where an alarm stands, and where its queued commands lead."""
        return self._installations[installation].view

    def health(self, installation: str) -> Health:
        """How an alarm gets on with its cloud."""
        return self._installations[installation].health

    def must_wait(self, switch: Switch) -> bool:
        """Whether a command that is submitted now has to wait behind another one of its alarm."""
        return self._installations[switch.installation].view.target is not None

    def known_obstacle(self, switch: Switch, on: bool) -> EmulatorError | None:
        """What is known to be in the way of a command before it is submitted, if anything."""
        return self._installations[switch.installation].known_obstacle(_command(switch, on, Origin("")).action)

    def state(self, switch: Switch) -> SwitchState:
        """What may be reported of a switch now, from memory.

        Unknown never reads as off: a panel that is armed in a way nobody can read shows every switch as on.
        """
        # In this order: what is withdrawn after its submit is then in the view.
        announced = [one for one in self._announced if self._stands(one, switch)]
        view = self._installations[switch.installation].view
        soon = view.axes if view.target is None else view.target
        on = _shown(switch, soon, announced) if self._show_target else view.axes.has(switch.mode)
        if on is None and view.state is not None:
            on = True
        return SwitchState(on, view.target is not None or bool(announced), view.state)

    def _stands(self, one: Announced, switch: Switch) -> bool:
        """Whether an announcement still says something of a switch: nothing that came later may be hidden by it."""
        if one.switch.installation != switch.installation:
            return False
        if one.on:
            return self._turned_off.get(switch.identity.key, 0) < one.asked
        return one.switch.off_disarms and self._armed.get(switch.installation, 0) < one.asked

    def subscribe(self, callback: Callable[[str], None]) -> Callable[[], None]:
        """Call back with the installation's name after each change, from any thread; returns the unsubscribe."""
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)

    def changed(self, installation: str) -> None:
        """Tell the subscribers; called by installations, and by who has announced something or withdrawn it."""
        for callback in tuple(self._subscribers):
            try:
                callback(installation)
            except Exception:
                # A door that is broken must not stop the alarm's thread.
                log.exception("%s: a door did not take the news", installation)


def _command(switch: Switch, on: bool, origin: Origin) -> Command:
    action = Arm(switch.mode, force=switch.force) if on else Disarm.of(switch.mode)
    return Command(action, replace(origin, switch=switch.name), only_if=None if on else switch.mode)


def _shown(switch: Switch, axes: Axes, announced: Iterable[Announced]) -> bool | None:
    """Whether a switch is on after what is announced, which may be a sweep: only an off of its own turns it off."""
    on = axes.has(switch.mode)
    off = None if on is None else False
    for one in announced:
        if one.on:
            axes = axes.after(Arm(one.switch.mode))
            on = axes.has(switch.mode) or on
        elif one.switch.identity == switch.identity:
            on = off
    return on
