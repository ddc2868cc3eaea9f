"""A backup that is put back: the same switches and pairings, nothing sent, and what was there before is kept."""

import errno
import os
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from emulator.archive import bundle, restore
from emulator.archive.bundle import BackupUnfit, Bundle, Made
from emulator.archive.restore import put_back, ready
from emulator.errors import ConfigError, Hindered
from emulator.store import pairing, salvage
from emulator.store.activity import LogMemory
from emulator.store.journal import Journal
from emulator.store.journal_file import FILE
from emulator.store.notices import Notices
from emulator.store.pin import is_set
from emulator.system import kept, lock
from tests.archive.rig import NOW, SETTINGS, House

LATER = NOW + 86_400.0


@pytest.fixture
def other(tmp_path: Path) -> House:
    """Another machine."""
    made = House(tmp_path / "other")
    made.folder.mkdir(mode=0o700)
    return made


def moved(house: House, other: House, *, with_secrets: bool = True) -> restore.Done:
    made, _ = house.backup(with_secrets=with_secrets)
    return put_back(ready(bundle.unpacked(bundle.packed(made))), other.folder, other.settings, LATER)


def test_switches_and_pairings_are_the_same_on_another_machine(house: House, other: House) -> None:
    with closing(Journal(house.folder)) as journal:
        before, users, program = house.switches(journal), pairing.paired(journal), journal.recall("mqtt: id")
        lights, bridge = journal.rows("SELECT * FROM hue_lights"), pairing.identity(journal)
    assert moved(house, other) == (None, None)
    with closing(Journal(other.folder)) as journal:
        assert other.switches(journal) == before
        assert journal.rows("SELECT * FROM hue_lights") == lights
        assert pairing.identity(journal) == bridge
        assert pairing.paired(journal) == users
        assert journal.recall("mqtt: id") == program
        assert journal.recall("owa login cloud.example me")
        assert "PRIVATE-KEY-OF-THE-BRIDGE" in journal.recall("homekit")
        assert is_set(journal)
    assert kept.read(other.folder) == {"VERISURE_PASSWORD": "PASSWORD-OF-THE-ALARM"}
    assert other.settings.read_text() == SETTINGS
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in other.folder.iterdir()}
    assert modes == {FILE: 0o600, kept.FILE: 0o600}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_what_root_restores_is_the_services_to_read(house: House, other: House) -> None:
    other.fill()
    for path in (other.folder, *other.folder.iterdir()):
        os.chown(path, 1234, 1234)
    with lock.acquire(other.folder):
        done = moved(house, other)
    there = [*other.folder.rglob("*")]
    assert {done.state, done.state / FILE, other.folder / lock.LOCK} <= set(there)
    assert {(path.stat().st_uid, path.stat().st_gid) for path in there} == {(1234, 1234)}


def test_without_secrets_the_switches_are_the_same_and_a_person_pairs_anew(house: House, other: House) -> None:
    with closing(Journal(house.folder)) as journal:
        before = house.switches(journal)
    moved(house, other, with_secrets=False)
    with closing(Journal(other.folder)) as journal:
        assert other.switches(journal) == before
        assert pairing.paired(journal) == {}
        assert not is_set(journal)
    assert kept.read(other.folder) == {}


def test_nothing_of_it_is_sent_told_or_taken_for_the_state_of_today(house: House, other: House) -> None:
    moved(house, other)
    with closing(Journal(other.folder)) as journal:
        assert journal.recover(LATER) == 0
        assert journal.unsettled("home") == []
        assert [(one.result, str(one.message)) for one in journal.commands(9)] == [
            ("unconfirmed", "it was under way when the backup was made; it is not sent again"),
            ("unconfirmed", "lost"),
            ("confirmed", "the panel is night"),
        ]
        assert journal.load_state("home") is None
        assert LogMemory.load(journal, "home") == LogMemory()
        notices = Notices(journal)
        assert notices.after(notices.position("target")) == []
        assert not pairing.button_pressed(journal, NOW + 1)
        assert journal.recall("wemo subscriptions") is None


