"""The tokens of the customer API: hash, refresh token, capabilities; all JWTs (verisure-owa.md §2.4, §3.3)."""

import base64
import hashlib
import hmac
import json
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from emulator.errors import EmulatorError
from emulator.simulator.accounts import Contract, SimulatedAccount
from emulator.simulator.bounded import keep

REFRESH_LIFE_S = 180 * 86_400.0
"""180 days (§2.4)."""

MOST_TOKENS = 500
"""Tokens of a kind that are remembered, dead ones too; the oldest is evicted first."""

DeviceKey = tuple[str, str]
"""idDevice and uuid, to which trust is bound (§2.2)."""


class Spent(EmulatorError):
    """A refresh token is of no use any more."""


@dataclass(slots=True)
class Grant:
    """The meaning of a token. `about` is the installation of a capabilities token, or the device of a refresh token.

    `before` is the refresh token that is spent with this one.
    """

    account: SimulatedAccount
    expires: float
    about: object = None
    alive: bool = True
    before: str = ""


@dataclass(slots=True)
class IssuedTokens:
    """Every token that was given out. Guarded by the panel's lock."""

    now: Callable[[], float]
    reused: int = 0
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    _hashes: dict[str, Grant] = field(default_factory=dict, repr=False)
    _refreshes: dict[str, Grant] = field(default_factory=dict, repr=False)
    _capabilities: dict[str, Grant] = field(default_factory=dict, repr=False)

    def hash(self, account: SimulatedAccount, callby: str, version: str, life: float) -> str:
        """Return a new access token."""
        claims = {"sub": account.user, "usrid": account.user, "cnt": account.country, "cby": callby, "ver": version}
        return self._give(self._hashes, Grant(account, self.now() + life), claims)

    def refresh(self, account: SimulatedAccount, device: DeviceKey) -> str:
        """Return a new refresh token."""
        grant = Grant(account, self.now() + REFRESH_LIFE_S, device)
        return self._give(self._refreshes, grant, {"sub": account.user, "cnt": account.country, "typ": "refresh"})

    def capabilities(self, account: SimulatedAccount, contract: Contract, caps: tuple[str, ...], life: float) -> str:
        """Return a new capabilities token for one installation."""
        entry = {"ins": contract.number, "role": account.role, "cap": caps}
        grant = Grant(account, self.now() + life, contract.number)
        return self._give(self._capabilities, grant, {"installations": [entry]})

    def holder(self, token: str) -> SimulatedAccount | None:
        """Return the account of a live access token."""
        return self._account(self._hashes, token)

    def may(self, token: str, account: SimulatedAccount, number: str) -> bool:
        """Return whether this is a live capabilities token of this user for this installation."""
        return self._account(self._capabilities, token) == account and self._capabilities[token].about == number

    def refreshable(self, token: str, device: DeviceKey) -> SimulatedAccount:
        """Return the account of a refresh token that is good for this device. Count reuse, and raise Spent."""
        grant = self._refreshes.get(token)
        if grant and not grant.alive:
            self.reused += 1
        account = self._account(self._refreshes, token)
        if account is None or grant is None or grant.about != device:
            raise Spent
        return account

    def spend(self, token: str, successor: str = "") -> None:
        """Use up a refresh token: at once, or when `successor` is used."""
        spent = self._refreshes[token]
        if spent.before in self._refreshes:
            self._refreshes[spent.before].alive = False
        if successor:
            self._refreshes[successor].before = token
        else:
            spent.alive = False

    def end(self, token: str) -> None:
        """Log out: end the access token and the capabilities of its user, but not the refresh token (§2.4)."""
        grant = self._hashes.pop(token, None)
        for other in self._capabilities.values():
            other.alive = other.alive and (grant is None or other.account != grant.account)

    def kill(self) -> None:
        """End every access token and every capabilities token."""
        self._hashes.clear()
        self._capabilities.clear()

    def revoke(self) -> None:
        """Forget every refresh token."""
        self._refreshes.clear()

    def living(self) -> int:
        """Return the number of live access tokens."""
        return sum(self._account(self._hashes, token) is not None for token in self._hashes)

    def _account(self, kind: dict[str, Grant], token: str) -> SimulatedAccount | None:
        grant = kind.get(token)
        return grant.account if grant and grant.alive and self.now() < grant.expires else None

    def _give(self, kind: dict[str, Grant], grant: Grant, claims: dict[str, Any]) -> str:
        times = {"jti": str(uuid.uuid4()), "iat": int(self.now()), "exp": int(grant.expires)}
        token = jwt({**claims, **times}, self._key)
        keep(kind, token, grant, MOST_TOKENS)
        return token


def jwt(claims: dict[str, Any], key: bytes) -> str:
    """Return a JWT, signed by HS256. The real ones are EdDSA now, and no client verifies them (§2.4)."""
    parts = [_base64(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
    text = ".".join(parts)
    return f"{text}.{_base64(hmac.digest(key, text.encode(), hashlib.sha256))}"


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
