"""Discovery messages, without Home Assistant: keys, ids, topics, and nothing that delivers a command late."""

import json
from dataclasses import replace

import pytest

from emulator.doors.mqtt import discovery
from emulator.doors.mqtt.discovery import Component
from emulator.doors.mqtt.panel import ARMS
from emulator.doors.mqtt.topics import Topics
from tests.doors.mqtt.rig import NIGHT, PERIMETER

TOPICS = Topics("verisure", "0123456789ab", "homeassistant")


def made(
    *, arm_code: bool = False, installation: str = "home", commands: list[str] | None = None
) -> dict[str, Component]:
    return discovery.components(
        TOPICS, installation, list(ARMS) if commands is None else commands, [NIGHT, PERIMETER], arm_code=arm_code
    )


def topics_of(component: Component) -> set[str]:
    named = {value for key, value in component.items() if key.endswith("_topic")}
    return named | {one["topic"] for one in component["availability"]}


@pytest.mark.parametrize("key", made())
def test_each_entity_has_what_all_need(key: str) -> None:
    found = made()[key]
    assert found["unique_id"].startswith("verisure_0123456789ab_")
    assert found["availability"][0] == {"topic": TOPICS.status}
    assert topics_of(found) - {TOPICS.status} <= {
        one for one in topics_of(found) if one.startswith(f"{TOPICS.base}/home/")
    }
    assert "object_id" not in found
    assert json.loads(json.dumps(found)) == found


@pytest.mark.parametrize("key", [key for key, found in made().items() if "command_topic" in found])
def test_no_command_is_kept_or_delivered_late(key: str) -> None:
    found = made()[key]
    assert (found["qos"], found["retain"], found["message_expiry_interval"]) == (0, False, 10)


def test_those_are_the_panel_the_button_and_the_switches() -> None:
    assert [key for key, found in made().items() if "command_topic" in found] == [
        "alarm",
        "refresh",
        f"switch_{NIGHT.identity.serial}",
        f"switch_{PERIMETER.identity.serial}",
    ]


def test_the_panel_has_the_arms_that_are_fitted_and_asks_for_a_code() -> None:
    assert made(commands=["ARM_NIGHT", "ARM_AWAY"])["alarm"]["supported_features"] == ["arm_away", "arm_night"]
    assert made(commands=[])["alarm"]["supported_features"] == []
    for arm_code in (True, False):
        panel = made(arm_code=arm_code)["alarm"]
        assert (panel["code"], panel["code_disarm_required"], panel["code_arm_required"]) == (
            "REMOTE_CODE",
            True,
            arm_code,
        )


def test_what_depends_on_the_panel_is_there_only_once_that_was_read() -> None:
    found = made()
    for key in ("alarm", f"switch_{NIGHT.identity.serial}"):
        assert found[key]["availability_mode"] == "all"
        assert {"topic": f"{TOPICS.base}/home/status"} in found[key]["availability"]


def test_ids_are_unique_over_alarms_and_outlive_names() -> None:
    here, there = made(), made(installation="home_2")
    assert here["alarm"]["unique_id"] != there["alarm"]["unique_id"]
    alarms = [found["unique_id"] for each in (here, there) for key, found in each.items() if "switch" not in key]
    assert len(set(alarms)) == len(alarms)
    again = discovery.components(TOPICS, "home", list(ARMS), [replace(NIGHT, name="Noche")], arm_code=False)
    key = f"switch_{NIGHT.identity.serial}"
    assert again[key]["unique_id"] == here[key]["unique_id"]
    assert again[key]["command_topic"] == here[key]["command_topic"]
    assert (again[key]["name"], here[key]["name"]) == ("Noche", "Night alarm")


def test_the_message_of_a_device_has_a_closed_root_and_removes_what_is_gone() -> None:
    found = made()
    [(topic, message)] = discovery.by_device(TOPICS, "home", found, {"switch_9": "switch", "alarm": "x"}).items()
    assert topic == "homeassistant/device/verisure_0123456789ab/home/config"
    assert set(message) == {"device", "origin", "components"}
    assert message["components"] == {**found, "switch_9": {"platform": "switch"}}


def test_or_there_is_one_for_each_entity() -> None:
    found = made()
    messages = discovery.by_entity(TOPICS, "home", found)
    assert len(messages) == len(found)
    assert "homeassistant/alarm_control_panel/verisure_0123456789ab/home_alarm/config" in messages
    for topic, message in messages.items():
        assert topic.startswith("homeassistant/")
        assert topic.split("/")[2] == "verisure_0123456789ab"
        assert "platform" not in message
        assert message["device"]["identifiers"] == ["verisure_0123456789ab_home"]