def test_what_was_there_is_put_aside_whole(house: House, other: House) -> None:
    other.fill()
    with closing(Journal(other.folder)) as journal:
        journal.note("mqtt: mine", "1")
    (other.folder / salvage.COPY).write_text("{}")
    (other.folder / "run.lock").touch()
    other.settings.write_text("# mine\n")
    done = moved(house, other)
    assert done.state == next(other.folder.glob("before-restore-*"))
    assert stat.S_IMODE(done.state.stat().st_mode) == 0o700
    assert {path.name for path in done.state.iterdir()} >= {FILE, kept.FILE, salvage.COPY}
    assert done.settings.read_text() == "# mine\n"
    with closing(Journal(done.state)) as journal:
        assert journal.recall("mqtt: mine") == "1"
    with closing(Journal(other.folder)) as journal:
        assert journal.recall("mqtt: mine") is None
    assert (other.folder / "run.lock").exists()
    again = moved(house, other)
    assert again.state not in (None, done.state)
    assert done.state.exists()


def test_a_journal_that_was_not_closed_is_put_aside_with_its_log(house: House, other: House) -> None:
    """SQLite would play the log of the old one into the new one."""
    made, _ = house.backup(with_secrets=True)
    other.fill()
    with closing(Journal(other.folder)) as left_open:
        left_open.note("mqtt: last", "1")
        done = put_back(ready(made), other.folder, None, LATER)
        assert {FILE, f"{FILE}-wal", f"{FILE}-shm"} <= {path.name for path in done.state.iterdir()}
    assert not (other.folder / f"{FILE}-wal").exists()
    with closing(Journal(other.folder)) as journal:
        assert journal.recall("mqtt: last") is None
        assert journal.rows("PRAGMA integrity_check") == [("ok",)]


@pytest.mark.parametrize("name", ["journal.sqlite3", "secrets.json"])
def test_a_link_in_the_folder_is_not_followed(house: House, other: House, tmp_path: Path, name: str) -> None:
    outside = tmp_path / "outside"
    outside.write_text("mine")
    (other.folder / name).symlink_to(outside)
    done = put_back(ready(house.backup(with_secrets=True)[0]), other.folder, None, LATER)
    assert outside.read_text() == "mine"
    assert (done.state / name).is_symlink()
    assert not (other.folder / name).is_symlink()


# -- what changes nothing -------------------------------------------------------------------------------------------


def unchanged(house: House) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in [*house.folder.iterdir(), house.settings]}


def test_a_full_disk_changes_nothing(house: House, other: House, monkeypatch: pytest.MonkeyPatch) -> None:
    other.fill()
    before, whole = unchanged(other), ready(house.backup(with_secrets=True)[0])

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Hindered, match="No space left on device; nothing was restored"):
        put_back(whole, other.folder, other.settings, LATER)
    assert unchanged(other) == before


def test_settings_that_the_program_would_not_take_change_nothing(house: House, other: House) -> None:
    house.settings.write_text(SETTINGS.replace("night", "nigth"))
    other.fill()
    before = unchanged(other)
    with pytest.raises(ConfigError, match="with --state-only") as caught:
        moved(house, other)
    assert "settings of the backup, as" in str(caught.value)
    assert unchanged(other) == before
    put_back(ready(house.backup(with_secrets=True)[0]), other.folder, None, LATER)
    assert other.settings.read_text() == SETTINGS


def test_a_place_that_takes_no_settings_changes_nothing(house: House, other: House, tmp_path: Path) -> None:
    made = ready(house.backup(with_secrets=True)[0])
    with pytest.raises(ConfigError, match=r"cannot be written: .*with --state-only"):
        put_back(made, other.folder, tmp_path / "nowhere" / "devices.yaml", LATER)
    assert list(other.folder.iterdir()) == []


