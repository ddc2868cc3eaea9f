"""The program's memory, against restarts, other processes, and disks that fail."""

import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import ConfigError, EmulatorError, Hindered
from emulator.model import (
    DISARMED,
    Action,
    Arm,
    ArmMode,
    Axes,
    Command,
    Disarm,
    Interior,
    Origin,
    Outcome,
    PanelState,
    Result,
)
from emulator.store import database, noise
from emulator.store.journal import TYPED_S, Journal
from emulator.store.journal_file import FILE

TOTAL, DAY, NIGHT = (ArmMode(interior) for interior in (Interior.TOTAL, Interior.DAY, Interior.NIGHT))
PERIMETER = ArmMode(perimeter=True)
ARM = Command(Arm(TOTAL), Origin("wemo", "192.168.1.7", "Total alarm"))
DONE = Outcome(Result.CONFIRMED, "the panel is total")
LOST = Outcome(Result.UNCONFIRMED, "no answer")
OFF = PanelState(DISARMED, 1000.5, "0", "EST2")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "deep"


# -- commands ---------------------------------------------------------------------------------------------------


def test_a_command_from_its_beginning_to_its_end(journal: Journal) -> None:
    number = journal.begin("home", ARM, 1000.5)
    [entry] = journal.commands(10)
    assert entry.as_dict() == {
        "id": number, "at": 1000.5, "installation": "home", "action": "arm total", "door": "wemo",
        "peer": "192.168.1.7", "switch": "Total alarm",
        "ended_at": None, "result": None, "message": None, "settled_at": None, "settled": None, "times": 1,
        "needs_login": False, "zones": (), "past": (),
    }  # fmt: skip
    journal.end(number, DONE, 1010.0)
    [entry] = journal.commands(10)
    assert (entry.ended_at, entry.result, entry.message) == (1010.0, "confirmed", "the panel is total")


def test_the_zones_of_a_refusal_and_of_a_decision_are_kept(journal: Journal) -> None:
    refused = journal.begin("home", ARM, 1000.5)
    journal.end(refused, Outcome(Result.REJECTED, "open: Salón, A, b", zones=("Salón", "A, b")), 1003.0)
    journal.begin("home", Command(Arm(TOTAL, past=("Salón", "A, b")), Origin("dashboard")), 1010.0)
    assert [(entry.zones, entry.past) for entry in journal.commands(2)] == [
        ((), ("Salón", "A, b")),  # before anything is sent
        (("Salón", "A, b"), ()),
    ]


def test_the_newest_come_first_and_no_more_than_asked_for(journal: Journal) -> None:
    numbers = [
        journal.begin("home", Command(action, Origin("cli")), 1.0) for action in (Arm(DAY), Disarm(), Arm(NIGHT))
    ]
    assert [(entry.id, entry.action) for entry in journal.commands(2)] == [
        (numbers[2], "arm night"),
        (numbers[1], "disarm"),
    ]


def test_what_was_under_way_when_the_program_died_is_unconfirmed(journal: Journal) -> None:
    ended, lost, other = (journal.begin(name, ARM, 1.0) for name in ("home", "home", "shed"))
    journal.end(ended, DONE, 2.0)
    assert journal.recover(3.0) == 2
    assert journal.recover(4.0) == 0
    assert [(entry.id, entry.result, entry.ended_at) for entry in journal.commands(10)] == [
        (other, "unconfirmed", 3.0),
        (lost, "unconfirmed", 3.0),
        (ended, "confirmed", 2.0),
    ]
    assert "it is not sent again" in str(journal.commands(1)[0].message)
    assert (journal.unsettled("home"), journal.unsettled("shed"), journal.unsettled("attic")) == ([lost], [other], [])


def test_what_somebody_types_at_this_moment_ends_by_itself(journal: Journal) -> None:
    typed = Command(Arm(DAY), Origin("cli", "me"))
    long_ago, just_now = journal.begin("home", typed, 1000.0), journal.begin("home", typed, 1001.0)
    assert journal.recover(1000.5 + TYPED_S) == 1
    assert [(entry.id, entry.result) for entry in journal.commands(2)] == [(just_now, None), (long_ago, "unconfirmed")]


def test_unconfirmed_commands_are_settled_by_what_the_panel_says(journal: Journal) -> None:
    first, second, third = (journal.begin("home", ARM, 1.0) for _ in range(3))
    for number in (first, second):
        journal.end(number, LOST, 2.0)
    journal.end(third, DONE, 2.0)
    assert journal.unsettled("home") == [first, second]
    journal.settle([first, second], OFF, 5.0)
    assert journal.unsettled("home") == []
    assert [(entry.settled_at, entry.settled) for entry in journal.commands(3)] == [
        (None, None),
        (5.0, "disarmed"),
        (5.0, "disarmed"),
    ]


