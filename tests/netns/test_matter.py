"""The Matter door and controllers: the C++ one of Matter's SDK, and matter.js as a second ecosystem."""

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.netns import matter
from tests.netns.home import MODES, SETTINGS, Home, name_of
from tests.netns.lan import CLIENTS, Lan, Program, until
from tests.netns.matter import NODE_ENVIRONMENT, Controller, heard

pytestmark = pytest.mark.long

DOORS = """
doors:
  wemo:
  matter: { name: House }
"""
NIGHT, TOTAL, PERIMETER = map(name_of, ("night", "total", "perimeter"))


@pytest.fixture(scope="module")
def running_home(lan: Lan, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A program with a Matter door, which has to stop well."""
    folder = tmp_path_factory.mktemp("matter")
    matter.build(folder / "state", folder / "bridge")
    home = Home(lan, folder, host="cabin", settings=SETTINGS + DOORS, log_level="debug")
    yield home
    home.stop()


@pytest.fixture
def home(running_home: Home) -> Home:
    running_home.calm()
    return running_home


@pytest.fixture(scope="module")
def controller(lan: Lan, running_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Controller:
    """The C++ controller, paired by the code."""
    matter.server(lan, tmp_path_factory.mktemp("controller"))
    return Controller(lan, opened(running_home))


def told(home: Home, *words: str) -> Any:
    said = home.emulator("matter", *words, "--json")
    assert said.returncode == 0, said.stderr
    return json.loads(said.stdout)


def opened(home: Home) -> str:
    """Let an ecosystem pair; return the code."""
    until(lambda: told(home)["code"], "the bridge is up for the first time")
    return str(told(home, "--open")["code"])


def child(home: Home) -> int | None:
    """The process of the bridge."""
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            if f"\nPPid:\t{home.program.pid}\n" in status.read_text():
                return int(status.parent.name)
        except (FileNotFoundError, ProcessLookupError):
            continue
    return None


def lasting(plugs: Any) -> Any:
    """What ecosystems know a plug by, at the name of its mode."""
    return {name.removeprefix("My "): (one["endpoint"], one["identity"]) for name, one in plugs.items()}


def test_it_arms_and_disarms_is_refused_and_hears_of_the_keypad(home: Home, controller: Controller) -> None:
    plugs = controller.read()
    assert [(name, one["reachable"], one["on"]) for name, one in plugs.items()] == [
        (name_of(mode), True, False) for mode in MODES
    ]
    listener = controller.listening()
    assert controller.send(plugs[NIGHT], "On") == ""
    assert home.settle()["axes"]["interior"] == "night"
    until(lambda: heard(listener, plugs[NIGHT]) == [True], "it hears that the house is armed")
    assert controller.send(plugs[NIGHT], "Off") == ""
    assert home.settle()["axes"]["interior"] == "off"
    until(lambda: heard(listener, plugs[NIGHT]) == [True, False], "it hears that the house is disarmed")
    assert home.alarm.accepted() == home.alarm.sent() == {"ARMNIGHT1": 1, "DARM1": 1}
    asked = [(one["door"], one["action"], one["result"]) for one in home.journal()[-2:]]
    assert asked == [("matter", word, "confirmed") for word in ("arm night", "disarm")]

    home.alarm.post("window", zone=(zone := home.alarm.state()["zones"][0]), open=True)
    assert "Failure" in controller.send(plugs[TOTAL], "On")
    assert home.settle()["axes"]["interior"] == "off"
    home.alarm.post("window", zone=zone, open=False)
    home.alarm.post("keypad", arm="perimeter")
    until(lambda: heard(listener, plugs[PERIMETER]) == [True], "it hears of the keypad")
    assert heard(listener, plugs[TOTAL]) == []
    assert controller.read()[TOTAL]["on"] is False
    assert home.alarm.sent() == {"ARMNIGHT1": 1, "DARM1": 1, "ARM1": 1}
    assert listener.stop() == 0


def test_a_second_ecosystem_joins_and_is_removed(lan: Lan, home: Home, controller: Controller, tmp_path: Path) -> None:
    plugs, listener = controller.read(), controller.listening()
    script = [str(CLIENTS / "node" / "matter.js"), str(tmp_path), opened(home), NIGHT]
    phone = lan.start("other", ["node", *script], NODE_ENVIRONMENT)
    until(lambda: {"sent": NIGHT} in phone.told(), f"it pairs and arms:\n{phone.text}")
    assert phone.told()[0] == {"paired": dict.fromkeys(plugs, False)}
    assert home.settle()["axes"]["interior"] == "night"
    until(lambda: heard(listener, plugs[NIGHT]) == [True], "the one hears what the other did")
    home.alarm.post("keypad", disarm="main")
    until(lambda: heard_by(phone) == [True, False], "the other hears of the keypad")
    until(lambda: heard(listener, plugs[NIGHT]) == [True, False], "and the one does")
    assert home.alarm.sent() == {"ARMNIGHT1": 1}

    [second] = (one["fabric"] for one in told(home)["paired"] if one["label"] == "Phone")
    told(home, "--remove", str(second))
    until(lambda: len(told(home)["paired"]) == 1, "one ecosystem is left")
    home.alarm.post("keypad", arm="night")
    until(lambda: heard(listener, plugs[NIGHT])[2:] == [True], "which hears as before")
    assert heard_by(phone) == [True, False]
    phone.stop()
    assert listener.stop() == 0


def heard_by(phone: Program) -> list[bool]:
    return [one["on"] for one in phone.told() if one.get("name") == NIGHT]


def test_a_bridge_that_is_killed_comes_back_and_sends_nothing_again(home: Home, controller: Controller) -> None:
    before, paired = controller.read(), told(home)
    home.alarm.post("settings", answer_after=4)
    sending = controller.sending(before[TOTAL], "On")
    until(lambda: home.alarm.state()["busy"], "the panel is at work")
    killed = until(lambda: child(home), "there is a bridge")
    os.kill(killed, signal.SIGKILL)
    until(lambda: child(home) not in (None, killed), "there is another bridge")
    after = controller.read()
    assert (lasting(after), told(home)) == (lasting(before), paired)
    assert home.settle()["axes"]["interior"] == "total"
    until(lambda: controller.read()[TOTAL]["on"], "it reads what the panel did meanwhile")
    assert home.alarm.sent() == {"ARM1": 1}
    sending.kill()


def test_a_program_that_is_killed_leaves_no_bridge_and_numbers_are_kept(home: Home, controller: Controller) -> None:
    """It comes back with new names in another order. Two switches that share a mode are known by their names."""
    before, paired, settings = controller.read(), told(home), home.config.read_text()
    home.alarm.post("settings", answer_after=4)
    sending = controller.sending(before[NIGHT], "On")
    until(lambda: home.alarm.state()["busy"], "the panel is at work")
    bridge = until(lambda: child(home), "there is a bridge")
    home.program.kill()
    until(lambda: not Path(f"/proc/{bridge}").exists(), "the bridge ends with the program")
    switches = [line for line in settings.splitlines() if line.startswith("  - {")]
    renamed = "\n".join(re.sub(r"name: (?!Night)(\w+)", r"name: My \1", line) for line in reversed(switches))
    home.config.write_text(settings.replace("\n".join(switches), renamed))
    home.start()
    try:
        after = until(lambda: renewed(controller), "it has the new names")
        assert (lasting(after), told(home)) == (lasting(before), paired)
        until(lambda: controller.read()[NIGHT]["on"], "it reads what the panel did meanwhile")
        assert home.alarm.sent() == {"ARMNIGHT1": 1}
    finally:
        home.config.write_text(settings)
        home.program.stop()
        home.start()
        sending.kill()
    assert lasting(controller.read()) == lasting(before)


def renewed(controller: Controller) -> Any:
    """All plugs, once they have their new names."""
    found = controller.read()
    return f"My {TOTAL}" in found and found
