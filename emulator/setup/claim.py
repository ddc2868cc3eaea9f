"""The claim code: whoever reads the terminal may set the house up, and nobody else on the LAN."""

import hmac
import secrets
from collections.abc import Callable

from emulator.errors import EmulatorError
from emulator.words.spoken import length
from emulator.words.text import Text, counted

DIGITS = 8
"""Quick to type on a phone; at the most that the bounds let in, 9600 tries a day, guessed in 14 years on average."""

TRIES, TRIES_OF_ALL = 5, 20
"""Wrong tries within LOCK_S: of a peer, and of all peers together, since an address on the LAN is easily changed."""

TRIES_AT_MOST = 100
"""The same of all, with one for each address that has not tried yet: strangers do not lock out the person at home."""

LOCK_S = 15 * 60.0
"""Time for which a wrong try counts."""


class ClaimRefused(EmulatorError):
    """The code is wrong, or too many were."""


class ClaimCode:
    """A code of one run, checked a few times. Not locked: its caller lets one thread at a time in."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._digits = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
        self._wrong: list[tuple[float, str]] = []

    def __str__(self) -> str:
        """Return the code as it is printed and typed: in two groups."""
        return f"{self._digits[: DIGITS // 2]} {self._digits[DIGITS // 2 :]}"

    def check(self, typed: str, peer: str) -> None:
        """Return if this is the code; raise ClaimRefused otherwise."""
        now = self._monotonic()
        self._wrong = [(at, who) for at, who in self._wrong if now - at < LOCK_S]
        mine = sum(who == peer for _, who in self._wrong)
        of_all = TRIES_OF_ALL if mine else TRIES_AT_MOST
        if mine >= TRIES or len(self._wrong) >= of_all:
            wait = length(max(60.0, self._wrong[0][0] + LOCK_S - now))
            raise ClaimRefused(
                Text("Too many wrong codes: try again in {wait}, or restart the program for a new code.", wait=wait)
            )
        digits = "".join(letter for letter in typed if letter not in " -\t\u00a0")
        if not digits:
            raise ClaimRefused(Text("Type the code that the program shows where it runs."))
        # Counted before it is compared.
        self._wrong.append((now, peer))
        if not hmac.compare_digest(digits.encode(), self._digits.encode()):
            left = max(0, min(TRIES - mine - 1, TRIES_OF_ALL - len(self._wrong)))
            raise ClaimRefused(counted("Wrong code; {n} more try", "Wrong code; {n} more tries", left))
        self._wrong.pop()
