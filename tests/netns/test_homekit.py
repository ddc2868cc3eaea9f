"""An iPhone's place, taken by aiohomekit on another host: found by mDNS, paired by the code, obeyed, told, and kept."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.doors.homekit.words import AWAY, DISARMED, NIGHT, STAY
from tests.netns.home import SETTINGS, Home
from tests.netns.lan import CABIN, CLIENT, HOSTS, INTERFACE, ROUTER, Lan, Program, until
from tests.netns.test_node_clients import client

DOORS = """
doors:
  wemo:
  homekit: { name: House }
"""
FOUND_S = 10.0
"""Longest time to be found again at another address; the interfaces are looked at every 5 s."""

MOVED = "10.77.0.42"


@pytest.fixture(scope="module")
def running_home(lan: Lan, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A program with a HomeKit door, which has to stop well."""
    home = Home(lan, tmp_path_factory.mktemp("homekit"), host="cabin", settings=SETTINGS + DOORS, log_level="debug")
    yield home
    home.stop()


class Phone:
    """A controller on a host; what it knows stands in a file."""

    def __init__(self, lan: Lan, file: Path, host: str = "client") -> None:
        self._lan = lan
        self._file = str(file)
        self._host = host

    def __call__(self, act: str, *words: object) -> Any:
        return self._lan.client(self._host, "homekit.py", act, *map(str, words))

    def pair(self, home: Home) -> Any:
        return self("pair", code_of(home), self._file)

    def read(self) -> Any:
        said = self("read", self._file)
        return said["current"], said["target"]

    def write(self, word: int) -> Any:
        return self("write", self._file, word)

    def unpair(self) -> Any:
        return self("unpair", self._file)

    def listening(self) -> Program:
        return self._lan.listening(self._host, "homekit.py", "listen", self._file)


def code_of(home: Home) -> str:
    said = home.emulator("homekit", "--json")
    assert said.returncode == 0, said.stderr
    return str(json.loads(said.stdout)["code"])


def heard(program: Program) -> list[tuple[str, int]]:
    return [(one["event"], one["value"]) for one in program.told() if "event" in one]


@pytest.fixture
def home(running_home: Home) -> Home:
    running_home.calm()
    return running_home


@pytest.fixture
def phone(lan: Lan, home: Home, tmp_path: Path) -> Iterator[Phone]:
    """A phone that is paired, and unpairs at the end."""
    made = Phone(lan, tmp_path / "phone.json")
    found = made("discover")
    assert (found["addresses"], found["paired"], found["category"]) == ([HOSTS[home.host]], False, 2)
    assert found["name"].startswith("House ")
    assert set(made.pair(home)) == {"aid", "current", "target", "fault"}
    assert made("discover")["paired"] is True
    yield made
    assert made.unpair() is True
    assert made("discover")["paired"] is False


@pytest.mark.long
def test_it_arms_and_disarms_and_tells_when_the_panel_has_said_so(home: Home, phone: Phone) -> None:
    assert phone.read() == (DISARMED, DISARMED)
    listener = phone.listening()
    home.alarm.post("settings", answer_after=4)
    assert phone.write(NIGHT) == []
    assert phone.read() == (DISARMED, NIGHT)
    assert home.settle()["axes"]["interior"] == "night"
    until(lambda: ("current", NIGHT) in heard(listener), "it hears that the house is armed")
    assert heard(listener) == [("target", NIGHT), ("current", NIGHT)]
    assert phone.write(DISARMED) == []
    assert home.settle()["axes"]["interior"] == "off"
    until(lambda: ("current", DISARMED) in heard(listener), "it hears that the house is disarmed")
    assert home.alarm.accepted() == home.alarm.sent() == {"ARMNIGHT1": 1, "DARM1": 1}
    asked = [(one["door"], one["peer"], one["action"], one["result"]) for one in home.journal()[-2:]]
    assert asked == [("homekit", CLIENT, word, "confirmed") for word in ("arm night", "disarm")]
    assert listener.stop() == 0


