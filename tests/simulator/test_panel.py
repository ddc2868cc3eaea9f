import json

import pytest

from emulator.errors import EmulatorError
from emulator.model import DISARMED, Arm, ArmMode, Axes, Disarm, Interior
from emulator.simulator.panel.actions import Check, Move, Request
from emulator.simulator.panel.activity import LOG_ROWS
from emulator.simulator.panel.equipment import Equipment
from emulator.simulator.panel.operation import PanelOperation, PanelRefusal
from emulator.simulator.panel.panel import ANSWER_AFTER_S, STANDS, Busy, SimulatedPanel
from tests.simulator.conftest import START, Clock

ALL = Equipment(annex=True)


@pytest.fixture
def panel(clock: Clock) -> SimulatedPanel:
    return SimulatedPanel(clock, ALL)


def arm(mode: str) -> Arm:
    return Arm(ArmMode.parse(mode))


def submit(panel: SimulatedPanel, request: Request) -> PanelOperation:
    return panel.submit(request, source="Android", user="demo")


def test_an_operation_ends_when_its_time_has_come(panel: SimulatedPanel, clock: Clock) -> None:
    operation = submit(panel, arm("total"))
    clock.pass_by(ANSWER_AFTER_S - 0.001)
    assert panel.axes == DISARMED
    assert panel.pending is operation
    assert operation.ending is None
    assert panel.log == ()
    clock.pass_by(0.001)
    assert panel.axes == Axes(Interior.TOTAL, perimeter=False, annex=False)
    assert panel.pending is None
    assert operation.ending
    assert operation.ending.axes == panel.axes


def test_it_ends_at_its_own_time_though_nobody_looks(panel: SimulatedPanel, clock: Clock) -> None:
    submit(panel, arm("night"))
    clock.pass_by(3600)
    (row,) = panel.log
    assert (row.type, row.label, row.at) == (46, "armed_night", START + ANSWER_AFTER_S)
    assert (row.source, row.user, row.device) == ("Android", "demo", "")


def test_what_happens_in_between_comes_first(panel: SimulatedPanel, clock: Clock) -> None:
    """The refusal is decided when the operation is due, after the keypad and the window of the meantime."""
    operation = submit(panel, arm("day"))
    clock.pass_by(1)
    assert panel.keypad(arm("total")) is None
    clock.pass_by(3600)
    assert panel.keypad(Disarm()) is None
    assert operation.ending
    assert operation.ending.refusal is PanelRefusal.OTHER_MODE
    assert [row.type for row in panel.log] == [1, 531, 2]


def test_one_operation_at_a_time(panel: SimulatedPanel, clock: Clock) -> None:
    submit(panel, arm("total"))
    with pytest.raises(Busy):
        submit(panel, Disarm())
    clock.pass_by(ANSWER_AFTER_S)
    submit(panel, Disarm())
    clock.pass_by(ANSWER_AFTER_S)
    assert panel.axes == DISARMED


def test_without_a_wait_it_ends_at_once(panel: SimulatedPanel) -> None:
    panel.answer_after = 0
    operation = submit(panel, arm("perimeter"))
    assert operation.ending
    assert panel.axes.perimeter


@pytest.mark.parametrize("seconds", [-1, 120.1, float("nan")])
def test_the_answer_time_is_bounded(panel: SimulatedPanel, seconds: float) -> None:
    with pytest.raises(ValueError, match="use 0 to 120"):
        panel.answer_after = seconds
    assert panel.answer_after == ANSWER_AFTER_S


@pytest.mark.parametrize(
    ("steps", "ends", "refusal"),
    [
        (["total", "perimeter"], "total + perimeter", None),
        (["perimeter", "night"], "night + perimeter", None),
        (["perimeter", "day", "annex"], "day + perimeter + annex", None),
        (["total", "total"], "total", None),
        (["total", "day"], "total", PanelRefusal.OTHER_MODE),
        (["night", "total"], "night", PanelRefusal.OTHER_MODE),
        (["total+perimeter"], "total + perimeter", None),
        (["total", "off"], "disarmed", None),
        (["total", "perimeter", "annex", "off"], "annex", None),
        (["total", "annex", "annex off"], "total", None),
        (["off"], "disarmed", None),
        (["total", "check"], "total", None),
    ],
)
def test_axes_add_up_and_interior_modes_exclude_each_other(
    panel: SimulatedPanel, steps: list[str], ends: str, refusal: PanelRefusal | None
) -> None:
    others: dict[str, Request] = {"off": Disarm(), "annex off": Disarm(main=False, annex=True), "check": Check()}
    panel.answer_after = 0
    for step in steps:
        ending = submit(panel, others.get(step) or arm(step)).ending
    assert str(panel.axes) == ends
    assert ending
    assert ending.refusal is refusal


