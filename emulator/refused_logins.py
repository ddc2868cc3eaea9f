"""Logins that the cloud refused, kept in the journal: accounts are locked after three, and a restart is no excuse."""

import hashlib
import json
import secrets
from dataclasses import dataclass

from emulator.journal import Journal

_NOTE = "login refused: "


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the cloud said when it refused a login, and how many times it refused this very one."""

    message: str
    times: int


def remember(journal: Journal, installation: str, credentials: str, message: str) -> None:
    """Keep a refused login, with a fingerprint of what was refused, not the thing itself."""
    before = recall(journal, installation, credentials)
    salt = secrets.token_hex(16)
    refusal = {
        "salt": salt,
        "fingerprint": _fingerprint(credentials, salt),
        "message": message,
        "times": 1 + (before.times if before else 0),
    }
    journal.note(_NOTE + installation, json.dumps(refusal))


def recall(journal: Journal, installation: str, credentials: str) -> Refusal | None:
    """The refusal of these very credentials, if there was one since they last worked."""
    stored = journal.recall(_NOTE + installation)
    if stored is None:
        return None
    refusal = json.loads(stored)
    same = refusal["fingerprint"] == _fingerprint(credentials, refusal["salt"])
    return Refusal(str(refusal["message"]), int(refusal["times"])) if same else None


def last(journal: Journal, installation: str) -> str:
    """What the cloud said when it refused the last login, whoever's; empty when a login has worked since."""
    stored = journal.recall(_NOTE + installation)
    return str(json.loads(stored)["message"]) if stored else ""


def forget(journal: Journal, installation: str) -> None:
    """The login works again."""
    journal.note(_NOTE + installation, None)


def _fingerprint(credentials: str, salt: str) -> str:
    # Slow on purpose (tens of ms on a Raspberry Pi): whoever reads the file shall not guess passwords with it.
    return hashlib.scrypt(credentials.encode(), salt=bytes.fromhex(salt), n=2**14, r=8, p=1).hex()
