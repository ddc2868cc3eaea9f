"""The whole program with a HomeKit door: the rules of the core hold through it, and the page and the API name it."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from emulator.app.app import App
from emulator.doors.homekit import setup
from emulator.doors.homekit.door import FIRST_ALARM, FIRST_SWITCH
from emulator.doors.homekit.words import AWAY, DISARMED, NIGHT, STAY
from emulator.model import Result
from tests.doors.homekit.rig import CURRENT, ON, TARGET, Iphone
from tests.support.patience import PATIENCE_S, until
from tests.support.program import free_port, settings

SWITCHES = (
    {"name": "Total", "on": "total", "off": "disarm", "disarm": {"doors": ["dashboard"]}},
    {"name": "Night", "on": "night", "off": "disarm"},
    {"name": "Perimeter", "on": "perimeter", "off": "disarm"},
)


class Program:
    """The program on loopback, and a phone that is paired with it."""

    def __init__(self, folder: Path) -> None:
        self.port, self.page = free_port(), free_port()
        alarm = {"cloud": "simulator", "homekit": {"stay": "perimeter"}}
        chosen = settings(
            *SWITCHES,
            installations={"home": alarm},
            doors={"homekit": {"port": self.port, "switches": True}, "dashboard": {"port": self.page}},
        )
        self.app = App(chosen, {}, folder, ["lo"])
        self.app.start()
        until(lambda: self.app.has_news)
        self.journal = self.app.alarms.journal
        self.phone = Iphone(self.port)
        self.phone.pair(setup.open_kept(self.journal).setup.spoken)
        self.alarm = FIRST_ALARM + self.journal.alarm("home")
        self.switches = {one.name: FIRST_SWITCH + int(one.identity.key) for one in self.app.hub.switches}

    def close(self) -> None:
        self.phone.close()
        self.app.stop()

    def write(self, word: int) -> None:
        assert self.phone.write(self.alarm, TARGET, word) == {}

    def reads(self, current: int, target: int) -> None:
        until(lambda: self.phone.read(self.alarm, CURRENT, TARGET) == [current, target])

    def ended(self, number: int) -> list[tuple[str, str, str | None]]:
        """Wait until so many commands have ended, and return them, oldest first."""

        def found() -> list[tuple[str, str, str | None]]:
            entries = [one for one in self.journal.commands(20) if one.action != "pair a controller" and one.result]
            return [(one.action, str(one.result), one.message) for one in reversed(entries)]

        until(lambda: len(found()) >= number)
        return found()


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    before = set(threading.enumerate())
    made = Program(tmp_path)
    yield made
    made.close()
    assert set(threading.enumerate()) <= before


def test_what_narrows_a_switch_narrows_the_security_system(program: Program) -> None:
    program.write(AWAY)
    program.reads(AWAY, AWAY)
    program.write(DISARMED)
    _, (action, result, why) = program.ended(2)
    assert (action, result) == ("disarm", Result.IGNORED)
    assert why == "Total: it may disarm only through dashboard, says devices.yaml"
    program.reads(AWAY, AWAY)


@pytest.mark.long
def test_a_chosen_word_arms_its_mode_and_off_disarms_it(program: Program) -> None:
    program.write(STAY)
    program.reads(STAY, STAY)
    assert program.app.hub.view("home").axes.perimeter is True
    program.write(DISARMED)
    program.reads(DISARMED, DISARMED)
    assert [one[:2] for one in program.ended(2)] == [("arm perimeter", "confirmed"), ("disarm", "confirmed")]


def test_turning_everything_off_disarms_nothing(program: Program) -> None:
    """One scene that turns every switch off; the security system is not among them."""
    program.write(NIGHT)
    program.reads(NIGHT, NIGHT)
    values = [(aid, ON, False) for aid in program.switches.values()]
    assert program.phone.run(program.phone.pairing.put_characteristics(values)) == {}
    ended = program.ended(4)[1:]
    assert [result for _, result, _ in ended] == [Result.IGNORED] * 3
    assert program.phone.read(program.switches["Night"], ON) is True
    program.reads(NIGHT, NIGHT)


def test_the_page_and_the_api_name_it(program: Program) -> None:
    where = f"http://127.0.0.1:{program.page}"
    state = requests.get(f"{where}/api/state", timeout=PATIENCE_S).json()
    assert state["doors"] == [{"name": "homekit", "status": "ok", "obstacles": []}]
    assert [one["doors"] for one in state["switches"]] == [[{"door": "homekit", "says": "off"}]] * 3
    html = requests.get(f"{where}/", headers={"Accept-Language": "en"}, timeout=PATIENCE_S).text
    assert "<dt>HomeKit bridge</dt><dd>served" in html
    assert "Pair with the HomeKit bridge" in html
    assert (program.app.readiness.reached, program.app.readiness.wanted) == (3, 3)
