"""The logins of accounts, kept in the journal's file; see clouds/vault.py for the contract."""

import fcntl
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from emulator.clouds.vault import Device, Login
from emulator.errors import EmulatorError, LoginNeeded
from emulator.store import private, refused_logins
from emulator.store.columns import names_of
from emulator.store.journal import Journal
from emulator.words.text import Text

LOCK = "login.lock"
"""File in the state folder, locked by the process that renews a login."""

LOCK_WITHIN_S, LOCK_PAUSE_S = 30.0, 0.05
"""Time-out of the lock, and the pause between attempts: a renewal takes seconds, but a stopped process (Ctrl-Z) never
ends it."""


class JournalVault:
    """Vault of one account; `user` may be empty if only one person has logged in to this host."""

    def __init__(self, journal: Journal, folder: Path, host: str, user: str = "") -> None:
        self._journal = journal
        self._folder = folder
        self._host = host
        self._user = user

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Lock the login against any other renewal: threads exclude each other, too, each with its own open file."""
        path = self._folder / LOCK
        try:
            lock = private.open_lock(path)
        except OSError as error:
            raise _unrenewed(f"{path}: {error.strerror}") from None
        with lock:
            ends = time.monotonic() + LOCK_WITHIN_S
            while not _locked(lock):
                if time.monotonic() > ends:
                    raise _unrenewed(Text("another program holds {file}; is one stopped?", file=str(path)))
                time.sleep(LOCK_PAUSE_S)
            yield

    def load(self) -> Login | None:
        """Return the login; None before the first one. Raises LoginNeeded if the user is ambiguous."""
        if self._user:
            kept = self._journal.recall(self._name(self._user))
            return (Login.parse(kept) or self._damaged()) if kept else None
        logins = list(filter(None, map(Login.parse, self._journal.recall_all(self._name("")))))
        # A name mistyped at `emulator login` is kept as well, but has never logged in.
        found = [login for login in logins if login.login_at] or logins[:1]
        if len(found) > 1:
            users = tuple(login.user for login in found)
            raise LoginNeeded(
                Text("{users} have logged in here: put the one to use into VERISURE_USER and restart", users=users)
            )
        return found[0] if found else None

    def _damaged(self) -> Login:
        """Replace a login that cannot be read by one that a person has to finish, with a device of its own."""
        made = Login(self._user, Device.new(), trouble=Text("the login is not finished: type `emulator login`"))
        self.save(made)
        return made

    def save(self, login: Login) -> None:
        """Replace the login, written through to disk."""
        self._journal.note(self._name(login.user), login.as_text())

    def forget(self) -> None:
        """Forget the login; LoginNeeded if the user is ambiguous."""
        if login := self.load():
            self._journal.note(self._name(login.user), None)

    def is_wrong(self, user: str, password: str) -> bool:
        """Return whether the cloud has refused this password as wrong, and not accepted it since."""
        return refused_logins.recall(self._journal, self._said(user, password)) is not None

    def note_password(self, user: str, password: str, *, wrong: bool) -> None:
        """Remember the cloud's verdict on a password, by its fingerprint."""
        if wrong:
            refused_logins.remember(self._journal, "", self._said(user, password), "wrong")
        else:
            refused_logins.forget(self._journal, self._said(user, password))

    def banned_until(self) -> float:
        """Return the end of the firewall's ban of this network (epoch seconds)."""
        with suppress(ValueError):
            return float(self._journal.recall(f"owa ban {self._host}") or 0)
        return 0.0

    def ban(self, until: float) -> None:
        """Remember a ban until then (epoch seconds), over restarts."""
        self._journal.note(f"owa ban {self._host}", str(until))

    def unsupported(self, number: str) -> frozenset[str]:
        """Return the requests that the panel of this installation has refused as unknown."""
        return frozenset(names_of(self._journal.recall(f"owa unsupported {number}")))

    def remember_unsupported(self, number: str, request: str) -> None:
        """Add a request to those."""
        known = sorted(self.unsupported(number) | {request})
        self._journal.note(f"owa unsupported {number}", json.dumps(known))

    def _said(self, user: str, password: str) -> str:
        return json.dumps([self._host, user, password])

    def _name(self, user: str) -> str:
        return f"owa login {self._host} {user}"


def _unrenewed(why: str) -> EmulatorError:
    return EmulatorError(Text("the login cannot be renewed: {why}", why=why))


def _locked(lock: IO[str]) -> bool:
    """Try to lock; return whether that worked. Raises EmulatorError if the file system has no locks."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise _unrenewed(f"{lock.name}: {error.strerror}") from None
    return True
