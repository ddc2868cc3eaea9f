"""The door's section of devices.yaml, its credentials, and its library."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from emulator.app.settings import Settings
from emulator.doors import row
from emulator.doors.mqtt.settings import MqttSettings
from emulator.errors import ConfigError
from emulator.system.extras import InstalledAs

HOME = "installations: {home: {cloud: simulator}}\nswitches: [{name: Night, on: night}]\n"
SECRET = "hunter2"


def load(folder: Path, section: str) -> MqttSettings:
    path = folder / "devices.yaml"
    path.write_text(f"{HOME}doors: {{mqtt: {section}}}\n")
    found = Settings.load(path).doors.opened["mqtt"]
    assert isinstance(found, MqttSettings)
    return found


def problem(folder: Path, section: str) -> str:
    """Return the only problem, without the file and its line."""
    with pytest.raises(ConfigError) as caught:
        load(folder, section)
    [one] = caught.value.problems
    return str(one).partition("doors.mqtt.")[2]


def test_the_broker_is_enough(tmp_path: Path) -> None:
    found = load(tmp_path, "{broker: mqtt://broker}")
    assert (found.prefix, found.discovery, found.per_entity, found.arm_code) == (
        "verisure",
        "homeassistant",
        False,
        False,
    )
    assert (found.ca, found.client_id) == ("", "")
    broker = found.shown()
    assert (str(broker), broker.user, broker.password) == ("mqtt://broker:1883", "", "")


@pytest.mark.parametrize(
    ("written", "prefix"),
    [
        ("false", ""),
        ("False", ""),
        ("'false'", ""),
        ("no", ""),
        ("true", "homeassistant"),
        ("ha", "ha"),
        ("a/b", "a/b"),
    ],
)
def test_discovery_has_a_prefix_or_is_off(tmp_path: Path, written: str, prefix: str) -> None:
    assert load(tmp_path, f"{{broker: mqtt://b, discovery: {written}}}").discovery == prefix


@pytest.mark.parametrize("key", ["prefix", "discovery"])
@pytest.mark.parametrize("written", ["a+b", "'#'", "$SYS", "'a b'", "/a", "a/", "a//b", "''", '"a\\0b"', "x" * 65])
def test_what_is_no_begin_of_a_topic(tmp_path: Path, key: str, written: str) -> None:
    found = problem(tmp_path, f"{{broker: mqtt://b, {key}: {written}}}")
    assert re.match(
        rf"{key}: .* is not possible: (begin of every topic|Home Assistant's, such a begin|.* at most 64)", found
    )


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("{}", "broker: is missing: `mqtt://host`"),
        ("{broker: broker}", "broker: is no address of a broker: write it as"),
        ("{broker: [mqtt://b]}", "broker: takes a single value"),
        (f"{{broker: 'mqtt://me:{SECRET}@b'}}", "broker: user and password never stand in this file"),
        (f"{{broker: mqtt://b, password: {SECRET}}}", "password: secrets never stand in this file"),
        ("{broker: mqtt://b, client_id: 'a b'}", "client_id: 'a b' is not possible: 64 letters"),
        ("{broker: mqtt://b, arm_code: maybe}", "arm_code: 'maybe' is not possible"),
        ("{broker: mqtts://b, tls_insecure: true}", "tls_insecure: unknown key"),
    ],
)
def test_each_mistake_has_its_words_and_no_secret(tmp_path: Path, section: str, said: str) -> None:
    found = problem(tmp_path, section)
    assert found.startswith(said)
    assert SECRET not in found


def test_who_writes_the_password_of_the_broker_is_not_sent_to_that_of_the_alarm(tmp_path: Path) -> None:
    """Three refused logins with it would lock the alarm's account."""
    found = problem(tmp_path, f"{{broker: mqtt://b, password: {SECRET}}}")
    assert found.endswith("put them in the environment: MQTT_USER, MQTT_PASSWORD")


# -- credentials --------------------------------------------------------------------------------------------------


def test_user_and_password_are_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    monkeypatch.setenv("MQTT_USER", "me")
    monkeypatch.setenv("MQTT_PASSWORD_FILE", str(tmp_path / "secret"))
    monkeypatch.setenv("VERISURE_USER", "other")
    found = load(tmp_path, "{broker: mqtts://b, ca: /etc/ca.pem}").shown()
    assert (found.user, found.password, found.ca, found.tls) == ("me", SECRET, "/etc/ca.pem", True)
    assert SECRET not in repr(found)


def test_what_cannot_be_read_is_said_before_anything_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MQTT_PASSWORD", SECRET)
    monkeypatch.setenv("MQTT_PASSWORD_FILE", "/nowhere")
    with pytest.raises(ConfigError, match="MQTT_PASSWORD") as caught:
        row("mqtt").require(MqttSettings(broker="mqtt://b"))
    assert SECRET not in str(caught.value)


# -- the library --------------------------------------------------------------------------------------------------


def test_without_the_library_the_command_is_named() -> None:
    program = (
        "import sys; sys.modules['paho'] = None; sys.modules['paho.mqtt'] = None\n"
        "from emulator.doors import row; from emulator.errors import ConfigError\n"
        "found = row('mqtt'); section = found.settings(broker='mqtt://b')\n"
        "try: found.require(section)\n"
        "except ConfigError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == f"doors.mqtt: {InstalledAs.here().lacks('mqtt')}\n"


def test_reading_its_row_loads_no_library() -> None:
    program = "import sys, emulator.doors.mqtt.settings; assert 'paho' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
