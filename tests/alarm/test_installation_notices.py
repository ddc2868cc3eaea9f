"""Notices to people about one alarm."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.alarm.installation import Installation
from emulator.alarm.polling import BACKOFF_LIMIT_S
from emulator.alarm.queue import Ticket
from emulator.alarm.unfinished import TYPED
from emulator.errors import EmulatorError
from emulator.model import Arm, ArmMode, Command, Disarm, Interior, Notice, Origin
from emulator.simulator.faults import InjectedFault
from emulator.store.journal import Journal
from tests.support.fakes import SimulatedCloud

SILENT_AFTER_S = 900.0
READ_S = 200.0


class House(SimulatedCloud):
    """A simulated alarm, and an installation in front of it whose notices are kept."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.journal = Journal(folder)
        self.told: list[tuple[Notice, str]] = []
        self.alarm = self.installation()

    def installation(self, silent_after_s: float = SILENT_AFTER_S) -> Installation:
        return Installation(
            "home",
            self.new_client,
            self.journal,
            self.clock,
            poll_every_s=60.0,
            on_notice=lambda notice, text: self.told.append((notice, text)),
            read_s=READ_S,
            silent_after_s=silent_after_s,
        )

    def poll_for(self, seconds: float) -> None:
        end = self.clock.now + seconds
        while self.clock.now < end:
            self.clock.now += 10
            self.alarm.step()
            self.alarm.look_after()

    def hang_for(self, seconds: float) -> None:
        """Let time pass while its thread does nothing at all, and another one looks after it."""
        end = self.clock.now + seconds
        while self.clock.now < end:
            self.clock.now += 10
            self.alarm.look_after()

    def end(self, ticket: Ticket) -> None:
        while not ticket.done.done():
            self.alarm.step()

    def arm(self, door: str = "wemo") -> Ticket:
        return self.alarm.submit(Command(Arm(ArmMode(Interior.NIGHT)), Origin(door, "192.168.1.31", "Night")))

    def kinds(self) -> list[Notice]:
        return [notice for notice, _ in self.told]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    made.alarm.step()
    yield made
    made.journal.close()


def test_a_cloud_that_is_silent_for_long_is_told_once_and_so_is_its_return(house: House) -> None:
    house.backend.faults.add(InjectedFault("down"))
    house.poll_for(SILENT_AFTER_S - 60)
    assert house.told == []
    house.poll_for(4 * SILENT_AFTER_S)
    assert house.kinds() == [Notice.SILENT]
    assert house.told[0][1].startswith("no news from the alarm for ")
    house.backend.faults.clear()
    house.poll_for(2 * BACKOFF_LIMIT_S)
    assert house.told[1:] == [(Notice.BACK, "the alarm answers again: the panel is disarmed")]


def test_the_silence_of_a_thread_that_hangs_is_told_by_another_one_once(house: House) -> None:
    house.hang_for(SILENT_AFTER_S - 60)
    assert house.told == []
    house.hang_for(4 * SILENT_AFTER_S)
    assert house.told == [
        (Notice.SILENT, "no news from the alarm for 15 min: what was asked last has not been answered")
    ]
    house.poll_for(120)
    assert house.kinds() == [Notice.SILENT, Notice.BACK]


