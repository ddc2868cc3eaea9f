"""The PIN that lets a person disarm from the page: kept as a hash, and locked after wrong tries, restarts or not."""

import hashlib
import hmac
import json
import re
import secrets
import threading
from collections.abc import Callable

from emulator.errors import EmulatorError
from emulator.journal import Journal

SHAPE = re.compile(r"[0-9]{4,12}")
SHAPE_HELP = "4 to 12 digits"

TRIES = 5
"""Wrong tries that a peer has."""

TRIES_OF_ALL = 20
"""Wrong tries that all peers have together: an address on the LAN is easily changed, four digits are 10 000 tries."""

LOCK_S = 15 * 60.0
"""How long a lock lasts, from the last wrong try."""

_PIN, _WRONG = "pin", "pin: wrong tries"


class PinRefused(EmulatorError):
    """The PIN does not open: none is set, it is wrong, or tries are locked. `tried` tells that it was looked at."""

    def __init__(self, message: str, *, tried: bool = False) -> None:
        self.tried = tried
        super().__init__(message)


class Pin:
    """Checks PINs; usable from every thread. `now` is epoch seconds. `on_lock` hears whose try locked it."""

    def __init__(
        self, journal: Journal, now: Callable[[], float], on_lock: Callable[[str], None] = lambda _peer: None
    ) -> None:
        self._journal = journal
        self._now = now
        self._on_lock = on_lock
        self._lock = threading.Lock()

    @property
    def is_set(self) -> bool:
        """Whether there is a PIN at all."""
        return self._journal.recall(_PIN) is not None

    def check(self, pin: str, peer: str) -> None:
        """Return if this is the PIN; PinRefused otherwise, and EmulatorError when the try cannot be written down."""
        with self._lock:
            stored = self._journal.recall(_PIN)
            if stored is None:
                raise PinRefused("no PIN is set; type `emulator pin` where the program runs")
            wrong = self._wrong()
            mine = wrong.get(peer, (0, 0.0))[0]
            left = min(TRIES - mine, TRIES_OF_ALL - sum(count for count, _ in wrong.values())) - 1
            if left < 0:
                raise PinRefused(f"too many wrong PINs: locked for {LOCK_S / 60:.0f} min after the last one")
            # Counted before it is looked at: neither a crash nor a full disk gives another try.
            self._write(wrong | {peer: (mine + 1, self._now())})
            known = json.loads(stored)
            if hmac.compare_digest(_hash(pin, known["salt"]), known["hash"]):
                self._write({other: tries for other, tries in wrong.items() if other != peer})
                return
        if not left:
            self._on_lock(peer)
            raise PinRefused(f"wrong PIN; no more tries for {LOCK_S / 60:.0f} min", tried=True)
        raise PinRefused(f"wrong PIN; {left} more {'try' if left == 1 else 'tries'}", tried=True)

    def _wrong(self) -> dict[str, tuple[int, float]]:
        """Wrong tries that still count: how many by each peer, and when the last was."""
        stored: dict[str, tuple[int, float]] = json.loads(self._journal.recall(_WRONG) or "{}")
        return {peer: (count, at) for peer, (count, at) in stored.items() if self._now() - at < LOCK_S}

    def _write(self, wrong: dict[str, tuple[int, float]]) -> None:
        self._journal.note(_WRONG, json.dumps(wrong) if wrong else None)


def set_pin(journal: Journal, pin: str | None) -> None:
    """Set the PIN, or remove it; ends every lock. ValueError when it is not 4 to 12 digits."""
    if pin is not None and not SHAPE.fullmatch(pin):
        raise ValueError(f"a PIN is {SHAPE_HELP}")
    salt = secrets.token_hex(16)
    journal.note(_PIN, None if pin is None else json.dumps({"salt": salt, "hash": _hash(pin, salt)}))
    journal.note(_WRONG, None)


def _hash(pin: str, salt: str) -> str:
    # Slow on purpose (tens of ms on a Raspberry Pi): few digits are quickly guessed by whoever got the file.
    return hashlib.scrypt(pin.encode("utf-8", "replace"), salt=bytes.fromhex(salt), n=2**14, r=8, p=1).hex()
