"""Lights and their commands, on a clock that tests move: what is sent, what is held back, what reads back."""

import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from emulator.doors.lights import LATER, STOPPED, SWEEP, WAITING, Light, Lights
from emulator.doors.names import named
from emulator.errors import EmulatorError, Rejected, Unreachable
from emulator.hub import Ticket
from emulator.model import DISARMED, LightIdentity, Origin, PanelState, Switch
from emulator.policy import SWEEP_S
from tests.doors.fakes import FakeHub, a_switch

ECHO, OTHER = "192.168.7.9", "192.168.7.10"
NAMES = ("Total", "Day", "Night", "Perimeter")


def switches(number: int = 4, *, arm_only: str = "") -> tuple[Switch, ...]:
    made = [a_switch(name, place, port=1024 + place, doors="hue") for place, name in enumerate(NAMES[:number], 1)]
    return tuple(replace(one, off_disarms=one.name != arm_only) for one in made)


class Rig:
    """The lights of some switches on one hub. Nothing is released before `wait`."""

    def __init__(self, number: int = 4, *, arm_only: str = "", show_target: bool = True, **settings: object) -> None:
        self.now = 1000.0
        self.woken = 0
        self.hub = FakeHub(switches=switches(number, arm_only=arm_only), show_target=show_target)
        identities = {
            one.identity.key: LightIdentity(100 + place, "plug", f"u{place}")
            for place, one in enumerate(self.hub.switches)
        }
        self.lights = Lights(
            self.hub,
            named(self.hub.switches, identities),
            show_target=show_target,
            wake=self.wake,
            monotonic=lambda: self.now,
            now=lambda: self.now,
            **settings,  # type: ignore[arg-type]
        )

    def wake(self) -> None:
        self.woken += 1

    def light(self, name: str) -> Light:
        return next(light for light in self.lights.all.values() if light.name == name)

    def turn(self, name: str, on: bool, peer: str = ECHO) -> object:
        return self.lights.turn(self.light(name), on, peer)

    def wait(self, seconds: float = SWEEP_S) -> None:
        self.now += seconds
        self.lights.release()

    def on(self, name: str) -> bool:
        return self.lights.state(self.light(name)).on

    def sent(self) -> list[tuple[str, bool]]:
        return [(name, on) for name, on, _ in self.hub.asked]

    def ignored(self) -> list[tuple[str, bool]]:
        return [(name, on) for name, on, _ in self.hub.ignored]


# -- one command ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("on", [True, False])
def test_a_single_command_is_sent_once_it_cannot_be_part_of_a_sweep(on: bool) -> None:
    rig = Rig()
    rig.hub.states["Night"] = not on
    assert rig.turn("Night", on) is None
    assert rig.woken == 1
    assert rig.lights.next_at() == rig.now + SWEEP_S
    assert rig.on("Night") is on  # as an Echo reads back at once
    rig.wait(SWEEP_S - 0.01)
    assert rig.sent() == []
    assert rig.on("Night") is on
    rig.wait(0.01)
    assert rig.sent() == [("Night", on)]
    assert rig.hub.asked[0][2].door == "hue"
    assert rig.hub.asked[0][2].peer == ECHO
    assert rig.lights.next_at() is None
    assert rig.on("Night") is on
    assert rig.ignored() == []


def test_a_repeated_command_is_one() -> None:
    rig = Rig()
    for _ in range(4):
        rig.turn("Night", False)
        rig.wait(0.5)
    assert rig.sent() == []  # the last of them may still be the first of a sweep
    rig.wait()
    assert rig.sent() == [("Night", False)]


def test_a_client_that_goes_on_repeating_itself_does_not_put_its_command_off_for_ever() -> None:
    rig = Rig()
    for _ in range(10):
        rig.turn("Night", True)
        rig.wait(1.0)
    assert rig.sent()[0] == ("Night", True)


def test_the_same_from_two_peers_reaches_the_hub_twice_which_joins_them() -> None:
    rig = Rig()
    rig.turn("Night", False)
    rig.turn("Night", False, OTHER)
    rig.wait()
    assert rig.sent() == [("Night", False), ("Night", False)]


