"""Bounds on the logins of set-up, kept in the journal: a restart is no excuse."""

import hashlib
import json
from dataclasses import dataclass, field

from emulator.app.login_store import JournalVault
from emulator.clock import Clock
from emulator.setup.answers import AnswerRefused
from emulator.store.journal import Journal
from emulator.words.spoken import length
from emulator.words.text import Text

REFUSALS = 2
"""Refused or unanswered logins of a user before the pause: a third in a row may lock the account."""

PAUSE_S = 1800.0
"""Pause after those; the lock of an account that did three wrong ones lasts longer."""

LOGINS, WITHIN_S = 6, 3600.0
"""Logins of one set-up within that time, the right ones included: each may send a message to a phone."""

_NOTE = "setup: refused logins"


@dataclass(slots=True)
class LoginBounds:
    """Bounds on the logins of a state folder, kept in its journal. Times are epoch seconds."""

    journal: Journal
    clock: Clock
    _begun: list[float] = field(default_factory=list)

    def check(self, vault: JournalVault, host: str, user: str, password: str) -> None:
        """Raise AnswerRefused for a login that must not be sent."""
        if not (user.strip() and password.strip()):
            raise AnswerRefused(Text("User and password must not be blank: nothing was sent."))
        if vault.is_wrong(user, password):
            raise AnswerRefused(Text("The cloud has refused this password before, so it was not sent again."))
        now = self.clock.time()
        times = self._refused(host, user)
        if len(times) >= REFUSALS:
            wait = length(max(60.0, min(PAUSE_S, times[-1] + PAUSE_S - now)))
            raise AnswerRefused(
                Text(
                    "{n} logins were refused. A third may lock the account, so nothing is sent for {wait}. Try the "
                    "password in the alarm's own app meanwhile.",
                    n=len(times),
                    wait=wait,
                )
            )
        self._begun = [at for at in self._begun if now - at < WITHIN_S]
        if len(self._begun) >= LOGINS:
            raise AnswerRefused(
                Text("That were many logins within an hour: go on later, so that the account is not locked.")
            )
        self._begun.append(now)
        # Counted before it is sent: a program that is killed meanwhile has no other try for it.
        self._write({self._key(host, user): [*times, now]})

    def not_refused(self, host: str, user: str) -> None:
        """Take back the count of a login that has not arrived, or failed for another reason."""
        self._write({self._key(host, user): self._refused(host, user)[:-1]})

    def worked(self, host: str, user: str) -> None:
        """Forget the refusals of a user, whose login works."""
        self._write({self._key(host, user): []})

    def _refused(self, host: str, user: str) -> list[float]:
        """Return the times of those that count: all, until the pause after the last one is over."""
        now, kept = self.clock.time(), json.loads(self.journal.recall(_NOTE) or "{}")
        times: list[float] = kept.get(self._key(host, user), [])
        # A clock that was set back, as without a battery, ends no pause.
        return times if times and abs(now - times[-1]) < PAUSE_S else []

    def _write(self, changes: dict[str, list[float]]) -> None:
        kept = json.loads(self.journal.recall(_NOTE) or "{}") | changes
        self.journal.note(_NOTE, json.dumps({key: times for key, times in kept.items() if times}))

    @staticmethod
    def _key(host: str, user: str) -> str:
        return hashlib.sha256(f"{host} {user}".encode()).hexdigest()[:16]
