"""State of the Hue bridge, kept in the journal: its identity, its paired clients, and the press of its button."""

import threading
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

from emulator.errors import EmulatorError
from emulator.model import Origin
from emulator.store.identities import BridgeIdentity, mac_base
from emulator.store.journal import Journal
from emulator.words.text import Text, counted

MAX_USERS = 100
"""Users in all; as many as a real bridge keeps (lan-emulation.md §3.6)."""

MAX_BY_PEER = 10
"""Users of one peer, such as a hub with several programs; another one evicts one of the same peer."""

NEW_BY_PEER, NEW_IN_ALL, NEW_WITHIN_S = 4, 20, 60.0
"""New users in that time. A house pairs a few in a year; each is written through to disk, and may evict another."""

SILENT_S = 90 * 86_400.0
"""Age of a user's last request after which a new user of another peer may evict it; one in use is never evicted."""

MAX_ADOPTED, MAX_ADOPTED_BY_PEER = 20, 4
"""Users adopted with a name of their own: an Echo has one, a hub that knew other bridges a few. They evict no other."""

BUTTON_S = 30.0
"""Time for which a press of the link button lets clients pair, as on a real bridge (§3.6)."""

USED_EVERY_S = 3600.0
"""Interval at which the time of the last request is written: clients poll every second, and a memory card wears out."""

SHOWN = 6
"""Letters of a user's name that are shown, and never more than a quarter of it: it is a key."""

HEEDED_S = 10.0
"""Time after which a running program sends no more events to a client that `forget` has unpaired: two polls of the door
(doors/hue). A command is refused at once."""

_BUTTON = "hue button"