def test_old_commands_are_forgotten_and_numbers_are_not_reused(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(noise, "KEEP_COMMANDS", 3)
    monkeypatch.setattr(noise, "FORGET_EVERY", 1)
    numbers = [journal.begin("home", ARM, float(at)) for at in range(7)]
    for number in numbers[2:]:
        journal.end(number, Outcome(Result.CONFIRMED, ""), 9.0)
    journal.end(numbers[1], Outcome(Result.UNCONFIRMED, ""), 9.0)
    last = journal.begin("home", ARM, 9.0)
    # What is under way or has to be settled is never forgotten.
    assert [entry.id for entry in journal.commands(100)] == [last, numbers[6], numbers[5], numbers[1], numbers[0]]
    assert len({*numbers, last}) == 8


DIE = """
import os, sys
from pathlib import Path
from emulator.store.journal import Journal
from emulator.model import *
journal = Journal(Path(sys.argv[1]))
journal.begin("home", Command(Arm(ArmMode.parse("total")), Origin("wemo")), 1.0)
journal.save_state("home", PanelState(Axes(Interior.NIGHT, perimeter=True, annex=None), 7.0, "C", "ACT_V2"))
os.kill(os.getpid(), 9)
"""


def test_nothing_that_was_written_is_lost_by_kill_9(folder: Path, open_journal: Callable[[], Journal]) -> None:
    died = subprocess.run([sys.executable, "-c", DIE, folder], timeout=60)
    assert died.returncode == -9
    journal = open_journal()
    assert journal.recover(2.0) == 1
    assert journal.load_state("home") == PanelState(Axes(Interior.NIGHT, perimeter=True), 7.0, "C", "ACT_V2")


# -- state ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journal]:
    journal = Journal(tmp_path_factory.mktemp("shared"))
    yield journal
    journal.close()


MAYBE = st.none() | st.booleans()


@given(
    state=st.builds(
        PanelState,
        st.builds(Axes, st.none() | st.sampled_from(Interior), MAYBE, MAYBE),
        st.floats(0, 1e12),
        st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5),
        st.sampled_from(["EST2", "ACT_V2"]),
    )
)
def test_a_state_comes_back_as_it_was_unknown_axes_and_all(shared: Journal, state: PanelState) -> None:
    shared.save_state("home", state)
    assert shared.load_state("home") == state


def test_each_installation_has_its_state_and_only_the_last(journal: Journal) -> None:
    assert journal.load_state("home") is None
    armed = PanelState(Axes(Interior.TOTAL), 1.0, "1", "ARM2")
    journal.save_state("home", armed)
    journal.save_state("shed", OFF)
    assert (journal.load_state("home"), journal.load_state("shed")) == (armed, OFF)
    journal.save_state("home", OFF)
    assert journal.load_state("home") == OFF


# -- notes -----------------------------------------------------------------------------------------------------


def test_notes(journal: Journal) -> None:
    assert journal.recall("x") is None
    journal.note("x", "1")
    journal.note("x", "2")
    assert journal.recall("x") == "2"
    journal.note("x", None)
    journal.note("x", None)
    assert journal.recall("x") is None


# -- the file ---------------------------------------------------------------------------------------------------


def test_only_its_owner_may_look(journal: Journal, folder: Path) -> None:
    journal.note("x", "1")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == dict.fromkeys(
        [FILE, f"{FILE}-wal", f"{FILE}-shm"], 0o600
    )


def test_two_connections_see_each_other(open_journal: Callable[[], Journal]) -> None:
    mine, theirs = open_journal(), open_journal()
    number = mine.begin("home", ARM, 1.0)
    theirs.end(number, DONE, 2.0)
    assert mine.commands(1)[0].result == "confirmed"


WRITE = """
import sys
from pathlib import Path
from emulator.store.journal import Journal
from emulator.model import *
journal = Journal(Path(sys.argv[1]))
for at in range(25):
    journal.begin("home", Command(Disarm(), Origin("cli", sys.argv[2])), float(at))
journal.close()
"""


def test_processes_that_open_a_new_journal_at_once_lose_nothing(
    folder: Path, open_journal: Callable[[], Journal]
) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITE, folder, str(number)]) for number in range(3)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    entries = open_journal().commands(1000)
    assert len(entries) == 75
    assert {entry.peer for entry in entries} == {"0", "1", "2"}


def test_threads_share_one_journal(journal: Journal) -> None:
    def write() -> None:
        for at in range(25):
            journal.end(journal.begin("home", ARM, float(at)), DONE, float(at))

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [entry.result for entry in journal.commands(1000)] == ["confirmed"] * 100


def test_a_folder_that_cannot_be_used_is_a_setting_to_change(tmp_path: Path) -> None:
    taken = tmp_path / "file"
    taken.touch()
    with pytest.raises(ConfigError) as caught:
        Journal(taken)
    [problem] = caught.value.problems
    assert problem.where == str(taken / FILE)
    assert problem.what.startswith("cannot keep the journal here (")
    assert problem.what.endswith("); choose a writable folder with --state-dir")


