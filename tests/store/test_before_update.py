"""A journal is copied before it is migrated, so that an update can be taken back."""

import logging
import os
import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from emulator.store import before_update, tables
from emulator.store.journal import Journal
from emulator.store.journal_file import FILE
from tests.store.rig import BEFORE


@pytest.fixture
def before(folder: Path) -> Path:
    """A file of an older program, part of it in SQLite's log only."""
    path = folder / FILE
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(BEFORE)
    return path


def test_the_copy_is_what_the_older_program_has_left(before: Path, open_journal: Callable[[], Journal]) -> None:
    assert len(open_journal().commands(9)) == 3
    [copy] = before_update.copies(before.parent)
    assert copy.name == "journal.version-0"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as db:
        assert tables.version(db) == 0
        assert db.execute("SELECT count(*) FROM states").fetchone() == (1,)
    open_journal()
    assert before_update.copies(before.parent) == [copy]


def test_back_to_the_version_before(before: Path, open_journal: Callable[[], Journal]) -> None:
    """As docs/upgrade.md has it; and the way there once more."""
    open_journal().close()
    newer = before.with_name("newer")
    newer.mkdir()
    for path in before.parent.glob("journal.sqlite3*"):
        path.rename(newer / path.name)
    before.with_name("journal.version-0").rename(before)
    assert [one.id for one in open_journal().commands(9)] == [3, 2, 1]


def test_a_new_journal_needs_none_nor_does_whoever_only_looks(
    folder: Path, open_journal: Callable[[], Journal]
) -> None:
    open_journal().close()
    with closing(sqlite3.connect(folder / FILE)) as db:
        db.execute("DROP TABLE events")
        db.execute(f"PRAGMA user_version = {len(tables.VERSIONS) - 1}")
    Journal(folder, read_only=True).close()
    assert before_update.copies(folder) == []


def test_a_few_are_kept(before: Path, open_journal: Callable[[], Journal]) -> None:
    for number in range(5):
        old = before.with_name(f"journal.version-9{number}")
        old.touch()
        os.utime(old, (number, number))
    open_journal()
    assert [copy.name[-2:] for copy in before_update.copies(before.parent)] == ["93", "94", "-0"]


@pytest.mark.parametrize("trouble", ["no room", "no copy"])
@pytest.mark.usefixtures("before")
def test_without_room_the_journal_is_migrated_all_the_same(
    folder: Path,
    open_journal: Callable[[], Journal],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    trouble: str,
) -> None:
    if trouble == "no room":
        monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=before_update.ROOM * 100))
    else:
        (folder / "journal.version-0").mkdir()
    with caplog.at_level(logging.WARNING):
        assert len(open_journal().commands(9)) == 3
    assert "migrated without a copy of it" in caplog.text
    assert not list(folder.glob("*.new"))
