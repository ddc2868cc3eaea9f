"""Logins that were refused: counted for these very credentials, and no password on disk."""

import json
from collections.abc import Callable
from pathlib import Path

from emulator.store.journal import Journal
from emulator.store.refused_logins import KEPT, RefusedLogin, forget, forget_all, last, recall, remember

MINE = json.dumps(["me", "open sesame xyzzy", "ES"])
OTHER = MINE.replace("xyzzy", "plugh")


def test_a_refused_login_is_remembered_for_these_very_credentials(open_journal: Callable[[], Journal]) -> None:
    journal = open_journal()
    assert recall(journal, MINE) is None
    remember(journal, "home", MINE, "user or password is wrong")
    journal.close()
    journal = open_journal()
    assert recall(journal, MINE) == RefusedLogin("user or password is wrong", times=1)
    assert recall(journal, MINE.replace("xyzzy", "xyzzz")) is None
    assert (last(journal, "home"), last(journal, "shed")) == ("user or password is wrong", "")
    forget(journal, MINE)
    assert recall(journal, MINE) is None
    assert last(journal, "home") == ""


def test_refusals_of_the_same_credentials_are_counted(journal: Journal) -> None:
    for times, credentials in ((1, MINE), (2, MINE), (1, OTHER), (3, MINE), (2, OTHER)):
        remember(journal, "home", credentials, f"no, {times}")
        assert recall(journal, credentials) == RefusedLogin(f"no, {times}", times)


def test_nothing_on_disk_tells_the_password(journal: Journal, folder: Path) -> None:
    for _ in range(2):
        remember(journal, "home", MINE, "no")
    [fingerprint] = json.loads(journal.recall("logins refused") or "")["refused"]
    written = b"".join(path.read_bytes() for path in folder.iterdir())
    assert fingerprint.encode() in written, "so that what follows means something"
    assert b"sesame" not in written
    assert b"xyzzy" not in written


def test_the_same_password_has_another_fingerprint_elsewhere(tmp_path: Path) -> None:
    notes = []
    for name in ("one", "two"):
        journal = Journal(tmp_path / name)
        remember(journal, "home", MINE, "no")
        notes += json.loads(journal.recall("logins refused") or "")["refused"]
        journal.close()
    assert notes[0] != notes[1]


def test_what_is_refused_or_works_of_others_changes_nothing(journal: Journal) -> None:
    """A slip of the pen in a second shell must not make the program try its own wrong password again."""
    remember(journal, "home", MINE, "mine")
    remember(journal, "home", OTHER, "other")
    assert recall(journal, MINE) == RefusedLogin("mine", 1)
    forget(journal, OTHER)
    assert recall(journal, MINE) == RefusedLogin("mine", 1)
    assert recall(journal, OTHER) is None
    assert last(journal, "home") == "mine"


def test_they_are_counted_for_the_account_whichever_alarm_was_asked_for(journal: Journal) -> None:
    remember(journal, "home", MINE, "no")
    remember(journal, "shed", MINE, "no")
    assert recall(journal, MINE) == RefusedLogin("no", 2)
    assert last(journal, "home") == last(journal, "shed") == "no"


def test_whoever_logs_in_has_all_forgotten_for_that_alarm(journal: Journal) -> None:
    for credentials, alarm in ((MINE, "home"), (OTHER, "home"), (MINE.replace("me", "you"), "shed")):
        remember(journal, alarm, credentials, "no")
    forget_all(journal, "home")
    assert (recall(journal, MINE), recall(journal, OTHER), last(journal, "shed")) == (None, None, "no")


def test_only_the_newest_are_kept(journal: Journal) -> None:
    for number in range(KEPT + 1):
        remember(journal, "home", str(number), "no")
    assert recall(journal, "0") is None
    assert recall(journal, "1") == recall(journal, str(KEPT)) == RefusedLogin("no", 1)
