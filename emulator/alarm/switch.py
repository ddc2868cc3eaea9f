"""Switches: the virtual devices that doors show. Pure values."""

from dataclasses import dataclass, replace
from ipaddress import IPv4Network

from emulator.model import Arm, ArmMode, Command, Disarm, Origin, PanelState
from emulator.store.identities import Identity


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Limits on who may disarm with a switch, and at which time; what is empty is not limited.

    `between` are minutes of the day, local time; from 22:00 to 07:00 goes over midnight.
    """

    networks: tuple[IPv4Network, ...] = ()
    doors: frozenset[str] = frozenset()
    between: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Switch:
    """A virtual device: a spoken name, an arm mode for on, a policy for off, and the doors that show it."""

    name: str
    installation: str
    mode: ArmMode
    off_disarms: bool
    doors: frozenset[str]
    identity: Identity
    force: bool = False
    narrowing: Narrowing = Narrowing()

    def command(self, on: bool, origin: Origin) -> Command:
        """Return the command that turns it on or off."""
        action = Arm(self.mode, force=self.force) if on else Disarm.of(self.mode)
        return Command(action, replace(origin, switch=self.name), only_if=None if on else self.mode)


@dataclass(frozen=True, slots=True)
class SwitchState:
    """State of a switch, as a door may report it.

    `on` is None when nothing has been read from the panel yet. `pending` is True if a command is under way and `on` is
    its target. `panel` is the last polled state. `swept` is what the switch was asked for by a sweep some moments ago,
    which changed nothing: for clients that read back at once whether their lamp obeyed.
    """

    on: bool | None
    pending: bool
    panel: PanelState | None
    swept: bool | None = None
