"""The program as a process, ended by a signal at a step of a command, and started again."""

import itertools
import signal
import time
from contextlib import closing
from pathlib import Path

import pytest
import requests

from emulator.alarm.sweeps import SWEEP_S
from emulator.model import ArmMode, Interior
from emulator.simulator.faults import InjectedFault
from emulator.simulator.server import SimulatedAlarm
from emulator.store.journal import Journal
from tests.support.patience import PATIENCE_S, until
from tests.support.program import Program, simulated

NIGHT = ArmMode(Interior.NIGHT)


@pytest.mark.parametrize(
    ("end", "request_name"),
    [
        pytest.param(signal.SIGTERM, "ARMNIGHT2", marks=pytest.mark.long),
        (signal.SIGKILL, "ARMNIGHT1"),
        pytest.param(signal.SIGTERM, "ARMNIGHT1", marks=pytest.mark.long),
        pytest.param(signal.SIGKILL, "ARMNIGHT2", marks=pytest.mark.long),
    ],
)
def test_a_signal_while_the_cloud_has_the_request(tmp_path: Path, end: signal.Signals, request_name: str) -> None:
    """The panel acts; the program that starts again does not send it again, and tells what the panel says."""
    with simulated() as alarm:
        program = Program(tmp_path, alarm)
        with program.running():
            alarm.backend.faults.add(InjectedFault("late", request_name, times=1))
            program.turn(True)
            until(lambda: alarm.backend.requests[request_name])
            program.process.send_signal(end)
            assert program.process.wait(PATIENCE_S) == (0 if end == signal.SIGTERM else -end)
        with program.running():
            until(lambda: program.is_on)
        assert alarm.panel.axes.has(NIGHT)
        assert alarm.backend.accepted["ARMNIGHT1"] == 1
        assert alarm.backend.requests["DARM1"] == 0
    with closing(Journal(tmp_path)) as journal:
        [entry] = journal.commands(9)
        assert (entry.action, entry.result, entry.settled) == ("arm night", "unconfirmed", "night")


def killed_within(folder: Path, alarm: SimulatedAlarm) -> bool:
    """Kill a program that has just answered for a light; return whether it still held the command back then."""
    names = {"Night": "night", "Total": "total", "Perimeter": "perimeter"}
    switches = ", ".join(f"{{name: {name}, on: {mode}, off: disarm}}" for name, mode in names.items())
    program = Program(folder, alarm, switches=f"[{switches}]")
    with program.running():
        [paired] = requests.post(f"{program.bridge}/api", json={"devicetype": "Echo"}, timeout=PATIENCE_S).json()
        lights = f"{program.bridge}/api/{paired['success']['username']}/lights"
        every = requests.get(lights, timeout=PATIENCE_S).json()
        night = next(number for number, light in every.items() if light["name"] == "Night")
        asked = time.monotonic()
        [taken] = requests.put(f"{lights}/{night}/state", json={"on": True}, timeout=PATIENCE_S).json()
        program.process.kill()
        program.process.wait(PATIENCE_S)
        took_s = time.monotonic() - asked
    assert "success" in taken
    if took_s >= SWEEP_S:
        return False
    with program.running(), closing(Journal(folder)) as journal:
        until(lambda: journal.commands(1)[0].settled)
        [entry] = journal.commands(9)
    assert (entry.action, entry.door, entry.result, entry.settled) == ("arm night", "hue", "unconfirmed", "disarmed")
    return True


@pytest.mark.long
def test_a_signal_while_the_bridge_holds_a_command_back(tmp_path: Path) -> None:
    """Whoever was told that it is taken finds it in the journal, and nothing was sent or is sent later.

    A machine that is too busy to kill it within the time of a sweep has another try: it was right to send then.
    """
    ends = time.monotonic() + PATIENCE_S
    for number in itertools.count():
        folder = tmp_path / str(number)
        folder.mkdir()
        with simulated() as alarm:
            if killed_within(folder, alarm):
                assert alarm.backend.requests["ARMNIGHT1"] == 0
                return
        assert time.monotonic() < ends, "this machine is too slow"
