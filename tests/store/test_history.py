"""Spans: what the panel vouches for, and no more."""

import pytest

from emulator.model import DISARMED, Arm, ArmMode, Axes, Command, Interior, Origin, Outcome, PanelState, Result
from emulator.store import history
from emulator.store.history import KEEP_SPANS, QUIET_S, STRETCH_S
from emulator.store.journal import Journal

NIGHT = Axes(Interior.NIGHT, perimeter=False, annex=False)


def say(journal: Journal, axes: Axes, at: float, command: int | None = None, name: str = "home") -> None:
    history.keep(journal, name, PanelState(axes, at, "", "EST2"), at, QUIET_S, command)


def found(journal: Journal, since: float = 0.0) -> list[tuple[Axes, float, float, int | None]]:
    return [(span.axes, span.since, span.until, span.command) for span in history.spans(journal, "home", since)]


def test_a_span_lasts_as_long_as_the_panel_says_the_same(journal: Journal) -> None:
    for minute in range(31):
        say(journal, DISARMED, 60.0 * minute)
    assert found(journal) == [(DISARMED, 0.0, 1800.0, None)]


def test_a_change_ends_one_and_begins_the_next_without_a_gap(journal: Journal) -> None:
    say(journal, DISARMED, 0.0)
    say(journal, DISARMED, 60.0)
    say(journal, NIGHT, 120.0, command=7)
    assert found(journal) == [(DISARMED, 0.0, 120.0, None), (NIGHT, 120.0, 120.0, 7)]


def test_silence_is_a_gap_even_if_nothing_changed(journal: Journal) -> None:
    say(journal, DISARMED, 0.0)
    say(journal, DISARMED, STRETCH_S)
    say(journal, DISARMED, STRETCH_S + QUIET_S + 1)
    assert found(journal) == [(DISARMED, 0.0, 300.0, None), (DISARMED, 1201.0, 1201.0, None)]


def test_a_clock_that_is_set_back_is_a_gap(journal: Journal) -> None:
    say(journal, DISARMED, 1000.0)
    say(journal, DISARMED, 500.0)
    assert found(journal) == [(DISARMED, 1000.0, 1000.0, None), (DISARMED, 500.0, 500.0, None)]


def test_what_is_unknown_stays_unknown(journal: Journal) -> None:
    say(journal, Axes(), 0.0)
    assert found(journal)[0][0] == Axes()


def test_alarms_have_their_own(journal: Journal) -> None:
    say(journal, DISARMED, 0.0)
    say(journal, NIGHT, 0.0, name="shed")
    assert [axes for axes, *_ in found(journal)] == [DISARMED]


def test_only_what_reaches_into_the_time_asked_for(journal: Journal) -> None:
    say(journal, DISARMED, 0.0)
    say(journal, NIGHT, 100.0)
    assert [axes for axes, *_ in found(journal, since=50.0)] == [DISARMED, NIGHT]
    assert [axes for axes, *_ in found(journal, since=101.0)] == []


def test_it_writes_seldom(journal: Journal) -> None:
    say(journal, DISARMED, 0.0)
    before = journal.rows("SELECT total_changes()")
    for second in range(0, int(STRETCH_S), 5):
        say(journal, DISARMED, float(second))
    assert journal.rows("SELECT total_changes()") == before


def test_it_keeps_so_many(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    assert KEEP_SPANS == 10_000
    monkeypatch.setattr(history, "KEEP_SPANS", 5)
    for number in range(20):
        say(journal, (DISARMED, NIGHT)[number % 2], float(number))
    assert len(found(journal)) == 5


def test_the_last_change_is_when_it_came_to_where_it_stands(journal: Journal) -> None:
    assert history.last_change(journal, "home") is None
    say(journal, DISARMED, 60.0)
    say(journal, NIGHT, 120.0)
    say(journal, NIGHT, 180.0)
    say(journal, DISARMED, 90.0, name="shed")
    assert (history.last_change(journal, "home"), history.last_change(journal, "shed")) == (120.0, 90.0)


def test_the_newest_that_has_ended_is_not_always_the_newest(journal: Journal) -> None:
    done = Outcome(Result.CONFIRMED, "done")
    held, quick, other, running = (
        journal.begin(name, Command(Arm(ArmMode(Interior.NIGHT)), Origin("hue")), float(at))
        for at, name in enumerate(("home", "home", "shed", "home"))
    )
    assert history.newest_ended(journal.commands(9), "home") is None
    for entry, at in ((quick, 10.0), (held, 20.0), (other, 30.0)):
        journal.end(entry, done, at)
    found = history.newest_ended(journal.commands(9), "home")
    assert found is not None
    assert found.id == held != running
