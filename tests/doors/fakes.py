"""A hub that tests hold in their hands: it remembers what was submitted and is whatever they say."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from emulator.errors import EmulatorError
from emulator.hub import LATER, Hub, Ticket
from emulator.model import ArmMode, Identity, Origin, Outcome, PanelState, Result, Switch, SwitchState
from tests.program import free_port

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
    open: list[int] = field(default_factory=list)  # entries of what is held
    full: Exception | None = None  # hold raises it
    panel: PanelState | None = None
    show_target: bool = True

    def __post_init__(self) -> None:
        super().__init__(self.switches, {}, None, None, show_target=self.show_target)  # type: ignore[arg-type]

    @property
    def subscribers(self) -> list[Callable[[str], None]]:
        return self._subscribers

    def hold(self, switch: Switch, on: bool, origin: Origin) -> int:  # noqa: ARG002
        if self.full:
            raise self.full
        self.open.append(max(self.open, default=0) + 1)
        return self.open[-1]

    def submit(
        self, switch: Switch, on: bool, origin: Origin, asked: int | None = None, entry: int | None = None
    ) -> Ticket:
        if self.refusal:
            raise self.refusal
        asked = self.ask() if asked is None else asked
        if not on and self._armed.get(switch.installation, 0) > asked:
            return self.ignore(switch, on, origin, LATER, entry)
        if entry is not None:
            self.open.remove(entry)
        if on:
            self._armed[switch.installation] = asked
        else:
            self._turned_off[switch.identity.key] = asked
        ticket = Ticket()
        self.asked.append((switch.name, on, origin))
        self.tickets.append(ticket)
        if self.prompt:
            self.be(switch, on)
            ticket.accepted.set_result(None)
            ticket.done.set_result(Outcome(Result.CONFIRMED, "done"))
        self.came.set()
        return ticket

    def ignore(self, switch: Switch, on: bool, origin: Origin, reason: str, entry: int | None = None) -> Ticket:  # noqa: ARG002
        if entry is not None:
            self.open.remove(entry)
        self.ignored.append((switch.name, on, reason))
        return Ticket()

    def must_wait(self, switch: Switch) -> bool:  # noqa: ARG002
        return self.busy

    def known_obstacle(self, switch: Switch, on: bool) -> EmulatorError | None:  # noqa: ARG002
        return self.obstacle

    def state(self, switch: Switch) -> SwitchState:
        """Each switch stands for itself; what is announced shows as on the real hub."""
        on = self.states.get(switch.name, False)
        held = [one for one in self._announced if one.switch is switch and self._stands(one, switch)]
        if held and self.show_target and (held[-1].on or on is not None):
            on = held[-1].on
        return SwitchState(on, bool(held), self.panel)

    def be(self, switch: Switch, on: bool | None) -> None:
        """The panel says so, and everybody hears it."""
        self.states[switch.name] = on
        self.changed(switch.installation)
