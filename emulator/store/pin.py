"""The PIN that lets a person disarm from the page: kept as a hash, and locked after wrong tries, over restarts, too."""

import hmac
import json
import math
import re
import secrets
import threading
from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict, dataclass, field

from emulator.errors import EmulatorError
from emulator.store.journal import Journal
from emulator.store.private import fingerprint
from emulator.words import spoken
from emulator.words.text import Text, counted

SHAPE = re.compile(r"[0-9]{4,12}")
SHAPE_HELP = "4 to 12 digits"

SIX = 6
"""Recommended number of digits: at the rate that the locks leave, four are guessed in days, six in years."""

TRIES = 5
"""Wrong tries of a peer before it is locked."""

TRIES_OF_ALL = 20
"""Wrong tries of all strangers together: an address on the LAN is easily changed, and four digits are 10 000 tries."""

LOCK_S = 15 * 60.0
"""Duration of a lock, from the last wrong try."""

KNOWN_S, MAX_KNOWN = 30 * 86_400.0, 50
"""Time for which a peer that gave the right PIN has tries of its own; and number of such peers."""

TOLD_AFTER, DAY_S = 5, 86_400.0
"""Wrong tries of all peers together in that time that cause a notice: two or three are a slip of a finger."""

TOLD_AGAIN_S = 6 * 3600.0
"""Minimum time between two notices of the same kind: a peer that goes on guessing must not flood people."""

MAX_MISSED = 100
"""Wrong tries whose time is kept, for the count in a notice."""

WAY_OUT = Text("`emulator pin`, typed where the program runs, ends that")

_PIN, _TRIES = "pin", "pin: tries"


class PinRefused(EmulatorError):
    """The PIN was refused: none is set, it is wrong, or tries are locked. `tried` is True if it was compared."""

    def __init__(self, message: str, *, tried: bool = False) -> None:
        self.tried = tried
        super().__init__(message)


@dataclass(slots=True)
class _Tries:
    """The record of tries, by peer. Times are epoch seconds."""

    wrong: dict[str, tuple[int, float]] = field(default_factory=dict)
    """Number of wrong tries that count, and time of the last."""
    known: dict[str, float] = field(default_factory=dict)
    """Time at which it gave the right PIN."""
    missed: list[float] = field(default_factory=list)
    """Times of wrong tries of all peers, oldest first."""
    told: dict[str, float] = field(default_factory=dict)
    """Time of the last notice, by kind."""

    def left(self, peer: str) -> int:
        """Return the tries that a peer has left. Strangers share one bound; a known peer loses none to others."""
        own = TRIES - self.wrong.get(peer, (0, 0.0))[0]
        if peer in self.known:
            return own
        strangers = sum(count for other, (count, _) in self.wrong.items() if other not in self.known)
        return min(own, TRIES_OF_ALL - strangers)

    def miss(self, peer: str, now: float) -> None:
        """Count a wrong try."""
        self.wrong[peer] = (self.wrong.get(peer, (0, 0.0))[0] + 1, now)
        self.missed = [*self.missed, now][-MAX_MISSED:]

    def hit(self, peer: str, now: float) -> None:
        """Note the right one, which cancels the wrong ones before."""
        self.wrong.pop(peer, None)
        self.known.pop(peer, None)
        self.known = dict([*self.known.items(), (peer, now)][-MAX_KNOWN:])

    def news(self, peer: str, now: float) -> str:
        """Return the text of the notice that is due after a wrong try; empty if none is."""
        is_locked = self.left(peer) <= 0
        kind = "lock" if is_locked else "tries"
        if not is_locked and len(self.missed) < TOLD_AFTER:
            return ""
        if 0 <= now - self.told.get(kind, -math.inf) < TOLD_AGAIN_S:
            return ""
        # A lock implies the tries that led to it.
        self.told |= {kind: now, "tries": now}
        many = len(self.missed)
        text = counted(
            "{n} wrong PIN within a day, the last from {peer}",
            "{n} wrong PINs within a day, the last from {peer}",
            many,
            peer=peer,
        )
        if not is_locked:
            return text
        time = spoken.length(LOCK_S)
        if peer not in self.known and self.wrong[peer][0] < TRIES:
            return Text(
                "{tries}; every address that has not given the right one in 30 days is locked for {time}",
                tries=text,
                time=time,
            )
        return Text("{tries}; {peer} is locked for {time}", tries=text, peer=peer, time=time)