def test_what_fails_later_shows_the_truth_again() -> None:
    rig = Rig()
    rig.hub.prompt = False
    rig.turn("Night", True)
    rig.wait()
    assert rig.on("Night") is False


@pytest.mark.parametrize("first", [True, False])
def test_a_change_of_mind_takes_the_place_of_what_waits(first: bool) -> None:
    rig = Rig()
    rig.turn("Night", first)
    rig.wait(1)
    rig.turn("Night", not first)
    assert rig.on("Night") is not first
    rig.wait()
    assert rig.sent() == [("Night", not first)]
    assert rig.hub.ignored == [("Night", first, LATER)]


def test_an_off_that_does_nothing_changes_nobodys_mind() -> None:
    rig = Rig(arm_only="Night")
    rig.turn("Night", True)
    rig.turn("Night", False)
    rig.wait()
    assert ("Night", True) in rig.sent()
    assert rig.ignored() == []


def test_an_arm_only_switch_goes_to_the_hub_at_once_which_ignores_it() -> None:
    rig = Rig(arm_only="Night")
    rig.hub.prompt = False
    rig.hub.states["Night"] = True
    rig.lights._reply_within_s = 0
    rig.turn("Night", False)
    assert rig.sent() == [("Night", False)]
    assert rig.on("Night") is True


def test_what_is_known_to_be_in_the_way_is_said_at_once() -> None:
    rig = Rig()
    rig.hub.obstacle = Rejected("a window is open")
    assert rig.turn("Night", True) is rig.hub.obstacle
    assert rig.hub.ignored == [("Night", True, "a window is open")]
    assert rig.on("Night") is False
    rig.wait()
    assert rig.sent() == []


def test_a_stop_sends_nothing_more() -> None:
    rig = Rig()
    rig.turn("Night", False)
    rig.lights.drop()
    rig.wait()
    assert rig.sent() == []
    assert rig.hub.ignored == [("Night", False, STOPPED)]


def test_what_is_held_is_written_down_before_the_answer_and_ends_in_the_same_entry() -> None:
    rig = Rig()
    rig.turn("Night", True)
    rig.turn("Night", True)
    assert len(rig.hub.open) == 1
    rig.wait()
    assert rig.hub.open == []
    assert rig.sent() == [("Night", True)]


def test_what_cannot_be_written_down_is_refused_and_not_held() -> None:
    rig = Rig()
    rig.hub.full = EmulatorError("the disk is full")
    assert rig.turn("Night", True) is rig.hub.full
    assert rig.on("Night") is False
    assert rig.lights.next_at() is None
    rig.wait()
    assert rig.sent() == []
    assert rig.ignored() == []


def test_whoever_takes_what_is_held_waits_until_it_is_written_down() -> None:
    rig = Rig()
    writing, written = threading.Event(), threading.Event()

    def hold(*_: object) -> int:
        writing.set()
        assert written.wait(10)
        rig.hub.open.append(7)
        return 7

    rig.hub.hold = hold  # type: ignore[method-assign]
    with ThreadPoolExecutor(2) as pool:
        asking = pool.submit(rig.turn, "Night", True)
        assert writing.wait(10)
        dropping = pool.submit(rig.lights.drop)
        wait([dropping], 0.05)
        assert rig.ignored() == []
        written.set()
        asking.result(10)
        dropping.result(10)
    assert rig.hub.ignored == [("Night", True, STOPPED)]
    assert rig.hub.open == []


@pytest.mark.parametrize("take", [Rig.wait, lambda rig: rig.lights.drop()])
def test_what_is_taken_just_before_its_entry_fails_is_neither_sent_nor_written(take: Callable[[Rig], None]) -> None:
    rig = Rig()
    full = EmulatorError("the disk is full")

    def hold(*_: object) -> int:
        taking.append(pool.submit(take, rig))
        while rig.lights.next_at() is not None:
            wait(taking, 0.01)
        raise full

    rig.hub.hold = hold  # type: ignore[method-assign]
    taking: list[Future[None]] = []
    with ThreadPoolExecutor(1) as pool:
        assert rig.turn("Night", True) is full
        taking[0].result(10)
    assert rig.sent() == []
    assert rig.ignored() == []


