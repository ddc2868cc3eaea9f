"""HomeKit's words for every position of a panel: armed is never disarmed, and unknown is neither."""

import itertools

import pytest

from emulator.doors.homekit.words import AWAY, DISARMED, NIGHT, STAY, SecurityState, Vocabulary, modes
from emulator.model import DISARMED as OFF
from emulator.model import Arm, ArmMode, Axes, Disarm, Interior

DAY, TOTAL, SLEEP = (ArmMode.parse(word) for word in ("day", "total", "night"))
SUM, PERIMETER, ANNEX = (ArmMode.parse(word) for word in ("total+perimeter", "perimeter", "annex"))
NOTHING = {STAY: None, AWAY: None, NIGHT: None}
ALL = Vocabulary(modes(NOTHING, [DAY, TOTAL, SLEEP]))
EVERY_AXES = [Axes(*found) for found in itertools.product([None, *Interior], [None, False, True], [None, False, True])]


@pytest.mark.parametrize(
    ("chosen", "fitted", "offered"),
    [
        ({}, [DAY, TOTAL, SLEEP], {STAY: DAY, AWAY: TOTAL, NIGHT: SLEEP}),
        ({}, [SUM, SLEEP], {AWAY: SUM, NIGHT: SLEEP}),
        ({}, [SUM, TOTAL], {AWAY: TOTAL}),
        ({STAY: PERIMETER}, [TOTAL], {STAY: PERIMETER, AWAY: TOTAL}),
        ({AWAY: SUM}, [TOTAL], {AWAY: SUM}),
        ({}, [PERIMETER, ANNEX], {STAY: PERIMETER}),
        ({}, [], {STAY: DAY}),
    ],
)
def test_the_words_that_are_offered(
    chosen: dict[int, ArmMode], fitted: list[ArmMode], offered: dict[int, ArmMode]
) -> None:
    assert modes(NOTHING | chosen, fitted) == offered


@pytest.mark.parametrize("offered", [[DAY, TOTAL, SLEEP], [TOTAL], [SLEEP], [PERIMETER], [SUM, DAY]])
@pytest.mark.parametrize("axes", EVERY_AXES, ids=str)
def test_no_position_is_misjudged(offered: list[ArmMode], axes: Axes) -> None:
    found = Vocabulary(modes(NOTHING, offered))
    word = found.word(axes)
    is_on = axes.interior not in (None, Interior.OFF) or bool(axes.perimeter or axes.annex)
    if is_on:
        assert word in found.modes
    elif axes == OFF:
        assert word == DISARMED
    else:
        assert word is None


@pytest.mark.parametrize(
    ("axes", "word"),
    [
        (Axes(Interior.DAY, False, False), STAY),
        (Axes(Interior.TOTAL, False, False), AWAY),
        (Axes(Interior.TOTAL, None, False), AWAY),
        (Axes(Interior.TOTAL, True, True), AWAY),
        (Axes(Interior.NIGHT, True, False), NIGHT),
        (Axes(Interior.OFF, True, False), STAY),
        (Axes(Interior.OFF, False, True), STAY),
        (Axes(None, True, None), STAY),
        (OFF, DISARMED),
        (Axes(), None),
        (Axes(Interior.OFF, None, False), None),
        (Axes(Interior.OFF, False, None), None),
    ],
)
def test_the_word_of_a_position(axes: Axes, word: int | None) -> None:
    assert ALL.word(axes) == word


def test_the_word_that_names_more_wins() -> None:
    found = Vocabulary({STAY: PERIMETER, AWAY: SUM})
    assert found.word(Axes(Interior.TOTAL, True, False)) == AWAY
    assert found.word(Axes(Interior.OFF, True, False)) == STAY
    assert found.word(Axes(Interior.TOTAL, False, False)) == AWAY


def test_arming_and_disarming_show_as_a_target_that_differs() -> None:
    night = Axes(Interior.NIGHT, False, False)
    assert ALL.standing(OFF, None) == SecurityState(DISARMED, DISARMED)
    assert ALL.standing(OFF, OFF.after(Arm(SLEEP))) == SecurityState(DISARMED, NIGHT)
    assert ALL.standing(night, night.after(Disarm())) == SecurityState(NIGHT, DISARMED)
    assert ALL.standing(night, night.after(Arm(TOTAL))) == SecurityState(NIGHT, AWAY)


def test_what_is_not_known_is_not_shown_whatever_is_under_way() -> None:
    assert ALL.standing(Axes(), None) is None
    assert ALL.standing(Axes(), Axes().after(Arm(SLEEP))) is None
    assert ALL.standing(Axes(), Axes().after(Disarm())) is None


def test_a_disarm_of_which_the_annex_is_unknown_is_still_a_disarm() -> None:
    night = Axes(Interior.NIGHT, False, None)
    assert ALL.standing(night, night.after(Disarm())) == SecurityState(NIGHT, DISARMED)
