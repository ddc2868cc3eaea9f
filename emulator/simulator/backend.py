"""The vendor's back-end behind every face: accounts, lock-outs, floods, faults, counters."""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from enum import StrEnum

from emulator.errors import EmulatorError
from emulator.simulator.accounts import DEMO, SimulatedAccount
from emulator.simulator.faults import Faults
from emulator.simulator.floods import Floods
from emulator.simulator.panel.panel import SimulatedPanel

BAD_PASSWORDS = 3
"""Wrong passwords that lock an account; no figure is known, so the usual one."""

MOST_TIMES = 2000
"""Requests whose time is remembered: more than a day of polling every minute."""


class Reason(StrEnum):
    """A reason to deny access."""

    NO_USER = "no user"
    PASSWORD = "password"  # noqa: S105  the word, not one
    LOCKED = "locked"
    UNIDENTIFIED = "unidentified"
    EXPIRED = "expired"


class Denied(EmulatorError):
    """Access is denied."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
        super().__init__(reason.value)


@dataclass(frozen=True, slots=True)
class Sms:
    """A message that a phone has received."""

    phone: str
    code: str
    at: float


@dataclass(slots=True)
class Backend:
    """Guarded by the panel's lock: hold `panel.held()` around every call.

    `sleep` waits for a late answer, `sent` is called with each SMS, and times are written in `zone`.
    """

    panel: SimulatedPanel
    accounts: Sequence[SimulatedAccount] = (DEMO,)
    faults: Faults = field(default_factory=Faults)
    sleep: Callable[[float], object] = field(default=lambda _: None)
    sent: Callable[[Sms], object] = field(default=lambda _: None)
    zone: tzinfo | None = None
    requests: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)
    bad_passwords: Counter[str] = field(default_factory=Counter)
    times: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=MOST_TIMES))
    floods: Floods = field(init=False)

    def __post_init__(self) -> None:
        self.floods = Floods(self.now)

    def now(self) -> float:
        """Return the panel's time, which tests may replace."""
        return self.panel.now()

    def local(self, at: float) -> datetime:
        """Return a time as a clock in the house shows it."""
        return datetime.fromtimestamp(at, UTC).astimezone(self.zone)

    def received(self, name: str) -> None:
        """Count a request and record its time."""
        self.requests[name] += 1
        self.times.append((self.now(), name))

    def check_password(self, user: str, password: str, country: str) -> SimulatedAccount:
        """Return the account that these open. Count wrong passwords, lock the account, and raise Denied."""
        account = next((a for a in self.accounts if a.user == user and a.country == country), None)
        if account is None:
            raise Denied(Reason.NO_USER)
        if self.bad_passwords[user] < BAD_PASSWORDS and password != account.password:
            self.bad_passwords[user] += 1
            if self.bad_passwords[user] < BAD_PASSWORDS:
                raise Denied(Reason.PASSWORD)
        if self.bad_passwords[user] >= BAD_PASSWORDS:
            raise Denied(Reason.LOCKED)
        del self.bad_passwords[user]
        return account

    def tries_left(self, user: str) -> int:
        """Return the number of wrong passwords before this user is locked out."""
        return max(BAD_PASSWORDS - self.bad_passwords[user], 0)

    def locked(self) -> list[str]:
        """Return the users that are locked out."""
        return [user for user, count in self.bad_passwords.items() if count >= BAD_PASSWORDS]

    def forgive(self) -> None:
        """Unlock every account and end every ban."""
        self.bad_passwords.clear()
        self.floods.forgive()

    def reset(self) -> None:
        """Set all counters to zero."""
        for counter in (self.requests, self.accepted, self.faults.hits):
            counter.clear()
        self.times.clear()
