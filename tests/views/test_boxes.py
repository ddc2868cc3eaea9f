"""The boxes of an alarm: a trouble is shown while it lasts."""

from dataclasses import replace

import pytest

from emulator.alarm.hub import Health, View
from emulator.model import DISARMED, Arm, ArmMode, Axes, PanelState
from emulator.store.journal import Entry
from emulator.views.boxes import SEEN_S, TROUBLE_S, boxes
from emulator.views.facts import AlarmFacts

AT, ENDED = 1000.0, 1010.0
ENDS = [("rejected", "refused"), ("failed", "failed"), ("unconfirmed", "not sure")]
NIGHT = DISARMED.after(Arm(ArmMode.parse("night")))
WELL = Health(read_at=ENDED + 1)
DOWN = Health(failures=3, error="HOST does not answer", read_at=AT - 60)
BLOCKED = Health(blocked="type `emulator login`", read_at=AT - 60)


def entry(result: str, message: str = "no", action: str = "arm night", settled: str | None = None) -> Entry:
    return Entry(
        id=7,
        at=AT,
        installation="home",
        action=action,
        door="wemo",
        peer="192.168.1.31",
        switch="Night alarm",
        ended_at=ENDED,
        result=result,
        message=message,
        settled_at=None,
        settled=settled,
        times=1,
        needs_login=False,
    )


def titles(last: Entry | None, health: Health = WELL, axes: Axes = DISARMED, now: float = ENDED + 2) -> list[str]:
    view = View(PanelState(axes, health.read_at or 0.0, "", "EST2"))
    return [box.title for box in boxes(AlarmFacts("home", view, health, last=last), now)]


def test_an_alarm_that_is_well_has_none() -> None:
    assert titles(None) == titles(entry("confirmed")) == titles(entry("ignored")) == []


@pytest.mark.parametrize(("result", "said"), ENDS)
def test_a_command_that_failed_is_shown_for_an_hour(result: str, said: str) -> None:
    last = entry(result)
    assert titles(last, DOWN, now=ENDED + TROUBLE_S) == ["No news from the alarm", f"arm night: {said}"]
    assert titles(last, DOWN, now=ENDED + TROUBLE_S + 1) == ["No news from the alarm"]


@pytest.mark.parametrize(("result", "said"), ENDS)
def test_it_is_over_once_the_panel_stands_where_it_was_wanted(result: str, said: str) -> None:
    assert titles(entry(result), axes=NIGHT) == []
    assert titles(entry(result, action="disarm"), axes=DISARMED) == []
    assert titles(entry(result, action="disarm"), axes=NIGHT) == [f"disarm: {said}"]


def test_what_the_panel_said_before_does_not_end_it() -> None:
    stale = replace(WELL, read_at=ENDED - 1)
    assert titles(entry("unconfirmed"), stale, NIGHT) == ["arm night: not sure"]


def test_one_that_wanted_a_login_goes_with_the_login() -> None:
    last = replace(entry("failed"), needs_login=True)
    assert titles(last, BLOCKED) == ["The login needs you", "arm night: failed"]
    assert titles(last, WELL) == []


def test_one_that_the_cloud_lost_stays_until_a_person_may_have_seen_it() -> None:
    last = entry("failed", "HOST does not answer")
    assert titles(last, now=ENDED + SEEN_S) == ["arm night: failed"]
    assert titles(last, now=ENDED + SEEN_S + 1) == []
    assert titles(entry("rejected"), now=ENDED + SEEN_S + 1) == ["arm night: refused"]


def test_a_row_of_another_version_is_shown() -> None:
    assert titles(entry("rejected", action="arm moat")) == ["arm moat: refused"]
    assert titles(entry("rejected", action="dance")) == ["dance: refused"]


def test_each_box_has_its_own_name() -> None:
    """A closed box stays closed; the next of its kind does not."""

    def ids(health: Health, last: Entry | None = None) -> list[str]:
        return [box.id for box in boxes(AlarmFacts("home", View(), health, last=last), ENDED + 2)]

    again = replace(DOWN, failures=4, error="HOST answered HTTP 503")
    later = replace(DOWN, read_at=ENDED)
    other = replace(BLOCKED, blocked="the account is locked")
    assert ids(DOWN) == ids(again) != ids(later)
    assert ids(BLOCKED) != ids(other)
    assert ids(WELL, entry("unconfirmed")) != ids(WELL, entry("unconfirmed", settled="night"))
    repeated = replace(entry("rejected"), times=2)
    assert ids(WELL, entry("rejected")) != ids(WELL, repeated)


def test_what_needs_a_person_looks_different_from_a_refused_arm() -> None:
    def kinds(health: Health, last: Entry | None = None, unwritten: str = "") -> list[str]:
        return [box.kind for box in boxes(AlarmFacts("home", View(), health, last=last), ENDED + 2, unwritten)]

    assert kinds(BLOCKED, entry("rejected"), "the disk is full") == ["person", "person", "failed"]
    assert kinds(DOWN, entry("unconfirmed")) == ["unsure", "unsure"]