@dataclass(frozen=True, slots=True)
class User:
    """A paired client. Its name is its key to the bridge and must not be logged. Times are epoch seconds."""

    name: str
    peer: str
    devicetype: str
    created: float
    used: float

    @property
    def adopted(self) -> bool:
        """True if it came with a name of its own, instead of asking for one."""
        return not self.devicetype

    @property
    def in_use(self) -> bool:
        """True if it sent a request after it was paired. An adopted one did: it is adopted when it switches a light."""
        return self.adopted or self.used > self.created

    @property
    def short(self) -> str:
        """The beginning of the name, which people are shown."""
        return self.name[: min(SHOWN, len(self.name) // 4)] + "…"


def identity(journal: Journal) -> BridgeIdentity:
    """Return the bridge's identity: the first MAC of this installation of the program, which no switch has."""
    with journal.write() as db:
        return BridgeIdentity(f"{mac_base(db):012X}")


def known_identity(journal: Journal) -> BridgeIdentity | None:
    """Return the identity of the bridge; None before the first run. Writes nothing."""
    base = journal.recall("mac base")
    return BridgeIdentity(f"{int(base):012X}") if base else None


def press_button(journal: Journal, now: float) -> None:
    """Let clients pair for BUTTON_S; a running program reads it from the journal."""
    journal.note(_BUTTON, repr(now))


def paired(journal: Journal) -> dict[int, User]:
    """Return the paired clients, oldest first, by a number that each keeps."""
    rows = journal.rows("SELECT rowid, name, peer, devicetype, created, used FROM hue_users ORDER BY rowid")
    return {number: User(*row) for number, *row in rows}


def forget(journal: Journal, which: str) -> User:
    """Unpair the client of that number or short name, also in a running program. EmulatorError unless it is one."""
    found = [
        user
        for number, user in paired(journal).items()
        if which in (str(number), user.short, user.short.rstrip("…") or user.short)
    ]
    if len(found) != 1:
        raise EmulatorError(
            counted(
                "{n} paired client is called that, so none was forgotten: take the number of the one",
                "{n} paired clients are called that, so none was forgotten: take the number of the one",
                len(found),
            )
            if found
            else Text("no paired client is called that, so none was forgotten: `emulator pair --list` shows them")
        )
    with journal.write() as db:
        db.execute("DELETE FROM hue_users WHERE name = ?", (found[0].name,))
    return found[0]


def button_pressed(journal: Journal, now: float) -> bool:
    """Return whether the link button was pressed in the last BUTTON_S."""
    pressed = journal.recall(_BUTTON)
    return pressed is not None and 0 <= now - float(pressed) <= BUTTON_S


class PairingRefused(EmulatorError):
    """There is no room for another user, or too many are new."""


class Users:
    """The paired clients, in memory and in the journal; usable from every thread. `now` is epoch seconds."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = threading.Lock()
        self._new: deque[tuple[str, float]] = deque(maxlen=NEW_IN_ALL)
        self._users = {user.name: user for user in paired(journal).values()}

    def button_pressed(self, now: float) -> bool:
        """Return whether the link button was pressed in the last BUTTON_S."""
        return button_pressed(self._journal, now)

    def find(self, name: str, now: float) -> User | None:
        """Return the user of that name, and note the time of its request."""
        with self._lock:
            user = self._users.get(name)
            if user and (now - user.used >= USED_EVERY_S or (not user.in_use and now > user.used)):
                user = self._users[name] = replace(user, used=now)
                # A full disk must not lock out a paired client.
                with suppress(EmulatorError), self._journal.write() as db:
                    db.execute("UPDATE hue_users SET used = ? WHERE name = ?", (now, name))
            return user

    def known_from(self, peer: str, devicetype: str) -> User | None:
        """Return the newest user of that kind that was paired from that peer."""
        with self._lock:
            alike = [one for one in self._users.values() if (one.peer, one.devicetype) == (peer, devicetype)]
            return max(alike, key=lambda one: one.created, default=None)

    def add(self, name: str, peer: str, devicetype: str, now: float) -> User:
        """Pair a client; PairingRefused when there are too many, EmulatorError when it cannot be written down."""
        with self._lock:
            if not self._may_pair(peer, now):
                raise PairingRefused("pairs again and again: it has to wait a minute")
            return self._keep(User(name, peer, devicetype, now, now), self._to_evict(peer, now))

    def adopt(self, name: str, peer: str, now: float) -> bool:
        """Pair a client under its own name, unless there are too many: it evicts only users of the same peer."""
        with self._lock:
            adopted = [one for one in self._users.values() if one.adopted]
            own = _by_silence(one for one in adopted if one.peer == peer)
            gone = own[: max(0, len(own) - MAX_ADOPTED_BY_PEER + 1)]
            is_full = len(adopted) >= MAX_ADOPTED or len(self._users) >= MAX_USERS
            if (is_full and not gone) or not self._may_pair(peer, now):
                return False
            self._keep(User(name, peer, "", now, now), gone)
            return True

    def remove(self, name: str, origin: Origin, now: float) -> User | None:
        """Unpair the user of that name; None when there is none, EmulatorError when it stays."""
        with self._lock:
            user = self._users.get(name)
            if user is None:
                return None
            with self._journal.write() as db:
                db.execute("DELETE FROM hue_users WHERE name = ?", (name,))
            del self._users[name]
        # It is unpaired even if that cannot be journalled.
        with suppress(EmulatorError):
            whom = (
                Text("the client {client}, paired from {peer}", client=user.devicetype, peer=user.peer)
                if user.devicetype
                else Text("the client that brought its key along, paired from {peer}", peer=user.peer)
            )
            self._journal.did(origin, f"unpair {user.short}", whom, now)
        return user

    def follow(self) -> None:
        """Forget users that another process has unpaired; EmulatorError when that cannot be read."""
        with self._lock:
            known = set(self._users)
        # Not under the lock, as a disk may be slow. A user paired meanwhile is not in `known`, and so stays.
        left = {name for (name,) in self._journal.rows("SELECT name FROM hue_users")}
        with self._lock:
            for name in known - left:
                self._users.pop(name, None)

    def _may_pair(self, peer: str, now: float) -> bool:
        """Return whether the rate of new users allows another; writes nothing."""
        new = [who for who, at in self._new if 0 <= now - at < NEW_WITHIN_S]
        return new.count(peer) < NEW_BY_PEER and len(new) < NEW_IN_ALL

    def _to_evict(self, peer: str, now: float) -> list[User]:
        """Return the users to evict for a new one of this peer: its own first, and of others none that is in use."""
        own = _by_silence(one for one in self._users.values() if one.peer == peer)
        gone = own[: max(0, len(own) - MAX_BY_PEER + 1)]
        if len(self._users) - len(gone) < MAX_USERS:
            return gone
        silent = [one for one in _by_silence(self._users.values()) if not one.in_use or now - one.used >= SILENT_S]
        if not own and not silent:
            raise PairingRefused("cannot be paired: the bridge is full; see `emulator pair --list` and --forget")
        return (own or silent)[:1]

    def _keep(self, user: User, instead_of: Iterable[User]) -> User:
        with self._journal.write() as db:
            for one in instead_of:
                db.execute("DELETE FROM hue_users WHERE name = ?", (one.name,))
            values = (user.name, user.peer, user.devicetype, user.created, user.used)
            db.execute("INSERT OR REPLACE INTO hue_users VALUES (?, ?, ?, ?, ?)", values)
        for one in instead_of:
            del self._users[one.name]
        self._users[user.name] = user
        self._new.append((user.peer, user.created))
        return user

    def __len__(self) -> int:
        return len(self._users)


def _by_silence(users: Iterable[User]) -> list[User]:
    """Return users in the order of eviction: those never in use, then by the time of the last request."""
    return sorted(users, key=lambda one: (one.in_use, one.used))
