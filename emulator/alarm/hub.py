"""The switches as doors see them: submit, state, subscribe. Doors import nothing behind this module."""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from emulator.alarm.age import ARM_WITHIN_S, DISARM_WITHIN_S
from emulator.alarm.held import Asked, Press
from emulator.alarm.installation import Health, Installation
from emulator.alarm.offers import Offer
from emulator.alarm.presses import TICK_S, Presses
from emulator.alarm.queue import Ticket, View
from emulator.alarm.sweeps import Guard
from emulator.alarm.switch import Switch, SwitchState
from emulator.clock import Clock
from emulator.errors import EmulatorError
from emulator.model import Action, Arm, Axes, Disarm, Origin
from emulator.store.journal import Journal

__all__ = [
    "ARM_WITHIN_S",
    "DISARM_WITHIN_S",
    "Asked",
    "Guard",
    "Health",
    "Hub",
    "Offer",
    "Switch",
    "SwitchState",
    "Ticket",
    "View",
]

LOG = logging.getLogger(__name__)

LEAVE_S = 2.0
"""Time for the hub's thread to end; it may be writing the journal."""


class Hub:
    """The switches of the house; every method may be called from any thread.

    `submit` may block for some milliseconds (it writes the journal): never call it on an event loop. `state` and
    `ask` use memory only and call no subscriber: they may be called under any lock.
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
        self._show_target = show_target
        self._presses = Presses(self.switches, installations, journal, clock, self.changed, self.state)
        self._subscribers: list[Callable[[str], None]] = []
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="hub", daemon=True)

    def start(self) -> None:
        """Begin to release what is held back."""
        self._thread.start()

    def stop(self) -> None:
        """End what is held back: it is not sent, now or later."""
        self._stopping = True
        self._presses.wake.set()
        if self._thread.ident is not None:
            self._thread.join(LEAVE_S)
        self._presses.drop()

    def _run(self) -> None:
        pause_s: float | None = None
        while not self._stopping:
            self._presses.wake.wait(pause_s)
            self._presses.wake.clear()
            try:
                pause_s = self._presses.release()
            except Exception:
                # Nothing may end this thread while the house relies on it.
                LOG.exception("a command that was held back failed")
                pause_s = TICK_S

    # -- commands -------------------------------------------------------------------------------------------

    def ask(self) -> Asked:
        """Return a mark for what is asked for now and will be submitted later."""
        return self._presses.order.ask()

    def submit(
        self,
        switch: Switch,
        on: bool,
        origin: Origin,
        guard: Guard = Guard.OFFS,
        asked: Asked | None = None,
        why_not: str = "",
    ) -> Ticket:
        """Turn a switch on or off; `asked` is what `ask` returned, if the request is older than this call.

        `why_not` is a door's own reason to change nothing; such a request may be part of a sweep all the same.
        """
        return self._presses.submit(Press(switch, on, origin, asked or self.ask(), why_not), guard)

    def submit_all(self, switches: Sequence[Switch], on: bool, origin: Origin, guard: Guard) -> list[Ticket]:
        """Turn several switches on or off by one request: a sweep by its name, unless the guard lets it pass."""
        presses = [Press(one, on, replace(origin, switch=one.name), self.ask()) for one in switches]
        return self._presses.submit_all(presses, guard)

    def ignore(self, switch: Switch, on: bool, origin: Origin, reason: str) -> None:
        """Write down a request that changes nothing, and why."""
        try:
            self._presses.ignore(switch.installation, switch.command(on, origin), reason)
        except EmulatorError as error:
            LOG.error("%s: %s", switch.name, error)

    def command(self, installation: str, action: Action, origin: Origin, asked: Asked | None = None) -> Ticket:
        """Submit a command to an alarm itself, whatever its switches are; see Presses.command."""
        return self._presses.command(installation, action, origin, asked)

    def disarm(self, installation: str, action: Disarm, origin: Origin, asked: Asked | None = None) -> Ticket:
        """Disarm an alarm itself, unless the narrowing of what is on forbids it; see Presses.disarm."""
        return self._presses.disarm(installation, action, origin, asked)

    def decide(self, installation: str, entry: int, origin: Origin) -> Ticket:
        """Arm once past what was open at the refusal `entry`; see Presses.decide."""
        return self._presses.decide(installation, entry, origin)

    def refresh(self, installation: str) -> bool:
        """Read an alarm's state soon, because a person asks; see Installation.refresh."""
        return self._installations[installation].refresh()

    @property
    def is_at_rest(self) -> bool:
        """True if nothing is held back, waits or is under way, and nothing that came bears on what comes next."""
        # In this order: a press that is released is announced until its alarm has it.
        return self._presses.held.is_over and all(one.is_at_rest for one in self._installations.values())

    # -- states ---------------------------------------------------------------------------------------------

    @property
    def installations(self) -> tuple[str, ...]:
        """Names of the alarms."""
        return tuple(self._installations)

    def view(self, installation: str) -> View:
        """Return the last state of an alarm, and where its queued commands lead."""
        return self._installations[installation].view

    def asks_code(self, installation: str) -> bool:
        """Return whether a command to an alarm needs the code of a person."""
        return self._installations[installation].asks_code

    @property
    def offers(self) -> dict[str, Offer]:
        """Decisions that a person may take now after a refusal, by the alarm's name."""
        found = {name: one.offer for name, one in self._installations.items()}
        return {name: offer for name, offer in found.items() if offer}

    def health(self, installation: str) -> Health:
        """Return the health of an alarm's connection to its cloud."""
        return self._installations[installation].health

    def state(self, switch: Switch) -> SwitchState:
        """Return what may be reported of a switch now, from memory.

        Unknown never reads as off: a panel that is armed in an unreadable way shows every switch as on.
        """
        # In this order: a press that is withdrawn after its submit is then in the view.
        announced = [press for press in self._presses.held.announced if self._presses.order.stands(press, switch)]
        view = self._installations[switch.installation].view
        on = _shown(switch, view.soon, announced) if self._show_target else view.axes.has(switch.mode)
        if on is None and view.state is not None:
            on = True
        swept = self._presses.held.shows(switch, on) if self._show_target else None
        return SwitchState(on, view.target is not None or bool(announced), view.state, swept)

    def subscribe(self, callback: Callable[[str], None]) -> Callable[[], None]:
        """Call `callback` with the installation's name after each change, from any thread; return the unsubscribe."""
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)

    def changed(self, installation: str) -> None:
        """Notify the subscribers; called by installations, and when a press is held back or released."""
        for callback in tuple(self._subscribers):
            try:
                callback(installation)
            except Exception:
                # A broken door must not stop the alarm's thread.
                LOG.exception("%s: a door did not take the news", installation)


def _shown(switch: Switch, axes: Axes, announced: Iterable[Press]) -> bool | None:
    """Return whether a switch is on after what is announced.

    That may be a sweep: only an off of its own turns it off.
    """
    on = axes.has(switch.mode)
    off = None if on is None else False
    for one in announced:
        if one.on:
            axes = axes.after(Arm(one.switch.mode))
            on = axes.has(switch.mode) or on
        elif one.switch.identity == switch.identity:
            on = off
    return on
