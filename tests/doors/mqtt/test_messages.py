"""Payloads about an alarm."""

import json
from dataclasses import replace
from typing import Any

import pytest

from emulator.alarm.hub import Health, View
from emulator.doors.mqtt import messages
from emulator.doors.mqtt.topics import Topics
from emulator.model import Axes, Interior, PanelState
from emulator.store.journal import Entry

TOPICS = Topics("v", "1", "h")
NIGHT = PanelState(Axes(Interior.NIGHT, perimeter=False, annex=None), 1_700_000_000.0, "", "")
ENTRY = Entry(7, 1.0, "home", "arm night", "wemo", "10.0.0.9", "Noche ñ", 2.0, "unconfirmed", None, 3.0, "night")


def of_alarm(view: View = View(), health: Health = Health(), **other: Any) -> dict[str, str]:  # noqa: B008  # frozen
    found = messages.of_alarm(TOPICS, "home", view, health, other.get("changed"), other.get("last"))
    return {topic.removeprefix("v/1/home/"): payload for topic, payload in found.items()}


def test_only_what_is_known_is_said() -> None:
    assert set(of_alarm()) == {"status", "state", "attributes", "cloud"}
    assert set(of_alarm(changed=0.0, last=ENTRY)) == {"status", "state", "attributes", "cloud", "changed", "outcome"}


def test_each_axis_keeps_what_is_not_known() -> None:
    said = of_alarm(View(NIGHT, Axes(Interior.OFF, perimeter=False, annex=None)))
    attributes = json.loads(said["attributes"])
    assert (attributes["mode"], attributes["interior"], attributes["perimeter"], attributes["annex"]) == (
        "night",
        "night",
        False,
        None,
    )
    assert attributes["on_the_way_to"] == "disarmed, annex unknown"
    assert said["state"] == "disarming"


@pytest.mark.parametrize(
    ("health", "word", "login"),
    [
        (Health(), "None", "ok"),
        (Health(read_at=1.0), "ON", "ok"),
        (Health(read_at=1.0, failures=1, error="no"), "OFF", "ok"),
        (Health(read_at=1.0, old=True, error="old"), "OFF", "ok"),
        (Health(read_at=1.0, alive=False), "OFF", "ok"),
        (Health(read_at=1.0, blocked="log in"), "OFF", "needs you"),
    ],
)
def test_a_cloud_is_connected_when_it_answers_as_it_should(health: Health, word: str, login: str) -> None:
    class Shown:
        def view(self, _name: str) -> View:
            return View()

        def health(self, _name: str) -> Health:
            return health

    assert of_alarm(health=health)["cloud"] == word
    found = messages.summary(Shown(), ["home"], {}, ["the disk is full"])  # type: ignore[arg-type]
    [alarm] = found["installations"]
    assert (found["healthy"], alarm["login"]) == (False, login)
    assert found["trouble"][0] == "the disk is full"
    assert len(found["trouble"]) == (2 if word == "OFF" else 1)


def test_an_outcome_is_json_in_the_letters_of_the_house() -> None:
    text = messages.text(messages.outcome(replace(ENTRY, zones=("Salón",))))
    assert '"asked_by":"Noche ñ · wemo · 10.0.0.9"' in text
    assert json.loads(text) == {
        "result": "unconfirmed",
        "action": "arm night",
        "reason": "",
        "asked_by": "Noche ñ · wemo · 10.0.0.9",
        "at": "1970-01-01T00:00:01+00:00",
        "ended_at": "1970-01-01T00:00:02+00:00",
        "entry": 7,
        "settled": "night",
        "open_zones": ["Salón"],
    }


def test_an_event_has_a_topic_of_its_own() -> None:
    topic, payload = messages.event(TOPICS, ENTRY)
    assert topic == "v/1/home/event"
    assert json.loads(payload)["event_type"] == "unconfirmed"