def test_an_off_that_cannot_be_written_down_leaves_the_arm_before_it() -> None:
    rig = Rig()
    rig.turn("Night", True)
    rig.hub.full = EmulatorError("the disk is full")
    assert rig.turn("Night", False) is rig.hub.full
    rig.wait()
    assert rig.sent() == [("Night", True)]
    assert rig.ignored() == []


def test_whoever_repeats_a_command_that_cannot_be_written_down_is_told_so_too() -> None:
    rig = Rig()
    writing, failing = threading.Event(), threading.Event()
    full = EmulatorError("the disk is full")

    def hold(*_: object) -> int:
        writing.set()
        assert failing.wait(10)
        raise full

    rig.hub.hold = hold  # type: ignore[method-assign]
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(rig.turn, "Night", True)
        assert writing.wait(10)
        second = pool.submit(rig.turn, "Night", True)
        wait([second], 0.05)
        failing.set()
        assert [first.result(10), second.result(10)] == [full, full]


def test_a_defect_while_it_is_written_down_leaves_nobody_waiting() -> None:
    rig = Rig()
    rig.hub.full = ValueError("a defect")
    with pytest.raises(ValueError, match="a defect"):
        rig.turn("Night", True)
    assert rig.lights.next_at() is None
    rig.hub.full = None
    rig.turn("Night", True)
    rig.wait()
    assert rig.sent() == [("Night", True)]


def test_a_sweep_that_comes_just_before_the_entry_waits_for_it_and_ends_it() -> None:
    rig = Rig()
    with ThreadPoolExecutor(2) as pool:
        sweeping: list[Future[object]] = []

        def heard(_: str) -> None:
            if not sweeping:
                sweeping.append(pool.submit(rig.lights.turn_all, False, OTHER))
                while not rig.lights._sweeps.add(OTHER, False, (), rig.now).swept:
                    wait(sweeping, 0.01)

        rig.hub.subscribe(heard)
        assert pool.submit(rig.turn, "Night", False).result(10) is None
        sweeping[0].result(10)
    assert rig.hub.open == []
    assert ("Night", False) in rig.ignored()
    assert rig.sent() == []


def test_arms_that_could_not_be_written_down_are_no_part_of_a_sweep() -> None:
    rig = Rig()
    rig.hub.full = EmulatorError("the disk is full")
    rig.turn("Night", True)
    rig.turn("Day", True)
    rig.hub.full = None
    rig.turn("Perimeter", True)
    rig.wait()
    assert rig.sent() == [("Perimeter", True)]


# -- without sweeps ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("number", "settings"), [(1, {}), (4, {"allow_sweep": True})])
def test_where_no_sweep_is_possible_the_answer_is_the_clouds(number: int, settings: dict[str, bool]) -> None:
    rig = Rig(number, reply_within_s=0.0, **settings)
    assert rig.turn("Total", True) is None
    assert rig.sent() == [("Total", True)]
    rig.hub.prompt = False
    assert rig.turn("Total", False) is None  # no word in time
    refused = Ticket()
    refused.accepted.set_exception(Unreachable("the cloud is down"))
    rig.hub.submit = lambda *_: refused  # type: ignore[method-assign]
    assert str(rig.turn("Total", False)) == "the cloud is down"


def test_few_wait_for_a_cloud_that_is_silent_so_that_others_are_answered() -> None:
    rig = Rig(1, reply_within_s=60.0)
    rig.hub.prompt = False
    with ThreadPoolExecutor(WAITING + 1) as pool:
        asking = [pool.submit(rig.turn, "Total", True, f"192.168.7.{each}") for each in range(WAITING + 1)]
        done, waiting = wait(asking, return_when=FIRST_COMPLETED)
        assert [each.result() for each in done] == [None]
        for ticket in rig.hub.tickets:
            ticket.accepted.set_exception(Unreachable("the cloud is down"))
        assert [str(each.result()) for each in waiting] == WAITING * ["the cloud is down"]


