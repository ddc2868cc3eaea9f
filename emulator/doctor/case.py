"""What every check may know: the settings, what the journal remembers, and whether the program runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from emulator.app.settings import Settings
from emulator.app.switch_settings import SwitchSettings
from emulator.clock import Clock
from emulator.doctor import sockets
from emulator.errors import EmulatorError
from emulator.lan.network import Place
from emulator.model import BridgeIdentity, Identity
from emulator.store.journal import Journal


@dataclass(frozen=True, slots=True)
class Memory:
    """By which identities clients know the switches, by name, and the bridge; empty before the first run."""

    switches: Mapping[str, Identity] = field(default_factory=dict)
    bridge: BridgeIdentity | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One examination. `settings` is None where they cannot be loaded; `running` tells of an `emulator run`.

    `proc` is where the kernel tells who has which port.
    """

    settings: Settings | None
    state_dir: Path
    places: tuple[Place, ...]
    memory: Memory
    running: bool
    clock: Clock
    proc: Path = sockets.PROC


def remember(settings: Settings | None, state_dir: Path) -> Memory:
    """What the journal remembers; nothing where it cannot be read, which is another check's business."""
    try:
        journal = Journal(state_dir, read_only=True)
    except EmulatorError:
        return Memory()
    try:
        rows = journal.rows("SELECT installation, mode, name, key, serial, mac, port FROM identities")
        base = journal.recall("mac base")
    except EmulatorError:
        return Memory()
    finally:
        journal.close()
    known = [(str(alarm), str(mode), str(name), _identity(*rest)) for alarm, mode, name, *rest in rows]
    switches = {}
    for switch in settings.switches if settings else ():
        if identity := _of(switch, settings.installation_of(switch) if settings else "", known):
            switches[switch.name] = identity
    return Memory(switches, BridgeIdentity(f"{int(base):012X}") if base else None)


def _identity(key: object, serial: object, mac: object, port: object) -> Identity:
    return Identity(str(key), str(serial), str(mac), int(str(port)))


def _of(switch: SwitchSettings, installation: str, known: Sequence[tuple[str, str, str, Identity]]) -> Identity | None:
    """The identity that the next run will give this switch, or None: by its mode, and among those by its name."""
    same = [(name, one) for alarm, mode, name, one in known if (alarm, mode) == (installation, str(switch.on))]
    named = [one for name, one in same if name == switch.name]
    return next(iter(named or [one for _, one in same]), None)
