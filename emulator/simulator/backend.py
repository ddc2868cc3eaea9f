"""The vendor's back-end behind every protocol face: accounts, sessions, lock-outs, floods, faults, counters."""

import secrets
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from emulator.errors import EmulatorError
from emulator.simulator.faults import Faults
from emulator.simulator.floods import Floods
from emulator.simulator.panel.panel import SimulatedPanel

BAD_PASSWORDS = 3
"""Wrong passwords that lock an account; no figure is known, so the usual one."""

MOST_SESSIONS = 200
"""Sessions remembered, dead ones too; the oldest is forgotten first."""

CODE_WORDS = {"securitas": "PIZARRA-SECRETA", "customer": "GRANITO-SECRETO", "coercion": "MARMOL-COACCION"}
CONTACT_MAIL = "contacto.secreto@casa.invalid"
CONTACT_PHONE = "600555123"
SECRETS = (*CODE_WORDS.values(), CONTACT_MAIL, CONTACT_PHONE)
"""What must never reach a log; tests look for these."""


MOST_TIMES = 2000
"""Requests whose time is remembered: more than a day of polling every minute."""


class Role(StrEnum):
    """What a user of an installation may do (verisure-owa.md §3.3)."""

    OWNER = "OWNER"
    RESTRICTED = "RESTRICTED"


@dataclass(frozen=True, slots=True)
class Contract:
    """Another installation of the same customer; where it is not active, asking for its services fails."""

    number: str
    panel: str = "SDVFAST"
    alias: str = "Segunda casa"
    active: bool = False


@dataclass(frozen=True, slots=True)
class SimulatedAccount:
    """A customer's login and the installation that it reaches; what follows `alias` only the successor knows."""

    user: str = "demo"
    password: str = field(default="demo", repr=False)
    number: str = "2423443"
    country: str = "ES"
    panel: str = "SDVFAST"
    alias: str = "Casa"
    role: Role = Role.OWNER
    phones: tuple[str, ...] = ("******123", "******789")
    """As they are shown; the place in the row is the id."""
    change_password: bool = False
    """Whether the customer has to choose a new one on the web first."""
    others: tuple[Contract, ...] = ()

    def contracts(self) -> tuple[Contract, ...]:
        """Every installation, the one with the house first."""
        return (Contract(self.number, self.panel, self.alias, active=True), *self.others)


DEMO = SimulatedAccount()


@dataclass(slots=True)
class WsdoOptions:
    """How the back-end behaves; all of it may change while it runs."""

    letter_a: bool = False
    """Total is reported as A, which clients of 2019-21 read so (verisure-wsdo.md §3)."""
    zero_after_arm: bool = False
    """The outcome of an arm command carries STATUS 0 beside the armed text, as in the API document's samples."""
    steering: bool = False
    """Names and texts hold characters that steer terminals."""
    session_idle: float = 900.0
    """Seconds until an unused session expires; the successor's tokens live as long (verisure-wsdo.md §4)."""
    flood_limit: int = 20
    """Requests of one account within `flood_window` that are still let through; 0 lets all through."""
    flood_window: float = 5.0
    """Seconds; a client that leaves 1 s between requests makes 6 at most, and a person may type commands beside it."""
    flood_ban: float = 60.0
    """Seconds for which everything from a flooding account is answered 403."""


class Reason(StrEnum):
    """Why somebody is not let in."""

    NO_USER = "no user"
    PASSWORD = "password"  # noqa: S105  the word, not one
    LOCKED = "locked"
    UNIDENTIFIED = "unidentified"
    EXPIRED = "expired"


class Denied(EmulatorError):
    """Not let in."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
        super().__init__(reason.value)


@dataclass(slots=True)
class SimulatedSession:
    """A login that succeeded."""

    account: SimulatedAccount
    used_at: float
    alive: bool = True


@dataclass(slots=True)
class Backend:
    """Owned by the house's lock: hold `house.held()` around every call."""

    panel: SimulatedPanel
    accounts: Sequence[SimulatedAccount] = (DEMO,)
    options: WsdoOptions = field(default_factory=WsdoOptions)
    faults: Faults = field(default_factory=Faults)
    requests: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)
    bad_passwords: Counter[str] = field(default_factory=Counter)
    times: deque[tuple[float, str]] = field(default_factory=lambda: deque(maxlen=MOST_TIMES))
    sleep: Callable[[float], object] = field(default=lambda _: None)
    floods: Floods = field(init=False)
    _sessions: dict[str, SimulatedSession] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.floods = Floods(lambda: self.panel.now())

    def received(self, name: str) -> None:
        """Count a request and note its time."""
        self.requests[name] += 1
        self.times.append((self.panel.now(), name))

    def check_password(self, user: str, password: str, country: str) -> SimulatedAccount:
        """The account that these open. Denied counts wrong passwords and locks."""
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
        """How many wrong passwords are still to come before this user is locked out."""
        return max(BAD_PASSWORDS - self.bad_passwords[user], 0)

    def login(self, user: str, password: str, country: str) -> str:
        """The hash of a new session; it leaves the others alone."""
        account = self.check_password(user, password, country)
        while len(self._sessions) >= MOST_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        token = f"{secrets.randbelow(10**11):011}"
        self._sessions[token] = SimulatedSession(account, self.panel.now())
        return token

    def enter(self, token: str, user: str) -> SimulatedAccount:
        """The account of a live session of this user, which counts as used. Denied when there is none."""
        session = self._sessions.get(token)
        if session is None or session.account.user != user:
            raise Denied(Reason.UNIDENTIFIED)
        if not self._alive(session):
            raise Denied(Reason.EXPIRED)
        session.used_at = self.panel.now()
        return session.account

    def leave(self, token: str) -> None:
        """End a session for good."""
        self._sessions.pop(token, None)

    def kill_sessions(self) -> None:
        """Every session is dead from now on, and its owner is told so."""
        for session in self._sessions.values():
            session.alive = False

    def sessions(self) -> int:
        """How many sessions are alive."""
        return sum(map(self._alive, self._sessions.values()))

    def locked(self) -> list[str]:
        """The users that are locked out."""
        return [user for user, count in self.bad_passwords.items() if count >= BAD_PASSWORDS]

    def flooded(self, user: str) -> bool:
        """Take note of a request; True while its account is shut out. Unknown users count as one."""
        options = self.options
        who = user if any(account.user == user for account in self.accounts) else ""
        if not options.flood_limit:
            return False
        if self.floods.banned(who):
            return True
        if not self.floods.over(who, options.flood_limit, options.flood_window):
            return False
        self.floods.ban(who, options.flood_ban)
        return True

    def forgive(self) -> None:
        """Unlock every account and end every ban."""
        self.bad_passwords.clear()
        self.floods.forgive()

    def reset(self) -> None:
        """Start all counters at nought."""
        for counter in (self.requests, self.accepted, self.faults.hits):
            counter.clear()
        self.times.clear()

    def _alive(self, session: SimulatedSession) -> bool:
        return session.alive and self.panel.now() - session.used_at < self.options.session_idle
