"""What the Hue bridge remembers, in the journal: who it is, who is paired, when its button was pressed."""

import threading
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

from emulator.errors import EmulatorError
from emulator.model import BridgeIdentity, Origin
from emulator.store.identities import mac_base
from emulator.store.journal import Journal

MAX_USERS = 100
"""As many as a real bridge keeps (lan-emulation.md §3.6)."""

MAX_BY_PEER = 10
"""Users of one peer, such as a hub with several programs; for another one its own go."""

NEW_BY_PEER, NEW_IN_ALL, NEW_WITHIN_S = 4, 20, 60.0
"""New users in that time: a house pairs a few in a year, each is written through to disk, and may push out another."""

SILENT_S = 90 * 86_400.0
"""A user that was not seen for a season may go for a new one of another peer; one in use never does."""

MAX_ADOPTED, MAX_ADOPTED_BY_PEER = 20, 4
"""Users that clients brought along: an Echo has one, a hub that knew other bridges a few. Nobody has to go for them."""

BUTTON_S = 30.0
"""Seconds for which a press of the link button lets clients pair, as on a real bridge (§3.6)."""

USED_EVERY_S = 3600.0
"""Seconds between two notes that a user was seen: clients poll every second, and a memory card wears out."""

SHOWN = 6
"""Letters of a user's name that a person gets to see, and never more than a quarter of it: it is a key."""

HEEDED_S = 10.0
"""Seconds after which a running program tells nothing any more to whom `forget` has unpaired: two looks of the door
(doors/hue.py). A command is refused at once."""

_BUTTON = "hue button"


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

    @property
    def in_use(self) -> bool:
        """Whether it was ever seen after it was paired; what turns a light when it is adopted is."""
        return self.adopted or self.used > self.created

    @property
    def short(self) -> str:
        """What a person knows it by."""
        return self.name[: min(SHOWN, len(self.name) // 4)] + "…"


def identity(journal: Journal) -> BridgeIdentity:
    """Who the bridge is: the first MAC of this installation of the program, which no switch has."""
    with journal.write() as db:
        return BridgeIdentity(f"{mac_base(db):012X}")


def known_identity(journal: Journal) -> BridgeIdentity | None:
    """Return the identity of the bridge; None before the first run. Writes nothing."""
    base = journal.recall("mac base")
    return BridgeIdentity(f"{int(base):012X}") if base else None


def press_button(journal: Journal, now: float) -> None:
    """Let clients pair for BUTTON_S; a running program sees it."""
    journal.note(_BUTTON, repr(now))


def paired(journal: Journal) -> dict[int, User]:
    """The paired clients, oldest first, by a number that each keeps."""
    rows = journal.rows("SELECT rowid, name, peer, devicetype, created, used FROM hue_users ORDER BY rowid")
    return {int(str(number)): User(*row) for number, *row in rows}  # type: ignore[arg-type]  # the STRICT table has these


def forget(journal: Journal, which: str) -> User:
    """Unpair the client of that number or short name; a running program heeds it. EmulatorError unless it is one."""
    found = [
        user
        for number, user in paired(journal).items()
        if which in (str(number), user.short, user.short.rstrip("…") or user.short)
    ]
    if len(found) != 1:
        raise EmulatorError(
            f"{len(found)} paired clients are called that, so none was forgotten: take the number of the one"
            if found
            else "no paired client is called that, so none was forgotten: `emulator pair --list` shows them"
        )
    with journal.write() as db:
        db.execute("DELETE FROM hue_users WHERE name = ?", (found[0].name,))
    return found[0]


def button_pressed(journal: Journal, now: float) -> bool:
    """Whether the link button was pressed a moment ago."""
    pressed = journal.recall(_BUTTON)
    return pressed is not None and 0 <= now - float(pressed) <= BUTTON_S


class PairingRefused(EmulatorError):
    """There is no room for another user, or there was one a moment ago."""


class Users:
    """The paired clients, in memory and in the journal; usable from every thread. `now` is epoch seconds."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = threading.Lock()
        self._new: deque[tuple[str, float]] = deque(maxlen=NEW_IN_ALL)
        rows = journal.rows("SELECT name, peer, devicetype, created, used FROM hue_users")
        self._users = {str(row[0]): User(*row) for row in rows}  # type: ignore[arg-type]  # the STRICT table has these

    def button_pressed(self, now: float) -> bool:
        """Whether the link button was pressed a moment ago."""
        return button_pressed(self._journal, now)

    def find(self, name: str, now: float) -> User | None:
        """The user of that name, who is noted to have been seen."""
        with self._lock:
            user = self._users.get(name)
            if user and (now - user.used >= USED_EVERY_S or (not user.in_use and now > user.used)):
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
        """Pair a client; PairingRefused when there are too many, EmulatorError when it cannot be written down."""
        with self._lock:
            if not self._may_pair(peer, now):
                raise PairingRefused("pairs again and again: it has to wait a minute")
            return self._keep(User(name, peer, devicetype, now, now), self._making_room(peer, now))

    def adopt(self, name: str, peer: str, now: float) -> bool:
        """Pair a client that brought its name along, unless there are too many: only its peer's own go for it."""
        with self._lock:
            adopted = [one for one in self._users.values() if one.adopted]
            own = _most_silent(one for one in adopted if one.peer == peer)
            gone = own[: max(0, len(own) - MAX_ADOPTED_BY_PEER + 1)]
            if not gone and (len(adopted) >= MAX_ADOPTED or len(self._users) >= MAX_USERS):
                return False
            if not self._may_pair(peer, now):
                return False
            self._keep(User(name, peer, "", now, now), gone)
            return True

    def remove(self, name: str, peer: str, now: float) -> User | None:
        """Unpair the user of that name as a peer asks; None when there is none, EmulatorError when it stays."""
        with self._lock:
            user = self._users.get(name)
            if user is None:
                return None
            with self._journal.write() as db:
                db.execute("DELETE FROM hue_users WHERE name = ?", (name,))
            del self._users[name]
        # It is gone, whether that can be written down or not.
        with suppress(EmulatorError):
            whom = f"the client {user.devicetype or 'that brought its key along'}, paired from {user.peer}"
            self._journal.did(Origin("hue", peer), f"unpair {user.short}", whom, now)
        return user

    def follow(self) -> None:
        """Forget whom another process has forgotten; EmulatorError when that cannot be read."""
        with self._lock:
            known = set(self._users)
        # Not under the lock, as a disk may take its time; who is paired meanwhile is not among the known.
        left = {str(name) for (name,) in self._journal.rows("SELECT name FROM hue_users")}
        with self._lock:
            for name in known - left:
                self._users.pop(name, None)

    def _may_pair(self, peer: str, now: float) -> bool:
        """Whether not too many are new; nothing is written to find that out."""
        new = [who for who, at in self._new if 0 <= now - at < NEW_WITHIN_S]
        return new.count(peer) < NEW_BY_PEER and len(new) < NEW_IN_ALL

    def _making_room(self, peer: str, now: float) -> list[User]:
        """Who goes for a new user of this peer: its own first, and nobody else's that is in use."""
        own = _most_silent(one for one in self._users.values() if one.peer == peer)
        gone = own[: max(0, len(own) - MAX_BY_PEER + 1)]
        if len(self._users) - len(gone) < MAX_USERS:
            return gone
        silent = [one for one in _most_silent(self._users.values()) if not one.in_use or now - one.used >= SILENT_S]
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


def _most_silent(users: Iterable[User]) -> list[User]:
    """Who goes first: those that were never in use, and then by when they were seen last."""
    return sorted(users, key=lambda one: (one.in_use, one.used))
