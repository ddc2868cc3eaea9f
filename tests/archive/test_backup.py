"""What a backup holds, and what it does not; made while the program writes, and whole or not at all."""

import errno
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from emulator.archive.backup import read, write
from emulator.archive.journal_copy import PASSING_NOTES, PLAIN_NOTES, PLAIN_TABLES
from emulator.errors import ConfigError, Hindered
from emulator.store import tables
from emulator.store.journal import Journal
from emulator.store.journal_file import FILE
from tests.archive.rig import SECRETS, SETTINGS, House, repacked, rows


def test_it_holds_what_switches_are_known_by_and_the_settings(house: House) -> None:
    made, counted = house.backup(with_secrets=False)
    assert made.settings == SETTINGS
    assert str(counted) == "alarms: home (…567); switches: 1; commands in the journal: 3"
    with closing(Journal(house.folder, read_only=True)) as journal:
        for table in PLAIN_TABLES - {"notes"}:
            query = f"SELECT * FROM {table}"  # noqa: S608 - names of tables
            assert rows(made.journal, query) == journal.rows(query), table
        [(base,), (program,)] = journal.rows(
            "SELECT value FROM notes WHERE name IN ('mac base', 'mqtt: id') ORDER BY name"
        )
    assert rows(made.journal, "SELECT value FROM notes WHERE name IN ('mac base', 'mqtt: id') ORDER BY name") == [
        (base,),
        (program,),
    ]


def test_without_being_asked_it_holds_nothing_that_opens_anything(house: House) -> None:
    """Not in the free pages of the file either, where SQLite leaves what was deleted."""
    made, _ = house.backup(with_secrets=False)
    assert made.secrets == ""
    assert [what for what in SECRETS if what.encode() in made.journal] == []
    assert b"salt" not in made.journal


def test_asked_for_it_holds_all_of_it(house: House) -> None:
    made, counted = house.backup(with_secrets=True)
    whole = made.journal + made.secrets.encode()
    assert [what for what in SECRETS if what.encode() not in whole] == []
    assert (counted.clients, counted.logins, counted.has_pin) == (1, 1, True)
    assert "paired Hue clients: 1; logins: 1; a PIN; " in str(counted)
    assert [what for what in SECRETS if what.encode() in repacked(made)] == []


def test_every_table_was_thought_of(house: House) -> None:
    with closing(Journal(house.folder, read_only=True)) as journal:
        there = {name for (name,) in journal.rows("SELECT name FROM sqlite_master WHERE sql LIKE '%STRICT%'")}
    assert there == PLAIN_TABLES | {"hue_users"}, "put a new table where it belongs"


def test_every_note_was_thought_of(house: House) -> None:
    secret = {"pin", "homekit", "logins refused", "owa login cloud.example me", "a door of next year"}
    assert {name for name in house.notes() if not name.startswith((*PLAIN_NOTES, *PASSING_NOTES))} == secret


def test_it_is_of_one_moment_while_the_program_writes(house: House) -> None:
    """Each write adds a row to two tables; no backup has one of them alone, and no write waits for it in vain."""
    stopped = threading.Event()
    trouble: list[Exception] = []

    def work() -> None:
        try:
            with closing(Journal(house.folder)) as journal:
                number = 0
                while not stopped.is_set():
                    number += 1
                    with journal.write() as db:
                        db.execute("INSERT INTO notices (at, text) VALUES (0, ?)", ("x" * 2000,))
                        db.execute("INSERT OR REPLACE INTO notes VALUES ('mqtt: count', ?)", (str(number),))
        except Exception as error:
            trouble.append(error)

    writer = threading.Thread(target=work)
    writer.start()
    try:
        seen: list[int] = []
        for _ in range(5):
            made, _counted = house.backup(with_secrets=False)
            [(count,)] = rows(made.journal, "SELECT count(*) FROM notices WHERE at = 0")
            noted = rows(made.journal, "SELECT value FROM notes WHERE name = 'mqtt: count'")
            assert [(str(count),)] == (noted or [("0",)])
            seen.append(int(str(count)))
    finally:
        stopped.set()
        writer.join()
    assert not trouble
    assert seen == sorted(seen)


def test_one_of_an_older_program_is_migrated_in_the_backup_alone(house: House) -> None:
    with closing(sqlite3.connect(house.folder / FILE)) as db:
        db.execute("DROP TABLE events")
        db.execute(f"PRAGMA user_version = {len(tables.VERSIONS) - 1}")
    made, _ = house.backup(with_secrets=False)
    assert rows(made.journal, "PRAGMA user_version") == [(len(tables.VERSIONS),)]
    with closing(sqlite3.connect(house.folder / FILE)) as db:
        assert tables.version(db) == len(tables.VERSIONS) - 1


def test_without_a_journal_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no journal yet"):
        House(tmp_path / "empty").backup(with_secrets=False)


def damaged(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096 * 3 : 4096 * 5] = b"\x5a" * 8192
    path.write_bytes(data)


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"PRAGMA user_version = {len(tables.VERSIONS) + 1}")


@pytest.mark.parametrize(
    ("change", "error"),
    [(damaged, Hindered), (newer, ConfigError), (lambda path: path.write_bytes(b"no journal at all" * 99), Hindered)],
)
def test_a_journal_that_cannot_be_read_whole_gives_none(
    house: House, change: Callable[[Path], object], error: type[Exception]
) -> None:
    change(house.folder / FILE)
    with pytest.raises(error):
        house.backup(with_secrets=False)


# -- the file -------------------------------------------------------------------------------------------------------


@pytest.mark.lan
@pytest.mark.parametrize("killed", [False, True])
def test_a_disk_that_takes_no_writes_gives_one_unless_entries_are_left_beside(house: House, killed: bool) -> None:
    if killed:
        with closing(Journal(house.folder)) as journal:
            journal.note("mqtt: last", "1")
            log = (house.folder / f"{FILE}-wal").read_bytes()
        (house.folder / f"{FILE}-wal").write_bytes(log)
    script = f"""if True:
        from pathlib import Path
        from emulator.archive import journal_copy
        print(journal_copy.inventory(journal_copy.copied(Path({str(house.folder)!r}))))
        """
    mounts = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && exec "$2" -c "$0"'
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", mounts, script, str(house.folder), sys.executable],
        capture_output=True,
        text=True,
        check=False,
    )
    if killed:
        assert "is on a read-only disk, and its last entries are in a file beside it: copy the folder" in done.stderr
    else:
        assert done.stdout.startswith("alarms: home (…567); switches: 1"), done.stderr


def test_the_file_is_its_owners_alone_and_replaces_none(tmp_path: Path) -> None:
    path = tmp_path / "a.backup"
    write(path, b"1")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(ConfigError, match="is there already, and is not replaced"):
        write(path, b"2")
    assert read(path) == b"1"
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="is there already"):
        write(path, b"2")


def test_a_full_disk_leaves_no_half_of_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Hindered, match="No space left on device; no backup was made"):
        write(tmp_path / "a.backup", b"1")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Hindered, match="No such file or directory"):
        write(tmp_path / "x" / "a.backup", b"1")
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read(tmp_path / "x")


def test_a_file_of_any_size_is_read_to_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emulator.archive.bundle.MOST_BYTES", 10)
    (tmp_path / "large").write_bytes(b"x" * 11)
    with pytest.raises(ConfigError, match="too large"):
        read(tmp_path / "large")
