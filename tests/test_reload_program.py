"""The program as a process that takes changed settings by SIGHUP, with a simulated cloud and clients of the LAN."""

import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pywemo
import requests

from emulator.model import ArmMode, Interior
from emulator.simulator.server import SimulatedAlarm
from emulator.store.journal import Journal
from tests.support.patience import PATIENCE_S, until
from tests.support.program import Program, ended, simulated

NIGHT = ArmMode(Interior.NIGHT)
BEFORE = "[{name: Night, on: night, off: disarm}, {name: Day, on: day}]"
AFTER = "[{name: Nacht, on: night, off: disarm}, {name: Day, on: day}, {name: Total, on: total}]"

AT_A_TERMINAL = """
import fcntl, signal, termios
signal.signal(signal.SIGHUP, signal.SIG_DFL)
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from emulator.cli import main
main()
"""
"""The program as the leader of a terminal, as a shell is; also where the tests themselves run by `nohup`, whose ignored
signal they pass on."""

OFTEN = 20
"""Reloads after which there are no more threads, files and sockets than after the first."""


class Reloaded(Program):
    """A program whose settings are changed, and what its clients see."""

    def write(self, before: str, after: str) -> None:
        path = self.folder / "devices.yaml"
        text = path.read_text()
        assert before in text
        path.write_text(text.replace(before, after))

    def reload(self) -> None:
        self.process.send_signal(signal.SIGHUP)

    def state(self) -> dict[str, Any]:
        """The answer of the page's API, which is refused by nobody but may break off when a door is closed."""
        found: dict[str, Any] = {}

        def ask() -> bool:
            with suppress(requests.ConnectionError):
                found.update(requests.get(f"{self.page}/api/state", timeout=PATIENCE_S).json())
            return bool(found)

        until(ask)
        return found

    def is_served(self) -> bool:
        with suppress(requests.ConnectionError):
            return requests.get(f"{self.page}/healthz", timeout=PATIENCE_S).ok
        return False

    @property
    def names(self) -> list[str]:
        return [switch["name"] for switch in self.state()["switches"]]

    def device(self, number: int = 0) -> Any:
        port = int(self.switch.rpartition(":")[2]) + number
        return pywemo.discovery.device_from_description(f"http://127.0.0.1:{port}/setup.xml")

    def is_called(self, name: str) -> bool:
        return self.names[0] == name and self.device().name == name

    def held(self) -> tuple[int, int]:
        """Threads, and open files."""
        at = Path(f"/proc/{self.process.pid}")
        return len(list((at / "task").iterdir())), len(list((at / "fd").iterdir()))


@pytest.fixture
def alarm() -> Iterator[SimulatedAlarm]:
    with simulated() as made:
        yield made


@pytest.fixture
def program(tmp_path: Path, alarm: SimulatedAlarm) -> Iterator[Reloaded]:
    made = Reloaded(tmp_path, alarm, switches=BEFORE)
    with made.running():
        yield made


@pytest.mark.long
def test_a_client_sees_the_new_names_and_the_same_devices(program: Reloaded, alarm: SimulatedAlarm) -> None:
    program.turn(True)
    until(lambda: alarm.panel.axes.has(NIGHT) and program.is_on)
    before, day = program.device(), program.device(1)
    program.write(BEFORE, AFTER)
    program.reload()
    until(lambda: program.names == ["Nacht", "Day", "Total"])
    # What was known is known: at no moment does a switch read as off, or as unknown.
    assert program.state()["installations"][0]["panel"]["state"] == "night"
    assert program.is_on
    after, total = program.device(), program.device(2)
    assert (before.name, after.name, total.name) == ("Night", "Nacht", "Total")
    assert (after.udn, after.serial_number) == (before.udn, before.serial_number)
    assert (program.device(1).udn, program.device(1).name) == (day.udn, "Day")
    assert total.udn not in (before.udn, day.udn)
    assert alarm.backend.accepted["ARMNIGHT1"] == 1
    assert alarm.backend.requests["DARM1"] == 0
    after.off()
    until(lambda: not alarm.panel.axes.has(NIGHT))


@pytest.mark.long
def test_a_command_under_way_ends_first_and_is_sent_once(program: Reloaded, alarm: SimulatedAlarm) -> None:
    alarm.panel.answer_after = 2.0
    program.turn(True)
    until(lambda: alarm.backend.requests["ARMNIGHT1"])
    program.write(BEFORE, AFTER)
    answer = requests.post(f"{program.page}/api/reload", json={}, timeout=PATIENCE_S)
    assert answer.status_code == 202
    until(lambda: program.names[0] == "Nacht")
    with closing(Journal(program.folder, read_only=True)) as journal:
        [entry] = journal.commands(9)
    assert (entry.action, entry.result) == ("arm night", "confirmed")
    assert alarm.backend.accepted["ARMNIGHT1"] == 1
    assert program.is_on


