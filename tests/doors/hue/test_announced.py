"""Commands that the bridge holds back, as other doors see them: a real hub, a simulated alarm, a clock to move."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from emulator.alarm.held import SWEEP
from emulator.alarm.hub import Guard
from emulator.alarm.presses import LATER, STOPPED
from emulator.alarm.sweeps import SWEEP_S
from emulator.doors.hue.lights import Light, Lights
from emulator.doors.hue.names import named
from emulator.errors import LoginRefused
from emulator.model import DISARMED, Arm, ArmMode, Disarm, Interior, Origin, Result
from emulator.store.light_ids import LightIdentity
from tests.alarm.test_hub import NAMES, Home

ECHO, HUB = "192.168.7.9", Origin("wemo", "192.168.7.10")
NIGHT = Arm(ArmMode(Interior.NIGHT))


class House(Home):
    """The bridge's lights on a hub, and a subscriber that notes each change of state, as a WeMo switch does."""

    def __init__(self, folder: Path, *, show_target: bool = True, off_disarms: bool = True) -> None:
        super().__init__(folder, show_target=show_target, off_disarms=off_disarms)
        identities = {one.identity.key: LightIdentity(n, "plug", "") for n, one in enumerate(self.hub.switches, 1)}
        self.lights = Lights(
            self.hub,
            named(self.hub.switches, identities),
            reply_within_s=0.0,
            now=self.clock.time,
        )
        self.alarm.step()
        self.heard: list[set[str]] = [self.on]
        self.hub.subscribe(lambda _: self.hear())

    @property
    def on(self) -> set[str]:
        return {name for name, on in self.ons().items() if on}

    def hear(self) -> None:
        if self.on != self.heard[-1]:
            self.heard.append(self.on)

    def light(self, name: str) -> Light:
        return next(one for one in self.lights.all.values() if one.switch is self.switches[name])

    def turn(self, name: str, on: bool) -> None:
        self.lights.turn(self.light(name), on, ECHO)

    def shows(self, name: str) -> bool:
        return self.lights.state(self.light(name)).on

    def wait(self, seconds: float = SWEEP_S) -> None:
        self.clock.now += seconds
        self.hub._presses.release()

    def armed(self, command: Arm) -> None:
        """Change the state at the keypad, and read it."""
        self.panel.keypad(command)
        self.clock.now += 60
        self.alarm.step()
        self.heard = [self.on]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.journal.close()


def test_an_on_is_seen_and_heard_at_once_and_never_off_again_until_it_is_confirmed(house: House) -> None:
    house.turn("night", True)
    assert house.heard == [set(), {"night"}]
    [entry] = house.journal.commands(9)
    assert (entry.action, entry.result) == ("arm night", None)
    house.wait()
    assert house.alarm.view.target is not None
    house.alarm.step()
    assert house.heard == [set(), {"night"}]
    assert house.shows("night")
    assert house.count("ARMNIGHT1") == 1
    assert [entry.result for entry in house.journal.commands(9)] == ["confirmed"]


def test_an_off_is_seen_and_heard_at_once_and_never_on_again_until_it_is_confirmed(house: House) -> None:
    house.armed(NIGHT)
    house.turn("night", False)
    assert house.heard == [{"night"}, set()]
    assert not house.shows("night")
    house.wait()
    house.alarm.step()
    assert house.heard == [{"night"}, set()]
    assert house.panel.axes == DISARMED
    assert house.count("DARM1") == 1


@pytest.mark.parametrize("on", [True, False])
def test_after_a_sweep_they_hear_the_truth_again(house: House, on: bool) -> None:
    house.armed(Arm(ArmMode(Interior.TOTAL, perimeter=True)))
    truth = house.on
    for name in ("night", "total", "perimeter", "total+perimeter"):
        house.turn(name, on)
    assert house.heard[0] == house.heard[-1] == house.on == truth
    assert len(house.heard) > 1
    assert house.shows("total") is on  # to whom the sweep was answered with "done"
    sweep = SWEEP[on]
    assert all(str(entry.message).endswith(sweep) for entry in house.journal.commands(9))
    house.wait()
    assert house.on == truth
    assert house.shows("total") is True


def test_a_change_of_mind_is_heard(house: House) -> None:
    house.turn("night", True)
    house.turn("night", False)
    assert house.heard == [set(), {"night"}, set()]
    house.wait()
    house.alarm.step()
    assert house.heard == [set(), {"night"}, set()]
    assert [entry.message for entry in house.journal.commands(9) if entry.message == LATER] == [LATER]


def test_what_is_refused_later_is_heard(house: House) -> None:
    house.turn("night", True)
    house.alarm._commands.stopping = True
    house.wait()
    assert house.heard == [set(), {"night"}, set()]


