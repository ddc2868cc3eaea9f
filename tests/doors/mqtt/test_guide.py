"""The ACLs of docs/mqtt.md and docs/fleet.md suffice, and grant no more than is needed."""

from pathlib import Path

import pytest

from emulator.app.settings import Settings
from emulator.doors import Trouble
from emulator.doors.mqtt import trial
from emulator.doors.mqtt.broker import Broker
from emulator.doors.mqtt.topics import Topics
from tests.doors.mqtt.conftest import StartMosquitto
from tests.support.mosquitto import HOST
from tests.support.mqtt_client import MqttClient
from tests.support.pages import ROOT, page

ID = "9dffa9bc3f9d"
PASSWORDS = {"emulator": "one", "homeassistant": "two", ID: "three", "another": "four"}

[ACL] = page("mqtt.md").blocks("acl")
[FLEET_ACL] = page("fleet.md").blocks("acl")
OURS, _, _ = ACL.partition("\n\n")
LINES = OURS.splitlines()[1:]
TOPICS = Topics("verisure", ID, "homeassistant")


def troubles(start: StartMosquitto, acl: str, user: str = "emulator", topics: Topics = TOPICS) -> list[Trouble]:
    broker = start(users=PASSWORDS, acl=acl)
    shown = Broker(HOST, broker.port, False, user=user, password=PASSWORDS[user])
    with MqttClient(broker.port, user="homeassistant", password=PASSWORDS["homeassistant"]) as reader:
        reader.subscribe("#")
        return list(trial.troubles(shown, topics, is_pin_set=True))


def test_the_acl_is_wide_enough(mosquitto: StartMosquitto) -> None:
    assert len(LINES) == 6
    assert troubles(mosquitto, ACL) == []


@pytest.mark.parametrize("line", [line for line in LINES if line != f"topic read {TOPICS.birth}"])
def test_no_line_of_the_acl_is_too_much_and_a_missing_one_is_named(mosquitto: StartMosquitto, line: str) -> None:
    [trouble] = troubles(mosquitto, ACL.replace(line + "\n", ""))
    *_, access, topic = line.split()
    assert f"does not let this program {'read' if access == 'read' else ''}" in trouble.found
    assert topic in trouble.found or repr(topic.split("/")[0]) in trouble.found or TOPICS.base in trouble.found


def test_the_acl_of_a_fleet_lets_each_home_to_its_own_topics_and_no_others(mosquitto: StartMosquitto) -> None:
    topics = Topics("verisure", ID, f"ha/{ID}")
    acl = f"{FLEET_ACL}\nuser homeassistant\ntopic read #\n"
    assert troubles(mosquitto, acl, ID, topics) == []
    [write, announce] = troubles(mosquitto, acl, "another", topics)
    assert "write below" in write.found
    assert "announce itself" in announce.found


@pytest.mark.parametrize("word", ["false", "off", "no"])
def test_discovery_can_be_turned_off(word: str, tmp_path: Path) -> None:
    path = tmp_path / "devices.yaml"
    usual = (ROOT / "devices.yaml").read_text()
    path.write_text(usual.replace("doors:\n", f"doors:\n  mqtt: {{ broker: mqtt://x, discovery: {word} }}\n"))
    assert Settings.load(path).doors.opened["mqtt"].topics("0").discovery == ""
