"""Sessions of ws.do: a LOGIN opens one, and its HASH names it."""

import secrets
from dataclasses import dataclass, field

from emulator.simulator.accounts import SimulatedAccount
from emulator.simulator.backend import Backend, Denied, Reason
from emulator.simulator.bounded import keep
from emulator.simulator.wsdo.options import WsdoOptions

MOST_SESSIONS = 200
"""Sessions remembered, dead ones too; the oldest is evicted first."""


@dataclass(slots=True)
class SimulatedSession:
    """A login that succeeded."""

    account: SimulatedAccount
    used_at: float
    alive: bool = True


@dataclass(slots=True)
class Sessions:
    """Every session that was opened; guarded by the panel's lock."""

    backend: Backend
    options: WsdoOptions
    _sessions: dict[str, SimulatedSession] = field(default_factory=dict, repr=False)

    def open(self, user: str, password: str, country: str) -> str:
        """Return the hash of a new session; others stay open. Raise Denied if the password is wrong."""
        account = self.backend.check_password(user, password, country)
        token = f"{secrets.randbelow(10**11):011}"
        keep(self._sessions, token, SimulatedSession(account, self.backend.now()), MOST_SESSIONS)
        return token

    def enter(self, token: str, user: str) -> SimulatedAccount:
        """Return the account of a live session of this user, and renew the session. Raise Denied if there is none."""
        session = self._sessions.get(token)
        if session is None or session.account.user != user:
            raise Denied(Reason.UNIDENTIFIED)
        if not self._alive(session):
            raise Denied(Reason.EXPIRED)
        session.used_at = self.backend.now()
        return session.account

    def close(self, token: str) -> None:
        """End a session for good."""
        self._sessions.pop(token, None)

    def kill(self) -> None:
        """Expire every session; its next request is answered 60022."""
        for session in self._sessions.values():
            session.alive = False

    def living(self) -> int:
        """Return the number of live sessions."""
        return sum(map(self._alive, self._sessions.values()))

    def _alive(self, session: SimulatedSession) -> bool:
        return session.alive and self.backend.now() - session.used_at < self.options.session_idle
