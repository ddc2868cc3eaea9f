"""The geometry of the picture, and the list below it."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from emulator import doors
from emulator.model import DISARMED, Axes, Interior
from emulator.store.history import Span
from emulator.store.journal import Entry
from emulator.views import seen
from emulator.views.events import listed
from emulator.views.timeline import THINNEST_PERCENT, draw

pytestmark = pytest.mark.usefixtures("in_madrid")

NOW = 1_795_521_600.0  # 24 November 2026, 12:00 UTC
HOUR = 3600.0
NIGHT = Axes(Interior.NIGHT, perimeter=True, annex=False)


def span(axes: Axes, since_h: float, until_h: float, command: int | None = None) -> Span:
    """Make a span; its ends are hours before NOW."""
    return Span("home", axes, NOW - since_h * HOUR, NOW - until_h * HOUR, command)


def entry(ago_h: float, result: str | None, action: str = "arm night", message: str = "") -> Entry:
    at = NOW - ago_h * HOUR
    return Entry(
        1, at, "home", action, "wemo", "10.0.0.9", "Night", at + 4 if result else None, result, message, None, None
    )


def test_bands_stand_where_the_panel_stood() -> None:
    picture = draw([span(DISARMED, 24, 12), span(NIGHT, 12, 6), span(DISARMED, 6, 0)], [], NOW, 1)
    interior, perimeter = picture.lanes
    assert [(band.x, band.width, band.kind, band.word) for band in interior.bands] == [
        (0.0, 50.0, "off", ""),
        (50.0, 25.0, "night", "night"),
        (75.0, 25.0, "off", ""),
    ]
    assert [band.kind for band in perimeter.bands] == ["off", "on", "off"]
    assert interior.bands[1].title == "interior night, 01:00 to 07:00"


def test_a_gap_stays_empty() -> None:
    (first, second), _ = (lane.bands for lane in draw([span(NIGHT, 24, 18), span(NIGHT, 6, 0)], [], NOW, 1).lanes)
    assert (first.x + first.width, second.x) == (25.0, 75.0)


def test_what_another_axis_does_makes_no_seam() -> None:
    both = Axes(Interior.NIGHT, perimeter=False, annex=False)
    interior, perimeter = draw([span(NIGHT, 24, 12), span(both, 12, 0)], [], NOW, 1).lanes
    assert [band.width for band in interior.bands] == [100.0]
    assert [band.kind for band in perimeter.bands] == ["on", "off"]


def test_what_is_short_can_be_seen_and_stays_inside() -> None:
    (_, band), _ = (lane.bands for lane in draw([span(DISARMED, 9, 0.001), span(NIGHT, 0.001, 0)], [], NOW, 7).lanes)
    assert (band.x, band.width) == (100 - THINNEST_PERCENT, THINNEST_PERCENT)


def test_unknown_is_no_off() -> None:
    assert [lane.bands[0].kind for lane in draw([span(Axes(), 9, 0)], [], NOW, 1).lanes] == ["unknown", "unknown"]


def test_an_annex_has_a_lane_where_it_is_used() -> None:
    used = Axes(Interior.OFF, perimeter=False, annex=True)
    assert [lane.name for lane in draw([span(used, 9, 0)], [], NOW, 1).lanes] == ["interior", "perimeter", "annex"]


@pytest.mark.parametrize(("result", "sign", "in_a_week", "said"), [
    ("confirmed", "done", "dot", "done"),
    ("rejected", "failed", "failed", "refused"),
    ("failed", "failed", "failed", "failed"),
    ("refused", "failed", "failed", "refused"),
    ("unconfirmed", "unsure", "unsure", "not sure"),
    ("ignored", "nothing", "dot", "changed nothing"),
    (None, "pending", "pending", "under way"),
    ("dissolved", "nothing", "dot", "dissolved"),  # of another version
])  # fmt: skip
def test_marks_have_a_shape_for_each_end(result: str | None, sign: str, in_a_week: str, said: str) -> None:
    (mark,) = draw([], [entry(12, result)], NOW, 1).marks
    assert (mark.x, mark.kind, mark.title) == (50.0, sign, f"01:00 arm night: {said}")
    assert draw([], [entry(12, result)], NOW, 7).marks[0].kind == in_a_week
    assert draw([], [entry(25, result)], NOW, 1).marks == ()


def test_ticks_follow_the_clock_on_the_wall() -> None:
    picture = draw([], [], NOW, 1)
    assert [tick.label for tick in picture.ticks] == [
        "15:00",
        "18:00",
        "21:00",
        "00:00",
        "03:00",
        "06:00",
        "09:00",
        "12:00",
    ]
    week = draw([], [], NOW, 7)
    assert [tick.label for tick in week.ticks] == ["Wed", "Thu", "Fri", "Sat", "Sun", "Mon", "Tue"]


@pytest.mark.parametrize("now", [1_774_782_000.0, 1_792_918_800.0])  # the days on which clocks change in 2026
def test_a_change_of_summer_time_loses_no_tick(now: float) -> None:
    labels = [tick.label for tick in draw([], [], now + 8 * HOUR, 1).ticks]
    assert len(labels) in (7, 8)
    assert len(set(labels)) == len(labels)


def test_the_summary_says_what_is_not_known() -> None:
    assert draw([], [], NOW, 1).summary == "Nothing is known of this time."
    whole = [span(DISARMED, 30, 6), span(NIGHT, 6, 0)]
    assert draw(whole, [], NOW, 1).summary == "Armed for 6 h of the last 24 h; night + perimeter since 07:00."
    half = draw([span(NIGHT, 12, 6)], [], NOW, 1).summary
    assert half == "Armed for 6 h of the 6 h that are known; night + perimeter since 01:00."


def test_the_list_has_commands_and_moves_by_others_newest_first() -> None:
    spans = [span(DISARMED, 24, 12), span(NIGHT, 12, 6, command=1), span(DISARMED, 6, 0)]
    commands = [entry(12, "confirmed"), entry(3, "rejected", message="a window is open")]
    rows = listed(commands, seen.rows(spans, []), 10, doors.called)
    assert [(row.shape, row.what, row.result, row.why, row.took) for row in rows] == [
        ("failed", "arm night", "refused", "a window is open", "4 s"),
        ("moved", "panel is disarmed", "seen", "", ""),
        ("done", "arm night", "done", "", "4 s"),
    ]
    assert rows[0].who == "Night · WeMo · 10.0.0.9"
    assert len(listed([entry(1, None)] * 9, seen.rows(spans, []), 5)) == 5


AXES = st.builds(
    Axes,
    st.sampled_from([None, *Interior]),
    perimeter=st.sampled_from([None, True, False]),
    annex=st.sampled_from([None, True, False]),
)


@example([(Axes(), 152.0), (DISARMED, 152.0)], 152.0, 7)
@given(st.lists(st.tuples(AXES, st.floats(0, 400)), max_size=12), st.floats(0, 400), st.sampled_from([1, 7]))
def test_whatever_is_known_stays_within_the_picture(changes: list[tuple[Axes, float]], quiet: float, days: int) -> None:
    moments = sorted((ago for _, ago in changes), reverse=True)
    ends = [*moments[1:], 0.0]
    known = [
        span(axes, since, max(until, since - quiet))
        for (axes, _), since, until in zip(changes, moments, ends, strict=False)
    ]
    picture = draw(known, [entry(ago, "failed") for _, ago in changes], NOW, days)
    bands = [band for lane in picture.lanes for band in lane.bands]
    assert all(band.x >= 0 and band.width >= THINNEST_PERCENT and band.x + band.width <= 100.01 for band in bands)
    assert all(0 <= mark.x <= 100 for mark in picture.marks)
    assert all(list(lane.bands) == sorted(lane.bands, key=lambda band: band.x) for lane in picture.lanes)
