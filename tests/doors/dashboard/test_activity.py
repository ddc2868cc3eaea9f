"""The alarm's own log on the page, in the journal and in the API."""

from pathlib import Path

import pytest

from emulator.model import Arm, ArmMode, Disarm, Interior
from emulator.store import activity
from tests.doors.dashboard.rig import PIN, Rig

HOSTILE = "<img src=x onerror=alert(1)> %s {n} \u202e"


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    made = Rig(tmp_path)
    made.alarm._session.log.every_s = 0.0
    made.poll()
    return made


def test_the_page_and_the_api_name_persons(rig: Rig) -> None:
    rig.panel.keypad(Arm(ArmMode(Interior.NIGHT)), "Ana")
    rig.poll()
    assert "Ana · keypad" in rig.get("/").text
    [row] = [one for one in rig.get("/api/activity?limit=5").json["events"] if one["kind"] == "armed"]
    assert (row["user"], row["means"], row["command"]) == ("Ana", "keypad", None)
    assert rig.get("/api/state").json["installations"][0]["triggered"] is None


def test_an_alarm_shows_until_it_is_disarmed(rig: Rig) -> None:
    rig.panel.keypad(Arm(ArmMode(Interior.NIGHT)))
    rig.poll()
    rig.panel.incident("alarm", "Cocina")
    rig.poll()
    assert "The alarm has gone off" in rig.get("/").text
    assert "Cocina" in rig.get("/").text
    assert rig.get("/api/state").json["installations"][0]["triggered"] == pytest.approx(rig.clock.time(), abs=300)
    rig.panel.keypad(Disarm())
    rig.clock.now += 1000  # the picture of a first day needs some time
    rig.poll()
    text = rig.get("/").text
    assert "The alarm has gone off" not in text
    assert "#m-alarm" in text


def test_hostile_words_of_the_log_are_words(rig: Rig) -> None:
    rig.panel.keypad(Arm(ArmMode(Interior.NIGHT)), HOSTILE)
    rig.poll()
    text = rig.get("/").text
    assert "<img src=x" not in text
    assert "&lt;img src=x" in text
    assert "\u202e" not in text
    assert activity.events(rig.journal, "home", 9)[0].user


def test_the_journal_has_what_the_log_tells_between_its_commands(rig: Rig) -> None:
    rig.panel.keypad(Arm(ArmMode(Interior.NIGHT)), "Ana")
    rig.poll()
    rig.post("/disarm", installation="home", what="main", pin=PIN)
    rig.settle()
    rig.poll()
    text = rig.get("/journal").text
    assert text.index("Page · ") < text.index("Ana · keypad")
    assert text.count('<li class="event') == 2
    assert "Ana" in rig.get("/journal?alarm=home").text
    assert "Ana" not in rig.get("/journal?who=dashboard").text
    number = rig.entries()[0].id
    assert "Ana" in rig.get(f"/journal?before={number}").text


def test_a_filter_makes_no_alarm(rig: Rig) -> None:
    before = rig.journal.rows("SELECT count(*) FROM alarms")
    assert rig.get("/journal?alarm=nobody").status_code == 200
    assert rig.journal.rows("SELECT count(*) FROM alarms") == before
