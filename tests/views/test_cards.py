"""The card of an alarm: the right deed first, and how long a command usually takes."""

import pytest

from emulator.alarm.hub import Health, View
from emulator.model import DISARMED, Arm, ArmMode, Axes, Interior, PanelState
from emulator.store.journal import Entry
from emulator.views.cards import card, usual
from emulator.views.facts import AlarmFacts

NIGHT = ArmMode(Interior.NIGHT)
WELL = Health(read_at=1.0)


def entry(took: float | None, action: str = "arm night", result: str | None = "confirmed", times: int = 1) -> Entry:
    ended = None if took is None else 100.0 + took
    return Entry(1, 100.0, "home", action, "hue", "10.0.0.9", "Night", ended, result, "", None, None, times)


def facts(axes: Axes | None, target: Axes | None = None, health: Health = WELL) -> AlarmFacts:
    state = PanelState(axes, 1.0, "", "") if axes else None
    first = entry(None, result=None) if target else None
    return AlarmFacts("home", View(state, target, 1 if target else None), health, (NIGHT,), first)


@pytest.mark.parametrize(
    ("axes", "look", "disarm_first"),
    [
        (None, "unknown", False),
        (DISARMED, "disarmed", False),
        (DISARMED.after(Arm(NIGHT)), "armed", True),
        (Axes(), "unknown", True),
        (Axes(Interior.OFF, perimeter=False), "unknown", True),
    ],
)
def test_disarm_comes_first_where_something_is_or_may_be_armed(
    axes: Axes | None, look: str, disarm_first: bool
) -> None:
    shown = card(facts(axes), [])
    assert (shown.look, shown.disarm_first) == (look, disarm_first)


def test_what_is_under_way_moves_no_button() -> None:
    armed = DISARMED.after(Arm(NIGHT))
    assert card(facts(DISARMED, armed), []).disarm_first is False
    assert card(facts(armed, DISARMED), []).disarm_first is True
    assert card(facts(DISARMED, armed), []).look == "pending"


def test_it_usually_takes_the_median_of_those_that_were_done() -> None:
    assert usual("arm night", [entry(5), entry(400), entry(7)]) == 7
    others = [entry(90, "arm total"), entry(1, result="rejected"), entry(2, times=3), entry(None, result=None)]
    assert usual("arm night", [entry(5), *others]) is None
    assert usual("arm night", [entry(5)] * 9 + [entry(50)] * 90) == 5
    under_way = card(facts(DISARMED, DISARMED.after(Arm(NIGHT))), [entry(10), entry(20)]).under_way
    assert under_way is not None
    assert under_way.usual_s == 15


def test_a_state_that_nothing_confirms_is_old() -> None:
    armed = DISARMED.after(Arm(NIGHT))
    for health in (Health(read_at=1.0, failures=1), Health(read_at=1.0, blocked="no login"), Health()):
        shown = card(facts(armed, health=health), [])
        assert shown.is_old
        assert [choice.state for choice in shown.choices] == ["was armed"]
    assert not card(facts(None, health=Health(failures=1)), []).is_old
