"""Who is behind each change of a panel."""

import pytest

from emulator.model import DISARMED, Axes, Interior
from emulator.model.activity import EventKind, Means
from emulator.store.activity import LoggedEvent
from emulator.store.history import Span
from emulator.views.movers import movers

NOW = 1_700_000_000.0
NIGHT = Axes(Interior.NIGHT, perimeter=False, annex=False)


def logged(number: int, at: float, kind: EventKind) -> LoggedEvent:
    return LoggedEvent(number, "home", at, at, kind, "1", Means.KEYPAD, f"Person {number}", "", "")


def test_the_nearest_fitting_row_is_behind_a_change() -> None:
    spans = [Span("home", DISARMED, NOW - 9000, NOW), Span("home", NIGHT, NOW, NOW + 600)]
    rows = [
        logged(1, NOW - 100, EventKind.DISARMED),
        logged(2, NOW - 90, EventKind.ARMED),
        logged(3, NOW - 500, EventKind.ARMED),
        logged(4, NOW + 300, EventKind.ARMED),
        logged(5, NOW - 3000, EventKind.ARMED),
    ]
    assert {since: one.id for since, one in movers(spans, rows).items()} == {NOW: 2}
    assert movers(spans, rows[4:]) == {}


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (Axes(Interior.NIGHT, perimeter=True), Axes(Interior.NIGHT, perimeter=False), EventKind.DISARMED),
        (Axes(Interior.NIGHT, False, annex=True), NIGHT, EventKind.DISARMED),
        (NIGHT, DISARMED, EventKind.DISARMED),
        (NIGHT, Axes(Interior.TOTAL, False, annex=False), EventKind.ARMED),
        (Axes(Interior.OFF, perimeter=True), Axes(Interior.NIGHT, perimeter=False), EventKind.ARMED),
        (DISARMED, Axes(Interior.OFF, False, annex=True), EventKind.ARMED),
        (DISARMED, Axes(), EventKind.ARMED),
        (NIGHT, Axes(Interior.OFF, perimeter=False), EventKind.DISARMED),
    ],
)
def test_only_rows_of_the_same_kind_are_behind_it(before: Axes, after: Axes, kind: EventKind) -> None:
    spans = [Span("home", before, NOW - 9000, NOW), Span("home", after, NOW, NOW + 600)]
    rows = [logged(1, NOW - 10, EventKind.ARMED), logged(2, NOW - 10, EventKind.DISARMED)]
    assert [one.kind for one in movers(spans, rows).values()] == [kind]


def test_the_other_rows_of_a_deed_are_behind_no_later_change() -> None:
    both = Axes(Interior.NIGHT, perimeter=True, annex=False)
    spans = [
        Span("home", axes, NOW + at, NOW + at)
        for axes, at in ((DISARMED, -900), (both, 0), (DISARMED, 60), (NIGHT, 300))
    ]
    rows = [logged(1, NOW, EventKind.ARMED), logged(2, NOW, EventKind.ARMED)]
    assert list(movers(spans, rows)) == [NOW]
