"""A command that comes too late is not sent, whatever held it up, and people are notified."""

import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from emulator.alarm.age import ARM_WITHIN_S, DISARM_WITHIN_S
from emulator.alarm.cloud import Phase, Report
from emulator.alarm.queue import MOST_WAITING, Ticket
from emulator.clock import Moment
from emulator.errors import TooLate, TooMany
from emulator.model import (
    DISARMED,
    Action,
    Arm,
    ArmMode,
    Axes,
    Command,
    Disarm,
    Interior,
    Notice,
    Origin,
    PanelState,
    Result,
)
from tests.alarm.test_installation import MODES, POLL_S, House

NIGHT = Arm(ArmMode(Interior.NIGHT))
LIMITS = {True: ARM_WITHIN_S, False: DISARM_WITHIN_S}


class Told(House):
    """A house whose notices are kept, and whose process can be stopped."""

    def __init__(self, folder: Path, *, annex: bool = False) -> None:
        super().__init__(folder, annex=annex)
        self.notices: list[tuple[Notice, str]] = []
        self.stopped_at: float | None = None
        self.alarm.records.tell = lambda notice, text: self.notices.append((notice, text))
        self.alarm._commands.age.stood_still = lambda asked: (
            self.stopped_at is not None and asked.monotonic <= self.stopped_at
        )

    def turn(self, on: bool, name: str = "night") -> Ticket:
        return self.on(name) if on else self.off(name)

    def x1(self) -> list[str]:
        return [name for name in self.transport.requests() if name.endswith("1") and name not in ("EST1",)]

    def ended_late(self, ticket: Ticket) -> bool:
        assert ticket.done.result(0).result is Result.SUPERSEDED
        assert isinstance(ticket.accepted.exception(0), TooLate)
        assert "ask again" in ticket.done.result(0).message
        assert self.journal.commands(1)[0].result == "superseded"
        assert self.alarm.view.target is None
        return any(notice is Notice.FAILED and "ask again" in text for notice, text in self.notices)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Told]:
    made = Told(tmp_path)
    made.panel.keypad(NIGHT)
    made.alarm.step()
    made.transport.sent.clear()
    yield made
    made.journal.close()


@pytest.mark.parametrize("on", [True, False])
def test_what_waited_for_too_long_is_not_sent(house: Told, on: bool) -> None:
    ticket = house.turn(on)
    house.clock.now += LIMITS[on]
    house.alarm.step()
    assert house.ended_late(ticket)
    assert house.x1() == []


@pytest.mark.parametrize("on", [True, False])
def test_what_waited_a_little_less_is_sent(house: Told, on: bool) -> None:
    ticket = house.turn(on, "perimeter" if on else "night")
    house.clock.now += LIMITS[on] - 5
    assert house.run(ticket) == [Result.CONFIRMED]


@pytest.mark.parametrize("on", [True, False])
def test_a_suspend_counts_although_it_moves_the_time_of_day_alone(house: Told, on: bool) -> None:
    ticket = house.turn(on)
    house.clock.step += LIMITS[on]
    house.alarm.step()
    assert house.ended_late(ticket)
    assert house.x1() == []


def test_a_clock_that_is_set_back_makes_nothing_young(house: Told) -> None:
    ticket = house.off("night")
    house.clock.step -= 3600
    house.clock.now += DISARM_WITHIN_S
    house.alarm.step()
    assert house.ended_late(ticket)


def test_what_was_held_back_counts_from_when_it_was_asked_for(house: Told) -> None:
    asked = Moment(house.clock.now - DISARM_WITHIN_S, house.clock.now - DISARM_WITHIN_S)
    command = Command(Disarm(), Origin("hue", "10.0.0.9"))
    ticket = house.alarm.submit(command, house.alarm.records.hold(command), asked=asked, ticket=Ticket())
    assert house.ended_late(ticket)