def test_one_peer_waits_for_the_cloud_only_once() -> None:
    rig = Rig(1, reply_within_s=60.0)
    rig.hub.prompt = False
    with ThreadPoolExecutor(2) as pool:
        asking = [pool.submit(rig.turn, "Total", True) for _ in range(2)]
        done, _ = wait(asking, return_when=FIRST_COMPLETED)
        assert [each.result() for each in done] == [None]
        for ticket in rig.hub.tickets:
            ticket.accepted.set_exception(Unreachable("the cloud is down"))


# -- sweeps -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("on", [True, False])
@pytest.mark.parametrize("pace", [0.0, 0.9, 1.9])
def test_a_sweep_changes_nothing_whichever_light_comes_first(on: bool, pace: float) -> None:
    for first in range(4):
        rig = Rig()
        for name in NAMES[first:] + NAMES[:first]:
            assert rig.turn(name, on) is None
            assert rig.on(name) is on
            rig.wait(pace)
        rig.wait(10)
        assert rig.sent() == []
        assert sorted(rig.ignored()) == sorted((name, on) for name in NAMES)
        assert {reason for *_, reason in rig.hub.ignored} == {SWEEP}
        assert not any(map(rig.on, NAMES))


def test_after_a_sweep_a_client_that_asks_again_at_once_belongs_to_it() -> None:
    rig = Rig()
    rig.hub.states["Night"] = True
    for name in NAMES:
        rig.turn(name, False)
    assert rig.on("Night") is False
    for _ in range(5):
        rig.wait(1.9)
        rig.turn("Night", False)
    assert rig.on("Night") is True  # what was asked for shows no longer than an Echo reads back
    rig.wait(2.0)
    assert rig.sent() == []
    assert sorted(rig.ignored()) == sorted((name, False) for name in NAMES)  # and each light is told once
    rig.turn("Night", False)
    rig.wait()
    assert rig.sent() == [("Night", False)]


def test_two_lights_are_no_sweep() -> None:
    rig = Rig()
    rig.turn("Total", False)
    rig.turn("Day", False)
    rig.turn("Perimeter", True)
    rig.wait()
    assert sorted(rig.sent()) == [("Day", False), ("Perimeter", True), ("Total", False)]


def test_echos_that_share_the_lights_of_a_house_sweep_together() -> None:
    rig = Rig()
    for number, name in enumerate(NAMES):
        rig.turn(name, False, (ECHO, OTHER)[number % 2])
    rig.wait()
    assert rig.sent() == []


def test_an_off_that_waits_does_not_overtake_a_newer_arm_of_any_door() -> None:
    rig = Rig()
    rig.turn("Night", False)
    rig.hub.submit(rig.lights.all[next(iter(rig.lights.all))].switch, True, Origin("wemo"))
    rig.wait()
    assert [on for _, on in rig.sent()] == [True]
    assert rig.ignored() == [("Night", False)]


def test_a_sweep_after_a_change_of_mind_is_still_a_sweep() -> None:
    rig = Rig()
    rig.hub.states["Night"] = True
    rig.turn("Night", False)
    rig.wait(0.6)
    rig.turn("Night", True)
    rig.wait(1.3)
    for name in ("Night", "Total", "Day", "Perimeter"):
        rig.turn(name, False)
        rig.wait(0.2)
    rig.wait(4)
    assert [sent for sent in rig.sent() if not sent[1]] == []


def test_lights_far_apart_are_no_sweep() -> None:
    rig = Rig()
    for name in NAMES:
        rig.turn(name, False)
        rig.wait(2.01)
    assert rig.sent() == [(name, False) for name in NAMES]


def test_a_light_whose_off_does_nothing_counts_and_shows_the_truth() -> None:
    rig = Rig(arm_only="Day")
    rig.hub.states = {"Day": True, "Night": True}
    rig.hub.prompt = False
    rig.lights._reply_within_s = 0
    for name in ("Day", "Total", "Night"):
        rig.turn(name, False)
    assert rig.on("Day") is True
    assert rig.on("Night") is False
    rig.wait(10)
    assert rig.on("Night") is True
    assert rig.sent() == [("Day", False)]
    assert sorted(rig.ignored()) == [("Night", False), ("Total", False)]


