"""The words of an alarm panel for every position of the panel, and the way back."""

from dataclasses import replace
from itertools import product

import pytest

from emulator.alarm.hub import View
from emulator.doors.mqtt import panel
from emulator.model import DISARMED, Arm, ArmMode, Axes, Disarm, Interior, PanelState

EVERY = [Axes(*each) for each in product([*Interior, None], (True, False, None), (True, False, None))]
NIGHT = Axes(Interior.NIGHT, perimeter=False, annex=False)
PERIMETER = Axes(Interior.OFF, perimeter=True, annex=False)


def view(axes: Axes | None, target: Axes | None = None) -> View:
    return View(PanelState(axes, 0.0, "", "") if axes else None, target)


def test_only_a_panel_that_says_that_all_is_off_is_disarmed() -> None:
    assert [axes for axes in EVERY if panel.stable(axes) == "disarmed"] == [DISARMED]


@pytest.mark.parametrize(
    ("axes", "word"),
    [
        (Axes(Interior.DAY, perimeter=True, annex=True), "armed_home"),
        (Axes(Interior.TOTAL), "armed_away"),
        (Axes(Interior.TOTAL, perimeter=True), "armed_away"),
        (Axes(Interior.NIGHT, annex=True), "armed_night"),
        (PERIMETER, "armed_custom_bypass"),
        (Axes(Interior.OFF, perimeter=None, annex=True), "armed_custom_bypass"),
        (Axes(Interior.OFF, perimeter=False, annex=None), "None"),
        (Axes(Interior.OFF), "None"),
        (Axes(None, perimeter=False, annex=False), "None"),
        (Axes(None, perimeter=True, annex=True), "None"),
        (Axes(), "None"),
    ],
)
def test_each_position_has_a_word(axes: Axes, word: str) -> None:
    assert panel.stable(axes) == word
    assert panel.shown(view(axes)) == word


@pytest.mark.parametrize(
    ("axes", "target", "word"),
    [
        (DISARMED, NIGHT, "arming"),
        (NIGHT, DISARMED, "disarming"),
        (NIGHT, Axes(Interior.DAY, perimeter=False, annex=False), "arming"),
        (PERIMETER, Axes(Interior.TOTAL, perimeter=True, annex=False), "arming"),
        (NIGHT, Axes(Interior.NIGHT, perimeter=True, annex=False), "arming"),
        (NIGHT, Axes(Interior.NIGHT, perimeter=False, annex=True), "arming"),
        (
            Axes(Interior.NIGHT, perimeter=True, annex=True),
            Axes(Interior.OFF, perimeter=False, annex=True),
            "disarming",
        ),
        (Axes(Interior.OFF, perimeter=True, annex=True), PERIMETER, "disarming"),
        (NIGHT, NIGHT, "armed_night"),
        (DISARMED, DISARMED, "disarmed"),
    ],
)
def test_a_command_under_way_is_on_its_way(axes: Axes, target: Axes, word: str) -> None:
    assert panel.shown(view(axes, target)) == word


def test_nothing_reads_as_disarmed_before_it_was_read() -> None:
    assert panel.shown(view(None)) == "None"
    assert panel.shown(view(None, Axes(Interior.NIGHT))) == "arming"
    for target in EVERY:
        assert panel.shown(view(None, target)) != "disarmed"


def modes(*names: str) -> list[ArmMode]:
    return [ArmMode.parse(name) for name in names]


def test_commands_are_those_of_the_switches_each_with_the_least_mode() -> None:
    assert panel.arms(modes("total+perimeter", "total", "perimeter+annex", "annex")) == {
        "ARM_AWAY": ArmMode(Interior.TOTAL),
        "ARM_CUSTOM_BYPASS": ArmMode(annex=True),
    }
    assert panel.arms(modes("night+perimeter")) == {"ARM_NIGHT": ArmMode(Interior.NIGHT, perimeter=True)}
    assert panel.arms(modes("perimeter", "annex"))["ARM_CUSTOM_BYPASS"] == ArmMode(perimeter=True)
    assert panel.arms([]) == {}
    assert panel.arms(modes("day"))["ARM_HOME"] == ArmMode(Interior.DAY)


def test_an_action_for_each_command_that_is_possible() -> None:
    possible = panel.arms(modes("total", "perimeter"))
    assert panel.action("ARM_AWAY", possible, DISARMED) == Arm(ArmMode(Interior.TOTAL))
    assert panel.action("ARM_CUSTOM_BYPASS", possible, DISARMED) == Arm(ArmMode(perimeter=True))
    for command in ("ARM_NIGHT", "ARM_VACATION", "", "TRIGGER", "disarm"):
        assert panel.action(command, possible, DISARMED) is None


def test_a_disarm_takes_the_annex_along_only_where_that_is_on() -> None:
    assert panel.action("DISARM", {}, Axes(Interior.NIGHT, perimeter=False, annex=True)) == Disarm(annex=True)
    for axes in (NIGHT, DISARMED, Axes()):
        assert panel.action("DISARM", {}, axes) == Disarm()


@pytest.mark.parametrize("target", [None, DISARMED])
def test_an_alarm_that_went_off_shows_so_whatever_is_under_way(target: Axes | None) -> None:
    armed = view(Axes(Interior.NIGHT, perimeter=False, annex=False), target)
    assert panel.shown(replace(armed, triggered=1.0)) == "triggered"
    assert panel.shown(armed) != "triggered"