def test_time_that_goes_by_while_the_state_is_read_counts(house: Told) -> None:
    """A process that is stopped after the question, and goes on with an answer that is as old as the stop."""
    house.clock.now += 20  # what was read before is fresh no longer
    house.while_flying("ACT_V2", lambda: setattr(house.clock, "now", house.clock.now + 46))
    ticket = house.off("night")
    house.alarm.step()
    assert house.ended_late(ticket)
    assert house.x1() == []


def test_time_that_goes_by_in_the_login_just_before_it_is_sent_counts(house: Told) -> None:
    house.face.sessions.kill()
    house.while_flying("LOGIN", lambda: setattr(house.clock, "now", house.clock.now + 46))
    ticket = house.off("night")
    house.alarm.step()
    assert house.ended_late(ticket)
    assert house.panel.axes.interior is Interior.NIGHT


def test_a_command_without_a_switch_ages_too(house: Told) -> None:
    ticket = house.alarm.submit(Command(Disarm(), Origin("api", "10.0.0.9")))
    house.clock.now += DISARM_WITHIN_S
    house.alarm.step()
    assert house.ended_late(ticket)
    assert house.panel.axes.interior is Interior.NIGHT


@pytest.mark.parametrize(("on", "result"), [(False, Result.SUPERSEDED), (True, Result.CONFIRMED)])
def test_after_the_process_stood_still_an_arm_is_sent_and_a_disarm_is_not(
    house: Told, on: bool, result: Result
) -> None:
    ticket = house.turn(on, "perimeter" if on else "night")
    house.stopped_at = house.clock.now
    house.clock.now += 15
    assert house.run(ticket) == [result]
    later = house.off("night")
    assert house.run(later) == [Result.CONFIRMED]  # which was asked for after it


def test_a_mode_that_was_left_and_armed_again_meanwhile_is_not_disarmed(house: Told) -> None:
    """The owner came home, disarmed at the keypad, armed again and went to bed, while the off waited."""
    tickets: list[Ticket] = []

    def at_home() -> None:
        tickets.append(house.off("night"))
        house.panel.keypad(Disarm())

    house.while_flying("PERI2", at_home)
    house.run(house.on("perimeter"))
    house.clock.now += 11
    house.alarm.read_now()
    assert not house.alarm.view.axes.interior or house.alarm.view.axes.interior is Interior.OFF
    house.panel.keypad(NIGHT)
    house.clock.now += 11
    house.alarm.step()
    assert tickets[0].done.result(0).result is Result.SUPERSEDED
    assert "armed again" in tickets[0].done.result(0).message
    assert house.panel.axes.interior is Interior.NIGHT


def test_what_was_disarmed_meanwhile_needs_nothing(house: Told) -> None:
    ticket = house.off("night")
    house.panel.keypad(Disarm())
    house.clock.now += 11
    house.alarm.step()
    assert ticket.done.result(0).result is Result.IGNORED
    assert house.panel.axes == DISARMED


def test_an_arm_in_parts_that_has_begun_is_finished_however_long_the_first_took(house: Told) -> None:
    house.panel.keypad(Disarm())
    house.clock.now += POLL_S
    house.alarm.step()
    house.while_flying("ARM2", lambda: setattr(house.clock, "now", house.clock.now + ARM_WITHIN_S - 20))
    house.panel.answer_after = 30.0
    ticket = house.on("total+perimeter")
    assert house.run(ticket) == [Result.CONFIRMED]
    assert house.panel.axes.perimeter


@pytest.mark.parametrize(("then", "result"), [("ARM1", Result.SUPERSEDED), ("PERI1", Result.CONFIRMED)])
def test_an_arm_that_is_sent_anew_by_force_ages_and_the_second_part_of_one_does_not(
    house: Told, then: str, result: Result
) -> None:
    sent: list[str] = []

    def execute(_action: Action, report: Report) -> PanelState:
        for request in ("ARM1", then):
            report(Phase.SENDING, request)
            sent.append(request)
            report(Phase.ACCEPTED, request)
            house.clock.now += ARM_WITHIN_S
        return PanelState(Axes(Interior.TOTAL, perimeter=True, annex=False), house.clock.time(), "A", "ArmStatus")

    house.alarm._session._cloud.execute = execute  # type: ignore[assignment, method-assign]
    assert house.run(house.on("total+perimeter")) == [result]
    assert len(sent) == (1 if result is Result.SUPERSEDED else 2)


