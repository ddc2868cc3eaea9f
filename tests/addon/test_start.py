"""The start of the add-on: environment, devices.yaml, and what happens where something cannot be had."""

import io
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from emulator.addon import start
from emulator.addon.supervisor import NoBroker
from emulator.app.settings import Settings
from emulator.doors.mqtt.settings import MqttSettings
from emulator.errors import Unreachable
from emulator.lan.ingress import VARIABLE

FILE = """\
# Ours.
installations:
  home:
    cloud: simulator
switches:
  - { name: Night, on: night }  # said at night
doors:
  wemo:
  dashboard: { port: 8099 }
"""
BROKER = {"MQTT_BROKER": "mqtt://core-mosquitto:1883", "MQTT_USER": "addons", "MQTT_PASSWORD": "hunter2"}


def told(token: str, _sleep: Callable[[float], object]) -> Mapping[str, str]:
    assert token == "of-the-supervisor"
    return BROKER


GIVEN = {"SUPERVISOR_TOKEN": "of-the-supervisor", "HASSIO_TOKEN": "of-the-supervisor", "TZ": "Europe/Madrid"}


def test_the_program_gets_the_broker_and_the_port_but_no_token_of_the_supervisor() -> None:
    found = start.environment({"verisure_user": "me"}, GIVEN, told)
    assert found == BROKER | {"TZ": "Europe/Madrid", "VERISURE_USER": "me", VARIABLE: "8099"}


@pytest.mark.parametrize("error", [NoBroker("there is none"), Unreachable("it does not answer")])
def test_without_a_broker_everything_else_starts_and_it_is_said(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> Mapping[str, str]:
        raise error

    assert start.environment({}, GIVEN, fail) == {"TZ": "Europe/Madrid", VARIABLE: "8099"}
    assert f"No MQTT broker: {error}. Everything else starts." in caplog.text


def test_it_is_not_asked_for_where_nobody_wants_it() -> None:
    assert "MQTT_USER" not in start.environment({"mqtt": False}, GIVEN, lambda *_: pytest.fail("asked"))


def test_options_open_and_close_doors_and_the_rest_of_the_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "devices.yaml"
    path.write_text(FILE)
    start.take_doors(path, {"mqtt": True, "wemo": False, "hue": True, "hue_port": 8080}, BROKER, 0.0)
    opened = Settings.load(path).doors.opened
    assert opened.keys() == {"mqtt", "hue", "dashboard"}
    assert [line for line in path.read_text().splitlines() if "#" in line] == [
        "# Ours.",
        "  - { name: Night, on: night }  # said at night",
    ]
    assert "hunter2" not in path.read_text()
    assert len(list(tmp_path.glob("*.bak"))) == 1
    # The next start finds it as it is to be.
    start.take_doors(path, {"mqtt": True, "wemo": False, "hue": True, "hue_port": 8080}, BROKER, 60.0)
    assert len(list(tmp_path.glob("*.bak"))) == 1


def test_without_options_the_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "devices.yaml"
    path.write_text(FILE)
    start.take_doors(path, {"log_level": "info"}, BROKER, 0.0)
    assert path.read_text() == FILE
    start.take_doors(tmp_path / "none.yaml", {"hue": True}, BROKER, 0.0)
    assert [one.name for one in tmp_path.iterdir()] == ["devices.yaml"]


def test_a_door_that_cannot_be_opened_keeps_none_of_the_others_away(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "devices.yaml"
    path.write_text(FILE)
    start.take_doors(path, {"mqtt": True, "hue": True}, {}, 0.0)
    assert Settings.load(path).doors.opened.keys() == {"wemo", "hue", "dashboard"}
    assert "The options of the add-on do not open a door: MQTT door, broker: this is missing" in caplog.text


def test_a_file_that_is_wrong_is_left_to_the_program(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "devices.yaml"
    path.write_text("switches: [\n")
    start.take_doors(path, {"hue": True}, BROKER, 0.0)
    assert path.read_text() == "switches: [\n"
    assert "The options of the add-on do not change devices.yaml" in caplog.text


def test_the_login_of_home_assistants_broker_is_shown_to_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in BROKER.items():
        monkeypatch.setenv(name, value)
    own = MqttSettings(broker="mqtt://core-mosquitto:1883").shown()
    assert (own.user, own.password) == ("addons", "hunter2")
    other = MqttSettings(broker="mqtt://192.168.7.5").shown()
    assert (other.user, other.password) == ("", "")


def test_it_becomes_the_program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    became: list[Any] = []
    own = os.open(os.devnull, os.O_RDONLY)

    class Options(io.StringIO):
        def fileno(self) -> int:
            return own

    monkeypatch.setattr(sys, "stdin", Options('{"log_level": "debug", "mqtt": false}'))
    monkeypatch.setenv("SUPERVISOR_TOKEN", "of-the-supervisor")
    start.main(tmp_path / "devices.yaml", lambda *what: became.extend(what))
    os.close(own)
    assert became[1][1:] == ["-m", "emulator", "run", "--config", f"{tmp_path}/devices.yaml", "--log-level", "debug"]
    assert became[2][VARIABLE] == "8099"
    assert "SUPERVISOR_TOKEN" not in became[2]


def test_options_that_cannot_be_read_stop_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the status of wrong settings: no restart would mend that."""
    monkeypatch.setattr(sys, "stdin", io.StringIO('{"verisure_password": "hunter2"'))
    with pytest.raises(SystemExit) as stopped:
        start.main(tmp_path / "devices.yaml", lambda *_: pytest.fail("started"))
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert "options of the add-on: cannot be read" in said
    assert "hunter2" not in said
