"""docs/mqtt.md and docs/fleet.md are true: their ACLs suffice, settings are taken, commands and links exist."""

import json
import re
import textwrap
from pathlib import Path

import pytest

from emulator import cli
from emulator.app.settings import Settings
from emulator.config import yaml_file
from emulator.doors import Trouble
from emulator.doors.mqtt import trial
from emulator.doors.mqtt.broker import Broker
from emulator.doors.mqtt.topics import Topics
from tests.doors.mqtt.conftest import StartMosquitto
from tests.support.mosquitto import HOST
from tests.support.mqtt_client import MqttClient
from tests.support.settings_table import README

DOCS = README.parent / "docs"
GUIDE, FLEET = ((DOCS / name).read_text() for name in ("mqtt.md", "fleet.md"))
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
ID = "9dffa9bc3f9d"
PASSWORDS = {"emulator": "one", "homeassistant": "two", ID: "three", "another": "four"}


def blocks(language: str, text: str = GUIDE) -> list[str]:
    return [textwrap.dedent(block) for _, found, block in FENCE.findall(text) if found == language]


[ACL] = blocks("acl")
[FLEET_ACL] = blocks("acl", FLEET)
SETTINGS = [
    block for block in blocks("yaml", GUIDE + FLEET) if block.startswith(("doors:", "switches:", "installations:"))
]
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


@pytest.mark.parametrize("block", SETTINGS)
def test_settings_that_are_shown_are_taken(block: str, tmp_path: Path) -> None:
    usual = yaml_file.read("devices.yaml", (README.parent / "devices.yaml").read_text()).content
    path = tmp_path / "devices.yaml"
    path.write_text(json.dumps(usual | yaml_file.read("mqtt.md", block).content))
    assert Settings.load(path)


@pytest.mark.parametrize("word", ["false", "off", "no"])
def test_discovery_can_be_turned_off(word: str, tmp_path: Path) -> None:
    path = tmp_path / "devices.yaml"
    usual = (README.parent / "devices.yaml").read_text()
    path.write_text(usual.replace("doors:\n", f"doors:\n  mqtt: {{ broker: mqtt://x, discovery: {word} }}\n"))
    assert Settings.load(path).doors.opened["mqtt"].topics("0").discovery == ""


@pytest.mark.parametrize("text", [GUIDE, FLEET], ids=["mqtt.md", "fleet.md"])
def test_commands_and_links_lead_somewhere(text: str) -> None:
    assert set(re.findall(r"`emulator ([a-z]+)", text)) <= cli.COMMANDS.keys()
    titles = re.findall(r"^#+ (.*)$", FENCE.sub("", text), re.MULTILINE)
    anchors = {"#" + re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
    ours = [link for link in re.findall(r"\]\(([^)]+)\)", text) if not link.startswith("https://")]
    files = [DOCS / link.partition("#")[0] for link in ours if not link.startswith("#")]
    assert [link for link in ours if link.startswith("#") and link not in anchors] == []
    assert [file for file in files if not file.exists()] == []
