"""A damaged journal: noticed before anything is sent, put aside at the start, and what can be read of it kept."""

import os
import resource
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from emulator.app.app import App
from emulator.errors import EmulatorError, Hindered
from emulator.model import Arm, ArmMode, Axes, Command, Interior, Origin, Outcome, PanelState, Result
from emulator.store import history, light_ids, pairing, salvage
from emulator.store.identities import Identity, Wanted, identities
from emulator.store.journal import Journal
from emulator.store.journal_file import FILE, damage
from emulator.store.keys import Key, bind
from emulator.store.pin import Pin, PinRefused, set_pin
from emulator.store.salvage import KEEP_ASIDE
from tests.support.fakes import EPOCH_S
from tests.support.program import settings

PAGE = 4096
NIGHT, TOTAL = ArmMode.parse("night"), ArmMode.parse("total")
ARM = Command(Arm(NIGHT), Origin("wemo", "10.0.0.9", "Night"))
COMMANDS = 400
"""They take some tens of pages."""


def known(journal: Journal) -> list[Identity]:
    return identities(journal, [Wanted("home", NIGHT, "Night"), Wanted("home", TOTAL, "Total")], 49151)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A state folder with everything in it, closed."""
    with closing(Journal(tmp_path)) as journal:
        light_ids.lights(journal, known(journal), "plug")
        pairing.Users(journal).add("key", "10.0.0.8", "app", EPOCH_S)
        set_pin(journal, "258036")
        journal.note("owa login host user", "{}")
        with journal.write() as db:
            for number in range(COMMANDS):
                row = (number, "home", "arm night", "wemo", "10.0.0.9", "Night", number, "confirmed", "x" * 200)
                columns = "(at, installation, action, door, peer, switch, ended_at, result, message)"
                db.execute(f"INSERT INTO commands {columns} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608
        salvage.keep_copy(journal, tmp_path)
    return tmp_path


def overwrite(path: Path, first: int, pages: int, data: Callable[[int], bytes] = os.urandom) -> None:
    """As `dd conv=notrunc` does."""
    with path.open("r+b") as file:
        file.seek(first * PAGE)
        file.write(data(pages * PAGE))


def root(folder: Path, table: str) -> int:
    """The number of a table's first page, from 0."""
    with closing(sqlite3.connect(folder / FILE)) as db:
        return int(db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()[0]) - 1


# -- while it runs ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "pages"), [(0, 1), (0, 12), (2, 8), (6, 12)])
def test_garbage_is_noticed_before_a_command_is_written_down(folder: Path, first: int, pages: int) -> None:
    with closing(Journal(folder)) as journal:
        journal.end(journal.begin("home", ARM, EPOCH_S), Outcome(Result.CONFIRMED, "done"), EPOCH_S)
        overwrite(folder / FILE, first, pages)
        for _ in range(2):
            with pytest.raises(EmulatorError, match=r"cannot be written \(.*damaged.*\): restart the program"):
                journal.begin("home", ARM, EPOCH_S)
        assert journal.is_gone


def test_garbage_is_noticed_in_the_first_run_of_the_program_too(tmp_path: Path) -> None:
    """All of the journal was in the WAL then, which hid that nothing of the file itself was left."""
    app = App(settings(doors={}), {}, tmp_path)
    try:
        overwrite(tmp_path / FILE, 0, 18)
        with pytest.raises(EmulatorError, match="damaged"):
            app.alarms.journal.begin("home", ARM, EPOCH_S)
    finally:
        app.stop()


def test_a_file_that_is_cut_to_nothing_is_noticed(folder: Path) -> None:
    with closing(Journal(folder)) as journal:
        os.truncate(folder / FILE, 0)
        with pytest.raises(EmulatorError, match="damaged"):
            journal.begin("home", ARM, EPOCH_S)


