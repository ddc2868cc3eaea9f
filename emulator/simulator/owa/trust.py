"""Trusted devices, and the codes by SMS that make them so (verisure-owa.md §2.3)."""

import secrets
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from emulator.simulator.accounts import SimulatedAccount
from emulator.simulator.backend import Sms
from emulator.simulator.bounded import keep
from emulator.simulator.owa.failures import ApiError
from emulator.simulator.owa.tokens import DeviceKey

CODE_LIFE_S = 300.0
"""A code is good for so long; no figure is known, so the usual one."""

CODE_DIGITS = 6
"""§2.3."""

MOST_CHALLENGES = 50
"""Challenges open at once; the oldest is evicted first."""

MOST_SMS = 20
"""Messages shown; more than a person requests."""


class AuthCode(StrEnum):
    """The reason to authorise a device (§2.3)."""

    NEEDED = "10001"
    EXPIRED = "10002"
    UNAUTHORISED = "10010"


class Challenged(ApiError):
    """A code is required. `otp_hash` names the challenge, and `phones` can receive the code; None if there is none."""

    def __init__(self, code: AuthCode, otp_hash: str | None = None, phones: Sequence[str] = ()) -> None:
        shown = [{"id": at, "phone": phone} for at, phone in enumerate(phones)] or None
        data = {"auth-type": "OTP", "auth-code": code, "auth-phones": shown, "auth-otp-hash": otp_hash}
        super().__init__("Unauthorized", name="SecurityError", **data)


@dataclass(slots=True)
class _Challenge:
    account: SimulatedAccount
    device: DeviceKey
    code: str = ""
    sent_at: float = 0.0


@dataclass(slots=True)
class Trust:
    """Trusted devices and open challenges. Guarded by the panel's lock. `sent` is called with every message."""

    now: Callable[[], float]
    sent: Callable[[Sms], object] = field(default=lambda _: None)
    messages: list[Sms] = field(default_factory=list)
    _trusted: set[tuple[str, DeviceKey]] = field(default_factory=set)
    _waiting: deque[tuple[str, DeviceKey]] = field(default_factory=lambda: deque(maxlen=MOST_CHALLENGES))
    _challenges: dict[str, _Challenge] = field(default_factory=dict)

    def trusts(self, account: SimulatedAccount, device: DeviceKey) -> bool:
        """Return whether this device needs no code."""
        return (account.user, device) in self._trusted

    def wait(self, account: SimulatedAccount, device: DeviceKey) -> None:
        """Let this device ask for a code, since its password was right."""
        if (account.user, device) not in self._waiting:
            self._waiting.append((account.user, device))

    def challenge(self, account: SimulatedAccount, device: DeviceKey, code: AuthCode = AuthCode.NEEDED) -> Challenged:
        """Return the error that requires a code. There is no code for a device whose user has not logged in."""
        if (account.user, device) not in self._waiting:
            return Challenged(AuthCode.UNAUTHORISED)
        otp_hash = str(uuid.uuid4())
        keep(self._challenges, otp_hash, _Challenge(account, device), MOST_CHALLENGES)
        return Challenged(code, otp_hash, account.phones)

    def send(self, account: SimulatedAccount, otp_hash: str, phone: int) -> bool:
        """Send a code to one of the customer's phones. Return False if there is no such phone or challenge."""
        challenge = self._challenges.get(otp_hash)
        if challenge is None or challenge.account != account or not 0 <= phone < len(account.phones):
            return False
        challenge.code, challenge.sent_at = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}", self.now()
        sms = Sms(account.phones[phone], challenge.code, challenge.sent_at)
        self.messages[:] = [*self.messages, sms][-MOST_SMS:]
        self.sent(sms)
        return True

    def redeem(self, account: SimulatedAccount, device: DeviceKey, otp_hash: str, code: str) -> None:
        """Trust the device of this code, or raise Challenged. A challenge is good for one attempt."""
        challenge = self._challenges.pop(otp_hash, None)
        if challenge is None or (challenge.account, challenge.device) != (account, device) or not challenge.code:
            raise self.challenge(account, device)
        if self.now() >= challenge.sent_at + CODE_LIFE_S:
            raise self.challenge(account, device, AuthCode.EXPIRED)
        if code != challenge.code:
            raise self.challenge(account, device)
        self._waiting.remove((account.user, device))
        self._trusted.add((account.user, device))

    def forget(self) -> None:
        """Trust no device any more."""
        self._trusted.clear()
