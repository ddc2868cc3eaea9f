"""The logins of OWA accounts, kept in the journal's file; see clouds/vault.py for what they are."""

import fcntl
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import IO

from emulator.clouds.vault import Device, Login
from emulator.errors import EmulatorError, LoginNeeded
from emulator.store import private, refused_logins
from emulator.store.journal import Journal

LOCK = "login.lock"

LOCK_WITHIN_S, LOCK_PAUSE_S = 30.0, 0.05
"""To wait for another program that renews the login, which takes seconds; one that was stopped (Ctrl-Z) has no end."""
"""In the state folder; held while a login is renewed, by whichever process does it."""


class JournalVault:
    """One account's login; `user` may be empty where only one person has logged in to this host."""

    def __init__(self, journal: Journal, folder: Path, host: str, user: str = "") -> None:
        self._journal = journal
        self._folder = folder
        self._host = host
        self._user = user

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the only one who renews a login: threads exclude each other, too, each with its own open file."""
        path = self._folder / LOCK
        try:
            lock = private.open_lock(path)
        except OSError as error:
            raise EmulatorError(f"the login cannot be renewed: {path}: {error.strerror}") from None
        with lock:
            ends = time.monotonic() + LOCK_WITHIN_S
            while not _locked(lock):
                if time.monotonic() > ends:
                    raise EmulatorError(f"the login cannot be renewed: another program holds {path}; is one stopped?")
                time.sleep(LOCK_PAUSE_S)
            yield

    def load(self) -> Login | None:
        """The login; None before the first one. LoginNeeded where it is not clear whose."""
        if self._user:
            kept = self._journal.recall(self._name(self._user))
            return _login(kept) if kept else None
        logins = [_login(value) for value in self._journal.recall_all(self._name(""))]
        # A name that was mistyped at `emulator login` is kept as well, but has never logged in.
        found = [login for login in logins if login.login_at] or logins[:1]
        if len(found) > 1:
            users = ", ".join(login.user for login in found)
            raise LoginNeeded(f"{users} have logged in here: put the one to use into VERISURE_USER and restart")
        return found[0] if found else None

    def save(self, login: Login) -> None:
        """Replace the login; written through to disk."""
        self._journal.note(self._name(login.user), json.dumps(asdict(login)))

    def is_wrong(self, user: str, password: str) -> bool:
        """Whether the cloud has said that this password is wrong, and not taken it since."""
        return refused_logins.recall(self._journal, self._said(user, password)) is not None

    def note_password(self, user: str, password: str, *, wrong: bool) -> None:
        """Remember what the cloud said of a password, by its fingerprint."""
        if wrong:
            refused_logins.remember(self._journal, "", self._said(user, password), "wrong")
        else:
            refused_logins.forget(self._journal, self._said(user, password))

    def banned_until(self) -> float:
        """Until when the firewall shuts this network out (epoch seconds)."""
        return float(self._journal.recall(f"owa ban {self._host}") or 0)

    def ban(self, until: float) -> None:
        """Remember a ban over restarts."""
        self._journal.note(f"owa ban {self._host}", str(until))

    def unsupported(self, number: str) -> frozenset[str]:
        """The requests that the panel of this installation has turned out not to know."""
        return frozenset(json.loads(self._journal.recall(f"owa unsupported {number}") or "[]"))

    def remember_unsupported(self, number: str, request: str) -> None:
        """Add one to them."""
        known = sorted(self.unsupported(number) | {request})
        self._journal.note(f"owa unsupported {number}", json.dumps(known))

    def _said(self, user: str, password: str) -> str:
        return json.dumps([self._host, user, password])

    def _name(self, user: str) -> str:
        return f"owa login {self._host} {user}"


def _login(kept: str) -> Login:
    """As it was kept; what a later version has put there is left out, so that one can go back from that."""
    said = json.loads(kept)
    known = {one.name: said[one.name] for one in fields(Login) if one.name in said}
    return Login(**(known | {"device": Device(**said["device"])}))


def _locked(lock: IO[str]) -> bool:
    """Whether it is ours now. EmulatorError where the file system knows no locks."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise EmulatorError(f"the login cannot be renewed: {lock.name}: {error.strerror}") from None
    return True
