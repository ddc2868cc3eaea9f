"""What the Hue bridge remembers, in the journal: who it is, its lights, who is paired, when its button was pressed."""

import secrets
import sqlite3
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from emulator.errors import EmulatorError
from emulator.journal import Journal, mac_base
from emulator.model import BridgeIdentity, Identity, LightIdentity

MAX_USERS = 100
"""As many as a real bridge keeps (lan-emulation.md §3.6); then whoever was silent longest has to pair again."""

BUTTON_S = 30.0
"""Seconds for which a press of the link button lets clients pair, as on a real bridge (§3.6)."""

USED_EVERY_S = 3600.0
"""Seconds between two notes that a user was seen: clients poll every second, and a memory card wears out."""

HIGHEST_LIGHT = 0x7FFF_FFFF
"""Light ids stay below; Echos do not take all of 32 bits (§3.4)."""

LIGHTS = 256
"""How many ids each installation of the program has to itself; an Echo takes 49 lights of a bridge (§4.4)."""

_BUTTON, _FIRST_LIGHT = "hue button", "hue first light"


@dataclass(frozen=True, slots=True)
class User:
    """A paired client. Its name is its key to the bridge and never logged. Times are epoch seconds."""

    name: str
    peer: str
    devicetype: str
    created: float
    used: float

    @property
    def adopted(self) -> bool:
        """Whether it came with a name of its own, instead of asking for one."""
        return not self.devicetype


def identity(journal: Journal) -> BridgeIdentity:
    """Who the bridge is: the first MAC of this installation of the program, which no switch has."""
    with journal.write() as db:
        return BridgeIdentity(f"{mac_base(db):012X}")


def lights(journal: Journal, identities: Sequence[Identity], shape: str) -> tuple[dict[str, LightIdentity], set[str]]:
    """The lights of these switches, by the switch's key; and the keys whose light has another shape than before.

    A light id keeps its shape for ever, as Echos take a light that changes for a broken one (§3.4): another shape is
    another light. Ids are never deleted, so never used again, and a shape that comes back is the same light.
    """
    found: dict[str, LightIdentity] = {}
    reshaped: set[str] = set()
    with journal.write() as db:
        for one in identities:
            rows = db.execute("SELECT id, shape, unique_id FROM hue_lights WHERE key = ?", (one.key,)).fetchall()
            light = next((LightIdentity(*row) for row in rows if row[1] == shape), None)
            if light is None:
                light = LightIdentity(_next_id(db), shape, _unique_id(one.mac, len(rows)))
                values = (light.id, one.key, light.shape, light.unique_id)
                db.execute("INSERT INTO hue_lights (id, key, shape, unique_id) VALUES (?, ?, ?, ?)", values)
                reshaped |= {one.key} if rows else set()
            found[one.key] = light
    return found, reshaped


def _next_id(db: sqlite3.Connection) -> int:
    last = db.execute("SELECT max(id) FROM hue_lights").fetchone()[0]
    # Random, as Echos take equal ids on two bridges for one light (§3.4).
    return int(last) + 1 if last else (secrets.randbelow(HIGHEST_LIGHT // LIGHTS - 1) + 1) * LIGHTS + 1


def _unique_id(mac: str, number: int) -> str:
    """Eight octets and an endpoint; unique before the dash, as Alexa reads no further (§3.4)."""
    digits = mac.replace(":", "").upper()
    octets = [digits[place : place + 2] for place in range(0, 12, 2)]
    return ":".join((*octets, "00", f"{0x11 + number:02X}")) + "-01"


def press_button(journal: Journal, now: float) -> None:
    """Let clients pair for BUTTON_S; a running program sees it."""
    journal.note(_BUTTON, repr(now))


class Users:
    """The paired clients, in memory and in the journal; usable from every thread. `now` is epoch seconds."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = threading.Lock()
        rows = journal.rows("SELECT name, peer, devicetype, created, used FROM hue_users")
        self._users = {str(row[0]): User(*row) for row in rows}  # type: ignore[arg-type]  # the STRICT table has these

    def button_pressed(self, now: float) -> bool:
        """Whether the link button was pressed a moment ago."""
        pressed = self._journal.recall(_BUTTON)
        return pressed is not None and 0 <= now - float(pressed) <= BUTTON_S

    def find(self, name: str, now: float) -> User | None:
        """The user of that name, who is noted to have been seen."""
        with self._lock:
            user = self._users.get(name)
            if user and now - user.used >= USED_EVERY_S:
                user = self._users[name] = replace(user, used=now)
                # A full disk must not lock out who was let in before.
                with suppress(EmulatorError), self._journal.write() as db:
                    db.execute("UPDATE hue_users SET used = ? WHERE name = ?", (now, name))
            return user

    def known_from(self, peer: str, devicetype: str) -> User | None:
        """The newest user of that kind who was paired from there."""
        with self._lock:
            alike = [one for one in self._users.values() if (one.peer, one.devicetype) == (peer, devicetype)]
            return max(alike, key=lambda one: one.created, default=None)

    def add(self, name: str, peer: str, devicetype: str, now: float) -> User:
        """Pair a client; EmulatorError when it cannot be written down."""
        user = User(name, peer, devicetype, now, now)
        with self._lock, self._journal.write() as db:
            silent = sorted(self._users.values(), key=lambda one: one.used)
            for one in silent[: max(0, len(silent) - MAX_USERS + 1)]:
                db.execute("DELETE FROM hue_users WHERE name = ?", (one.name,))
                del self._users[one.name]
            values = (user.name, user.peer, user.devicetype, user.created, user.used)
            db.execute("INSERT OR REPLACE INTO hue_users VALUES (?, ?, ?, ?, ?)", values)
            self._users[name] = user
        return user

    def __len__(self) -> int:
        return len(self._users)