def test_what_the_thread_cannot_get_to_ends_all_the_same(house: Told) -> None:
    """A request hangs; the target goes, and nothing is sent when it comes back."""
    hangs, goes_on = threading.Event(), threading.Event()
    send = house.transport.send

    def hanging(method: str, params: Mapping[str, str], timeout_s: float | None = None) -> bytes:
        if params["request"] == "ACT_V2":
            hangs.set()
            assert goes_on.wait(60)
        return send(method, params, timeout_s)

    house.transport.send = hanging  # type: ignore[method-assign]
    house.clock.now += 20
    flying = house.off("night")
    thread = threading.Thread(target=house.alarm.step)
    thread.start()
    assert hangs.wait(60)
    waiting = house.alarm.submit(Command(Arm(ArmMode(annex=True)), Origin("test", switch="annex")))
    assert house.alarm.expire()
    house.clock.now += DISARM_WITHIN_S
    assert house.alarm.expire()  # the arm may still be sent
    assert flying.done.result(0).result is Result.SUPERSEDED
    assert house.alarm.view.target is not None
    house.clock.now += ARM_WITHIN_S
    assert not house.alarm.expire()
    assert waiting.done.result(0).result is Result.SUPERSEDED
    assert house.alarm.view.target is None
    assert [notice for notice, _ in house.notices] == [Notice.FAILED] * 2
    goes_on.set()
    thread.join(60)
    house.alarm.step()
    assert house.x1() == []
    assert [entry.result for entry in house.journal.commands(9)] == ["superseded"] * 2
    assert len(house.notices) == 2


def test_what_was_sent_is_never_too_late(house: Told) -> None:
    house.while_flying("DARM2", lambda: (setattr(house.clock, "now", house.clock.now + 40), house.alarm.expire()))
    assert house.run(house.off("night")) == [Result.CONFIRMED]


def test_a_late_command_is_asked_for_again_at_once(house: Told) -> None:
    late = house.on("perimeter")
    house.clock.now += ARM_WITHIN_S
    house.alarm.step()
    assert late.done.result(0).result is Result.SUPERSEDED
    assert house.run(house.on("perimeter")) == [Result.CONFIRMED]


def test_half_a_disarm_is_not_told_as_never_sent(tmp_path: Path) -> None:
    """DARM was done when DARMANNEX came too late: the house is disarmed, and that is settled by the panel."""
    house = Told(tmp_path, annex=True)
    house.panel.keypad(Arm(ArmMode(Interior.NIGHT, annex=True)))
    house.alarm.step()
    house.while_flying("DARM2", lambda: setattr(house.clock, "now", house.clock.now + DISARM_WITHIN_S))
    ticket = house.alarm.submit(Command(Disarm(annex=True), Origin("api", "10.0.0.9")))
    assert house.run(ticket) == [Result.UNCONFIRMED]
    assert "disarm: done" in ticket.done.result().message
    assert house.count("DARMANNEX1") == 0
    assert [notice for notice, _ in house.notices] == [Notice.FAILED]
    for _ in range(3):
        house.clock.now += POLL_S
        house.alarm.step()
    assert house.journal.commands(1)[0].settled == "annex"
    house.journal.close()


def test_the_newest_arm_takes_the_place_of_one_that_hangs_before_it_was_sent(tmp_path: Path) -> None:
    house = Told(tmp_path)
    later: list[Ticket] = []
    house.while_flying("LOGIN", lambda: later.append(house.on("total")))
    assert house.run(house.on("day")) == [Result.SUPERSEDED]
    assert house.run(*later) == [Result.CONFIRMED]
    assert house.count("ARMDAY1") == 0
    assert house.panel.axes.interior is Interior.TOTAL
    house.journal.close()


# -- how much waits -----------------------------------------------------------------------------------------------


def a_command(peer: str, name: str) -> Command:
    return Command(Arm(MODES[name]), Origin("wemo", peer, name))


