"""Identities of the switches, kept in the journal: serial numbers, MACs and ports that never change."""

import json
import logging
import secrets
import sqlite3
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple

from emulator.errors import ConfigError, Problem
from emulator.model import ArmMode
from emulator.store.journal import Journal

LOG = logging.getLogger(__name__)

MAC_STEP = 4
"""SmartThings takes two MACs that differ by 1 for the same device (lan-emulation.md §2.2)."""

HIGHEST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Identity:
    """Identity of a switch to its clients; made once and kept. `key` is the journal's name for it."""

    key: str
    serial: str
    mac: str
    port: int

    @property
    def udn(self) -> str:
        """The UPnP unique device name, `uuid:Socket-1_0-<serial>` (lan-emulation.md §2.2)."""
        return f"uuid:Socket-1_0-{self.serial}"


@dataclass(frozen=True, slots=True)
class BridgeIdentity:
    """Identity of the Hue bridge to its clients; made once and kept. `mac` is 12 upper-case hex digits."""

    mac: str

    @property
    def bridge_id(self) -> str:
        """The MAC as an EUI-64 (lan-emulation.md §1.3)."""
        return f"{self.mac[:6]}FFFE{self.mac[6:]}"

    @property
    def udn(self) -> str:
        """The UPnP unique device name; every Hue bridge has this one with its own MAC (§3.1)."""
        return f"uuid:2f402f80-da50-11e1-9b23-{self.mac.lower()}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """The key by which an identity is looked up; `port` is 0 where the settings leave it open."""

    installation: str
    mode: ArmMode
    name: str
    port: int = 0


class StoredIdentity(NamedTuple):
    """A row of the table of identities; `port` is 0 before one is given."""

    key: int
    installation: str
    mode: str
    name: str
    serial: str
    mac: str
    port: int


def identities(
    journal: Journal,
    wanted: Sequence[Wanted],
    first_port: int,
    usable: Callable[[int], bool] = lambda _port: True,
    *,
    reserved: Set[int] = frozenset(),
) -> list[Identity]:
    """Return an identity for each switch, in order: the stored one, whatever its name or place in the file, or another.

    Identities follow the installation and the arm mode; the name only decides between two switches of the same
    mode. They are never deleted, so that a switch that comes back is the same device. A port once given stays,
    unless it lies below `first_port`, or went to another switch or door (`reserved`) meanwhile; a new one is the
    first from there that is `usable`. ConfigError when there is none.
    """
    with journal.write() as db:
        query = "SELECT key, installation, mode, name, serial, mac, port FROM identities"
        stored = [StoredIdentity(*row) for row in db.execute(query)]
        found = _found(stored, wanted)
        given = {want.port for want in wanted if want.port} | reserved
        taken = given | {row.port for row in stored}
        result = []
        for index, want in enumerate(wanted):
            row = found.get(index) or _new(db, want)
            port = want.port or row.port
            if not want.port and (port < first_port or port in given):
                port = next((n for n in range(first_port, HIGHEST_PORT + 1) if n not in taken and usable(n)), 0)
                taken.add(port)
            if not port:
                problem = f"no port from {first_port} to {HIGHEST_PORT} is free for {want.name!r}; begin lower"
                raise ConfigError([Problem("doors.wemo.first_port", problem)])
            given.add(port)
            if port != row.port != 0:
                message = "%r moves from port %s to %d; clients that do not notice have to search again"
                LOG.warning(message, want.name, row.port, port)
            db.execute("UPDATE identities SET name = ?, port = ? WHERE key = ?", (want.name, port, row.key))
            result.append(Identity(str(row.key), row.serial, row.mac, port))
        return result


def udns(journal: Journal) -> frozenset[str]:
    """Return the unique device names of our switches on the LAN."""
    rows = journal.rows("SELECT serial FROM identities")
    return frozenset(Identity("", serial, "", 0).udn for (serial,) in rows)


def mac_base(db: sqlite3.Connection) -> int:
    """Return the first MAC of this installation of the program, from which all count on. Inside `Journal.write`."""
    base = db.execute("SELECT value FROM notes WHERE name = 'mac base'").fetchone()
    if base is None:
        # Locally administered, so never a real card's; random, so that two homes differ in one Alexa account.
        base = (json.dumps(0x02 << 40 | secrets.randbits(24) << 16),)
        db.execute("INSERT INTO notes VALUES ('mac base', ?)", base)
    return int(json.loads(base[0]))


def _found(stored: Sequence[StoredIdentity], wanted: Sequence[Wanted]) -> dict[int, StoredIdentity]:
    """Return the stored rows that belong to those wanted, by the index of these; none belongs to two."""
    free = {row.key: row for row in stored}
    found: dict[int, StoredIdentity] = {}
    for by_name in (True, False):
        for index, want in enumerate(wanted):
            for key, row in free.items():
                same = (row.installation, row.mode) == (want.installation, str(want.mode))
                if index not in found and same and (not by_name or row.name == want.name):
                    found[index] = free.pop(key)
                    break
    return found


def _new(db: sqlite3.Connection, want: Wanted) -> StoredIdentity:
    count = db.execute("SELECT coalesce(max(key), 0) FROM identities").fetchone()[0]
    mac = f"{mac_base(db) + (count + 1) * MAC_STEP:012X}"
    # 14 characters in the shape of a real one (lan-emulation.md §2.2).
    serial = f"22{secrets.randbelow(10**4):04d}K{secrets.randbelow(10**7):07d}"
    row = (want.installation, str(want.mode), want.name, serial, mac, 0)
    done = db.execute(
        "INSERT INTO identities (installation, mode, name, serial, mac, port) VALUES (?, ?, ?, ?, ?, ?)", row
    )
    return StoredIdentity(done.lastrowid or 0, *row)
