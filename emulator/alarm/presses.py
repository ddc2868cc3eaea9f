"""Turn switches on and off: who may, what is held back, and what came later than what."""

import itertools
import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from emulator.alarm.held import Asked, Held, Press, refusal
from emulator.alarm.installation import Installation
from emulator.alarm.queue import Ticket, makes_pointless
from emulator.alarm.rules import why_not_disarm
from emulator.alarm.sweeps import Guard
from emulator.clock import Clock
from emulator.errors import EmulatorError, TooMany
from emulator.model import Action, Arm, Command, Disarm, Moment, Narrowing, Origin, Outcome, Result, Switch
from emulator.store.journal import Journal

LOG = logging.getLogger(__name__)

LATER = "something else was asked for after it, before this was sent"
"""Why a command that was held back is not sent."""

SWEEP = "as after “turn everything off”, which changes nothing. Ask for this one alone; the README tells of allow_sweep"
STOPPED = "the program stopped before this was sent"

TICK_S = 1.0
"""Seconds between looks at what waits: how exact the age of a command is."""


class Presses:
    """What doors were asked for; every method may be called from any thread.

    An off that may be part of a sweep is held back until it cannot be one any more, for all doors together. Until then
    it is shown as where a command under way leads, and written down, so that it is not lost with the process.
    `changed` is called with the installation when something is held back or no more, `reads` tells what the panel says
    of a switch.
    """

    def __init__(
        self,
        switches: Sequence[Switch],
        installations: Mapping[str, Installation],
        journal: Journal,
        clock: Clock,
        changed: Callable[[str], None],
        reads: Callable[[Switch], bool | None],
    ) -> None:
        self.held = Held(len(switches), clock.monotonic)
        self.wake = threading.Event()  # there may be something to release sooner than was thought
        self._switches = switches
        self._installations = installations
        self._journal = journal
        self._clock = clock
        self._changed = changed
        self._reads = reads
        self._order = threading.RLock()
        self._numbers = itertools.count(1)
        self._armed: dict[str, int] = {}
        self._turned_off: dict[str, int] = {}

    def ask(self) -> Asked:
        """Take note that something is asked for now, to be submitted later."""
        return Asked(next(self._numbers), Moment(self._clock.monotonic(), self._clock.time()))

    def submit(
        self, switch: Switch, on: bool, origin: Origin, guard: Guard = Guard.OFFS, asked: Asked | None = None
    ) -> Ticket:
        """Ask for a switch to be turned on or off; `asked` is what `ask` said, if that was before.

        An off that was asked for before an arm, through whatever door, is too late: the house stays armed. So is an
        arm that was asked for before an off which would have taken it out of the queue.
        """
        press = Press(switch, on, origin, asked or self.ask())
        why_not = self.why_not(switch, on, origin)
        if on not in guard.value:
            return self._ignore(press, why_not) if why_not else self._carry_out(press)
        obstacle = None if why_not else self.obstacle(switch, on)
        came = self.held.add(press, may_hold=not (why_not or obstacle))
        if came.swept:
            self._sweep(came.swept)
        elif why_not:
            self._ignore(press, why_not)
        elif obstacle:
            self.held.uncount(press)
            self._ignore(press, str(obstacle), obstacle)
        elif came.twin:
            self._join(press, came.twin)
        elif came.held:
            self._hold(press)
        else:
            self._forget_opposite(press)
            self._carry_out(press)
        return press.ticket

    def submit_all(self, switches: Sequence[Switch], on: bool, origin: Origin, guard: Guard) -> list[Ticket]:
        """Ask for several switches by one word: a sweep by its name, unless the guard lets it pass."""
        presses = [Press(one, on, replace(origin, switch=one.name), self.ask()) for one in switches]
        if presses and on in guard.value:
            swept = self.held.sweep(presses)
            self._sweep(swept)
            return [press.ticket for press in swept]
        return [self.submit(press.switch, on, press.origin, guard, press.asked) for press in presses]

    def why_not(self, switch: Switch, on: bool, origin: Origin) -> str:
        """Say why the settings let a command do nothing; empty when they do not."""
        if on:
            return ""
        if not switch.off_disarms:
            return "this switch only arms: it has no `off: disarm` in devices.yaml"
        if switch.narrowing == Narrowing():
            return ""
        now = datetime.fromtimestamp(self._clock.time()).astimezone()
        refusal = why_not_disarm(switch.narrowing, origin, now.hour * 60 + now.minute)
        return refusal and f"{refusal}, says devices.yaml"

    def ignore(self, switch: Switch, on: bool, origin: Origin, reason: str) -> Ticket:
        """Write down that a command was asked for and why it changes nothing; the ticket has ended like that."""
        return self._ignore(Press(switch, on, origin, self.ask()), reason)

    def command(self, installation: str, action: Action, origin: Origin) -> Ticket:
        """Ask an alarm itself, whatever its switches are; who asked for a disarm has proved that they may.

        Raises EmulatorError when it cannot be written down, or too much waits: then nothing is sent.
        """
        with self._order:
            try:
                return self._submit(installation, Command(action, origin), self.ask())
            except TooMany as error:
                self._journal.refuse(origin, str(action), str(error), self._clock.time(), installation)
                raise

    def obstacle(self, switch: Switch, on: bool) -> EmulatorError | None:
        """Return what is known to be in the way of a command before it is submitted, if anything."""
        return self._installations[switch.installation].known_obstacle(_command(switch, on, Origin("")).action)

    def stands(self, press: Press, switch: Switch) -> bool:
        """Tell whether an announcement still holds for a switch: nothing that came later may be hidden by it."""
        if press.switch.installation != switch.installation:
            return False
        if press.on:
            return self._turned_off.get(switch.identity.key, 0) < press.asked.number
        return press.switch.off_disarms and self._armed.get(switch.installation, 0) < press.asked.number

    def _carry_out(self, press: Press) -> Ticket:
        """Submit a press now, unless something that came later makes it pointless."""
        switch, on, number = press.switch, press.on, press.asked.number
        if why_not := self.why_not(switch, on, press.origin):
            return self._ignore(press, why_not)
        entry = press.entry.result() if press.entry else None
        with self._order:
            armed = self._armed.get(switch.installation, 0)
            if (self._turned_off.get(switch.identity.key, 0) if on else armed) > number:
                return self._ignore(press, LATER)
            command = _command(switch, on, press.origin)
            try:
                return self._submit(switch.installation, command, press.asked, entry, press.ticket)
            except TooMany as error:
                self._refuse(press, command, error)
            except EmulatorError as error:
                LOG.error("%s: %s", switch.name, error)
                press.ticket.finish(Outcome(Result.FAILED, str(error)), error)
        return press.ticket

    def _submit(
        self,
        installation: str,
        command: Command,
        asked: Asked,
        entry: int | None = None,
        ticket: Ticket | None = None,
    ) -> Ticket:
        """Submit, and note what this makes pointless that is held back, unless it comes to nothing at once."""
        armed, turned_off, taken = dict(self._armed), dict(self._turned_off), False
        if isinstance(command.action, Arm):
            self._armed[installation] = max(armed.get(installation, 0), asked.number)
        else:
            self._note_off(installation, command, asked.number)
        try:
            made = self._installations[installation].submit(command, entry, asked=asked.at, ticket=ticket)
            taken = not (made.accepted.done() and made.accepted.exception())
            return made
        finally:
            if not taken:
                self._armed, self._turned_off = armed, turned_off
                self._changed(installation)
            self.wake.set()

    def _refuse(self, press: Press, command: Command, error: EmulatorError) -> None:
        """End a press that the queue had no room for."""
        where = press.switch.installation
        LOG.warning("%s: %s, asked for %s: %s", where, command.action, command.origin, error)
        try:
            self._journal.refuse(command.origin, str(command.action), str(error), self._clock.time(), where)
        except EmulatorError as full:
            LOG.error("%s: %s", press.switch.name, full)
        press.ticket.finish(Outcome(Result.REFUSED, str(error)), error)

    def _ignore(self, press: Press, reason: str, error: EmulatorError | None = None) -> Ticket:
        command, ended = _command(press.switch, press.on, press.origin), Outcome(Result.IGNORED, reason)
        where = press.switch.installation
        LOG.info("%s: %s, asked for %s: ignored: %s", where, command.action, command.origin, reason)
        try:
            if press.entry:
                self._installations[where].finish(press.entry.result(), ended)
            else:
                self._journal.turn_away(where, command, ended, self._clock.time())
            press.ticket.finish(ended, error)
        except EmulatorError as full:
            LOG.error("%s: %s", press.switch.name, full)
            press.ticket.finish(Outcome(Result.FAILED, str(full)), full)
        return press.ticket

    def _note_off(self, installation: str, command: Command, asked: int) -> None:
        """Note which arms that are held back and shown as on this makes pointless: they are not sent any more."""
        view = self._installations[installation].view
        soon = view.axes if view.target is None else view.target
        for switch in self._switches:
            arm = Arm(switch.mode)
            if switch.installation == installation and makes_pointless(command, arm, view.axes, soon):
                self._turned_off[switch.identity.key] = max(self._turned_off.get(switch.identity.key, 0), asked)

    # -- what is held back ----------------------------------------------------------------------------------

    def _hold(self, press: Press) -> None:
        """Write down what is held; what cannot be written down is held no more."""
        assert press.entry  # noqa: S101  # it is held
        self._changed(press.switch.installation)
        command = _command(press.switch, press.on, press.origin)
        try:
            press.entry.set_result(self._installations[press.switch.installation].hold(command))
        except Exception as error:
            press.entry.set_exception(error)  # whatever it was, nobody may wait for ever
            self.held.fail(press)
            self._changed(press.switch.installation)
            if not isinstance(error, EmulatorError):
                raise
            LOG.error("%s: %s", press.switch.name, error)
            press.ticket.finish(Outcome(Result.FAILED, str(error)), error)
            return
        self._forget_opposite(press)
        self.wake.set()

    def _join(self, press: Press, twin: Press) -> None:
        """Let a repeated press end as the one that is held."""
        assert twin.entry  # noqa: S101  # it is held
        if error := refusal(twin.entry):
            press.ticket.finish(Outcome(Result.FAILED, str(error)), error)
            return
        self._forget_opposite(press)
        press.ticket.waits = True
        press.ticket.follow(twin.ticket)
        self.wake.set()

    def _forget_opposite(self, press: Press) -> None:
        """End what is held of the same switch in the other direction, now that this is certain to come."""
        late = self.held.opposite(press)
        self._tell(late)
        for each in late:
            self._end_held(each, LATER)

    def _sweep(self, presses: Sequence[Press]) -> None:
        for each in presses:
            if not self.why_not(each.switch, each.on, each.origin):
                self.held.show(each, self._reads(each.switch))
        self._tell(presses)
        for each in presses:
            self._end_held(each, self._why_swept(each))

    def _why_swept(self, press: Press) -> str:
        keys, peers = self.held.company(press)
        names = [switch.name for switch in self._switches if switch.identity.key in keys]
        sweep = SWEEP.replace("off", "on") if press.on else SWEEP
        return f"it came with {', '.join(names) or 'all others'}, asked for by {', '.join(sorted(peers))}, {sweep}"

    def _end_held(self, press: Press, reason: str) -> None:
        if press.entry and (error := refusal(press.entry)):
            press.ticket.finish(Outcome(Result.FAILED, str(error)), error)
        else:
            self._ignore(press, reason)

    def _tell(self, presses: Iterable[Press]) -> None:
        for installation in {press.switch.installation for press in presses}:
            self._changed(installation)

    def release(self) -> float | None:
        """Submit what was held for long enough, and end what waits for too long; the seconds until the next look."""
        while press := self.held.due():
            try:
                if press.entry and (error := refusal(press.entry)) is None:
                    self._carry_out(press)
                elif press.entry and error:
                    press.ticket.finish(Outcome(Result.FAILED, str(error)), error)
            finally:
                # Not before: between the two the switch would show the past.
                self.held.withdraw(press)
                self._tell([press])
        waiting = [name for name, installation in self._installations.items() if installation.expire()]
        at = self.held.next_at()
        until = None if at is None else max(0.0, at - self._clock.monotonic())
        return min(TICK_S, until or TICK_S) if waiting else until

    def drop(self) -> None:
        """End what is held back: it is not sent, now or later."""
        left = self.held.drop()
        self._tell(left)
        for press in left:
            self._end_held(press, STOPPED)


def _command(switch: Switch, on: bool, origin: Origin) -> Command:
    action = Arm(switch.mode, force=switch.force) if on else Disarm.of(switch.mode)
    return Command(action, replace(origin, switch=switch.name), only_if=None if on else switch.mode)