@pytest.mark.parametrize("mode", ["total", "day", "night", "perimeter", "annex"])
def test_an_open_window_blocks_arming(panel: SimulatedPanel, mode: str) -> None:
    panel.answer_after = 0
    panel.window("Cocina", is_open=True)
    panel.window("Entrada", is_open=True)
    ending = submit(panel, arm(mode)).ending
    assert ending
    assert ending.refusal is PanelRefusal.OPEN_WINDOW
    assert ending.windows == ("Entrada", "Cocina")
    assert panel.axes == DISARMED
    panel.window("Cocina", is_open=False)
    panel.window("Entrada", is_open=False)
    assert panel.keypad(arm(mode)) is None


def test_an_open_window_neither_disarms_nor_holds_what_is_armed(panel: SimulatedPanel) -> None:
    assert panel.keypad(arm("total")) is None
    panel.window("Cocina", is_open=True)
    assert panel.keypad(arm("total")) is None
    assert panel.keypad(arm("perimeter")) is PanelRefusal.OPEN_WINDOW
    assert panel.keypad(Disarm()) is None


@pytest.mark.parametrize(
    ("profile", "request_"),
    [
        (Equipment(perimeter=False), arm("perimeter")),
        (Equipment(perimeter=False), arm("total+perimeter")),
        (Equipment(), arm("annex")),
        (Equipment(), Disarm(main=False, annex=True)),
        (Equipment(interiors=frozenset({Interior.TOTAL})), arm("night")),
    ],
)
def test_what_is_not_fitted_is_refused(clock: Clock, profile: Equipment, request_: Arm | Disarm) -> None:
    panel = SimulatedPanel(clock, profile)
    assert panel.keypad(request_) is PanelRefusal.NOT_FITTED
    assert panel.axes == DISARMED


def test_the_modes_of_a_profile() -> None:
    assert [str(mode) for mode in Equipment().modes()] == ["day", "night", "total", "perimeter"]
    lean = Equipment(perimeter=False, annex=True, interiors=frozenset({Interior.TOTAL}))
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
        panel = SimulatedPanel(clock)
        panel.answer_after = 0
        if away:
            submit(panel, request_)
        else:
            panel.keypad(request_)
        assert [row.type for row in panel.log] == [expected]
    panel.keypad(Disarm())
    panel.window("Comedor", is_open=True)
    submit(panel, request_)
    assert [row.type for row in panel.log] == [refused, 1, remote]
    assert panel.log[0].label.startswith("refused_armed_")


def test_the_row_types_of_disarming_and_checking(panel: SimulatedPanel) -> None:
    panel.answer_after = 0
    for request in (Disarm(), Check(), Disarm(annex=True)):
        submit(panel, request)
    panel.keypad(Disarm())
    assert [row.type for row in panel.log] == [1, 107, 32, 27, 32]
    assert panel.log[0].device == "VK"


def test_signals_are_unique_and_the_log_is_bounded(panel: SimulatedPanel) -> None:
    for _ in range(LOG_ROWS + 5):
        panel.keypad(Disarm())
    assert len(panel.log) == LOG_ROWS
    assert len({row.idsignal for row in panel.log}) == LOG_ROWS
    assert panel.log[0].idsignal == str(9_400_000_000 + LOG_ROWS + 5)


def test_an_unknown_zone_is_named_with_the_right_ones(panel: SimulatedPanel) -> None:
    with pytest.raises(ValueError, match="no zone 'Attic'; use one of Entrada, Comedor"):
        panel.window("Attic", is_open=True)


def test_changes_are_told_once_each_with_no_lock_held(panel: SimulatedPanel, clock: Clock) -> None:
    told: list[str] = []
    panel.changed = lambda: told.append(panel.dump())
    panel.keypad(arm("total"))
    assert len(told) == 1
    panel.window("Cocina", is_open=True)
    panel.answer_after = 5
    submit(panel, Disarm())
    assert len(told) == 4
    _ = panel.axes, panel.log, panel.windows, panel.dump()
    assert len(told) == 4
    clock.pass_by(5)
    _ = panel.axes
    assert len(told) == 5
    with panel.held():
        panel.window("Cocina", is_open=False)
        panel.keypad(arm("total"))
        assert len(told) == 5
    assert len(told) == 6
    assert json.loads(told[-1])["axes"]["interior"] == "total"


