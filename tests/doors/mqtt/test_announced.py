"""What is announced to Home Assistant, where its own code is not at hand to ask."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.doors.mqtt.rig import SPREAD_S, House
from tests.support.broker import Broker


def announced(house: House, topic: str) -> dict[str, Any]:
    return json.loads(house.broker.retained(topic))


@pytest.mark.parametrize("per_entity", [True, False])
def test_the_old_announcement_goes_before_the_new_one_comes(tmp_path: Path, broker: Broker, per_entity: bool) -> None:
    """While it has two with one unique id, Home Assistant ignores the second for good."""
    before = House(tmp_path, broker, per_entity=not per_entity)
    before.open()
    before.flush()
    old = {topic for topic in broker.topics() if topic.endswith("/config")}
    before.close()
    start = len(broker.published)
    after = House(tmp_path, broker, per_entity=per_entity)
    after.open()
    after.flush()
    said = [one for one in broker.published[start:] if one.topic.endswith("/config")]
    after.close()
    assert {one.topic for one in said[: len(old)]} == old
    assert {bool(one.payload) for one in said[: len(old)]} == {False}
    assert not any(one.payload for one in said if one.topic in old)


def test_an_older_home_assistant_never_shows_the_state_before_an_unknown_one(tmp_path: Path, broker: Broker) -> None:
    """It ignores the payload for unknown: the panel becomes unavailable there."""
    house = House(tmp_path, broker, per_entity=True)
    house.open()
    house.flush()
    node = f"verisure_{house.base.partition('/')[2]}"
    panel = announced(house, f"homeassistant/alarm_control_panel/{node}/home_alarm/config")
    others = [
        announced(house, topic) for topic in broker.topics() if topic.endswith("/config") and "_alarm" not in topic
    ]
    house.close()
    assert panel["availability_mode"] == "all"
    by_state = {"topic": panel["state_topic"], "value_template": "{{ 'offline' if value == 'None' else 'online' }}"}
    assert by_state in panel["availability"]
    assert len(panel["availability"]) == 3
    assert not any("value_template" in one for each in others for one in each["availability"])


def test_announcements_come_again_when_home_assistant_starts(tmp_path: Path, broker: Broker) -> None:
    """It clears the one of the whole device when its user deletes one entity."""
    house = House(tmp_path, broker)
    house.open()
    house.flush()
    topic = house.door._home.topics.device("home")
    before = announced(house, topic)
    broker.publish(topic, "", retain=True)
    broker.publish("homeassistant/status", "online")
    house.mark()
    house.look(SPREAD_S)
    house.flush()
    assert announced(house, topic) == before
    house.close()