def test_what_cannot_be_written_down_is_heard_no_longer(house: House) -> None:
    house.journal.close()
    house.turn("night", True)
    assert house.heard[-1] == set()
    house.wait()
    assert house.count("ARMNIGHT1") == 0


def test_what_is_known_to_be_refused_is_not_announced(house: House) -> None:
    house.alarm._guard.refusal = LoginRefused("no")
    house.turn("night", True)
    assert house.heard == [set()]
    assert not house.shows("night")


def test_an_off_of_a_switch_that_only_arms_is_not_announced(tmp_path: Path) -> None:
    house = House(tmp_path, off_disarms=False)
    house.armed(NIGHT)
    house.turn("night", False)
    assert house.heard == [{"night"}]
    house.journal.close()


@pytest.mark.parametrize("on", [True, False])
def test_while_pending_last_nothing_is_heard_before_the_panel_has_answered(tmp_path: Path, on: bool) -> None:
    house = House(tmp_path, show_target=False)
    if not on:
        house.armed(NIGHT)
    before = house.on
    house.turn("night", on)
    assert house.shows("night") is not on
    house.wait()
    assert house.heard == [before]
    house.alarm.step()
    assert house.heard == [before, {"night"} - before]
    house.journal.close()


def test_a_stop_leaves_nothing_announced(house: House) -> None:
    house.turn("night", True)
    house.hub.stop()
    assert house.heard == [set(), {"night"}, set()]
    assert house.journal.commands(1)[0].message == STOPPED
    house.wait()
    assert house.on == set()
    assert house.count("ARMNIGHT1") == 0


def test_an_arm_through_another_door_is_not_hidden_by_an_off_that_waits(house: House) -> None:
    house.armed(NIGHT)
    house.turn("night", False)
    house.hub.submit(house.switches["perimeter"], True, HUB)
    assert house.on == {"night", "perimeter"}
    assert house.shows("night")
    house.wait()
    house.alarm.step()
    assert house.on == {"night", "perimeter"}
    assert house.count("DARM1") == 0


def test_an_off_through_another_door_takes_back_an_arm_that_waits(house: House) -> None:
    house.turn("night", True)
    ticket = house.hub.submit(house.switches["night"], False, HUB, Guard.NONE)
    assert house.on == set()
    house.alarm.step()
    assert ticket.done.result(0).result is Result.IGNORED
    house.wait()
    house.alarm.step()
    assert house.heard == [set(), {"night"}, set()]
    assert (house.count("ARMNIGHT1"), house.count("DARM1")) == (0, 0)


def test_a_disarm_of_the_whole_house_takes_back_every_arm_that_waits(house: House) -> None:
    house.armed(Arm(ArmMode(perimeter=True)))
    house.turn("night", True)
    house.hub.command("home", Disarm(), Origin("api"))
    for _ in range(3):
        house.wait()
        house.alarm.step()
    assert house.on == set()
    assert (house.count("ARMNIGHT1"), house.count("DARM1")) == (0, 1)


def test_an_off_of_another_switch_that_is_not_on_takes_back_nothing(house: House) -> None:
    house.turn("night", True)
    house.hub.submit(house.switches["perimeter"], False, HUB, Guard.NONE)
    house.alarm.step()
    house.wait()
    house.alarm.step()
    assert house.on == {"night"}
    assert (house.count("ARMNIGHT1"), house.count("DARM1")) == (1, 0)


def test_after_a_sweep_an_arm_through_another_door_is_not_hidden(house: House) -> None:
    for name in NAMES:
        house.turn(name, False)
    assert not house.shows("night")
    house.hub.submit(house.switches["night"], True, HUB)
    assert house.shows("night")


def test_before_anything_was_read_no_light_shows_off(house: House) -> None:
    house.alarm._commands.view = type(house.alarm.view)()
    for name in NAMES:
        house.turn(name, False)
        assert house.shows(name)
    assert house.ons() == dict.fromkeys(NAMES)


def test_doors_and_subscribers_never_wait_for_each_other(house: House) -> None:
    """Call from many threads at once; the subscriber asks both door and hub while it is notified."""
    house.hub.subscribe(lambda _: house.hear() if house.shows("night") else None)
    ends = threading.Event()

    def until_the_end(act: Callable[[], object]) -> threading.Thread:
        def go() -> None:
            while not ends.is_set():
                act()

        thread = threading.Thread(target=go, daemon=True)
        thread.start()
        return thread

    crowd = [
        until_the_end(lambda: house.wait(0.1)),
        until_the_end(lambda: house.hub.submit(house.switches["perimeter"], True, HUB)),
        until_the_end(lambda: house.lights.turn_all(False, ECHO)),
    ]
    for number in range(4):
        for name in NAMES:
            house.turn(name, bool(number % 3))
    ends.set()
    for thread in crowd:
        thread.join(10)
    assert not any(thread.is_alive() for thread in crowd)
    house.hub.stop()
    assert house.hub._presses.held.announced == ()