def test_a_change_is_told_even_when_the_holder_fails(panel: SimulatedPanel) -> None:
    told: list[int] = []
    panel.changed = lambda: told.append(1)

    def fail() -> None:
        with panel.held():
            panel.keypad(Disarm())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert told == [1]


@pytest.mark.parametrize("request_", [arm("night+perimeter"), Disarm(annex=True), Check()])
def test_a_house_survives_a_restart_in_the_middle_of_an_operation(
    panel: SimulatedPanel, clock: Clock, request_: Request
) -> None:
    panel.keypad(arm("annex"))
    panel.window("Cocina", is_open=True)
    panel.window("Cocina", is_open=False)
    panel.window("Comedor", is_open=isinstance(request_, Check))
    panel.answer_after = 7
    submit(panel, request_)
    again = SimulatedPanel(clock, ALL)
    again.load(panel.dump())
    assert again.dump() == panel.dump()
    clock.pass_by(7)
    assert again.dump() == panel.dump()
    assert again.axes == panel.axes
    assert again.log[0].at == START + 7
    assert again.pending is None


def test_what_is_no_longer_fitted_is_not_restored(clock: Clock, panel: SimulatedPanel) -> None:
    panel.keypad(arm("night"))
    panel.keypad(arm("perimeter"))
    panel.keypad(arm("annex"))
    panel.window("Cocina", is_open=True)
    lean = Equipment(perimeter=False, interiors=frozenset({Interior.TOTAL}), zones=ALL.zones[:2])
    again = SimulatedPanel(clock, lean)
    again.load(panel.dump())
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
def test_a_state_that_is_none_changes_nothing(panel: SimulatedPanel, change: dict[str, object]) -> None:
    panel.keypad(arm("day"))
    before = panel.dump()
    with pytest.raises(EmulatorError, match="not the saved state"):
        panel.load(json.dumps({**json.loads(before), **change}))
    for text in ("", "[]", "{}", "null"):
        with pytest.raises(EmulatorError, match="not the saved state"):
            panel.load(text)
    assert panel.dump() == before


def test_a_move_says_what_it_is() -> None:
    off = Interior.OFF
    assert str(Move(Interior.TOTAL, perimeter=True)) == "arm total+perimeter"
    assert str(Move(off)) == "disarm interior"
    assert str(Move(off, perimeter=False, annex=False)) == "disarm interior+perimeter+annex"


def test_a_move_leaves_the_other_axes_alone(panel: SimulatedPanel) -> None:
    panel.answer_after = 0
    submit(panel, arm("total+perimeter+annex"))
    for move, left in (
        (Move(perimeter=False), "total + annex"),
        (Move(Interior.NIGHT), "night + annex"),
        (Move(annex=False), "night"),
        (Move(Interior.OFF), "disarmed"),
    ):
        submit(panel, move)
        assert str(panel.axes) == left


def test_a_move_under_way_outlives_a_restart(panel: SimulatedPanel, clock: Clock) -> None:
    move = Move(Interior.NIGHT, perimeter=True, starts=(Interior.OFF, Interior.NIGHT), idle=True, forced=True)
    for request in (move, Move(perimeter=False)):
        submit(panel, request)
        other = SimulatedPanel(clock, ALL)
        other.load(panel.dump())
        assert other.pending
        assert other.pending.request == request
        clock.pass_by(ANSWER_AFTER_S)
        assert other.axes == panel.axes


def test_where_the_panel_stood(panel: SimulatedPanel, clock: Clock) -> None:
    assert panel.stand(0).axes == DISARMED
    submit(panel, arm("total"))
    clock.pass_by(10)
    assert panel.stand(START + ANSWER_AFTER_S).axes.interior is Interior.TOTAL
    assert panel.stand(START + ANSWER_AFTER_S - 0.001).axes == DISARMED
    for _ in range(STANDS):
        panel.keypad(arm("perimeter"))
        panel.keypad(Disarm())
    assert panel.stand(clock.now).axes == DISARMED
