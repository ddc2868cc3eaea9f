"""A fake hub: it keeps the commands that it gets, and has the state that a test sets."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from emulator.alarm.hub import Asked, Guard, Health, Hub, Switch, SwitchState, Ticket
from emulator.clock import SystemClock
from emulator.doors import DoorContext
from emulator.errors import EmulatorError
from emulator.lan import network
from emulator.lan.door import LOOK_S
from emulator.lan.responder import Responder
from emulator.model import ArmMode, Origin, Outcome, PanelState, Result
from emulator.store.identities import Identity
from emulator.store.journal import Journal
from emulator.store.peer_names import PeerNames
from emulator.store.pin import Pin
from tests.support.fakes import FakeClock
from tests.support.program import free_port

NAMES = ("Total alarm", "Tom & <Jerry> ñ")


def a_switch(name: str = "Total alarm", number: int = 1, *, port: int | None = None, doors: str = "wemo") -> Switch:
    identity = Identity(f"key{number}", f"2215{number:010}", f"02:ab:cd:00:00:{4 * number:02x}", port or free_port())
    return Switch(name, "home", ArmMode.parse("total"), True, frozenset({doors}), identity)


@dataclass(eq=False)
class FakeHub(Hub):
    switches: tuple[Switch, ...] = field(default_factory=lambda: (a_switch(), a_switch(NAMES[1], 2)))
    states: dict[str, bool | None] = field(default_factory=dict)
    asked: list[tuple[str, bool, Origin]] = field(default_factory=list)
    tickets: list[Ticket] = field(default_factory=list)
    prompt: bool = True  # commands are accepted and done at once
    refusal: Exception | None = None  # submit raises it
    came: threading.Event = field(default_factory=threading.Event)
    obstacle: EmulatorError | None = None  # known before a submit
    busy: bool = False  # with another command
    ignored: list[tuple[str, bool, str]] = field(default_factory=list)
    panel: PanelState | None = None
    swept: dict[str, bool] = field(default_factory=dict)
    read_at: float | None = 0.0  # None until the panel is read in this run

    def __post_init__(self) -> None:
        super().__init__(self.switches, {}, None, FakeClock())

    @property
    def subscribers(self) -> list[Callable[[str], None]]:
        return self._subscribers

    def submit(
        self,
        switch: Switch,
        on: bool,
        origin: Origin,
        guard: Guard = Guard.OFFS,  # noqa: ARG002
        asked: Asked | None = None,  # noqa: ARG002
        why_not: str = "",  # noqa: ARG002
    ) -> Ticket:
        if self.refusal:
            raise self.refusal
        ticket = Ticket(waits=self.busy, obstacle=self.obstacle)
        self.asked.append((switch.name, on, origin))
        self.tickets.append(ticket)
        if self.prompt:
            self.be(switch, on)
            ticket.accepted.set_result(None)
            ticket.done.set_result(Outcome(Result.CONFIRMED, "done"))
        self.came.set()
        return ticket

    def submit_all(self, switches: Sequence[Switch], on: bool, origin: Origin, guard: Guard) -> list[Ticket]:
        return [self.submit(each, on, replace(origin, switch=each.name), guard) for each in switches]

    def ignore(self, switch: Switch, on: bool, origin: Origin, reason: str) -> None:  # noqa: ARG002
        self.ignored.append((switch.name, on, reason))

    def health(self, installation: str) -> Health:  # noqa: ARG002
        return Health(read_at=self.read_at)

    def state(self, switch: Switch) -> SwitchState:
        """Return the state of this switch alone."""
        return SwitchState(self.states.get(switch.name, False), False, self.panel, self.swept.get(switch.name))

    def be(self, switch: Switch, on: bool | None) -> None:
        """Set the state as the panel reports it, and notify the subscribers."""
        self.states[switch.name] = on
        self.changed(switch.installation)


def a_context(hub: Hub, journal: Journal, folder: Path, **other: Any) -> DoorContext:
    """Return the surroundings of a door on loopback; `other` are those that a test chooses."""
    place = {name: other.pop(name, usual) for name, usual in {"interfaces": ["lo"], "nics": network.nics}.items()}
    whole: dict[str, Any] = {
        "clock": SystemClock(),
        "pin": Pin(journal, SystemClock().time, lambda _text: None),
        "responder": Responder(**place),
        "address": None,
        "look_s": LOOK_S,
        "reply_within_s": 0.8,
        "poll_every_s": 60.0,
        "notify": lambda _notice, _about, _text: None,
        "opened": dict,
        "pairing": None,
        "names": PeerNames(journal),
    }
    return DoorContext(hub=hub, journal=journal, state_dir=folder, **place, **(whole | other))
