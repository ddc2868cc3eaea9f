"""Settings of the door: below `doors`, and below each alarm."""

import sys
from pathlib import Path

import pytest

from emulator.app.settings import Settings
from emulator.doors.homekit.settings import ROW, HomekitAlarm, HomekitSettings
from emulator.doors.homekit.words import AWAY, NIGHT, STAY
from emulator.errors import ConfigError
from emulator.model import ArmMode

FILE = """
installations:
  home: {{ cloud: simulator, homekit: {words} }}
  cabin: {{ cloud: simulator }}
switches: [{{ name: Night, on: night, installation: home, doors: [homekit] }}]
doors: {{ homekit: {door} }}
"""


def load(folder: Path, words: str = "", door: str = "") -> Settings:
    path = folder / "devices.yaml"
    path.write_text(FILE.format(words=words, door=door))
    return Settings.load(path)


def test_words_are_of_an_alarm_and_the_rest_is_of_the_door(tmp_path: Path) -> None:
    found = load(tmp_path, "{ stay: perimeter, away: total+perimeter }", "{ port: 5000, name: House, switches: true }")
    assert found.doors.opened == {"homekit": HomekitSettings(port=5000, name="House", switches=True)}
    [(name, chosen)] = found.of_alarms("homekit").items()
    assert name == "home"
    assert chosen.chosen == {STAY: ArmMode.parse("perimeter"), AWAY: ArmMode.parse("total+perimeter"), NIGHT: None}


def test_nothing_has_to_be_said(tmp_path: Path) -> None:
    found = load(tmp_path)
    assert found.doors.opened == {"homekit": HomekitSettings(port=51826, name="Verisure", switches=False)}
    assert found.of_alarms("homekit") == {}
    assert HomekitAlarm().chosen == {STAY: None, AWAY: None, NIGHT: None}


@pytest.mark.parametrize(
    ("words", "door", "problem"),
    [
        ("{ stay: evening }", "", "installations.home.homekit.stay: unknown arm mode 'evening'"),
        ("{ home: day }", "", "installations.home.homekit.home: unknown key; known here: stay, away, night"),
        ("", "{ ports: 1 }", "doors.homekit.ports: unknown key; did you mean 'port'?"),
        ("", "{ name: '' }", "doors.homekit.name: "),
    ],
)
def test_mistakes_are_named_where_they_are(tmp_path: Path, words: str, door: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, words, door)
    assert problem in str(caught.value)


@pytest.mark.parametrize("library", ["pyhap", "segno", "zeroconf"])
def test_a_library_that_is_missing_is_named_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    ROW.require(HomekitSettings())
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ConfigError, match=r"doors.homekit: needs the extra homekit, .* install "):
        ROW.require(HomekitSettings())
