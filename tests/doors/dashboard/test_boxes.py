"""The boxes of an alarm: a trouble is shown while it lasts."""

import pytest

from emulator.doors.dashboard import schema
from emulator.doors.dashboard.boxes import SEEN_S, TROUBLE_S, boxes
from emulator.model import DISARMED, Arm, ArmMode, Axes

AT, ENDED = 1000.0, 1010.0
NIGHT = DISARMED.after(Arm(ArmMode.parse("night")))
WELL = schema.HealthView(cloud="ok", login="ok", read_at=ENDED + 1, next_poll_at=None, failures=0, error="", blocked="")
DOWN = WELL.model_copy(update={"cloud": "down", "failures": 3, "error": "HOST does not answer", "read_at": AT - 60})
BLOCKED = WELL.model_copy(update={"login": "needs you", "blocked": "type `emulator login`", "read_at": AT - 60})


def entry(result: str, message: str = "no", action: str = "arm night", settled: str | None = None) -> schema.EntryView:
    return schema.EntryView(
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


def titles(
    last: schema.EntryView | None, health: schema.HealthView = WELL, axes: Axes = DISARMED, now: float = ENDED + 2
) -> list[str]:
    panel = schema.PanelView(
        state=str(axes),
        interior=axes.interior,
        perimeter=axes.perimeter,
        annex=axes.annex,
        armed=axes.armed,
        read_at=health.read_at or 0.0,
        raw="",
        source="EST2",
        bypassed=(),
    )
    one = schema.InstallationView(name="home", panel=panel, pending=None, modes=[], last=last, health=health)
    return [box.title for box in boxes(one, axes, now)]


def test_an_alarm_that_is_well_has_none() -> None:
    assert titles(None) == titles(entry("confirmed")) == titles(entry("ignored")) == []


@pytest.mark.parametrize("result", ["rejected", "failed", "unconfirmed"])
def test_a_command_that_failed_is_shown_for_an_hour(result: str) -> None:
    last = entry(result)
    assert titles(last, DOWN, now=ENDED + TROUBLE_S) == ["No news from the alarm", f"Arm night: {result}"]
    assert titles(last, DOWN, now=ENDED + TROUBLE_S + 1) == ["No news from the alarm"]


@pytest.mark.parametrize("result", ["rejected", "failed", "unconfirmed"])
def test_it_is_over_once_the_panel_stands_where_it_was_wanted(result: str) -> None:
    assert titles(entry(result), axes=NIGHT) == []
    assert titles(entry(result, action="disarm"), axes=DISARMED) == []
    assert titles(entry(result, action="disarm"), axes=NIGHT) == [f"Disarm: {result}"]


def test_what_the_panel_said_before_does_not_end_it() -> None:
    stale = WELL.model_copy(update={"read_at": ENDED - 1})
    assert titles(entry("unconfirmed"), stale, NIGHT) == ["Arm night: unconfirmed"]


def test_one_that_wanted_a_login_goes_with_the_login() -> None:
    last = entry("failed").model_copy(update={"needs_login": True})
    assert titles(last, BLOCKED) == ["The login needs you", "Arm night: failed"]
    assert titles(last, WELL) == []


def test_one_that_the_cloud_lost_stays_until_a_person_may_have_seen_it() -> None:
    last = entry("failed", "HOST does not answer")
    assert titles(last, now=ENDED + SEEN_S) == ["Arm night: failed"]
    assert titles(last, now=ENDED + SEEN_S + 1) == []
    assert titles(entry("rejected"), now=ENDED + SEEN_S + 1) == ["Arm night: rejected"]


def test_a_row_of_another_version_is_shown() -> None:
    assert titles(entry("rejected", action="arm moat")) == ["Arm moat: rejected"]
    assert titles(entry("rejected", action="dance")) == ["Dance: rejected"]


def test_each_box_has_its_own_name() -> None:
    """A closed box stays closed; the next of its kind does not."""

    def ids(health: schema.HealthView, last: schema.EntryView | None = None) -> list[str]:
        one = schema.InstallationView(name="home", panel=None, pending=None, modes=[], last=last, health=health)
        return [box.id for box in boxes(one, Axes(), ENDED + 2)]

    again = DOWN.model_copy(update={"failures": 4, "error": "HOST answered HTTP 503"})
    later = DOWN.model_copy(update={"read_at": ENDED})
    other = BLOCKED.model_copy(update={"blocked": "the account is locked"})
    assert ids(DOWN) == ids(again) != ids(later)
    assert ids(BLOCKED) != ids(other)
    assert ids(WELL, entry("unconfirmed")) != ids(WELL, entry("unconfirmed", settled="night"))
    repeated = entry("rejected").model_copy(update={"times": 2})
    assert ids(WELL, entry("rejected")) != ids(WELL, repeated)
