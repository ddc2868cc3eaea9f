"""Logins that the cloud refused, kept in the journal: accounts are locked after three, and a restart is no excuse.

They belong to an account, whichever of its alarms was asked for. The credentials are kept as a fingerprint.
"""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from emulator.store.columns import words_of
from emulator.store.journal import Journal
from emulator.store.private import fingerprint
from emulator.words.text import unpack

KEPT = 200
"""Number of refused logins kept. Codes that somebody types count, too, and must not push out a password soon: no more
than some are sent to a cloud in an hour."""

_NOTE = "logins refused"

_fingerprint = lru_cache(maxsize=8)(fingerprint)
"""Remembered, as it is slow on purpose and each poll of a refused login asks for it."""


@dataclass(frozen=True, slots=True)
class RefusedLogin:
    """The cloud's message when it refused a login, as a Text, and the number of times it refused this very one."""

    message: str
    times: int


def remember(journal: Journal, installation: str, credentials: str, message: str) -> None:
    """Note another refusal of these credentials, for this alarm."""
    with _changed(journal) as book:
        key = _fingerprint(credentials, book["salt"])
        before = book["refused"].pop(key, {"times": 0, "alarms": []})
        alarms = sorted({*before["alarms"], installation})
        kept = {"message": message, "words": words_of(message)}
        book["refused"][key] = kept | {"times": before["times"] + 1, "alarms": alarms}
        for oldest in list(book["refused"])[:-KEPT]:
            del book["refused"][oldest]


def recall(journal: Journal, credentials: str) -> RefusedLogin | None:
    """Return the refusal of these very credentials, if there was one since they last worked."""
    book = _read(journal.recall(_NOTE))
    if not book["refused"]:
        return None
    found = book["refused"].get(_fingerprint(credentials, book["salt"]))
    return RefusedLogin(_message(found), int(found["times"])) if found else None


def last(journal: Journal, installation: str) -> str:
    """Return the cloud's message of the last refused login for this alarm, by any user; empty when there is none."""
    refused = _read(journal.recall(_NOTE))["refused"].values()
    return next((_message(one) for one in reversed(refused) if installation in one["alarms"]), "")


def forget(journal: Journal, credentials: str) -> None:
    """Forget the refusals of these credentials, which work again; keep those of others."""
    with _changed(journal) as book:
        book["refused"].pop(_fingerprint(credentials, book["salt"]), None)


def forget_all(journal: Journal, installation: str) -> None:
    """Forget all refusals for this alarm, as a person has logged in."""
    with _changed(journal) as book:
        for key in [key for key, one in book["refused"].items() if installation in one["alarms"]]:
            del book["refused"][key]


def _message(kept: dict[str, Any]) -> str:
    """Return the message of a kept refusal; those of an earlier version have its English alone."""
    if kept.get("words"):
        with suppress(ValueError):
            return unpack(kept["words"])
    return str(kept["message"])


def _read(stored: str | None) -> dict[str, Any]:
    """Return the book; a new one where there is none, or a damaged one, with which the program could not start."""
    with suppress(ValueError, TypeError, KeyError):
        found = json.loads(stored or "{}")
        return {"salt": bytes.fromhex(found["salt"]).hex(), "refused": dict(found["refused"])}
    return {"salt": secrets.token_hex(16), "refused": {}}


@contextmanager
def _changed(journal: Journal) -> Iterator[dict[str, Any]]:
    """Open the book for one transaction: `emulator status` may write beside `emulator run`."""
    with journal.write() as db:
        row = db.execute("SELECT value FROM notes WHERE name = ?", (_NOTE,)).fetchone()
        book = _read(row and row[0])
        yield book
        db.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (_NOTE, json.dumps(book)))
