"""Arm modes, and axes that may be unknown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.model import (
    ARM_WORDS,
    DISARMED,
    INTERIOR_WORDS,
    Action,
    Arm,
    ArmMode,
    Axes,
    Disarm,
    Interior,
    Origin,
    every,
)
from emulator.store.identities import Identity

TOTAL, NIGHT, DAY, OFF = Interior.TOTAL, Interior.NIGHT, Interior.DAY, Interior.OFF
MAYBE = st.none() | st.booleans()
AXES = st.builds(Axes, st.none() | st.sampled_from(Interior), MAYBE, MAYBE)
KNOWN = st.builds(Axes, st.sampled_from(Interior), st.booleans(), st.booleans())
MODES = st.builds(ArmMode, st.none() | st.sampled_from([DAY, NIGHT, TOTAL]), st.booleans(), st.booleans()).filter(
    lambda mode: mode != ArmMode()
)
DISARMS = st.builds(Disarm, st.booleans(), st.booleans()).filter(lambda disarm: disarm.main or disarm.annex)
ACTIONS: st.SearchStrategy[Action] = st.builds(Arm, MODES) | DISARMS


def known_worlds(axes: Axes) -> list[Axes]:
    """Every panel that `axes` may be."""
    return [
        Axes(interior, perimeter=perimeter, annex=annex)
        for interior in (Interior if axes.interior is None else [axes.interior])
        for perimeter in ([False, True] if axes.perimeter is None else [axes.perimeter])
        for annex in ([False, True] if axes.annex is None else [axes.annex])
    ]


# -- arm modes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("total", ArmMode(TOTAL)),
        ("Day", ArmMode(DAY)),
        (" NIGHT ", ArmMode(NIGHT)),
        ("perimeter", ArmMode(perimeter=True)),
        ("annex", ArmMode(annex=True)),
        ("total+perimeter", ArmMode(TOTAL, perimeter=True)),
        ("perimeter + Total", ArmMode(TOTAL, perimeter=True)),
        ("annex+perimeter+day", ArmMode(DAY, perimeter=True, annex=True)),
    ],
)
def test_a_mode_is_read(text: str, mode: ArmMode) -> None:
    assert ArmMode.parse(text) == mode


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nigth", "unknown arm mode 'nigth'; use day, night, total, perimeter, annex, or a sum such as total"),
        ("off", "unknown arm mode 'off'"),
        ("", "unknown arm mode ''"),
        ("total+", "unknown arm mode ''"),
        ("total perimeter", "unknown arm mode 'total perimeter'"),
        ("total+total", "'total\\+total' names a mode twice"),
        ("day+night", "asks for day and night at once; the interior has one mode at a time"),
    ],
)
def test_a_mode_that_is_none_says_what_would_be_right(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ArmMode.parse(text)


@given(st.text(max_size=20) | st.lists(st.sampled_from([*ARM_WORDS, ""])).map("+".join))
def test_any_text_is_a_mode_or_a_value_error(text: str) -> None:
    try:
        mode = ArmMode.parse(text)
    except ValueError:
        return
    assert mode.parts()


@given(MODES)
def test_a_mode_is_written_as_it_is_read(mode: ArmMode) -> None:
    assert ArmMode.parse(str(mode)) == mode


@given(MODES)
def test_the_parts_add_up_and_the_interior_comes_first(mode: ArmMode) -> None:
    parts = mode.parts()
    assert "+".join(map(str, parts)) == str(mode)
    assert all(part.parts() == (part,) for part in parts)
    assert [part.interior for part in parts[1:]] == [None] * (len(parts) - 1)


# -- axes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "result"),
    [
        ([], True),
        ([True, True], True),
        ([True, None], None),
        ([None, False], False),
        ([False, True], False),
    ],
)
def test_three_valued_and(values: list[bool | None], result: bool | None) -> None:
    assert every(values) is result


@pytest.mark.parametrize(
    ("axes", "mode", "has"),
    [
        (Axes(TOTAL, perimeter=False, annex=False), "total", True),
        (Axes(TOTAL, perimeter=True, annex=False), "total", True),
        (Axes(NIGHT, perimeter=False, annex=False), "total", False),
        (Axes(OFF, perimeter=True, annex=False), "total", False),
        (Axes(TOTAL, perimeter=True, annex=False), "perimeter", True),
        (Axes(TOTAL, perimeter=None, annex=False), "perimeter", None),
        (Axes(TOTAL, perimeter=None, annex=False), "total+perimeter", None),
        (Axes(NIGHT, perimeter=None, annex=False), "total+perimeter", False),
        (Axes(), "total", None),
        (Axes(None, perimeter=False, annex=True), "annex", True),
    ],
    ids=str,
)
def test_whether_a_mode_is_on(axes: Axes, mode: str, has: bool | None) -> None:
    assert axes.has(ArmMode.parse(mode)) is has


@given(AXES, MODES)
def test_a_mode_is_on_or_off_only_where_every_possible_panel_says_so(axes: Axes, mode: ArmMode) -> None:
    answers = {world.has(mode) for world in known_worlds(axes)}
    assert axes.has(mode) is (answers.pop() if len(answers) == 1 else None)


@given(AXES, ACTIONS)
def test_an_action_was_reached_only_where_every_possible_panel_says_so(axes: Axes, action: Action) -> None:
    answers = {world.reached(action) for world in known_worlds(axes)}
    assert axes.reached(action) is (answers.pop() if len(answers) == 1 else None)


@given(AXES, ACTIONS)
def test_after_an_action_it_is_reached(axes: Axes, action: Action) -> None:
    assert axes.after(action).reached(action) is True


@given(AXES, ACTIONS)
def test_an_action_done_twice_is_the_action_done_once(axes: Axes, action: Action) -> None:
    once = axes.after(action)
    assert once.after(action) == once


@given(AXES, MODES)
def test_arming_leaves_the_other_axes_alone(axes: Axes, mode: ArmMode) -> None:
    after = axes.after(Arm(mode))
    assert mode.interior or after.interior is axes.interior
    assert mode.perimeter or after.perimeter is axes.perimeter
    assert mode.annex or after.annex is axes.annex


@given(AXES, ACTIONS)
def test_unknown_axes_follow_every_panel_that_they_may_be(axes: Axes, action: Action) -> None:
    for before, after in zip(known_worlds(axes), (world.after(action) for world in known_worlds(axes)), strict=True):
        assert after in known_worlds(axes.after(action))
        assert None not in (after.interior, after.perimeter, after.annex)
        assert isinstance(action, Disarm) or before.armed <= after.armed


@given(AXES)
def test_unknown_never_reads_as_off(axes: Axes) -> None:
    assert axes.armed is any(world.armed for world in known_worlds(axes))
    assert (str(axes) == "disarmed") is (axes == DISARMED)


@given(KNOWN, MODES)
def test_a_disarm_undoes_its_mode_and_darm_leaves_the_annex(axes: Axes, mode: ArmMode) -> None:
    armed = axes.after(Arm(mode))
    disarm = Disarm.of(mode)
    assert armed.after(disarm).has(mode) is False
    assert disarm.annex is mode.annex
    assert armed.after(Disarm()) == Axes(OFF, perimeter=False, annex=armed.annex)


@pytest.mark.parametrize(
    ("axes", "text"),
    [
        (DISARMED, "disarmed"),
        (Axes(), "armed, mode unknown"),
        (Axes(OFF, perimeter=None, annex=False), "armed, mode unknown"),
        (Axes(TOTAL, perimeter=None, annex=False), "total"),
        (Axes(NIGHT, perimeter=True, annex=True), "night + perimeter + annex"),
        (Axes(OFF, perimeter=False, annex=True), "annex"),
    ],
)
def test_axes_in_words(axes: Axes, text: str) -> None:
    assert str(axes) == text


# -- words of people --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "text"),
    [
        (Arm(ArmMode(TOTAL, perimeter=True)), "arm total+perimeter"),
        (Disarm(), "disarm"),
        (Disarm(main=False, annex=True), "disarm annex"),
        (Disarm(annex=True), "disarm all"),
    ],
)
def test_actions_in_words(action: Action, text: str) -> None:
    assert str(action) == text


@pytest.mark.parametrize(
    ("origin", "text"),
    [
        (Origin("cli"), "by cli"),
        (Origin("wemo", "192.168.1.7", "Night alarm"), "'Night alarm' by wemo 192.168.1.7"),
    ],
)
def test_origins_in_words(origin: Origin, text: str) -> None:
    assert str(origin) == text


def test_the_udn_is_made_of_the_serial() -> None:
    assert Identity("1", "221234K0000001", "02AABB000004", 49151).udn == "uuid:Socket-1_0-221234K0000001"


def test_off_is_no_mode_that_can_be_armed() -> None:
    assert INTERIOR_WORDS == ("day", "night", "total")
    assert set(ARM_WORDS) == {*INTERIOR_WORDS, "perimeter", "annex"}


@pytest.mark.parametrize(
    ("axes", "soon", "wanted"),
    [
        (Axes(), Axes(), Disarm()),
        (Axes(Interior.NIGHT, False, False), Axes(Interior.NIGHT, False, False), Disarm()),
        (Axes(Interior.NIGHT, False, True), Axes(Interior.NIGHT, False, True), Disarm(annex=True)),
        (Axes(Interior.OFF, False, True), Axes(Interior.OFF, False, True), Disarm(main=False, annex=True)),
        (Axes(Interior.OFF, False, False), Axes(Interior.OFF, False, True), Disarm(main=False, annex=True)),
        (Axes(Interior.OFF, False, True), Axes(Interior.NIGHT, False, True), Disarm(annex=True)),
        (Axes(None, False, True), Axes(None, False, True), Disarm(annex=True)),
    ],
)
def test_a_disarm_takes_the_annex_along_where_that_is_on(axes: Axes, soon: Axes, wanted: Disarm) -> None:
    assert Disarm.of_all(axes, soon) == wanted
