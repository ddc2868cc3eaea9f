"""What doors may ask: submit, state, subscribe."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.hub import Hub
from emulator.installation import Installation
from emulator.journal import Journal
from emulator.model import Arm, ArmMode, Axes, Identity, Interior, Origin, PanelState, Result, Switch
from tests.fakes import SimulatedCloud

PEER = Origin("wemo", "10.0.0.9")
NAMES = ("total", "night", "perimeter", "total+perimeter")


class Home(SimulatedCloud):
    """A hub with four switches on a simulated alarm."""

    def __init__(self, folder: Path, *, show_target: bool = True, off_disarms: bool = True) -> None:
        super().__init__()
        self.journal = Journal(folder)
        self.alarm = Installation("home", self.new_client, self.journal, self.clock, poll_every_s=60)
        self.switches = {
            name: Switch(
                name=f"{name} alarm",
                installation="home",
                mode=ArmMode.parse(name),
                off_disarms=off_disarms,
                doors=frozenset({"wemo"}),
                identity=Identity(str(index), f"S{index}", f"02{index:010}", 49151 + index),
            )
            for index, name in enumerate(NAMES)
        }
        self.hub = Hub(
            list(self.switches.values()), {"home": self.alarm}, self.journal, self.clock, show_target=show_target
        )

    def ons(self) -> dict[str, bool | None]:
        return {name: self.hub.state(switch).on for name, switch in self.switches.items()}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path)
    yield made
    made.journal.close()


def test_before_anything_was_read_nothing_is_known(home: Home) -> None:
    assert set(home.ons().values()) == {None}
    assert home.hub.state(home.switches["total"]).panel is None


def test_modes_add_up(home: Home) -> None:
    home.house.keypad(Arm(ArmMode(Interior.TOTAL, perimeter=True)))
    home.alarm.step()
    assert home.ons() == {"total": True, "night": False, "perimeter": True, "total+perimeter": True}


def test_a_panel_that_nobody_can_read_is_on_everywhere(home: Home) -> None:
    home.journal.save_state("home", PanelState(Axes(), 1.0, "N", "EST2"))
    alarm = Installation("home", home.new_client, home.journal, home.clock, poll_every_s=60)
    hub = Hub(list(home.switches.values()), {"home": alarm}, home.journal, home.clock)
    assert {hub.state(switch).on for switch in hub.switches} == {True}


def test_the_target_is_shown_while_pending(home: Home) -> None:
    home.alarm.step()
    home.hub.submit(home.switches["night"], True, PEER)
    state = home.hub.state(home.switches["night"])
    assert (state.on, state.pending) == (True, True)
    assert state.panel is not None
    assert not state.panel.axes.armed


def test_the_target_is_known_even_when_the_panel_is_not(home: Home) -> None:
    home.hub.submit(home.switches["night"], True, PEER)
    assert home.ons() == {"total": False, "night": True, "perimeter": None, "total+perimeter": False}


def test_while_pending_last_shows_the_last_state(tmp_path: Path) -> None:
    home = Home(tmp_path, show_target=False)
    home.alarm.step()
    home.hub.submit(home.switches["night"], True, PEER)
    assert (home.ons()["night"], home.hub.state(home.switches["night"]).pending) == (False, True)
    home.journal.close()


def test_origin_is_journalled(home: Home) -> None:
    home.hub.submit(home.switches["night"], True, PEER)
    (entry,) = home.journal.commands(1)
    assert (entry.door, entry.peer, entry.switch) == ("wemo", "10.0.0.9", "night alarm")


def test_a_switch_without_off_only_arms(tmp_path: Path) -> None:
    home = Home(tmp_path, off_disarms=False)
    home.house.keypad(Arm(ArmMode(Interior.NIGHT)))
    home.alarm.step()
    ticket = home.hub.submit(home.switches["night"], False, PEER)
    assert ticket.done.result(0).result is Result.IGNORED
    assert ticket.accepted.result(0) is None
    assert home.ons()["night"] is True
    assert home.journal.commands(1)[0].result == "ignored"
    assert home.house.axes.armed
    home.journal.close()


def test_an_off_that_was_asked_for_before_an_arm_is_too_late(home: Home) -> None:
    home.house.keypad(Arm(ArmMode(perimeter=True)))
    early = home.hub.ask()
    home.hub.submit(home.switches["night"], True, PEER)
    late = home.hub.submit(home.switches["perimeter"], False, PEER, early)
    assert late.done.result(0).result is Result.IGNORED
    assert "before this was sent" in late.done.result(0).message
    assert not home.hub.submit(home.switches["perimeter"], False, PEER).done.done()


def test_a_journal_that_fails_is_an_answer(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    home.journal.close()
    ticket = home.hub.submit(home.switches["night"], True, PEER)
    assert ticket.done.result(0).result is Result.FAILED
    assert "cannot be written" in caplog.text


def test_subscribers_hear_of_changes_until_they_leave(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[str] = []

    def broken(_installation: str) -> None:
        raise ValueError("door is broken")

    home.hub.subscribe(broken)
    leave = home.hub.subscribe(heard.append)
    with caplog.at_level(logging.ERROR):
        home.hub.changed("home")
    leave()
    home.hub.changed("home")
    assert heard == ["home"]
    assert "a door did not take the news" in caplog.text


def test_what_is_ignored_is_journalled_with_its_reason(home: Home) -> None:
    ticket = home.hub.ignore(home.switches["night"], False, Origin("hue", "10.0.0.9"), "a sweep")
    assert ticket.accepted.result(0) is None
    assert ticket.done.result(0).message == "a sweep"
    (entry,) = home.journal.commands(1)
    assert (entry.action, entry.door, entry.switch, entry.result, entry.message) == (
        "disarm",
        "hue",
        "night alarm",
        "ignored",
        "a sweep",
    )
    assert not home.alarm.view.target


def test_what_cannot_be_written_down_is_ignored_all_the_same(home: Home) -> None:
    home.journal.close()
    ticket = home.hub.ignore(home.switches["night"], False, PEER, "a sweep")
    assert ticket.done.result(0).result is Result.FAILED


def test_what_is_in_the_way_is_known_beforehand(home: Home) -> None:
    night = home.switches["night"]
    assert home.hub.known_obstacle(night, True) is None
    home.alarm.stop(0)
    assert "stopping" in str(home.hub.known_obstacle(night, True))