def flood(house: Told, peer: str) -> list[Exception]:
    """Ask for four modes in turn, without a pause; return the refusals."""
    refused: list[Exception] = []
    for name in ("total", "perimeter", "total+perimeter", "night") * 50:
        try:
            house.alarm.submit(a_command(peer, name))
        except TooMany as error:
            refused.append(error)
    return refused


def test_a_flood_of_one_peer_leaves_few_commands_and_room_for_others(house: Told) -> None:
    others: list[Ticket] = []

    def meanwhile() -> None:
        for number in range(3):
            flood(house, f"10.0.0.{number}")
            assert len(house.alarm._commands.queue) <= MOST_WAITING
        others.append(house.alarm.submit(a_command("10.0.0.99", "day")))

    house.while_flying("DARM2", meanwhile)
    house.run(house.off("night"))
    sent = sum(name.endswith("1") for name in house.x1())
    house.run(*others)
    assert sum(name.endswith("1") for name in house.x1()) - sent <= MOST_WAITING + 1
    assert all(entry.result for entry in house.journal.commands(9999))


def test_more_than_a_peer_may_have_waiting_is_refused_in_words(house: Told) -> None:
    refused: list[Exception] = []
    crowd: list[Callable[[], Ticket]] = [
        lambda: house.alarm.submit(Command(Disarm(annex=True, main=False), Origin("api", "10.0.0.9"))),
        lambda: house.alarm.submit(a_command("10.0.0.9", "perimeter")),
        lambda: house.alarm.submit(a_command("10.0.0.9", "night")),
    ]

    def meanwhile() -> None:
        for ask in crowd:
            try:
                ask()
            except TooMany as error:
                refused.append(error)

    house.while_flying("DARM2", meanwhile)
    house.run(house.off("night"))
    assert [str(error) for error in refused] == ["not sent: too many commands wait already; try again in a minute"]
    assert len(house.journal.commands(9)) == 3  # what is refused is not a command


def test_what_was_held_back_and_finds_no_room_ends_in_its_entry_and_people_are_told(house: Told) -> None:
    """Its client was answered at once, perhaps with "OK" by a voice."""
    tickets: list[Ticket] = []

    def meanwhile() -> None:
        house.alarm.submit(Command(Disarm(annex=True, main=False), Origin("api", "10.0.0.9")))
        house.alarm.submit(a_command("10.0.0.9", "perimeter"))
        command = a_command("10.0.0.9", "night")
        tickets.append(house.alarm.submit(command, house.alarm.records.hold(command), ticket=Ticket()))

    house.while_flying("DARM2", meanwhile)
    house.run(house.off("night"))
    assert isinstance(tickets[0].accepted.exception(0), TooMany)
    assert tickets[0].done.result(0).result is Result.REFUSED
    assert "refused" in {entry.result for entry in house.journal.commands(9)}
    assert any(notice is Notice.FAILED and "too many" in text for notice, text in house.notices)


def test_offs_of_several_switches_that_wait_are_one_disarm(house: Told) -> None:
    tickets: list[Ticket] = []
    names = ("total", "perimeter", "night")
    house.while_flying("ARMDAY2", lambda: tickets.extend(house.off(name) for name in names))
    house.run(house.on("day"))
    house.panel.keypad(Disarm())
    house.panel.keypad(NIGHT)
    house.clock.now += 11
    assert house.run(*tickets) == [Result.CONFIRMED] * 3
    assert house.x1().count("DARM1") == 1
    assert house.panel.axes == DISARMED


def test_none_of_several_offs_that_wait_disarms_another_mode(house: Told) -> None:
    house.run(house.off("night"))
    house.transport.sent.clear()
    tickets: list[Ticket] = []
    house.while_flying("ARMDAY2", lambda: tickets.extend(house.off(name) for name in ("total", "perimeter", "night")))
    house.run(house.on("day"))
    assert house.run(*tickets) == [Result.IGNORED] * 3
    assert "DARM1" not in house.x1()
    assert house.panel.axes.interior is Interior.DAY
