"""The cookies of My Pages: what they stand for, and when they end (verisure-mypages.md §2)."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from emulator.simulator.accounts import SimulatedAccount
from emulator.simulator.bounded import keep

MOST_TOKENS = 500
"""Tokens of a kind that are remembered; the oldest is evicted first."""

TRUST_LIFE_S = 365 * 86_400.0
"""A year; the real figure is unknown."""

STEP_UP_LIFE_S = 900.0
"""A login waits so long for its code; a guess."""

VID, ACCESS, REFRESH, STEP_UP, TRUST = "vid", "vs-access", "vs-refresh", "vs-stepup", "vs-trust-"
"""Names of the cookies; that of trust goes on with letters of its own. The name for a step-up is a guess."""


@dataclass(slots=True)
class Holder:
    """The customer behind a token, and the `vid` of the session. `code` is what a step-up waits for."""

    account: SimulatedAccount
    expires: float
    vid: str = ""
    code: str = ""


@dataclass(slots=True)
class MypagesTokens:
    """Every token that was given out, by kind. Guarded by the panel's lock."""

    now: Callable[[], float]
    _kinds: dict[str, dict[str, Holder]] = field(default_factory=dict, repr=False)

    def give(self, kind: str, account: SimulatedAccount, life: float, vid: str = "") -> str:
        """Return a new token."""
        token = secrets.token_urlsafe(32)
        keep(self._kinds.setdefault(kind, {}), token, Holder(account, self.now() + life, vid), MOST_TOKENS)
        return token

    def holder(self, kind: str, token: str | None) -> Holder | None:
        """Return whose token it is; None if it is none, or has ended."""
        found = self._kinds.get(kind, {}).get(token or "")
        return found if found and self.now() < found.expires else None

    def spend(self, kind: str, token: str) -> bool:
        """End a token. Return whether there was one."""
        return self._kinds.get(kind, {}).pop(token, None) is not None

    def end(self, kind: str) -> None:
        """End every token of a kind."""
        self._kinds.pop(kind, None)

    def leave(self, vid: str) -> None:
        """End the session of this `vid`."""
        for kind in (ACCESS, REFRESH):
            table = self._kinds.get(kind, {})
            for token in [token for token, holder in table.items() if holder.vid == vid]:
                del table[token]

    def living(self) -> int:
        """Return the number of live access tokens."""
        return sum(self.holder(ACCESS, token) is not None for token in self._kinds.get(ACCESS, {}))