@pytest.mark.parametrize("with_secrets", [True, False])
@pytest.mark.parametrize("at", range(8))
def test_a_machine_that_stops_in_the_middle_finds_the_old_state_or_the_new_one(
    house: House, other: House, monkeypatch: pytest.MonkeyPatch, at: int, with_secrets: bool
) -> None:
    """The next start reads the secrets, and then the journal after `make_sound`; neither is ever without the other."""
    other.fill()
    kept.change(other.folder, {"VERISURE_PASSWORD": "MINE"})
    (other.folder / salvage.COPY).write_text("{}")
    with closing(Journal(other.folder)) as journal:
        journal.note("mqtt: mine", "1")
    whole = ready(house.backup(with_secrets=with_secrets)[0])
    new_secrets = kept.read(house.folder) if with_secrets else {}
    left, real = [at], Path.rename

    def rename(path: Path, target: Path) -> Path:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        return real(path, target)

    monkeypatch.setattr(Path, "rename", rename)
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)
    try:
        put_back(whole, other.folder, None, LATER)
    except KeyboardInterrupt:
        assert at < 5
    monkeypatch.undo()
    first_read = kept.read(other.folder)
    assert salvage.make_sound(other.folder, LATER) is None
    assert kept.read(other.folder) == first_read
    with closing(Journal(other.folder)) as journal:
        is_old, commands = journal.recall("mqtt: mine") == "1", journal.commands(9)
        assert len(commands) == 3
        assert is_old or commands[0].result == "unconfirmed"
        assert first_read == ({"VERISURE_PASSWORD": "MINE"} if is_old else new_secrets)
        aside = list(other.folder.glob(f"{restore.ASIDE}*/{FILE}"))
        assert is_old or aside
    if aside:
        assert kept.read(aside[0].parent) == {"VERISURE_PASSWORD": "MINE"}


def test_a_file_system_without_second_names_gets_copies(
    house: House, other: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    other.fill()
    kept.change(other.folder, {"VERISURE_PASSWORD": "MINE"})
    monkeypatch.setattr(os, "link", refuse)
    done = moved(house, other)
    assert kept.read(done.state) == {"VERISURE_PASSWORD": "MINE"}
    assert kept.read(other.folder) == {"VERISURE_PASSWORD": "PASSWORD-OF-THE-ALARM"}


# -- what is no backup ----------------------------------------------------------------------------------------------


def journal_with(house: House, *statements: str) -> Bundle:
    made, _ = house.backup(with_secrets=True)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        db.deserialize(made.journal)
        for statement in statements:
            db.execute(statement)
        return Bundle(made.made, db.serialize())


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("PRAGMA user_version = 999", "was written by emulator .*: update this program first$"),
        ("CREATE TRIGGER t AFTER INSERT ON notes BEGIN DELETE FROM commands; END", "no journal of this program"),
        ("CREATE VIEW v AS SELECT * FROM notes", "no journal of this program"),
        ("CREATE TABLE more (x)", "no journal of this program"),
        ("ALTER TABLE notes ADD COLUMN more TEXT", "no journal of this program"),
        ("DROP TABLE identities", "no journal of this program"),
    ],
)
def test_a_journal_that_is_none_of_ours_is_refused(house: House, statement: str, says: str) -> None:
    with pytest.raises(BackupUnfit, match=says):
        ready(journal_with(house, statement))


@pytest.mark.parametrize("kept", [0, 100, 9000])
@pytest.mark.parametrize("filling", [b"", b"x" * 9000])
def test_a_journal_that_is_damaged_is_refused(house: House, kept: int, filling: bytes) -> None:
    made, _ = house.backup(with_secrets=True)
    with pytest.raises(BackupUnfit):
        ready(Bundle(Made("1", NOW, "pi", has_secrets=False), made.journal[:kept] + filling))


def test_names_in_a_journal_cannot_name_files(house: House, other: House) -> None:
    """Nothing of a backup becomes a path."""
    made = journal_with(house, "UPDATE alarms SET name = '../../x'", "UPDATE identities SET name = '/etc/passwd'")
    put_back(ready(made), other.folder, None, LATER)
    assert [path.name for path in other.folder.iterdir()] == [FILE]
