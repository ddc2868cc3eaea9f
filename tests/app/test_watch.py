"""The watch over time and the state folder, beat by beat on a clock that a test moves."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from emulator.app.watch import PROBE_AGAIN_S, PROBE_S, StateFolder, Watch
from emulator.clock import BACKLOG_S, BEAT_S, GAP_S, Gap, Heartbeat, Moment
from emulator.errors import EmulatorError
from emulator.store.journal import Journal
from emulator.store.journal_file import FILE
from tests.support.fakes import FakeClock

PATIENCE_S = 30.0


class Machine(FakeClock):
    """A machine that may sleep, which its monotonic clock does not count."""

    def __init__(self) -> None:
        super().__init__()
        self.slept = 0.0

    def boot(self) -> float:
        return self.now + self.slept

    def suspend(self, seconds: float) -> None:
        self.slept += seconds
        self.step += seconds


@pytest.fixture
def machine() -> Machine:
    return Machine()


# -- time -------------------------------------------------------------------------------------------------------


def test_beats_on_time_and_a_little_late_are_no_gap(machine: Machine) -> None:
    heart = Heartbeat(machine, machine.boot)
    for late_s in (0.0, 1.0, GAP_S - 0.1):
        machine.now += BEAT_S + late_s
        assert heart.beat() is None


def test_a_process_that_was_stopped(machine: Machine) -> None:
    heart = Heartbeat(machine, machine.boot)
    machine.now += BEAT_S + 46
    gap = heart.beat()
    assert gap == Gap(46.0, 0.0)
    assert str(gap) == "this program was stopped for 46 s, or the machine was too busy to run it"
    machine.now += BEAT_S
    assert heart.beat() is None


def test_each_heart_has_its_own_beat_and_patience(machine: Machine) -> None:
    heart = Heartbeat(machine, machine.boot, beat_s=1.0, gap_s=4.0)
    machine.now += 4.9
    assert heart.beat() is None
    machine.now += 5.0
    assert heart.beat() == Gap(4.0, 0.0)
    machine.now += 1.0
    machine.suspend(3.9)
    assert heart.beat() is None
    machine.now += 1.0
    machine.suspend(4.0)
    assert heart.beat() == Gap(0.0, 4.0)
    machine.step -= 3600
    assert heart.beat() is None


def test_what_was_asked_for_before_a_gap_is_known_even_before_the_next_beat(machine: Machine) -> None:
    heart = Heartbeat(machine, machine.boot)
    asked = Moment(machine.monotonic(), machine.time())
    assert not heart.skipped_since(asked)
    machine.suspend(46)
    assert heart.skipped_since(asked)
    heart.beat()
    assert heart.skipped_since(asked)
    assert heart.skipped_since(Moment(machine.monotonic() + BACKLOG_S - 0.1, 0.0))  # it may have waited in a socket
    assert not heart.skipped_since(Moment(machine.monotonic() + BACKLOG_S, 0.0))


def test_a_beat_in_the_middle_of_the_question_hides_no_gap(machine: Machine) -> None:
    """Both run on threads of their own, and the kernel may wake them in any order."""
    between: list[Callable[[], object]] = []

    def boot() -> float:
        if between:
            between.pop()()
        return machine.boot()

    heart = Heartbeat(machine, boot)
    machine.now += BEAT_S + 46
    between.append(heart.beat)
    assert heart.skipped_since(Moment(machine.monotonic(), machine.time()))


def test_a_machine_that_slept(machine: Machine) -> None:
    heart = Heartbeat(machine, machine.boot)
    machine.now += BEAT_S
    machine.suspend(3600)
    gap = heart.beat()
    assert gap == Gap(0.0, 3600.0)
    assert str(gap) == "this machine slept for 3600 s, or its clock was set forward"


def test_a_virtual_machine_that_was_paused_shows_once_its_clock_is_set_right(machine: Machine) -> None:
    heart = Heartbeat(machine, machine.boot)
    machine.now += BEAT_S
    assert heart.beat() is None
    machine.now += BEAT_S
    machine.step += 1800
    assert heart.beat() == Gap(0.0, 1800.0)


def test_a_clock_that_is_set_back_is_no_gap(machine: Machine) -> None:
    heart = Heartbeat(machine, machine.boot)
    machine.now += BEAT_S
    machine.step -= 3600
    assert heart.beat() is None


def test_a_gap_is_told_once_and_logged_once(machine: Machine, caplog: pytest.LogCaptureFixture) -> None:
    told: list[Gap] = []
    watch = Watch(machine, [], [told.append], Heartbeat(machine, machine.boot))
    for seconds in (BEAT_S, BEAT_S + 46, BEAT_S, BEAT_S):
        machine.now += seconds
        watch.beat()
    assert told == [Gap(46.0, 0.0)]
    [line] = [record.getMessage() for record in caplog.records]
    assert line == f"{told[0]}: whatever was read before is read again"


# -- the thread -------------------------------------------------------------------------------------------------


def test_what_fails_keeps_nothing_else_from_being_looked_at(machine: Machine) -> None:
    seen: list[str] = []

    def fail(*_: object) -> None:
        raise RuntimeError("a defect")

    watch = Watch(
        machine,
        [fail, lambda: seen.append("look")],
        [fail, lambda _: seen.append("gap")],
        Heartbeat(machine, machine.boot),
    )
    machine.now += 100
    watch.beat()
    assert seen == ["gap", "look"]


def test_it_beats_until_the_clock_is_stopped() -> None:
    beaten, clock = threading.Event(), FakeClock()
    watch = Watch(clock, [beaten.set], [])
    watch.start()
    assert beaten.wait(PATIENCE_S)
    clock.stop()
    watch.stop(PATIENCE_S)
    assert not [thread for thread in threading.enumerate() if thread.name == "watch"]


def test_it_may_be_stopped_without_having_been_started() -> None:
    Watch(FakeClock(), [], []).stop(0.0)


# -- the state folder -------------------------------------------------------------------------------------------


class Folder:
    """A watched state folder, and the reports about it."""

    def __init__(self, journal: Journal, clock: FakeClock) -> None:
        self.journal = journal
        self.clock = clock
        self.changes = 0
        self.looked = StateFolder(journal, clock, self._changed)
        self.looked.look()

    def _changed(self) -> None:
        self.changes += 1

    def look_for(self, seconds: float) -> int:
        """Return the number of writes in that time."""
        before, end = self.journal.writes, self.clock.now + seconds
        while self.clock.now < end:
            self.clock.now += BEAT_S
            self.looked.look()
        return self.journal.writes - before


@pytest.fixture
def kept(journal: Journal, clock: FakeClock) -> Folder:
    return Folder(journal, clock)


def fill(journal: Journal) -> Callable[[], None]:
    """Fill the journal's disk; return the function that empties it again."""
    [[pages]] = journal.rows("PRAGMA page_count")
    journal.rows(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(EmulatorError, match="disk is full"):
        journal.note("large", "x" * 100_000)

    def empty() -> None:
        journal.rows("PRAGMA max_page_count = 1000000")

    return empty


def test_a_folder_that_others_write_to_is_not_written_to(kept: Folder) -> None:
    for _ in range(20):
        kept.journal.note("of", "another")
        assert kept.look_for(60) == 0


def test_one_that_nobody_writes_to_is_tried_now_and_then(kept: Folder) -> None:
    assert kept.look_for(PROBE_S - BEAT_S) == 0
    assert kept.look_for(4 * PROBE_S) == 4
    assert (kept.journal.trouble, kept.changes) == ("", 0)


def test_a_write_that_failed_is_told_until_one_works(kept: Folder, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    empty = fill(kept.journal)
    kept.looked.look()
    kept.looked.look()
    assert kept.journal.trouble == "the journal cannot be written (database or disk is full): is the disk full?"
    assert kept.changes == 1
    empty()
    assert kept.look_for(PROBE_AGAIN_S) == 1
    assert (kept.journal.trouble, kept.changes) == ("", 2)
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"]


def test_any_write_that_works_ends_it(kept: Folder) -> None:
    fill(kept.journal)()
    kept.journal.note("of", "another")
    assert kept.journal.trouble == ""


def test_a_journal_that_was_deleted_is_noticed_at_the_next_beat(kept: Folder, folder: Path) -> None:
    (folder / FILE).unlink()
    kept.look_for(BEAT_S)
    assert "restart the program" in kept.journal.trouble
    assert kept.journal.is_gone
    assert kept.changes == 1


def test_what_fails_for_another_reason_is_no_trouble_of_the_folder(kept: Folder) -> None:
    with pytest.raises(EmulatorError), kept.journal.write():
        raise EmulatorError("too many of them")
    assert kept.journal.trouble == ""
