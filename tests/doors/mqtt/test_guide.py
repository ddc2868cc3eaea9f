"""docs/mqtt.md is true: its ACL suffices and no line of it is too much, its settings are taken, its commands exist."""

import json
import re
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

GUIDE = (README.parent / "docs" / "mqtt.md").read_text()
FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
PASSWORDS = {"emulator": "one", "homeassistant": "two"}


def blocks(language: str) -> list[str]:
    return [text for _, found, text in FENCE.findall(GUIDE) if found == language]


[ACL] = blocks("acl")
OURS, _, _ = ACL.partition("\n\n")
LINES = OURS.splitlines()[1:]
TOPICS = Topics("verisure", LINES[0].split("/")[1], "homeassistant")


def troubles(start: StartMosquitto, acl: str) -> list[Trouble]:
    broker = start(users=PASSWORDS, acl=acl)
    shown = Broker(HOST, broker.port, False, user="emulator", password=PASSWORDS["emulator"])
    with MqttClient(broker.port, user="homeassistant", password=PASSWORDS["homeassistant"]) as reader:
        reader.subscribe("homeassistant/#")
        return list(trial.troubles(shown, TOPICS, is_pin_set=True))


def test_the_acl_is_wide_enough(mosquitto: StartMosquitto) -> None:
    assert len(LINES) == 6
    assert troubles(mosquitto, ACL) == []


@pytest.mark.parametrize("line", [line for line in LINES if line != f"topic read {TOPICS.birth}"])
def test_no_line_of_the_acl_is_too_much_and_a_missing_one_is_named(mosquitto: StartMosquitto, line: str) -> None:
    [trouble] = troubles(mosquitto, ACL.replace(line + "\n", ""))
    *_, access, topic = line.split()
    assert f"does not let this program {'read' if access == 'read' else ''}" in trouble.found
    assert topic in trouble.found or repr(topic.split("/")[0]) in trouble.found or TOPICS.base in trouble.found


@pytest.mark.parametrize("block", [block for block in blocks("yaml") if not block.startswith("automation")])
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


def test_commands_that_are_named_exist() -> None:
    assert set(re.findall(r"`emulator ([a-z]+)", GUIDE)) <= cli.COMMANDS.keys()


def test_links_lead_somewhere() -> None:
    titles = re.findall(r"^#+ (.*)$", FENCE.sub("", GUIDE), re.MULTILINE)
    anchors = {"#" + re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
    ours = [link for link in re.findall(r"\]\(([^)]+)\)", GUIDE) if not link.startswith("https://")]
    files = [README.parent / "docs" / link.partition("#")[0] for link in ours if not link.startswith("#")]
    assert [link for link in ours if link.startswith("#") and link not in anchors] == []
    assert [file for file in files if not file.exists()] == []