def test_news_that_is_not_due_is_no_silence(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.alarm = house.installation(silent_after_s=60)
    house.alarm.step()
    house.hang_for(60 + READ_S)
    assert house.told == []
    house.hang_for(10)
    assert house.kinds() == [Notice.SILENT]
    house.journal.close()


def test_a_login_that_needs_a_person_is_told_as_that_and_not_as_silence(house: House) -> None:
    house.face.sessions.kill()
    house.backend.faults.add(InjectedFault("retired"))
    house.poll_for(4 * SILENT_AFTER_S)
    assert house.kinds() == [Notice.LOGIN]


def test_while_this_machine_slept_no_cloud_was_silent(house: House) -> None:
    house.clock.now += 60
    house.alarm.after_gap(0.0, 8 * 3600.0)
    house.hang_for(SILENT_AFTER_S - 120)
    house.clock.now += SILENT_AFTER_S
    house.alarm.after_gap(SILENT_AFTER_S, 0.0)
    house.alarm.look_after()
    assert house.told == []
    house.hang_for(60)
    assert house.kinds() == [Notice.SILENT]


def test_what_is_refused_from_memory_is_counted_and_no_new_notice(house: House) -> None:
    house.backend.faults.add(InjectedFault("wait", "ARMNIGHT2"))
    house.end(house.arm())
    assert house.kinds() == [Notice.FAILED]
    for _ in range(50):
        assert house.arm().done.done()
    assert house.kinds() == [Notice.FAILED]
    again, first = house.journal.commands(9)
    assert (again.result, again.times, first.result, first.times) == ("failed", 50, "unconfirmed", 1)
    assert str(again.message).startswith("not sent again:")
    assert house.arm().entry == again.id


def test_what_is_rejected_from_memory_takes_no_row_of_what_the_panel_rejected(house: House) -> None:
    house.panel.window("Cocina", is_open=True)
    house.end(house.arm())
    for _ in range(50):
        house.arm()
    assert [(entry.result, entry.times) for entry in house.journal.commands(9)] == [("rejected", 50), ("rejected", 1)]
    assert [entry.times for entry in house.journal.commands(9, quiet=False)] == [1]
    assert house.kinds() == [Notice.FAILED]


def test_a_short_silence_is_not_worth_a_word(house: House) -> None:
    house.backend.faults.add(InjectedFault("down"))
    house.poll_for(SILENT_AFTER_S / 2)
    house.backend.faults.clear()
    house.poll_for(2 * SILENT_AFTER_S)
    assert house.told == []


def test_the_return_is_told_over_a_restart_too_and_once(house: House) -> None:
    house.backend.faults.add(InjectedFault("down"))
    house.poll_for(3 * SILENT_AFTER_S)
    house.backend.faults.clear()
    # A command that is typed meanwhile reads the panel, and notifies no one.
    house.installation(float("inf")).read_now()
    for _ in range(2):
        house.alarm = house.installation()
        house.alarm.step()
    assert house.kinds() == [Notice.SILENT, Notice.BACK]


def test_a_disarm_is_told(house: House) -> None:
    house.end(house.arm())
    house.end(house.alarm.submit(Command(Disarm.of(ArmMode(Interior.NIGHT)), Origin("hue", "192.168.1.31", "Night"))))
    [(notice, text)] = house.told
    assert notice is Notice.DISARMED
    assert text.startswith("disarm, asked for by Night · hue · 192.168.1.31: ")


def test_a_command_that_failed_or_is_unconfirmed_is_told_with_its_reason(house: House) -> None:
    house.panel.window("Cocina", is_open=True)
    house.end(house.arm())
    house.panel.window("Cocina", is_open=False)
    house.clock.now += 60  # a rejection is remembered for a while
    house.backend.faults.add(InjectedFault("wait"))
    house.end(house.arm())
    assert house.kinds() == [Notice.FAILED, Notice.FAILED]
    assert [text.split(": ")[1] for _, text in house.told] == ["refused", "not sure"]


def test_a_command_that_cannot_be_written_down_and_so_is_not_sent_is_told(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object) -> int:
        raise EmulatorError("the journal cannot be written (disk is full)")

    monkeypatch.setattr(house.journal, "begin", full)
    for door in (TYPED, "hue"):
        with pytest.raises(EmulatorError, match="disk is full"):
            house.arm(door)
    text = "arm night, asked for by Night · hue · 192.168.1.31: not sent: the journal cannot be written (disk is full)"
    assert house.told == [(Notice.FAILED, text)]


def test_a_person_who_typed_a_command_has_read_its_outcome(house: House) -> None:
    house.panel.window("Cocina", is_open=True)
    house.end(house.arm(TYPED))
    assert house.told == []
