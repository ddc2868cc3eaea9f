"""Logins that were refused: counted for these very credentials, and no password on disk."""

import json
from collections.abc import Callable
from pathlib import Path

from emulator.journal import Journal
from emulator.refused_logins import Refusal, forget, last, recall, remember

MINE = json.dumps(["me", "open sesame xyzzy", "ES"])


def test_a_refused_login_is_remembered_for_these_very_credentials(open_journal: Callable[[], Journal]) -> None:
    journal = open_journal()
    assert recall(journal, "home", MINE) is None
    remember(journal, "home", MINE, "user or password is wrong")
    journal.close()
    journal = open_journal()
    assert recall(journal, "home", MINE) == Refusal("user or password is wrong", times=1)
    assert recall(journal, "home", MINE.replace("xyzzy", "xyzzz")) is None
    assert recall(journal, "shed", MINE) is None
    assert (last(journal, "home"), last(journal, "shed")) == ("user or password is wrong", "")
    forget(journal, "home")
    assert recall(journal, "home", MINE) is None
    assert last(journal, "home") == ""


def test_refusals_of_the_same_credentials_are_counted(journal: Journal) -> None:
    other = MINE.replace("xyzzy", "plugh")
    for times, credentials in ((1, MINE), (2, MINE), (1, other), (1, MINE)):
        remember(journal, "home", credentials, f"no, {times}")
        assert recall(journal, "home", credentials) == Refusal(f"no, {times}", times)
    assert recall(journal, "home", other) is None


def test_nothing_on_disk_tells_the_password(journal: Journal, folder: Path) -> None:
    for _ in range(2):
        remember(journal, "home", MINE, "no")
    fingerprint = json.loads(journal.recall("login refused: home") or "")["fingerprint"]
    written = b"".join(path.read_bytes() for path in folder.iterdir())
    assert fingerprint.encode() in written, "so that what follows means something"
    assert b"sesame" not in written
    assert b"xyzzy" not in written


def test_the_same_password_has_another_fingerprint_each_time(journal: Journal) -> None:
    notes = []
    for name in ("home", "shed"):
        remember(journal, name, MINE, "no")
        notes.append(json.loads(journal.recall(f"login refused: {name}") or ""))
    assert notes[0]["fingerprint"] != notes[1]["fingerprint"]