@pytest.mark.long
def test_a_refusal_goes_back_and_the_keypad_is_heard(home: Home, phone: Phone) -> None:
    listener = phone.listening()
    zone = home.alarm.state()["zones"][0]
    home.alarm.post("window", zone=zone, open=True)
    phone.write(AWAY)
    until(lambda: heard(listener)[-1:] == [("target", DISARMED)], "it hears that the target goes back")
    assert heard(listener) == [("target", AWAY), ("target", DISARMED)]
    assert home.settle()["axes"]["interior"] == "off"
    assert home.alarm.sent() == {"ARM1": 1}
    home.alarm.post("window", zone=zone, open=False)
    home.alarm.post("keypad", arm="perimeter")
    until(lambda: ("current", STAY) in heard(listener), "it hears of the keypad")
    assert phone.read() == (STAY, STAY)
    assert listener.stop() == 0


@pytest.mark.long
def test_three_phones_at_once_and_a_wrong_code(lan: Lan, home: Home, phone: Phone, tmp_path: Path) -> None:
    """A second one cannot pair by the code; all that share a pairing hear and read."""
    other = Phone(lan, tmp_path / "other.json", "other")
    assert lan.run("other", ["true"]).returncode == 0
    listeners = [phone.listening() for _ in range(3)]
    phone.write(NIGHT)
    for listener in listeners:
        until(lambda each=listener: ("current", NIGHT) in heard(each), "each hears of it")  # type: ignore[misc]
        assert listener.stop() == 0
    with pytest.raises(AssertionError, match="Unavailable"):
        other("pair", "999-99-999", tmp_path / "other.json")
    home.settle()


@pytest.mark.long
def test_a_power_cut_and_another_order_change_nothing_that_it_knows(home: Home, phone: Phone) -> None:
    before, code = phone("discover"), code_of(home)
    home.program.kill()
    lines = home.config.read_text().splitlines()
    switches = [line for line in lines if line.startswith("  - {")]
    text = "\n".join(line for line in lines if line not in switches)
    renamed = [re.sub(r"name: (\w+) alarm", r"name: My \1", line) for line in reversed(switches)]
    home.config.write_text(text.replace("switches:", "switches:\n" + "\n".join(renamed)))
    home.start()
    assert phone.read() == (DISARMED, DISARMED)
    assert phone("discover") == before
    assert code_of(home) == code
    home.program.stop()
    home.config.write_text("\n".join(lines) + "\n")
    home.start()
    assert phone("discover") == before


@pytest.mark.long
def test_an_address_that_changes_is_found_again(lan: Lan, home: Home, phone: Phone) -> None:
    lan.ip("cabin", "address", "del", f"{CABIN}/24", "dev", INTERFACE)
    lan.ip("cabin", "address", "add", f"{MOVED}/24", "dev", INTERFACE)
    began = time.monotonic()
    try:
        until(lambda: phone("discover")["addresses"] == [MOVED], "it is found at the new address")
        assert phone.read() == (DISARMED, DISARMED)
        assert time.monotonic() - began < 3 * FOUND_S  # each look starts a program
    finally:
        lan.ip("cabin", "address", "flush", "dev", INTERFACE)
        lan.ip("cabin", "address", "add", f"{CABIN}/24", "dev", INTERFACE)
        lan.ip("cabin", "route", "add", "default", "via", ROUTER)
    until(lambda: phone("discover")["addresses"] == [CABIN], "it is found at the old address")
    assert HOSTS[home.host] == CABIN


@pytest.mark.long
def test_nothing_of_the_code_is_in_what_the_program_says(home: Home) -> None:
    code = code_of(home)
    said = "".join(program.text for program in home.programs)
    assert code not in said
    assert code.replace("-", "") not in said
    assert "characteristics" not in said


@pytest.mark.long
def test_a_second_controller_pairs_arms_hears_unpairs_and_pairs_again(lan: Lan, home: Home) -> None:
    """From npm; `make clients` fetches it."""
    said = client(lan, "hap-controller", code_of(home), str(NIGHT))
    assert said["name"].startswith("House ")
    assert (said["before"], said["after"]) == ([DISARMED, DISARMED], [NIGHT, NIGHT])
    assert ["current", NIGHT] in said["heard"]
    assert (said["same"], said["second"]) == (True, NIGHT)
    assert home.settle()["axes"]["interior"] == "night"
    assert home.alarm.sent() == {"ARMNIGHT1": 1}
