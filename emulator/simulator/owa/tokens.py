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
from emulator.simulator.backend import Contract, SimulatedAccount

REFRESH_LIFE_S = 180 * 86_400.0
"""180 days (§2.4)."""

MOST_TOKENS = 500
"""Tokens of a kind that are remembered, dead ones too; the oldest is forgotten first."""

DeviceKey = tuple[str, str]
"""idDevice and uuid, which trust is bound to (§2.2)."""


class Spent(EmulatorError):
    """A refresh token that is of no use any more."""


@dataclass(slots=True)
class Grant:
    """What a token stands for. `about` is the installation of a capabilities token, or the device of a refresh one.

    `before` is the refresh token that is spent with this one.
    """

    account: SimulatedAccount
    expires: float
    about: object = None
    alive: bool = True
    before: str = ""


@dataclass(slots=True)
class IssuedTokens:
    """Every token that was given out. Owned by the house's lock."""

    now: Callable[[], float]
    reused: int = 0
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    _hashes: dict[str, Grant] = field(default_factory=dict, repr=False)
    _refreshes: dict[str, Grant] = field(default_factory=dict, repr=False)
    _capabilities: dict[str, Grant] = field(default_factory=dict, repr=False)

    def hash(self, account: SimulatedAccount, callby: str, version: str, life: float) -> str:
        """A new access token."""
        claims = {"sub": account.user, "usrid": account.user, "cnt": account.country, "cby": callby, "ver": version}
        return self._give(self._hashes, Grant(account, self.now() + life), claims)

    def refresh(self, account: SimulatedAccount, device: DeviceKey) -> str:
        """A new refresh token."""
        grant = Grant(account, self.now() + REFRESH_LIFE_S, device)
        return self._give(self._refreshes, grant, {"sub": account.user, "cnt": account.country, "typ": "refresh"})

    def capabilities(self, account: SimulatedAccount, contract: Contract, caps: tuple[str, ...], life: float) -> str:
        """A new capabilities token for one installation."""
        entry = {"ins": contract.number, "role": account.role, "cap": caps}
        grant = Grant(account, self.now() + life, contract.number)
        return self._give(self._capabilities, grant, {"installations": [entry]})

    def who(self, token: str) -> SimulatedAccount | None:
        """Whose live access token this is."""
        return self._account(self._hashes, token)

    def may(self, token: str, account: SimulatedAccount, number: str) -> bool:
        """Whether this is a live capabilities token of this user for this installation."""
        return self._account(self._capabilities, token) == account and self._capabilities[token].about == number

    def refreshable(self, token: str, device: DeviceKey) -> SimulatedAccount:
        """Whose refresh token this is, as long as it is good for this device; Spent counts those used before."""
        grant = self._refreshes.get(token)
        if grant and not grant.alive:
            self.reused += 1
        account = self._account(self._refreshes, token)
        if account is None or grant is None or grant.about != device:
            raise Spent
        return account

    def spend(self, token: str, successor: str = "") -> None:
        """A refresh token is used once; where a successor is named, until that one is used."""
        spent = self._refreshes[token]
        if spent.before in self._refreshes:
            self._refreshes[spent.before].alive = False
        if successor:
            self._refreshes[successor].before = token
        else:
            spent.alive = False

    def end(self, token: str) -> None:
        """Log out: the access token and the capabilities of its user die; the refresh token stays (§2.4)."""
        grant = self._hashes.pop(token, None)
        for other in self._capabilities.values():
            other.alive = other.alive and (grant is None or other.account != grant.account)

    def kill(self) -> None:
        """Every access and every capabilities token is dead."""
        self._hashes.clear()
        self._capabilities.clear()

    def revoke(self) -> None:
        """Every refresh token is unknown from now on."""
        self._refreshes.clear()

    def living(self) -> int:
        """How many access tokens are good."""
        return sum(self._account(self._hashes, token) is not None for token in self._hashes)

    def _account(self, kind: dict[str, Grant], token: str) -> SimulatedAccount | None:
        grant = kind.get(token)
        return grant.account if grant and grant.alive and self.now() < grant.expires else None

    def _give(self, kind: dict[str, Grant], grant: Grant, claims: dict[str, Any]) -> str:
        times = {"jti": str(uuid.uuid4()), "iat": int(self.now()), "exp": int(grant.expires)}
        token = jwt({**claims, **times}, self._key)
        if len(kind) >= MOST_TOKENS:
            del kind[next(iter(kind))]
        kind[token] = grant
        return token


def jwt(claims: dict[str, Any], key: bytes) -> str:
    """A JWT, signed by HS256; the real ones are EdDSA now, and no client verifies them (§2.4)."""
    parts = [_base64(json.dumps(part).encode()) for part in ({"alg": "HS256", "typ": "JWT"}, claims)]
    text = ".".join(parts)
    return f"{text}.{_base64(hmac.digest(key, text.encode(), hashlib.sha256))}"


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
