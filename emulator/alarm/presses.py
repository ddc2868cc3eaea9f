"""Turn switches on and off: who may, what is held back, and what came later than what."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from emulator.alarm import rules
from emulator.alarm.held import Asked, Held, Press
from emulator.alarm.installation import Installation
from emulator.alarm.offers import standing
from emulator.alarm.order import RequestOrder
from emulator.alarm.queue import Ticket
from emulator.alarm.sweeps import Guard
from emulator.alarm.switch import Switch, SwitchState
from emulator.clock import Clock
from emulator.errors import EmulatorError, TooMany
from emulator.model import Action, Command, Disarm, Origin, Outcome, Result
from emulator.store.journal import Journal
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

LATER = Text("something else was asked for after it, before this was sent")
"""The reason why a command that was held back is not sent."""

STOPPED = Text("the program stopped before this was sent")

TICK_S = 1.0
"""Pause between looks at what waits: how exact the age of a command is."""


@dataclass(eq=False)
class Presses:
    """Carries out what doors ask for; every method may be called from any thread.

    An off that may be part of a sweep is held back until it cannot be one any more, for all doors together. Until then
    it is shown as where a command under way leads, and written down, so that it is not lost with the process.
    `changed` is called with the installation when something is held back or no more.
    """

    switches: Sequence[Switch]
    installations: Mapping[str, Installation]
    journal: Journal
    clock: Clock
    changed: Callable[[str], None]
    state: Callable[[Switch], SwitchState]

    def __post_init__(self) -> None:
        self.held = Held(self.switches, self.clock.monotonic)
        self.wake = threading.Event()
        """Set when something may have to be released sooner."""
        self.order = RequestOrder(self.switches, self.installations, self.clock)
        self._in_order = threading.RLock()

    def submit(self, press: Press, guard: Guard) -> Ticket:
        """Carry out a press, hold it back, or end it at once."""
        why_not = self._why_not(press)
        known_obstacle = self.installations[press.switch.installation].known_obstacle
        obstacle = press.ticket.obstacle = None if why_not else known_obstacle(press.command.action)
        guarded = press.on in guard.value
        came = self.held.add(press, may_hold=not (why_not or obstacle)) if guarded else None
        if came and came.swept:
            self._sweep(came.swept)
        elif why_not:
            self._drop(press, why_not)
        elif obstacle and came:
            self.held.forget(press)
            self._drop(press, str(obstacle), obstacle)
        elif came and came.twin:
            self._join(press, came.twin)
        elif came and came.held:
            self._hold(press)
        else:
            if came:
                self._forget_opposite(press)
            self._carry_out(press)
        return press.ticket

    def submit_all(self, presses: Sequence[Press], guard: Guard) -> list[Ticket]:
        """Carry out what was asked for by one word: a sweep by its name, unless the guard lets it pass."""
        if presses and presses[0].on in guard.value:
            swept = self.held.sweep(presses)
            self._sweep(swept)
            return [press.ticket for press in swept]
        return [self.submit(press, guard) for press in presses]

    def command(self, installation: str, action: Action, origin: Origin, asked: Asked | None = None) -> Ticket:
        """Ask an alarm itself; for a disarm, the peer has proved that it may. Raises EmulatorError: nothing is sent.

        One that was `asked` for before this call comes to nothing if what came in between makes it pointless.
        """
        command = Command(action, origin)
        with self._in_order:
            if asked and self.order.overtakes_command(installation, action, asked):
                return _ended(self.ignore(installation, command, LATER))
            return self._submit(installation, command, asked or self.order.ask())

    def disarm(self, installation: str, action: Disarm, origin: Origin, asked: Asked | None = None) -> Ticket:
        """Disarm an alarm itself for a peer that its door knows, as far as the settings let it; else as `command`."""
        view, now = self.installations[installation].view, self.clock.time()
        own = [one for one in self.switches if one.installation == installation]
        if why_not := rules.why_not_disarm_alarm(own, view.axes, view.soon, origin, now):
            return _ended(self.ignore(installation, Command(action, origin), why_not))
        return self.command(installation, action, origin, asked)

    def decide(self, installation: str, entry: int, origin: Origin) -> Ticket:
        """Arm past what was open at the refusal `entry`; see `standing` and Offer.take."""
        with self._in_order:
            offer = standing(self.installations[installation].offer, entry)
            command, asked = Command(offer.arm, origin), self.order.ask()
            return offer.take(lambda ticket: self._submit(installation, command, asked, ticket=ticket))

    def ignore(self, where: str, command: Command, reason: str, entry: int | None = None) -> Outcome:
        """Write down a command that changes nothing, and why."""
        LOG.info("%s: %s, asked for %s: ignored: %s", where, command.action, command.origin, reason)
        ended = Outcome(Result.IGNORED, reason)
        if entry:
            self.installations[where].records.finish(entry, ended)
        else:
            self.journal.turn_away(where, command, ended, self.clock.time())
        return ended

    def _why_not(self, press: Press) -> str:
        return press.why_not or rules.why_not(press.switch, press.on, press.origin, self.clock.time())

    def _drop(self, press: Press, reason: str, error: EmulatorError | None = None) -> None:
        """End a press that changes nothing."""
        if unwritten := press.unwritten():
            return press.ticket.fail(unwritten)
        try:
            entry = press.entry.result() if press.entry else None
            press.ticket.finish(self.ignore(press.switch.installation, press.command, reason, entry), error)
        except EmulatorError as full:
            _fail(press, full)

    def _carry_out(self, press: Press) -> None:
        """Submit a press now, unless something that came later makes it pointless."""
        where, why_not = press.switch.installation, self._why_not(press)
        if why_not or press.unwritten():
            return self._drop(press, why_not)
        entry = press.entry.result() if press.entry else None
        with self._in_order:
            if self.order.overtakes(press):
                return self._drop(press, LATER)
            try:
                self._submit(where, press.command, press.asked, entry, press.ticket)
            except TooMany as error:
                LOG.warning("%s: %s, asked for %s: %s", where, press.command.action, press.command.origin, error)
                press.ticket.fail(error, Result.REFUSED)
            except EmulatorError as error:
                _fail(press, error)

    def _submit(
        self, where: str, command: Command, asked: Asked, entry: int | None = None, ticket: Ticket | None = None
    ) -> Ticket:
        """Submit, and note what this makes pointless that is held back, unless it comes to nothing at once."""
        before, taken = self.order.note(where, command, asked), False
        try:
            made = self.installations[where].submit(command, entry, asked=asked.at, ticket=ticket)
            taken = not (made.accepted.done() and made.accepted.exception())
            return made
        except TooMany as error:
            origin, action, why, now = command.origin, str(command.action), str(error), self.clock.time()
            # The client hears of it even if it cannot be written down.
            self.installations[where].records.write(lambda: self.journal.refuse(origin, action, why, now, where))
            raise
        finally:
            if not taken:
                self.order.restore(before)
                self.changed(where)
            self.wake.set()

    # -- what is held back ----------------------------------------------------------------------------------

    def _hold(self, press: Press) -> None:
        """Write down what is held; what cannot be written down is held no more."""
        assert press.entry  # noqa: S101  # it is held
        where = press.switch.installation
        self.changed(where)
        try:
            press.entry.set_result(self.installations[where].records.hold(press.command))
        except Exception as error:
            press.entry.set_exception(error)  # whatever it was: no thread may wait for ever
            self.held.forget(press)
            self.changed(where)
            if not isinstance(error, EmulatorError):
                raise
            _fail(press, error)
        else:
            self._forget_opposite(press)
            self.wake.set()

    def _join(self, press: Press, twin: Press) -> None:
        """Let a repeated press end as the one that is held."""
        if error := twin.unwritten():
            press.ticket.fail(error)
        else:
            self._forget_opposite(press)
            press.ticket.waits = True
            press.ticket.follow(twin.ticket)
            self.wake.set()

    def _forget_opposite(self, press: Press) -> None:
        """End what is held of the same switch in the other direction, now that this is certain to come."""
        self._end(self.held.opposite(press), lambda _: LATER)

    def _sweep(self, presses: Sequence[Press]) -> None:
        for each in presses:
            if not self._why_not(each):
                self.held.show(each, self.state(each.switch).on)
        self._end(presses, self.held.why_swept)

    def _end(self, presses: Sequence[Press], reason: Callable[[Press], str]) -> None:
        """End what is held no more; subscribers hear of it before."""
        for installation in {press.switch.installation for press in presses}:
            self.changed(installation)
        for press in presses:
            self._drop(press, reason(press))

    def release(self) -> float | None:
        """Submit what was held for long enough, and end what waits for too long; return the pause until the next."""
        while press := self.held.due():
            try:
                self._carry_out(press)
            finally:
                # Not before: between the two the switch would show the past.
                self.held.withdraw(press)
                self.changed(press.switch.installation)
        waiting = [name for name, installation in self.installations.items() if installation.expire()]
        at = self.held.next_at()
        until = None if at is None else max(0.0, at - self.clock.monotonic())
        return min(TICK_S, until or TICK_S) if waiting else until

    def drop(self) -> None:
        """End what is held back: it is not sent, now or later."""
        self._end(self.held.drop(), lambda _: STOPPED)


def _ended(outcome: Outcome) -> Ticket:
    ticket = Ticket()
    ticket.finish(outcome, None)
    return ticket


def _fail(press: Press, error: EmulatorError) -> None:
    LOG.error("%s: %s", press.switch.name, error)
    press.ticket.fail(error)