def test_what_is_wrong_changes_nothing_and_is_shown(program: Reloaded) -> None:
    program.write("on: day", "on: dayy")
    answer = requests.post(f"{program.page}/api/reload", json={}, timeout=PATIENCE_S)
    assert answer.status_code == 409
    assert "devices.yaml:2" in answer.json()["error"]
    program.reload()
    until(lambda: "devices.yaml:2" in program.state()["settings"])
    assert program.names == ["Night", "Day"]
    shown = requests.get(program.page, headers={"Accept-Language": "en"}, timeout=PATIENCE_S).text
    assert "The changed settings are not taken" in shown
    program.write("on: dayy", "on: day")
    program.reload()
    until(lambda: not program.state()["settings"])
    assert program.names == ["Night", "Day"]


@pytest.mark.long
def test_a_door_may_come_and_another_one_go(program: Reloaded) -> None:
    wemo = re.search(r"wemo: \{[^}]*\}, ", (program.folder / "devices.yaml").read_text())
    assert wemo
    assert program.device().name == "Night"
    program.write(wemo[0], "")
    program.reload()
    until(lambda: [door["name"] for door in program.state()["doors"]] == ["hue"])
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{program.switch}/setup.xml", timeout=PATIENCE_S)
    program.write("doors: {", "doors: {" + wemo[0])
    program.reload()
    until(lambda: {door["name"] for door in program.state()["doors"]} == {"hue", "wemo"})
    assert program.device().name == "Night"


@pytest.mark.long
def test_often_and_nothing_is_left_behind(program: Reloaded) -> None:
    """Signals that come faster than they can be served are served together."""
    held, names = [], ("Night", "Nacht")
    for turn in range(OFTEN):
        old, new = names[turn % 2], names[1 - turn % 2]
        program.write(f"name: {old}", f"name: {new}")
        program.reload()
        program.reload()
        until(partial(program.is_called, new))
        until(lambda: not [one for one in program.state()["doors"] if one["status"] != "ok"])
        held.append(program.held())
    until(lambda: program.held()[0] <= held[0][0] and program.held()[1] <= held[0][1] + 2, f"as at first: {held}")
    assert program.process.poll() is None


@pytest.mark.long
def test_a_signal_during_the_start_and_the_stop_is_harmless(tmp_path: Path, alarm: SimulatedAlarm) -> None:
    program = Reloaded(tmp_path, alarm, switches=BEFORE)
    options = ["--config", str(tmp_path / "devices.yaml"), "--state-dir", str(tmp_path), "--interface", "lo"]
    words = [sys.executable, "-m", "emulator", "run", *options]
    with ended(subprocess.Popen(words, env=program.environment, text=True, stderr=subprocess.PIPE)) as process:
        program.process = process
        until(lambda: (tmp_path / "run.lock").exists())
        for _ in range(5):
            program.reload()
        assert program.names == ["Night", "Day"]
        process.terminate()
        for _ in range(5):
            program.reload()
        assert process.wait(PATIENCE_S) == 0
        assert process.stderr
        assert "Traceback" not in process.stderr.read()


@pytest.mark.long
@pytest.mark.parametrize("is_set_up", [True, False])
def test_a_terminal_that_is_closed_ends_the_program(tmp_path: Path, alarm: SimulatedAlarm, is_set_up: bool) -> None:
    """It is no service: nobody would know that it still runs, or still waits to be set up."""
    program = Reloaded(tmp_path, alarm, switches=BEFORE)
    options = ["--config", str(tmp_path / "devices.yaml"), "--state-dir", str(tmp_path), "--interface", "lo"]
    if not is_set_up:
        (tmp_path / "devices.yaml").unlink()
        options += ["--page-port", program.page.rpartition(":")[2]]
    ours, theirs = pty.openpty()
    words = [sys.executable, "-c", AT_A_TERMINAL, "run", *options]
    started = subprocess.Popen(
        words, env=program.environment, text=True, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    with ended(started) as process:
        os.close(theirs)
        program.process = process
        if is_set_up:
            assert program.names == ["Night", "Day"]
            program.write(BEFORE, AFTER)
            program.reload()  # by a person who wants the settings taken
            until(lambda: program.names[0] == "Nacht")
        else:
            until(program.is_served)
        os.close(ours)
        assert process.wait(PATIENCE_S) == 0
