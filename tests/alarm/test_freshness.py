"""The age of news, also while the thread that should bring it hangs."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from emulator.alarm.cloud import Reading
from emulator.alarm.freshness import ASLEEP, STEP_READS, UNANSWERED, read_within_s
from emulator.alarm.installation import Installation
from emulator.alarm.polling import BACKOFF_LIMIT_S
from emulator.clouds.wsdo.cloud import WsdoCloud
from emulator.model import Arm, ArmMode, Command, Interior, Origin, PanelState
from emulator.simulator.faults import InjectedFault
from emulator.store.journal import Journal
from tests.support.fakes import DEADLINE_S, SimulatedCloud, new_gate

POLL_S, READ_S = 60.0, 200.0
PATIENCE_S = 30.0


class Reader(WsdoCloud):
    """A cloud that does something else before each answer."""

    before: Callable[[], None] = staticmethod(lambda: None)

    def read(self, how: Reading = Reading.POLL) -> PanelState:
        self.before()
        return super().read(how)


class House(SimulatedCloud):
    """A simulated alarm, and an installation in front of it."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.journal = Journal(folder)
        self.changes = 0
        self.reader = Reader(self.account, self.transport, self.clock, DEADLINE_S, new_gate())
        self.alarm = Installation(
            "home",
            lambda: self.reader,
            self.journal,
            self.clock,
            poll_every_s=POLL_S,
            read_s=READ_S,
            on_change=self._changed,
        )

    def _changed(self) -> None:
        self.changes += 1

    def reads(self) -> int:
        return self.count("ACT_V2")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """An alarm that was read."""
    made = House(tmp_path)
    made.alarm.step()
    yield made
    made.journal.close()


def test_news_may_take_a_command_and_a_read_with_a_new_login() -> None:
    assert read_within_s(20.0, 90.0) == 222.0


def test_news_is_old_when_a_poll_has_not_brought_any_in_the_time_that_it_may_take(house: House) -> None:
    house.clock.now += POLL_S + READ_S
    assert (house.alarm.health.old, house.alarm.health.error) == (False, "")
    house.clock.now += 1
    assert (house.alarm.health.old, house.alarm.health.error) == (True, UNANSWERED)
    house.alarm.step()
    assert (house.alarm.health.old, house.alarm.health.error) == (False, "")


def test_a_first_poll_that_hangs_is_no_start_for_ever(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.clock.now += POLL_S + READ_S + 1
    assert house.alarm.health.read_at is None
    assert house.alarm.health.old
    house.journal.close()


def test_the_error_of_a_poll_says_more_than_the_age(house: House) -> None:
    house.backend.faults.add(InjectedFault("down"))
    house.clock.now += POLL_S
    house.alarm.step()
    house.clock.now += BACKOFF_LIMIT_S
    assert house.alarm.health.old is True
    assert house.alarm.health.error == "the cloud is down"


def test_subscribers_hear_that_news_has_become_old_and_is_new_again(house: House) -> None:
    house.clock.now += POLL_S + READ_S + 1
    changes = house.changes
    for _ in range(3):
        house.alarm.look_after()
    assert house.changes == changes + 1
    house.alarm.step()
    changes = house.changes
    house.alarm.look_after()
    assert house.changes == changes + 1


def test_a_thread_that_hangs_beyond_any_step_is_as_good_as_ended(house: House) -> None:
    """The real thread, held in a read; only a restart frees it."""
    reading, go_on = threading.Event(), threading.Event()

    def hang() -> None:
        reading.set()
        go_on.wait(PATIENCE_S)

    house.reader.before = hang
    house.clock.now += POLL_S
    house.alarm.start()
    assert reading.wait(PATIENCE_S)
    house.clock.now += STEP_READS * READ_S
    assert (house.alarm.health.alive, house.alarm.health.old) == (True, True)
    house.clock.now += 1
    assert house.alarm.health.alive is False
    house.clock.stop()
    go_on.set()
    house.alarm.stop(PATIENCE_S)


def test_after_a_gap_the_state_is_read_at_once(house: House) -> None:
    house.clock.now += 20
    house.alarm.after_gap(15.0, 0.0)
    reads = house.reads()
    house.alarm.step()
    assert house.reads() == reads + 1


def test_after_a_gap_the_back_off_is_over(house: House) -> None:
    house.backend.faults.add(InjectedFault("down"))
    for _ in range(6):
        house.clock.now += BACKOFF_LIMIT_S
        house.alarm.step()
    house.backend.faults.clear()
    house.clock.now += 20
    house.alarm.after_gap(15.0, 0.0)
    house.alarm.step()
    assert house.alarm.health.failures == 0


def test_what_was_asked_before_a_gap_and_looked_at_after_it_is_asked_again(house: House) -> None:
    house.reader.before = lambda: house.alarm.after_gap(46.0, 0.0)
    house.clock.now += POLL_S
    house.alarm.step()
    house.reader.before = lambda: None
    reads = house.reads()
    house.alarm.step()
    assert house.reads() == reads + 1
    house.alarm.step()
    assert house.reads() == reads + 1


def test_what_was_read_before_a_gap_decides_no_command(house: House) -> None:
    """An off asks for the state first where that is older than some seconds; a gap makes it older."""
    house.alarm.after_gap(0.0, 60.0)
    reads = house.reads()
    mode = ArmMode(Interior.NIGHT)
    house.alarm.submit(Command(Arm(mode), Origin("wemo"), only_if=mode))
    house.alarm.step()
    assert house.reads() == reads + 1


def test_time_that_no_clock_of_ours_has_counted_makes_the_news_older(house: House) -> None:
    house.alarm.after_gap(0.0, 8 * 3600.0)
    assert (house.alarm.health.old, house.alarm.health.error) == (True, ASLEEP)
    house.alarm.step()
    assert house.alarm.health.old is False