@pytest.mark.parametrize("what", ["a folder", "no database"])
def test_a_file_that_is_no_journal_is_left_as_it_is(tmp_path: Path, what: str) -> None:
    path = tmp_path / FILE
    if what == "a folder":
        path.mkdir()
    else:
        path.write_text("my notes " * 1000)
    refused = (ConfigError, "cannot keep the journal here") if path.is_dir() else (Hindered, "the journal is damaged")
    with pytest.raises(refused[0], match=refused[1]):
        Journal(tmp_path)
    assert path.is_dir() or path.read_text() == "my notes " * 1000


def anything(journal: Journal) -> list[Callable[[], object]]:
    return [
        lambda: journal.begin("home", ARM, 1.0),
        lambda: journal.end(1, DONE, 1.0),
        lambda: journal.recover(1.0),
        lambda: journal.settle([1], OFF, 1.0),
        lambda: journal.save_state("home", OFF),
        lambda: journal.note("x", "1"),
    ]


def looks(journal: Journal) -> list[Callable[[], object]]:
    return [
        lambda: journal.unsettled("home"),
        lambda: journal.commands(1),
        lambda: journal.load_state("home"),
        lambda: journal.recall("x"),
    ]


@pytest.mark.parametrize("replaced", [False, True])
def test_what_would_go_into_a_deleted_file_is_not_taken(journal: Journal, folder: Path, replaced: bool) -> None:
    for path in folder.iterdir():
        path.unlink()
    if replaced:
        (folder / FILE).touch()
    why = "was replaced" if replaced else "No such file or directory"
    for act in anything(journal):
        with pytest.raises(EmulatorError, match=rf"cannot be written \(.*{why}\): restart the program"):
            act()


def test_a_closed_journal_says_so_in_our_words(journal: Journal) -> None:
    journal.close()
    journal.close()
    for act in anything(journal) + looks(journal):
        with pytest.raises(EmulatorError, match=r"the journal cannot be (written|read) \(Cannot operate on a closed"):
            act()


def test_a_journal_that_another_keeps_locked_is_not_waited_for_for_ever(
    folder: Path, open_journal: Callable[[], Journal], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_MS", 1)
    journal = open_journal()
    other = sqlite3.connect(folder / FILE, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for act in anything(journal):
        with pytest.raises(EmulatorError, match=r"cannot be written \(database is locked\)"):
            act()
    assert journal.commands(1) == []
    other.execute("ROLLBACK")
    other.close()
    assert journal.begin("home", ARM, 1.0)


def test_a_full_disk_is_an_error_and_half_a_write_is_none(journal: Journal) -> None:
    pages = journal._db.execute("PRAGMA page_count").fetchone()[0]
    journal._db.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(EmulatorError, match="database or disk is full"):
        journal.note("big", "x" * 100_000)
    assert journal.recall("big") is None
    journal.note("small", "x")
    assert journal.recall("small") == "x"


@pytest.mark.parametrize("action", [Arm(ArmMode(Interior.TOTAL, perimeter=True)), Disarm(annex=True)], ids=str)
def test_actions_are_written_as_people_say_them(journal: Journal, action: Action) -> None:
    journal.begin("home", Command(action, Origin("cli")), 1.0)
    assert journal.commands(1)[0].action == str(action)


# -- refusals and pages -----------------------------------------------------------------------------------------------


def test_what_a_door_refused_has_ended_with_its_reason(journal: Journal) -> None:
    journal.refuse(Origin("dashboard", "10.0.0.9"), "disarm", "wrong PIN", 5.0, "home")
    (entry,) = journal.commands(9)
    assert (entry.at, entry.ended_at, entry.installation, entry.action) == (5.0, 5.0, "home", "disarm")
    assert (entry.door, entry.peer, entry.result, entry.message) == ("dashboard", "10.0.0.9", "refused", "wrong PIN")
    assert journal.recover(9.0) == 0


def test_commands_come_in_pages_and_are_counted(journal: Journal) -> None:
    for number in range(5):
        journal.refuse(Origin("dashboard"), f"thing {number}", "no", float(number))
    newest = journal.commands(2)
    assert [entry.action for entry in newest] == ["thing 4", "thing 3"]
    assert [entry.action for entry in journal.commands(2, newest[-1].id)] == ["thing 2", "thing 1"]
    assert journal.counts(3.0) == {("", "dashboard", "refused"): 2}


@pytest.mark.parametrize("damaged", ["[", "5", "{", "null", "[" * 100_000])
def test_names_of_zones_that_cannot_be_read_hide_no_row(tmp_path: Path, damaged: str) -> None:
    with closing(Journal(tmp_path)) as journal:
        journal.begin("home", Command(Arm(ArmMode(Interior.NIGHT)), Origin("cli")), 1.0)
        with journal.write() as db:
            db.execute("UPDATE commands SET zones = ?, past = ?", (damaged, damaged))
        [entry] = journal.commands(9)
    assert (entry.action, entry.zones, entry.past) == ("arm night", (), ())
