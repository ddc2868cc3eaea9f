"""Presses that the hub holds back, on a clock that tests move: what is sent, what is swept, what reads back."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emulator.alarm.held import SWEEP
from emulator.alarm.hub import Guard, Hub
from emulator.alarm.presses import LATER, STOPPED
from emulator.alarm.queue import Ticket, View
from emulator.alarm.sweeps import OFTEN, REPEATED_S, SWEEP_S
from emulator.alarm.switch import Switch
from emulator.clock import Moment
from emulator.errors import EmulatorError, Rejected, TooMany
from emulator.model import DISARMED, Arm, ArmMode, Axes, Command, Origin, Outcome, PanelState, Result
from emulator.store.identities import Identity
from tests.support.fakes import EPOCH_S, FakeClock

ECHO, OTHER = "192.168.7.9", "192.168.7.10"
NAMES = ("Total", "Day", "Night", "Perimeter")


class FakeAlarm:
    """An installation that does everything at once, and the journal behind it."""

    is_at_rest = True

    def __init__(self) -> None:
        self.view = View(PanelState(DISARMED, EPOCH_S, "0", "EST2"))
        self.sent: list[tuple[str, bool]] = []
        self.asked: list[Moment] = []
        self.open: list[int] = []  # entries without an end
        self.entries = 0
        self.ignored: list[tuple[str, bool, str]] = []
        self.refused: list[str] = []
        self.obstacle: EmulatorError | None = None
        self.full: Exception | None = None  # hold raises it
        self.crowded: TooMany | None = None  # submit raises it
        self.prompt = True
        self._pressed: dict[int, tuple[str, bool]] = {}
        self.records = self

    def be(self, mode: str) -> None:
        axes = DISARMED.after(Arm(ArmMode.parse(mode.lower()))) if mode else DISARMED
        self.view = View(PanelState(axes, EPOCH_S, "", "EST2"))

    def known_obstacle(self, _action: object) -> EmulatorError | None:
        return self.obstacle

    def hold(self, command: Command) -> int:
        if self.full:
            raise self.full
        self.entries += 1
        self.open.append(self.entries)
        self._pressed[self.entries] = (command.origin.switch, isinstance(command.action, Arm))
        return self.entries

    def turn_away(self, _installation: str, command: Command, outcome: Outcome, _at: float) -> None:
        if self.full:
            raise self.full
        self.ignored.append((command.origin.switch, isinstance(command.action, Arm), outcome.message))

    def finish(self, entry: int, outcome: Outcome) -> None:
        self.open.remove(entry)
        self.ignored.append((*self._pressed[entry], outcome.message))

    def write(self, write: Callable[[], object]) -> None:
        write()

    def refuse(self, origin: Origin, *_: object) -> None:
        self.refused.append(origin.switch)

    def submit(self, command: Command, entry: int | None, *, asked: Moment, ticket: Ticket | None) -> Ticket:
        ticket = ticket or Ticket()
        if self.crowded:
            if entry is None:
                raise self.crowded
            outcome = Outcome(Result.REFUSED, str(self.crowded))
            self.finish(entry, outcome)
            ticket.finish(outcome, self.crowded)
            return ticket
        if entry is not None:
            self.open.remove(entry)
        self.sent.append((command.origin.switch, isinstance(command.action, Arm)))
        self.asked.append(asked)
        if self.prompt:
            self.view = View(replace(self.view.state or PanelState(Axes(), EPOCH_S, "", ""), axes=self.after(command)))
            ticket.finish(Outcome(Result.CONFIRMED, "done"), None)
        return ticket

    def after(self, command: Command) -> Axes:
        return self.view.axes.after(command.action)

    def expire(self) -> bool:
        return False


class Rig:
    """The hub of some switches of one alarm. Nothing is released before `wait`."""

    def __init__(self, number: int = 4, *, arm_only: str = "", show_target: bool = True) -> None:
        self.clock = FakeClock()
        self.alarm = FakeAlarm()
        self.switches = {
            name: Switch(
                name=name,
                installation="home",
                mode=ArmMode.parse(name.lower()),
                off_disarms=name != arm_only,
                doors=frozenset({"wemo", "hue"}),
                identity=Identity(name, f"S{place}", f"02{place:010}", 49151 + place),
            )
            for place, name in enumerate(NAMES[:number])
        }
        alarms = {"home": self.alarm}
        self.hub = Hub(list(self.switches.values()), alarms, self.alarm, self.clock, show_target=show_target)  # type: ignore[arg-type]

    def turn(self, name: str, on: bool, peer: str = ECHO, door: str = "hue", guard: Guard = Guard.BOTH) -> Ticket:
        return self.hub.submit(self.switches[name], on, Origin(door, peer, name), guard)

    def turn_all(self, on: bool, peer: str = ECHO, guard: Guard = Guard.BOTH) -> list[Ticket]:
        return self.hub.submit_all(list(self.switches.values()), on, Origin("hue", peer), guard)

    def wait(self, seconds: float = SWEEP_S) -> None:
        self.clock.now += seconds
        self.hub._presses.release()

    def on(self, name: str) -> bool | None:
        """Return what a lamp shows."""
        state = self.hub.state(self.switches[name])
        return state.on if state.swept is None else state.swept

    @property
    def sent(self) -> list[tuple[str, bool]]:
        return self.alarm.sent

    @property
    def offs(self) -> list[str]:
        return [name for name, on in self.sent if not on]

    def ignored(self) -> list[tuple[str, bool]]:
        return [(name, on) for name, on, _ in self.alarm.ignored]

    def reasons(self) -> list[str]:
        return [reason for *_, reason in self.alarm.ignored]


# -- one command ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("on", [True, False])
def test_a_single_command_is_sent_once_it_cannot_be_part_of_a_sweep(on: bool) -> None:
    rig = Rig()
    rig.alarm.be("" if on else "Night")
    asked_at = rig.clock.now
    ticket = rig.turn("Night", on)
    assert ticket.waits
    assert rig.on("Night") is on  # as an Echo reads back at once
    rig.wait(SWEEP_S - 0.01)
    assert rig.sent == []
    assert rig.on("Night") is on
    rig.wait(0.01)
    assert rig.sent == [("Night", on)]
    assert rig.alarm.asked == [Moment(asked_at, asked_at)]  # its age counts from when it was asked for
    assert ticket.done.result(0).result is Result.CONFIRMED
    assert rig.on("Night") is on
    assert rig.ignored() == []


def test_the_next_look_is_when_the_first_may_be_sent() -> None:
    rig = Rig()
    assert rig.hub._presses.release() is None
    rig.turn("Night", True)
    assert rig.hub._presses.release() == SWEEP_S


def test_an_on_of_a_door_without_lamps_is_sent_at_once() -> None:
    rig = Rig()
    for name in NAMES:
        rig.turn(name, True, door="wemo", guard=Guard.OFFS)
    assert rig.sent == [(name, True) for name in NAMES]


def test_a_repeated_command_is_one() -> None:
    rig = Rig()
    tickets = []
    for _ in range(4):
        tickets.append(rig.turn("Night", False))
        rig.wait(0.5)
    assert rig.sent == []  # the last of them may still be the first of a sweep
    rig.wait()
    assert rig.sent == [("Night", False)]
    assert {ticket.done.result(0).result for ticket in tickets} == {Result.CONFIRMED}


def test_a_client_that_goes_on_repeating_itself_does_not_put_its_command_off_for_ever() -> None:
    rig = Rig()
    for _ in range(10):
        rig.turn("Night", True)
        rig.wait(1.0)
    assert rig.sent[0] == ("Night", True)


def test_the_same_from_two_peers_reaches_the_alarm_twice_which_joins_them() -> None:
    rig = Rig()
    rig.turn("Night", False)
    rig.turn("Night", False, OTHER)
    rig.wait()
    assert rig.sent == [("Night", False), ("Night", False)]


def test_what_is_not_done_shows_the_truth_again() -> None:
    rig = Rig()
    rig.alarm.prompt = False
    rig.turn("Night", True)
    rig.wait()
    assert rig.on("Night") is False


@pytest.mark.parametrize("first", [True, False])
def test_a_change_of_mind_takes_the_place_of_what_is_held(first: bool) -> None:
    rig = Rig()
    ticket = rig.turn("Night", first)
    rig.wait(1)
    rig.turn("Night", not first)
    assert rig.on("Night") is not first
    rig.wait()
    assert rig.sent == [("Night", not first)]
    assert rig.alarm.ignored == [("Night", first, LATER)]
    assert ticket.done.result(0).message == LATER


def test_an_off_that_does_nothing_takes_no_arm_back() -> None:
    rig = Rig(arm_only="Night")
    rig.turn("Night", True)
    rig.turn("Night", False)
    rig.wait()
    assert rig.sent == [("Night", True)]


def test_what_is_known_to_be_in_the_way_is_said_at_once() -> None:
    rig = Rig()
    rig.alarm.obstacle = Rejected("a window is open")
    assert rig.turn("Night", True).accepted.exception(0) is rig.alarm.obstacle
    assert rig.alarm.ignored == [("Night", True, "a window is open")]
    assert rig.on("Night") is False
    rig.wait()
    assert rig.sent == []


def test_what_is_refused_is_no_part_of_a_sweep() -> None:
    rig = Rig()
    rig.alarm.obstacle = Rejected("a window is open")
    rig.turn("Night", True)
    rig.turn("Day", True)
    rig.alarm.obstacle = None
    rig.turn("Total", True)
    rig.wait()
    assert rig.sent == [("Total", True)]


def test_a_full_queue_is_told_and_written_down() -> None:
    rig = Rig()
    rig.alarm.crowded = TooMany("too many")
    ticket = rig.turn("Night", True, guard=Guard.NONE)
    assert ticket.accepted.exception(0) is rig.alarm.crowded
    assert rig.alarm.refused == ["Night"]
    rig.turn("Night", False)
    rig.wait()
    assert rig.alarm.ignored == [("Night", False, "too many")]  # in the entry that it has
    assert rig.alarm.open == []


def test_an_arm_without_room_takes_no_off_back() -> None:
    rig = Rig()
    rig.alarm.be("Night")
    rig.turn("Night", False)
    rig.alarm.crowded = TooMany("too many")
    rig.turn("Total", True, OTHER, guard=Guard.OFFS)
    rig.alarm.crowded = None
    assert rig.on("Night") is False
    rig.wait()
    assert rig.sent == [("Night", False)]


def test_an_arm_that_is_refused_at_once_takes_no_off_back() -> None:
    """As one that has just failed: pywemo repeats it three times."""
    rig = Rig()
    rig.alarm.be("Night")
    rig.turn("Night", False)
    submit = rig.alarm.submit

    def refused(*_: object, ticket: Ticket, **__: object) -> Ticket:
        ticket.finish(Outcome(Result.FAILED, "not sent again"), Rejected("a window is open"))
        return ticket

    rig.alarm.submit = refused  # type: ignore[method-assign]
    rig.turn("Total", True, OTHER, guard=Guard.OFFS)
    rig.alarm.submit = submit  # type: ignore[method-assign]
    assert rig.on("Night") is False
    rig.wait()
    assert rig.sent == [("Night", False)]


def test_an_off_that_is_refused_at_once_takes_no_held_arm_back() -> None:
    rig = Rig()
    rig.turn("Night", True)
    rig.alarm.crowded = TooMany("too many")
    rig.turn("Night", False, OTHER, guard=Guard.NONE)
    rig.alarm.crowded = None
    rig.wait()
    assert rig.sent == [("Night", True)]


def test_an_off_that_is_repeated_after_an_arm_is_not_taken_back_by_it() -> None:
    rig = Rig()
    rig.alarm.be("Night")
    rig.turn("Night", False)
    rig.turn("Perimeter", True, OTHER, guard=Guard.OFFS)
    rig.turn("Night", False)
    rig.wait()
    assert rig.sent == [("Perimeter", True), ("Night", False)]


def test_a_stop_sends_nothing_more() -> None:
    rig = Rig()
    rig.turn("Night", False)
    rig.hub.stop()
    rig.wait()
    assert rig.sent == []
    assert rig.alarm.ignored == [("Night", False, STOPPED)]


def test_the_hub_releases_by_itself() -> None:
    rig = Rig()
    sent = threading.Event()
    submit = rig.alarm.submit

    def watched(*args: object, **kwargs: object) -> Ticket:
        sent.set()
        return submit(*args, **kwargs)  # type: ignore[arg-type]

    rig.alarm.submit = watched  # type: ignore[method-assign]
    rig.hub.start()
    rig.turn("Night", False)
    rig.clock.now += SWEEP_S
    rig.turn("Total", True, OTHER)  # which wakes it
    assert sent.wait(30)
    rig.hub.stop()


# -- written down -------------------------------------------------------------------------------------------------


def test_what_is_held_is_written_down_before_the_answer_and_ends_in_the_same_entry() -> None:
    rig = Rig()
    rig.turn("Night", True)
    rig.turn("Night", True)
    assert len(rig.alarm.open) == 1
    rig.wait()
    assert rig.alarm.open == []
    assert rig.sent == [("Night", True)]


def test_what_cannot_be_written_down_is_refused_and_not_held() -> None:
    rig = Rig()
    rig.alarm.full = EmulatorError("the disk is full")
    assert rig.turn("Night", True).accepted.exception(0) is rig.alarm.full
    assert rig.on("Night") is False
    rig.wait()
    assert rig.sent == []
    assert rig.ignored() == []


def test_taking_what_is_held_waits_until_it_is_written_down() -> None:
    rig = Rig()
    writing, written = threading.Event(), threading.Event()
    hold = rig.alarm.hold

    def slow(command: Command) -> int:
        writing.set()
        assert written.wait(30)
        return hold(command)

    rig.alarm.hold = slow  # type: ignore[method-assign]
    with ThreadPoolExecutor(2) as pool:
        asking = pool.submit(rig.turn, "Night", True)
        assert writing.wait(30)
        dropping = pool.submit(rig.hub.stop)
        wait([dropping], 0.05)
        assert rig.ignored() == []
        written.set()
        asking.result(30)
        dropping.result(30)
    assert rig.alarm.ignored == [("Night", True, STOPPED)]
    assert rig.alarm.open == []


@pytest.mark.parametrize("take", [Rig.wait, lambda rig: rig.hub.stop()])
def test_what_is_taken_just_before_its_entry_fails_is_neither_sent_nor_written(take: Callable[[Rig], None]) -> None:
    rig = Rig()
    full = EmulatorError("the disk is full")

    def hold(_command: Command) -> int:
        taking.append(pool.submit(take, rig))
        while rig.hub._presses.held.next_at() is not None:
            wait(taking, 0.01)
        raise full

    rig.alarm.hold = hold  # type: ignore[assignment, method-assign]
    taking: list[Future[None]] = []
    with ThreadPoolExecutor(1) as pool:
        assert rig.turn("Night", True).accepted.exception(0) is full
        taking[0].result(30)
    assert rig.sent == []
    assert rig.ignored() == []


def test_an_off_that_cannot_be_written_down_leaves_the_arm_before_it() -> None:
    rig = Rig()
    rig.turn("Night", True)
    rig.alarm.full = EmulatorError("the disk is full")
    assert rig.turn("Night", False).accepted.exception(0) is rig.alarm.full
    rig.wait()
    assert rig.sent == [("Night", True)]
    assert rig.ignored() == []


def test_a_repeated_command_fails_with_the_one_that_cannot_be_written_down() -> None:
    rig = Rig()
    writing, failing = threading.Event(), threading.Event()
    full = EmulatorError("the disk is full")

    def hold(_command: Command) -> int:
        writing.set()
        assert failing.wait(30)
        raise full

    rig.alarm.hold = hold  # type: ignore[assignment, method-assign]
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(rig.turn, "Night", True)
        assert writing.wait(30)
        second = pool.submit(rig.turn, "Night", True)
        wait([second], 0.05)
        failing.set()
        assert [one.result(30).accepted.exception(0) for one in (first, second)] == [full, full]


def test_a_defect_while_it_is_written_down_leaves_no_thread_waiting() -> None:
    rig = Rig()
    rig.alarm.full = ValueError("a defect")
    with pytest.raises(ValueError, match="a defect"):
        rig.turn("Night", True)
    assert rig.hub._presses.release() is None
    rig.alarm.full = None
    rig.turn("Night", True)
    rig.wait()
    assert rig.sent == [("Night", True)]


def test_a_sweep_that_comes_just_before_the_entry_waits_for_it_and_ends_it() -> None:
    rig = Rig()
    with ThreadPoolExecutor(2) as pool:
        sweeping: list[Future[object]] = []

        def heard(_: str) -> None:
            if not sweeping:
                sweeping.append(pool.submit(rig.turn_all, False, OTHER))
                while rig.hub._presses.held.next_at() is not None:
                    wait(sweeping, 0.01)

        rig.hub.subscribe(heard)
        rig.turn("Night", False)
        sweeping[0].result(30)
    assert rig.alarm.open == []
    assert ("Night", False) in rig.ignored()
    assert rig.sent == []


# -- without sweeps ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "guard"), [(1, Guard.BOTH), (4, Guard.NONE)])
def test_where_no_sweep_is_possible_or_guarded_it_is_sent_at_once(number: int, guard: Guard) -> None:
    rig = Rig(number)
    assert not rig.turn("Total", True, guard=guard).waits
    rig.turn("Total", False, guard=guard)
    assert rig.sent == [("Total", True), ("Total", False)]


def test_all_at_once_where_it_is_allowed() -> None:
    rig = Rig()
    rig.turn_all(False, guard=Guard.NONE)
    assert rig.sent == [(name, False) for name in NAMES]


def test_all_of_no_switches_is_nothing() -> None:
    assert Rig(0).turn_all(False) == []


# -- sweeps -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("on", [True, False])
@pytest.mark.parametrize("pace", [0.0, 0.9, 1.9])
def test_a_sweep_changes_nothing_whichever_switch_comes_first(on: bool, pace: float) -> None:
    for first in range(4):
        rig = Rig()
        for name in NAMES[first:] + NAMES[:first]:
            assert rig.turn(name, on).accepted.done() is (not rig.hub._presses.held.announced)
            assert rig.on(name) is on
            rig.wait(pace)
        rig.wait(10)
        assert rig.sent == []
        assert sorted(rig.ignored()) == sorted((name, on) for name in NAMES)
        assert all("turn everything o" in reason for reason in rig.reasons())
        assert not any(map(rig.on, NAMES))


def test_the_journal_tells_what_made_it_a_sweep() -> None:
    rig = Rig()
    rig.turn("Day", False, OTHER)
    rig.turn("Night", False)
    rig.turn("Total", False)
    assert f"it came with Total, Day, asked for by {OTHER}, {ECHO}: {SWEEP[False]}" in rig.reasons()


def test_after_a_sweep_a_client_that_asks_again_at_once_belongs_to_it() -> None:
    rig = Rig()
    rig.alarm.be("Night")
    for name in NAMES:
        rig.turn(name, False)
    assert rig.on("Night") is False
    for _ in range(5):
        rig.wait(1.9)
        rig.turn("Night", False)
    assert rig.on("Night") is True  # what was asked for shows no longer than an Echo reads back
    rig.wait(2.0)
    assert rig.sent == []
    assert sorted(set(rig.ignored())) == sorted((name, False) for name in NAMES)
    rig.turn("Night", False)
    rig.wait()
    assert rig.sent == [("Night", False)]


def test_two_switches_are_no_sweep() -> None:
    rig = Rig()
    rig.turn("Total", False)
    rig.turn("Day", False)
    rig.turn("Perimeter", True)
    rig.wait()
    assert sorted(rig.sent) == [("Day", False), ("Perimeter", True), ("Total", False)]


@pytest.mark.parametrize("doors", list(product(("wemo", "hue"), repeat=3)))
def test_doors_and_echos_that_share_the_switches_of_a_house_sweep_together(doors: tuple[str, ...]) -> None:
    rig = Rig()
    rig.alarm.be("Night")
    for number, (name, door) in enumerate(zip(NAMES, doors, strict=False)):
        rig.turn(name, False, (ECHO, OTHER)[number % 2], door, Guard.OFFS if door == "wemo" else Guard.BOTH)
    rig.wait()
    assert rig.sent == []


def test_an_off_that_is_held_does_not_overtake_a_newer_arm_of_any_door() -> None:
    rig = Rig()
    rig.turn("Night", False)
    rig.turn("Total", True, OTHER, "wemo", Guard.OFFS)
    rig.wait()
    assert rig.sent == [("Total", True)]
    assert rig.ignored() == [("Night", False)]


def test_a_sweep_after_a_change_of_mind_is_still_a_sweep() -> None:
    rig = Rig()
    rig.alarm.be("Night")
    rig.turn("Night", False)
    rig.wait(0.6)
    rig.turn("Night", True)
    rig.wait(1.3)
    for name in ("Night", "Total", "Day", "Perimeter"):
        rig.turn(name, False)
        rig.wait(0.2)
    rig.wait(4)
    assert rig.offs == []


def test_switches_far_apart_are_no_sweep() -> None:
    rig = Rig()
    for name in NAMES:
        rig.turn(name, False)
        rig.wait(2.01)
    assert rig.sent == [(name, False) for name in NAMES]


def test_a_switch_whose_off_does_nothing_counts_and_shows_the_truth() -> None:
    rig = Rig(arm_only="Day")
    rig.alarm.view = View(PanelState(Axes(ArmMode.parse("day").interior, True, False), 1.0, "", ""))
    for name in ("Day", "Total", "Perimeter"):
        rig.turn(name, False)
    assert rig.on("Day") is True
    assert rig.on("Perimeter") is False
    rig.wait(10)
    assert rig.on("Perimeter") is True
    assert rig.sent == []
    assert sorted(rig.ignored()) == [("Day", False), ("Perimeter", False), ("Total", False)]


def test_of_two_switches_both_off_is_a_sweep_and_both_on_is_not() -> None:
    rig = Rig(2)
    rig.turn("Total", True)
    rig.turn("Day", True)
    assert rig.sent == [("Total", True), ("Day", True)]
    rig.turn("Total", False)
    rig.turn("Day", False)
    rig.wait(10)
    assert rig.offs == []
    assert rig.ignored() == [("Total", False), ("Day", False)]


def test_an_on_at_once_takes_the_place_of_an_off_that_is_held() -> None:
    rig = Rig(2)
    rig.turn("Total", False)
    rig.turn("Total", True)
    rig.wait(10)
    assert rig.sent == [("Total", True)]
    assert rig.alarm.ignored == [("Total", False, LATER)]


def test_a_sweep_does_not_undo_what_another_peer_asked_for() -> None:
    rig = Rig()
    rig.turn("Night", False, OTHER)
    for name in NAMES:
        rig.turn(name, True)
    rig.wait()
    assert rig.sent == [("Night", False)]


@pytest.mark.parametrize("on", [True, False])
def test_all_at_once_is_a_sweep_and_the_truth_is_shown(on: bool) -> None:
    rig = Rig()
    rig.alarm.be("Night")
    rig.turn("Night", on)
    assert {ticket.accepted.exception(0) for ticket in rig.turn_all(on)} == {None}
    assert sorted(rig.ignored()) == sorted((name, on) for name in NAMES)
    rig.turn("Night", on)  # as part of it
    rig.wait(10)
    assert rig.on("Night") is True
    assert rig.sent == []


# -- no lever ---------------------------------------------------------------------------------------------------


def test_a_peer_that_goes_on_with_its_offs_does_not_sweep_the_offs_of_others_for_ever() -> None:
    rig = Rig(arm_only="Total")
    rig.alarm.be("Night")
    tries = 0
    while "Night" not in rig.offs:
        for _ in range(4):
            rig.turn("Total", False, OTHER)
            rig.turn("Perimeter", False, OTHER)
            rig.wait(0.5)
        rig.turn("Night", False)
        tries += 1
        assert tries < 40
        rig.alarm.be("Night")
    assert any(OTHER in reason and "everything off" in reason for reason in rig.reasons())
    rig.wait(REPEATED_S)
    for _ in range(10):  # from then on each of them is taken
        before = rig.offs.count("Night")
        for _ in range(16):
            rig.turn("Total", False, OTHER)
            rig.turn("Perimeter", False, OTHER)
            rig.wait(0.5)
        rig.turn("Night", False)
        rig.wait(0.1)
        rig.turn("Total", False, OTHER)
        rig.turn("Perimeter", False, OTHER)
        rig.wait(REPEATED_S)
        assert rig.offs.count("Night") == before + 1


def test_echos_that_sweep_together_may_be_told_again() -> None:
    rig = Rig()
    for _ in range(OFTEN):
        for number, name in enumerate(NAMES):
            rig.turn(name, False, (ECHO, OTHER)[number % 2])
        rig.wait(20)
    assert rig.sent == []


# -- shown ------------------------------------------------------------------------------------------------------


def test_while_pending_last_shows_the_last_state() -> None:
    rig = Rig(show_target=False)
    rig.turn("Night", True)
    assert rig.on("Night") is False
    for name in NAMES:
        rig.turn(name, True)
    assert rig.on("Night") is False


# -- whatever came before ---------------------------------------------------------------------------------------

EVENTS = st.tuples(
    st.sampled_from(NAMES), st.booleans(), st.sampled_from((ECHO, OTHER)), st.floats(0.0, 2.5, allow_nan=False)
)


@given(
    st.lists(EVENTS, max_size=6),
    st.permutations(NAMES),
    st.sets(st.sampled_from(NAMES)),
    st.floats(0.0, 0.6, allow_nan=False),
)
@example([("Night", False, ECHO, 0.6), ("Night", True, ECHO, 1.3)], ["Night", "Total", "Day", "Perimeter"], set(), 0.2)
@example([], ["Night", "Total", "Day", "Perimeter"], {"Night", "Total"}, 0.2)
@settings(max_examples=200)
def test_no_off_of_a_sweep_is_sent_whatever_came_before_and_in_the_middle(
    before: list[tuple[str, bool, str, float]], order: list[str], again: set[str], pace: float
) -> None:
    rig = Rig()
    for name, on, peer, pause in before:
        rig.turn(name, on, peer)
        rig.wait(pause)
    for number, name in enumerate(order):
        rig.turn(name, False, (ECHO, OTHER)[number % 2], *(("wemo", Guard.OFFS) if number == 2 else ()))
        if name in again:
            rig.turn(name, True, OTHER)
        rig.wait(pace)
    rig.wait(10)
    assert len(rig.offs) <= sum(not on for _, on, _, _ in before)
    assert rig.alarm.open == []


# -- no other program takes the place of this one in the middle ---------------------------------------------------


def test_the_hub_is_not_at_rest_while_something_is_held() -> None:
    rig = Rig()
    assert rig.hub.is_at_rest
    rig.alarm.be("Night")
    rig.turn("Night", False)
    assert not rig.hub.is_at_rest
    rig.wait()
    assert rig.alarm.sent
    assert rig.hub.is_at_rest


def test_the_hub_is_not_at_rest_while_a_switch_that_was_off_may_be_the_first_of_a_sweep() -> None:
    """Else the program after it would take the third of "turn everything off" for an off of its own, and disarm."""
    rig = Rig(arm_only="Day")
    rig.turn("Day", False)  # changes nothing, and counts
    assert not rig.alarm.sent
    assert not rig.hub.is_at_rest
    rig.clock.now += SWEEP_S
    assert rig.hub.is_at_rest


def test_the_hub_is_not_at_rest_while_an_alarm_is_not() -> None:
    rig = Rig()
    rig.alarm.is_at_rest = False
    assert not rig.hub.is_at_rest