def test_what_another_process_carries_over_is_no_damage(folder: Path) -> None:
    with closing(Journal(folder)) as one, closing(Journal(folder)) as other:
        for number in range(3):
            one.begin("home", ARM, EPOCH_S)
            other.note("x", str(number))
            other.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        one.begin("home", ARM, EPOCH_S)
        assert one.trouble == ""


def test_a_whole_file_is_looked_through_once_and_not_at_each_write(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[Path] = []
    monkeypatch.setattr("emulator.store.journal_file.damage", lambda path: looks.append(path) or "")
    with closing(Journal(folder)) as journal:
        for _ in range(10):
            journal.begin("home", ARM, EPOCH_S)
    assert len(looks) == 1


# -- at the start -----------------------------------------------------------------------------------------------------


def start_anew(folder: Path) -> salvage.Salvaged:
    made = salvage.make_sound(folder, EPOCH_S)
    assert made
    assert damage(folder / FILE) == ""
    return made


def test_a_whole_one_is_left_alone(folder: Path, tmp_path: Path) -> None:
    before = (folder / FILE).read_bytes()
    assert salvage.make_sound(folder, EPOCH_S) is None
    assert (folder / FILE).read_bytes() == before
    assert salvage.make_sound(tmp_path / "new", EPOCH_S) is None
    assert not (tmp_path / "new").exists()


def test_of_damaged_commands_the_rest_is_saved(folder: Path) -> None:
    """From both ends, up to the page that cannot be read."""
    with closing(Journal(folder)) as journal:
        before, users = known(journal), pairing.paired(journal)
    with closing(sqlite3.connect(folder / FILE)) as db:
        last = int(db.execute("PRAGMA page_count").fetchone()[0])
    overwrite(folder / FILE, last - 12, 1)
    made = start_anew(folder)
    assert made.aside.name.startswith("journal.broken-20")
    assert made.aside.stat().st_mode & 0o077 == 0
    assert 0 < made.rows["commands"] < COMMANDS
    with closing(Journal(folder)) as journal:
        assert known(journal) == before
        assert pairing.paired(journal) == users
        Pin(journal, lambda: EPOCH_S).check("258036", "10.0.0.1")
        assert journal.recall("owa login host user") == "{}"
        ids = [entry.id for entry in journal.commands(COMMANDS)]
    assert (min(ids), max(ids)) == (1, COMMANDS)
    assert "2 identities of switches, 1 paired client, 1 login, 1 PIN" in str(made)


@pytest.mark.parametrize("damaged", ["the header", "all of it", "nothing left", "identities", "in the WAL"])
def test_clients_know_the_switches_as_before_whatever_is_damaged(folder: Path, damaged: str) -> None:
    with closing(Journal(folder)) as journal:
        before, bridge = known(journal), pairing.identity(journal)
        lights = light_ids.lights(journal, before, "plug")
    if damaged == "the header":
        overwrite(folder / FILE, 0, 1)
    elif damaged == "all of it":
        (folder / FILE).write_bytes(os.urandom(20 * PAGE))
    elif damaged == "nothing left":
        os.truncate(folder / FILE, 0)
    elif damaged == "identities":
        overwrite(folder / FILE, root(folder, "identities"), 1)
    else:
        overwrite(folder / FILE, 0, 2, bytes)
        (folder / f"{FILE}-wal").write_bytes(os.urandom(PAGE))
    made = start_anew(folder)
    with closing(Journal(folder)) as journal:
        assert known(journal) == before
        assert pairing.identity(journal) == bridge
        assert light_ids.lights(journal, before, "plug") == lights
        if damaged == "all of it":
            with pytest.raises(PinRefused, match="no PIN is set"):
                Pin(journal, lambda: EPOCH_S).check("258036", "10.0.0.1")
            for told in ("type `emulator login`", "type `emulator pin`", "pair with the Hue bridge again"):
                assert told in str(made)
            assert "search again" not in str(made)


@pytest.mark.parametrize("is_readable", [True, False])
def test_no_alarm_inherits_what_was_kept_of_another(folder: Path, is_readable: bool) -> None:
    """The demo's last state was number 1's, and the next alarm would be number 1 again."""
    demo, real = Key("simulator", "", "1", "", simulated=True), Key("owa", "host", "2", "")
    off = PanelState(Axes(Interior.OFF), EPOCH_S, "EST2", "EST")
    with closing(Journal(folder)) as journal:
        bind(journal, {"home": demo})
        journal.save_state("home", off)
        history.keep(journal, "home", off, EPOCH_S, 900.0, None)
    overwrite(folder / FILE, root(folder, "commands" if is_readable else "alarms"), 1)
    start_anew(folder)
    with closing(Journal(folder)) as journal:
        bind(journal, {"home": demo if is_readable else real})
        assert bool(journal.load_state("home")) == is_readable
        assert bool(history.spans(journal, "home", 0.0)) == is_readable


def test_without_a_copy_people_are_told_to_search_again(folder: Path) -> None:
    (folder / salvage.COPY).write_text("[")
    (folder / FILE).write_bytes(os.urandom(20 * PAGE))
    assert "let Echos and other clients search again" in str(start_anew(folder))


def test_a_start_that_broke_off_on_the_way_goes_on(folder: Path) -> None:
    with closing(Journal(folder)) as journal:
        before = known(journal)
    overwrite(folder / FILE, 0, 1)
    (folder / "journal.new").mkdir()
    (folder / "journal.new" / FILE).write_text("half of it")
    start_anew(folder)
    # Dead between the two renames: the old one has gone, the new one is whole and not there yet.
    (folder / "journal.new").mkdir()
    (folder / FILE).rename(folder / "journal.new" / FILE)
    assert salvage.make_sound(folder, EPOCH_S) is None
    with closing(Journal(folder)) as journal:
        assert known(journal) == before
    assert not (folder / "journal.new").exists()


def test_of_those_that_were_put_aside_the_latest_are_kept(folder: Path) -> None:
    for number in range(KEEP_ASIDE + 2):
        (folder / FILE).write_bytes(os.urandom(PAGE))
        aside = start_anew(folder).aside
        os.utime(aside, (EPOCH_S + number, EPOCH_S + number))
    assert len(salvage.put_aside(folder)) == KEEP_ASIDE
    assert salvage.put_aside(folder)[-1] == aside


def test_a_disk_without_room_is_no_damage(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_path: Path) -> str:
        raise sqlite3.OperationalError("database or disk is full")

    before = (folder / FILE).read_bytes()
    monkeypatch.setattr("emulator.store.journal_file.damage", full)
    with pytest.raises(Hindered, match="is the disk full"):
        salvage.make_sound(folder, EPOCH_S)
    assert (folder / FILE).read_bytes() == before


def test_a_disk_that_is_full_before_all_is_saved_loses_nothing(folder: Path) -> None:
    """What was saved by then is not all there was: another start tries again, from the file where it is."""
    overwrite(folder / FILE, root(folder, "hue_users"), 1)
    before = (folder / FILE).read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, hard))
    try:
        with pytest.raises(EmulatorError, match="is the disk full"):
            salvage.make_sound(folder, EPOCH_S)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (folder / FILE).read_bytes() == before
    assert salvage.put_aside(folder) == []
    assert start_anew(folder).rows["commands"] == COMMANDS


def test_the_program_starts_and_tells(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    overwrite(folder / FILE, 0, 1)
    app = App(settings(doors={}), {}, folder)
    try:
        [entry] = app.alarms.journal.commands(1)
        assert (entry.door, entry.action, entry.result) == ("program", "open the journal", "refused")
        assert "It is put aside as journal.broken-" in (entry.message or "")
        assert entry.message in caplog.messages
        assert app.hub.switches[0].name == "Night"
    finally:
        app.stop()
