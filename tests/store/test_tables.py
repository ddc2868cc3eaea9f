"""The journal's file, through its versions."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from emulator import __version__
from emulator.errors import ConfigError
from emulator.model import ArmMode, Axes, Interior, PanelState
from emulator.store import history, identities, light_ids, pairing, tables
from emulator.store.identities import Identity
from emulator.store.journal import Journal
from emulator.store.journal_file import FILE
from emulator.store.notices import Notices
from tests.store.rig import BEFORE

VERSION_4 = """
CREATE TABLE commands (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, installation TEXT NOT NULL, action TEXT NOT NULL,
    door TEXT NOT NULL, peer TEXT NOT NULL, switch TEXT NOT NULL,
    ended_at REAL, result TEXT, message TEXT, settled_at REAL, settled TEXT,
    times INTEGER NOT NULL DEFAULT 1, noise INTEGER NOT NULL DEFAULT 0, alarm INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX commands_that_changed_nothing ON commands (id) WHERE noise = 1;
CREATE TABLE alarms (
    id INTEGER PRIMARY KEY AUTOINCREMENT, cloud TEXT NOT NULL, host TEXT NOT NULL, number TEXT NOT NULL,
    account TEXT NOT NULL, name TEXT NOT NULL, is_named INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE TABLE last_states (
    alarm INTEGER PRIMARY KEY, interior TEXT, perimeter INTEGER, annex INTEGER,
    read_at REAL NOT NULL, raw TEXT NOT NULL, source TEXT NOT NULL
) STRICT;
CREATE TABLE spans (
    id INTEGER PRIMARY KEY, installation TEXT NOT NULL, interior TEXT, perimeter INTEGER, annex INTEGER,
    since REAL NOT NULL, until REAL NOT NULL, command INTEGER, alarm INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX spans_by_time ON spans (alarm, until);
CREATE TABLE identities (
    key INTEGER PRIMARY KEY AUTOINCREMENT, installation TEXT NOT NULL, mode TEXT NOT NULL, name TEXT NOT NULL,
    serial TEXT NOT NULL UNIQUE, mac TEXT NOT NULL UNIQUE, port INTEGER NOT NULL
) STRICT;
CREATE TABLE hue_lights (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL, shape TEXT NOT NULL, unique_id TEXT NOT NULL UNIQUE, UNIQUE (key, shape)
) STRICT;
CREATE TABLE hue_users (
    name TEXT PRIMARY KEY, peer TEXT NOT NULL, devicetype TEXT NOT NULL, created REAL NOT NULL, used REAL NOT NULL
) STRICT;
CREATE TABLE notices (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, text TEXT NOT NULL, first INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
PRAGMA user_version = 4;

INSERT INTO alarms VALUES (1, 'wsdo', 'www.example.net', '1234567', 'x', 'home', 1);
INSERT INTO commands VALUES
    (7, 10.0, 'home', 'arm night', 'wemo', '10.0.0.9', 'Night', 14.0, 'confirmed', 'done', NULL, NULL, 1, 0, 1),
    (8, 20.0, 'home', 'disarm', 'hue', '10.0.0.9', 'Night', 29.0, 'ignored', 'swept', NULL, NULL, 3, 1, 1),
    (9, 30.0, 'home', 'arm night', 'cli', '', '', 34.0, 'unconfirmed', 'lost', 40.0, 'night', 1, 0, 1);
INSERT INTO last_states VALUES (1, 'night', 1, NULL, 40.0, 'C', 'EST2');
INSERT INTO spans VALUES (1, 'home', 'night', 1, NULL, 14.0, 40.0, 7, 1);
INSERT INTO identities VALUES (1, 'home', 'night', 'Night', '220001K0000001', '020000000004', 12001);
INSERT INTO hue_lights VALUES (70, '1', 'plug', '02:00:00:00:00:04:00:11-01');
INSERT INTO hue_users VALUES ('0123abcd', '10.0.0.9', 'app#phone', 5.0, 6.0);
INSERT INTO notices VALUES (1, 35.0, 'Alarm: a command is not confirmed', 0);
INSERT INTO notes VALUES ('pin', 'x');
"""
"""A file of version 4, as homes have it, and a row of each table. It never changes: the next version adds its own."""


@pytest.fixture
def before(folder: Path) -> Path:
    """A file from before the versions."""
    path = folder / FILE
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(BEFORE)
    return path


def shape(db: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    """Every table's columns; and the indexes, without columns."""
    names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")]
    return {name: db.execute(f"PRAGMA table_info({name})").fetchall() for name in names}


@pytest.mark.usefixtures("before")
def test_a_file_of_before_comes_to_the_shape_of_a_new_one_and_keeps_its_rows(
    open_journal: Callable[[], Journal], tmp_path_factory: pytest.TempPathFactory
) -> None:
    journal = open_journal()
    assert journal.rows("PRAGMA user_version") == [(len(tables.VERSIONS),)]
    with closing(Journal(tmp_path_factory.mktemp("new"))) as new:
        assert shape(journal._db) == shape(new._db)
    assert [(one.id, one.action, one.result, one.message) for one in journal.commands(9)] == [
        (3, "arm night", "unconfirmed", "lost"),
        (2, "disarm", "ignored", "swept"),
        (1, "arm night", "confirmed", "done"),
    ]
    assert Notices(journal).after(0) == [(1, 35.0, "Alarm: a command is not confirmed")]
    assert journal.recall("pin") == "x"


@pytest.mark.usefixtures("before")
def test_commands_that_wanted_a_login_are_known_by_their_old_messages(
    folder: Path, open_journal: Callable[[], Journal]
) -> None:
    with closing(sqlite3.connect(folder / FILE)) as db, db:
        db.execute("UPDATE commands SET result = 'failed', message = 'the login needs you: type it' WHERE id = 3")
    assert [(one.id, one.needs_login) for one in open_journal().commands(9)] == [(3, True), (2, False), (1, False)]


def test_a_file_of_version_4_is_read_whole(
    folder: Path, open_journal: Callable[[], Journal], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with closing(sqlite3.connect(folder / FILE)) as db:
        db.executescript(VERSION_4)
    journal = open_journal()
    assert journal.rows("PRAGMA user_version") == [(len(tables.VERSIONS),)]
    with closing(Journal(tmp_path_factory.mktemp("new"))) as new:
        assert shape(journal._db) == shape(new._db)
    assert [(one.id, one.installation, one.result, one.settled, one.times) for one in journal.commands(9)] == [
        (9, "home", "unconfirmed", "night", 1),
        (8, "home", "ignored", None, 3),
        (7, "home", "confirmed", None, 1),
    ]
    axes = Axes(Interior.NIGHT, perimeter=True, annex=None)
    assert journal.load_state("home") == PanelState(axes, 40.0, "C", "EST2")
    assert history.spans(journal, "home", 0.0) == [history.Span("home", axes, 14.0, 40.0, 7)]
    night = identities.Wanted("home", ArmMode(Interior.NIGHT), "Night")
    [identity] = identities.identities(journal, [night], 12000)
    assert identity == Identity("1", "220001K0000001", "020000000004", 12001)
    lights, _ = light_ids.lights(journal, [identity], "plug")
    assert lights["1"].id == 70
    assert [user.peer for user in pairing.paired(journal).values()] == ["10.0.0.9"]
    assert Notices(journal).after(0) == [(1, 35.0, "Alarm: a command is not confirmed")]
    assert journal.recall("pin") == "x"


@pytest.mark.usefixtures("before")
def test_it_is_brought_there_once(open_journal: Callable[[], Journal]) -> None:
    open_journal().note("x", "1")
    again = open_journal()
    assert again.recall("x") == "1"
    assert again.rows("PRAGMA integrity_check") == [("ok",)]


def test_whoever_only_looks_reads_an_older_file_and_leaves_it_as_it_is(before: Path, folder: Path) -> None:
    with closing(Journal(folder, read_only=True)) as journal:
        assert [one.id for one in journal.commands(9)] == [3, 2, 1]
        assert journal.rows("PRAGMA quick_check(3)") == [("ok",)]
    with closing(sqlite3.connect(before)) as db:
        assert tables.version(db) == 0


@pytest.mark.parametrize("read_only", [False, True])
def test_a_file_of_a_newer_program_is_left_alone_and_its_program_named(folder: Path, read_only: bool) -> None:
    with closing(Journal(folder)) as journal:
        journal.note(tables.WRITER, "9.9.9")
    with closing(sqlite3.connect(folder / FILE)) as db:
        db.execute(f"PRAGMA user_version = {len(tables.VERSIONS) + 1}")
    with pytest.raises(ConfigError) as caught:
        Journal(folder, read_only=read_only)
    [problem] = caught.value.problems
    assert problem.where == str(folder / FILE)
    assert problem.what.startswith(f"was written by emulator 9.9.9, and this is {__version__}; ")


def test_a_step_that_fails_changes_nothing(
    before: Path, open_journal: Callable[[], Journal], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(tables, "VERSIONS", (*tables.VERSIONS, ("ALTER TABLE notes ADD COLUMN x", "nonsense")))
        with pytest.raises(ConfigError, match="cannot keep the journal here"):
            open_journal()
    with closing(sqlite3.connect(before)) as db:
        assert tables.version(db) == 0
        assert [row[1] for row in shape(db)["notices"]] == ["id", "at", "text"]
    assert len(open_journal().commands(9)) == 3