def test_of_two_lights_both_off_is_a_sweep_and_both_on_is_not() -> None:
    rig = Rig(2)
    rig.turn("Total", True)
    rig.turn("Day", True)
    assert rig.sent() == [("Total", True), ("Day", True)]
    rig.turn("Total", False)
    rig.turn("Day", False)
    rig.wait(10)
    assert rig.sent()[2:] == []
    assert rig.ignored() == [("Total", False), ("Day", False)]


def test_an_on_at_once_takes_the_place_of_an_off_that_waits() -> None:
    rig = Rig(2)
    rig.turn("Total", False)
    rig.turn("Total", True)
    rig.wait(10)
    assert rig.sent() == [("Total", True)]
    assert rig.hub.ignored == [("Total", False, LATER)]


def test_a_sweep_does_not_undo_what_another_peer_asked_for() -> None:
    rig = Rig()
    rig.turn("Night", False, OTHER)
    for name in NAMES:
        rig.turn(name, True)
    rig.wait()
    assert rig.sent() == [("Night", False)]


@pytest.mark.parametrize("on", [True, False])
def test_all_at_once_is_a_sweep_and_the_truth_is_shown(on: bool) -> None:
    rig = Rig()
    rig.hub.states["Night"] = True
    rig.turn("Night", on)
    assert rig.lights.turn_all(on, ECHO) is None
    assert sorted(rig.ignored()) == sorted((name, on) for name in NAMES)
    assert rig.on("Night") is True
    rig.turn("Night", on)  # as part of it
    rig.wait(10)
    assert rig.sent() == []


def test_all_at_once_where_it_is_allowed() -> None:
    rig = Rig(allow_sweep=True)
    assert rig.lights.turn_all(False, ECHO) is None
    assert rig.sent() == [(name, False) for name in NAMES]


# -- states -----------------------------------------------------------------------------------------------------


def test_what_nobody_knows_is_never_off() -> None:
    rig = Rig()
    rig.hub.states["Night"] = None
    state = rig.lights.state(rig.light("Night"))
    assert (state.on, state.reachable) == (True, False)


@pytest.mark.parametrize(("age", "reachable"), [(3599, True), (3601, False)])
def test_without_news_for_long_a_light_is_out_of_reach(age: float, reachable: bool) -> None:
    rig = Rig()
    rig.hub.panel = PanelState(DISARMED, rig.now - age, "0", "EST2")
    assert rig.lights.state(rig.light("Night")).reachable is reachable


def test_while_pending_last_shows_the_last_state() -> None:
    rig = Rig(show_target=False)
    rig.turn("Night", True)
    assert rig.on("Night") is False
    for name in NAMES:
        rig.turn(name, True)
    assert rig.on("Night") is False


def test_a_brightness_reads_back_as_it_was_set() -> None:
    rig = Rig()
    assert rig.lights.state(rig.light("Night")).bri == 254
    rig.lights.dim(rig.light("Night"), 1)
    assert rig.lights.state(rig.light("Night")).bri == 1


# -- whatever came before -------------------------------------------------------------------------------------------

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
def test_no_off_of_a_sweep_is_sent_whatever_came_before_and_in_the_middle(
    before: list[tuple[str, bool, str, float]], order: list[str], again: set[str], pace: float
) -> None:
    rig = Rig()
    for name, on, peer, pause in before:
        rig.turn(name, on, peer)
        rig.wait(pause)
    for number, name in enumerate(order):
        rig.turn(name, False, (ECHO, OTHER)[number % 2])
        if name in again:
            rig.turn(name, True, OTHER)
        rig.wait(pace)
    rig.wait(10)
    offs = [name for name, on in rig.sent() if not on]
    assert len(offs) <= sum(not on for _, on, _, _ in before)
    assert rig.hub.open == []