class Pin:
    """Checks PINs; usable from every thread. `now` is epoch seconds. `on_wrong` is called with the text of a notice."""

    def __init__(
        self, journal: Journal, now: Callable[[], float], on_wrong: Callable[[str], None] = lambda _text: None
    ) -> None:
        self._journal = journal
        self._now = now
        self._on_wrong = on_wrong
        self._lock = threading.Lock()

    @property
    def is_set(self) -> bool:
        """True if there is a PIN."""
        return is_set(self._journal)

    @property
    def edition(self) -> str:
        """Another text for each PIN that was set; empty while there is none."""
        stored = self._journal.recall(_PIN)
        return str(json.loads(stored)["salt"]) if stored else ""

    def check(self, pin: str, peer: str) -> None:
        """Return if this is the PIN; PinRefused otherwise, and EmulatorError when the try cannot be written down."""
        with self._lock:
            stored = self._journal.recall(_PIN)
            if stored is None:
                raise PinRefused(Text("no PIN is set; type `emulator pin` where the program runs"))
            if not pin:
                raise PinRefused(Text("this needs the PIN"))
            now = self._now()
            tries = self._read(now)
            if tries.left(peer) <= 0:
                how = {"time": spoken.length(LOCK_S), "way_out": WAY_OUT}
                raise PinRefused(Text("too many wrong PINs: locked for {time} after the last one; {way_out}", **how))
            # Counted before it is compared: neither a crash nor a full disk gives another try.
            missed = deepcopy(tries)
            missed.miss(peer, now)
            news = missed.news(peer, now)
            self._write(missed)
            known = json.loads(stored)
            if hmac.compare_digest(fingerprint(pin, known["salt"]), known["hash"]):
                tries.hit(peer, now)
                self._write(tries)
                return
        if news:
            self._on_wrong(news)
        left = missed.left(peer)
        if left <= 0:
            locked = Text("wrong PIN; no more tries for {time}; {way_out}", time=spoken.length(LOCK_S), way_out=WAY_OUT)
            raise PinRefused(locked, tried=True)
        raise PinRefused(counted("wrong PIN; {n} more try", "wrong PIN; {n} more tries", left), tried=True)

    def set(self, pin: str | None) -> None:
        """Call `set_pin` so that no check under way restores the tries that it deletes."""
        with self._lock:
            set_pin(self._journal, pin)

    def _read(self, now: float) -> _Tries:
        """Return the tries that still count; also if the clock was set back."""
        kept = json.loads(self._journal.recall(_TRIES) or "{}")
        tries = _Tries(**kept)
        tries.wrong = {peer: (count, at) for peer, (count, at) in tries.wrong.items() if now - at < LOCK_S}
        tries.known = {peer: at for peer, at in tries.known.items() if now - at < KNOWN_S}
        tries.missed = [at for at in tries.missed if now - at < DAY_S]
        return tries

    def _write(self, tries: _Tries) -> None:
        self._journal.note(_TRIES, json.dumps(asdict(tries)))


def is_set(journal: Journal) -> bool:
    """Return whether there is a PIN."""
    return journal.recall(_PIN) is not None


def set_pin(journal: Journal, pin: str | None) -> None:
    """Set the PIN, or remove it. Ends every lock, and makes peers that knew the old one strangers again.

    ValueError when it is not 4 to 12 digits.
    """
    if pin is not None and not SHAPE.fullmatch(pin):
        raise ValueError(f"a PIN is {SHAPE_HELP}")
    salt = secrets.token_hex(16)
    journal.note(_PIN, None if pin is None else json.dumps({"salt": salt, "hash": fingerprint(pin, salt)}))
    journal.note(_TRIES, None)
