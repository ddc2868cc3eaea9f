import json

import pytest

from emulator.errors import EmulatorError
from emulator.model import DISARMED, Arm, ArmMode, Axes, Disarm, Interior
from emulator.simulator.panel.actions import Check, Move, Request
from emulator.simulator.panel.activity import LOG_ROWS
from emulator.simulator.panel.house import ANSWER_AFTER, STANDS, Busy, House, Profile
from emulator.simulator.panel.operation import Operation, Refusal
from tests.simulator.conftest import START, Clock

ALL = Profile(annex=True)


@pytest.fixture
def house(clock: Clock) -> House:
    return House(clock, ALL)


def arm(mode: str) -> Arm:
    return Arm(ArmMode.parse(mode))


def submit(house: House, request: Request) -> Operation:
    return house.submit(request, source="Android", user="demo")


def test_an_operation_ends_when_its_time_has_come(house: House, clock: Clock) -> None:
    operation = submit(house, arm("total"))
    clock.pass_by(ANSWER_AFTER - 0.001)
    assert house.axes == DISARMED
    assert house.pending is operation
    assert operation.ending is None
    assert house.log == ()
    clock.pass_by(0.001)
    assert house.axes == Axes(Interior.TOTAL, perimeter=False, annex=False)
    assert house.pending is None
    assert operation.ending
    assert operation.ending.axes == house.axes


def test_it_ends_at_its_own_time_though_nobody_looks(house: House, clock: Clock) -> None:
    submit(house, arm("night"))
    clock.pass_by(3600)
    (row,) = house.log
    assert (row.type, row.label, row.at) == (46, "armed_night", START + ANSWER_AFTER)
    assert (row.source, row.user, row.device) == ("Android", "demo", "")


def test_what_happens_in_between_comes_first(house: House, clock: Clock) -> None:
    """The refusal is decided when the operation is due, after the keypad and the window of the meantime."""
    operation = submit(house, arm("day"))
    clock.pass_by(1)
    assert house.keypad(arm("total")) is None
    clock.pass_by(3600)
    assert house.keypad(Disarm()) is None
    assert operation.ending
    assert operation.ending.refusal is Refusal.OTHER_MODE
    assert [row.type for row in house.log] == [1, 531, 2]


def test_one_operation_at_a_time(house: House, clock: Clock) -> None:
    submit(house, arm("total"))
    with pytest.raises(Busy):
        submit(house, Disarm())
    clock.pass_by(ANSWER_AFTER)
    submit(house, Disarm())
    clock.pass_by(ANSWER_AFTER)
    assert house.axes == DISARMED


def test_without_a_wait_it_ends_at_once(house: House) -> None:
    house.answer_after = 0
    operation = submit(house, arm("perimeter"))
    assert operation.ending
    assert house.axes.perimeter


@pytest.mark.parametrize("seconds", [-1, 120.1, float("nan")])
def test_the_answer_time_is_bounded(house: House, seconds: float) -> None:
    with pytest.raises(ValueError, match="use 0 to 120"):
        house.answer_after = seconds
    assert house.answer_after == ANSWER_AFTER


@pytest.mark.parametrize(
    ("steps", "ends", "refusal"),
    [
        (["total", "perimeter"], "total + perimeter", None),
        (["perimeter", "night"], "night + perimeter", None),
        (["perimeter", "day", "annex"], "day + perimeter + annex", None),
        (["total", "total"], "total", None),
        (["total", "day"], "total", Refusal.OTHER_MODE),
        (["night", "total"], "night", Refusal.OTHER_MODE),
        (["total+perimeter"], "total + perimeter", None),
        (["total", "off"], "disarmed", None),
        (["total", "perimeter", "annex", "off"], "annex", None),
        (["total", "annex", "annex off"], "total", None),
        (["off"], "disarmed", None),
        (["total", "check"], "total", None),
    ],
)
def test_axes_add_up_and_interior_modes_exclude_each_other(
    house: House, steps: list[str], ends: str, refusal: Refusal | None
) -> None:
    others: dict[str, Request] = {"off": Disarm(), "annex off": Disarm(main=False, annex=True), "check": Check()}
    house.answer_after = 0
    for step in steps:
        ending = submit(house, others.get(step) or arm(step)).ending
    assert str(house.axes) == ends
    assert ending
    assert ending.refusal is refusal


