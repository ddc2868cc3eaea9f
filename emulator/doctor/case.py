"""The facts that every check starts from: settings, what the journal remembers, and whether the program runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from emulator import doors
from emulator.app.settings import Settings
from emulator.app.switch_settings import SwitchSettings
from emulator.clock import Clock
from emulator.doctor import sockets
from emulator.errors import EmulatorError
from emulator.lan.network import Place
from emulator.store.identities import Identity
from emulator.store.journal import Journal


@dataclass(frozen=True, slots=True)
class Memory:
    """Identities of the switches by name, and the devices that answer searches for us; empty before the first run.

    `devices` maps a unique device name to a name for people.
    """

    switches: Mapping[str, Identity] = field(default_factory=dict)
    devices: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Case:
    """One examination. `settings` is None where they cannot be loaded; `running` tells of an `emulator run`.

    `proc` is the folder in which the kernel lists the owners of ports.
    """

    settings: Settings | None
    state_dir: Path
    places: tuple[Place, ...]
    memory: Memory
    running: bool
    clock: Clock
    proc: Path = sockets.PROC


def remember(settings: Settings | None, state_dir: Path) -> Memory:
    """Return what the journal remembers; nothing where it cannot be read, which is another check's business."""
    if settings is None:
        return Memory()
    try:
        journal = Journal(state_dir, read_only=True)
    except EmulatorError:
        return Memory()
    try:
        rows = journal.rows("SELECT installation, mode, name, key, serial, mac, port FROM identities")
        known = [(alarm, mode, name, Identity(str(key), *rest)) for alarm, mode, name, key, *rest in rows]
        found = {switch: _of(switch, settings.installation_of(switch), known) for switch in settings.switches}
        switches = {switch.name: identity for switch, identity in found.items() if identity}
        devices: dict[str, str] = {}
        for door in settings.doors.opened:
            shown = {one.name: identity for one, identity in found.items() if identity and one.is_at(door)}
            devices.update(doors.row(door).devices(journal, shown))
        return Memory(switches, devices)
    except EmulatorError:
        return Memory()
    finally:
        journal.close()


def _of(switch: SwitchSettings, installation: str, known: Sequence[tuple[str, str, str, Identity]]) -> Identity | None:
    """The identity that the next run will give this switch, or None: by its mode, and among those by its name."""
    same = [(name, one) for alarm, mode, name, one in known if (alarm, mode) == (installation, str(switch.on))]
    named = [one for name, one in same if name == switch.name]
    return next(iter(named or [one for _, one in same]), None)