@pytest.mark.parametrize("mode", ["total", "day", "night", "perimeter", "annex"])
def test_an_open_window_blocks_arming(house: House, mode: str) -> None:
    house.answer_after = 0
    house.window("Cocina", is_open=True)
    house.window("Entrada", is_open=True)
    ending = submit(house, arm(mode)).ending
    assert ending
    assert ending.refusal is Refusal.OPEN_WINDOW
    assert ending.windows == ("Entrada", "Cocina")
    assert house.axes == DISARMED
    house.window("Cocina", is_open=False)
    house.window("Entrada", is_open=False)
    assert house.keypad(arm(mode)) is None


def test_an_open_window_neither_disarms_nor_holds_what_is_armed(house: House) -> None:
    assert house.keypad(arm("total")) is None
    house.window("Cocina", is_open=True)
    assert house.keypad(arm("total")) is None
    assert house.keypad(arm("perimeter")) is Refusal.OPEN_WINDOW
    assert house.keypad(Disarm()) is None


@pytest.mark.parametrize(
    ("profile", "request_"),
    [
        (Profile(perimeter=False), arm("perimeter")),
        (Profile(perimeter=False), arm("total+perimeter")),
        (Profile(), arm("annex")),
        (Profile(), Disarm(main=False, annex=True)),
        (Profile(interiors=frozenset({Interior.TOTAL})), arm("night")),
    ],
)
def test_what_is_not_fitted_is_refused(clock: Clock, profile: Profile, request_: Arm | Disarm) -> None:
    house = House(clock, profile)
    assert house.keypad(request_) is Refusal.NOT_FITTED
    assert house.axes == DISARMED


def test_the_modes_of_a_profile() -> None:
    assert [str(mode) for mode in Profile().modes()] == ["day", "night", "total", "perimeter"]
    lean = Profile(perimeter=False, annex=True, interiors=frozenset({Interior.TOTAL}))
    assert [str(mode) for mode in lean.modes()] == ["total", "annex"]


@pytest.mark.parametrize(
    ("request_", "remote", "keypad", "refused"),
    [
        (arm("total"), 31, 2, 537),
        (arm("day"), 311, 202, 531),
        (arm("night"), 46, 203, 546),
        (arm("perimeter"), 40, 204, 540),
    ],
)
def test_the_row_types_of_arming(clock: Clock, request_: Arm, remote: int, keypad: int, refused: int) -> None:
    for away, expected in ((False, keypad), (True, remote)):
        house = House(clock)
        house.answer_after = 0
        if away:
            submit(house, request_)
        else:
            house.keypad(request_)
        assert [row.type for row in house.log] == [expected]
    house.keypad(Disarm())
    house.window("Comedor", is_open=True)
    submit(house, request_)
    assert [row.type for row in house.log] == [refused, 1, remote]
    assert house.log[0].label.startswith("refused_armed_")


def test_the_row_types_of_disarming_and_checking(house: House) -> None:
    house.answer_after = 0
    for request in (Disarm(), Check(), Disarm(annex=True)):
        submit(house, request)
    house.keypad(Disarm())
    assert [row.type for row in house.log] == [1, 107, 32, 27, 32]
    assert house.log[0].device == "VV"


def test_signals_are_unique_and_the_log_is_bounded(house: House) -> None:
    for _ in range(LOG_ROWS + 5):
        house.keypad(Disarm())
    assert len(house.log) == LOG_ROWS
    assert len({row.idsignal for row in house.log}) == LOG_ROWS
    assert house.log[0].idsignal == str(9_400_000_000 + LOG_ROWS + 5)


def test_an_unknown_zone_is_named_with_the_right_ones(house: House) -> None:
    with pytest.raises(ValueError, match="no zone 'Attic'; use one of Entrada, Comedor"):
        house.window("Attic", is_open=True)


def test_changes_are_told_once_each_with_no_lock_held(house: House, clock: Clock) -> None:
    told: list[str] = []
    house.changed = lambda: told.append(house.dump())
    house.keypad(arm("total"))
    assert len(told) == 1
    house.window("Cocina", is_open=True)
    house.answer_after = 5
    submit(house, Disarm())
    assert len(told) == 4
    _ = house.axes, house.log, house.windows, house.dump()
    assert len(told) == 4
    clock.pass_by(5)
    _ = house.axes
    assert len(told) == 5
    with house.held():
        house.window("Cocina", is_open=False)
        house.keypad(arm("total"))
        assert len(told) == 5
    assert len(told) == 6
    assert json.loads(told[-1])["axes"]["interior"] == "total"


def test_a_change_is_told_even_when_the_holder_fails(house: House) -> None:
    told: list[int] = []
    house.changed = lambda: told.append(1)

    def fail() -> None:
        with house.held():
            house.keypad(Disarm())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert told == [1]


@pytest.mark.parametrize("request_", [arm("night+perimeter"), Disarm(annex=True), Check()])
def test_a_house_survives_a_restart_in_the_middle_of_an_operation(
    house: House, clock: Clock, request_: Request
) -> None:
    house.keypad(arm("annex"))
    house.window("Cocina", is_open=True)
    house.window("Cocina", is_open=False)
    house.window("Comedor", is_open=isinstance(request_, Check))
    house.answer_after = 7
    submit(house, request_)
    again = House(clock, ALL)
    again.load(house.dump())
    assert again.dump() == house.dump()
    clock.pass_by(7)
    assert again.dump() == house.dump()
    assert again.axes == house.axes
    assert again.log[0].at == START + 7
    assert again.pending is None


def test_what_is_no_longer_fitted_is_not_restored(clock: Clock, house: House) -> None:
    house.keypad(arm("night"))
    house.keypad(arm("perimeter"))
    house.keypad(arm("annex"))
    house.window("Cocina", is_open=True)
    lean = Profile(perimeter=False, interiors=frozenset({Interior.TOTAL}), zones=ALL.zones[:2])
    again = House(clock, lean)
    again.load(house.dump())
    assert again.axes == DISARMED
    assert again.windows == ()


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"axes": {"interior": "asleep", "perimeter": False, "annex": False}},
        {"windows": None},
        {"answer_after": "soon"},
        {"pending": {"request": {"arm": "attic"}, "due": 1, "source": "", "user": ""}},
        {"answer_after": 121},
        {"pending": {"request": {}}},
        {"pending": {"request": {"arm": 5}, "due": 1, "source": "", "user": ""}},
        {"pending": {}},
        {"activity": {"signals": 0, "rows": [{"type": 1}]}},
        {"activity": None},
    ],
)
def test_a_state_that_is_none_changes_nothing(house: House, change: dict[str, object]) -> None:
    house.keypad(arm("day"))
    before = house.dump()
    with pytest.raises(EmulatorError, match="not the saved state"):
        house.load(json.dumps({**json.loads(before), **change}))
    for text in ("", "[]", "{}", "null"):
        with pytest.raises(EmulatorError, match="not the saved state"):
            house.load(text)
    assert house.dump() == before


def test_a_move_says_what_it_is() -> None:
    off = Interior.OFF
    assert str(Move(Interior.TOTAL, perimeter=True)) == "arm total+perimeter"
    assert str(Move(off)) == "disarm interior"
    assert str(Move(off, perimeter=False, annex=False)) == "disarm interior+perimeter+annex"


def test_a_move_leaves_the_other_axes_alone(house: House) -> None:
    house.answer_after = 0
    submit(house, arm("total+perimeter+annex"))
    for move, left in (
        (Move(perimeter=False), "total + annex"),
        (Move(Interior.NIGHT), "night + annex"),
        (Move(annex=False), "night"),
        (Move(Interior.OFF), "disarmed"),
    ):
        submit(house, move)
        assert str(house.axes) == left


def test_a_move_under_way_outlives_a_restart(house: House, clock: Clock) -> None:
    move = Move(Interior.NIGHT, perimeter=True, starts=(Interior.OFF, Interior.NIGHT), idle=True, forced=True)
    for request in (move, Move(perimeter=False)):
        submit(house, request)
        other = House(clock, ALL)
        other.load(house.dump())
        assert other.pending
        assert other.pending.request == request
        clock.pass_by(ANSWER_AFTER)
        assert other.axes == house.axes


def test_where_the_panel_stood(house: House, clock: Clock) -> None:
    assert house.stand(0).axes == DISARMED
    submit(house, arm("total"))
    clock.pass_by(10)
    assert house.stand(START + ANSWER_AFTER).axes.interior is Interior.TOTAL
    assert house.stand(START + ANSWER_AFTER - 0.001).axes == DISARMED
    for _ in range(STANDS):
        house.keypad(arm("perimeter"))
        house.keypad(Disarm())
    assert house.stand(clock.now).axes == DISARMED
