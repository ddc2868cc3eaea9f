"""The program as a process, ended by a signal at a step of a command, and started again."""

import signal
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from emulator.journal import Journal
from emulator.model import ArmMode, Interior
from emulator.simulator.faults import Fault
from tests.program import PATIENCE_S, Program, simulated

NIGHT = ArmMode(Interior.NIGHT)


def until(look: Callable[[], object]) -> None:
    """Wait for something that is about to happen."""
    end = time.monotonic() + PATIENCE_S
    while not look():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("request_name", ["ARMNIGHT1", "ARMNIGHT2"])
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_a_signal_while_the_cloud_has_the_request(tmp_path: Path, end: signal.Signals, request_name: str) -> None:
    """The panel acts; the program that starts again does not send it again, and tells what the panel says."""
    with simulated() as alarm:
        program = Program(tmp_path, alarm)
        with program.running():
            alarm.backend.faults.add(Fault("late", request_name, times=1))
            program.turn(True)
            until(lambda: alarm.backend.requests[request_name])
            program.process.send_signal(end)
            assert program.process.wait(PATIENCE_S) == (0 if end == signal.SIGTERM else -end)
        with program.running():
            until(lambda: program.is_on)
        assert alarm.house.axes.has(NIGHT)
        assert alarm.backend.accepted["ARMNIGHT1"] == 1
        assert alarm.backend.requests["DARM1"] == 0
    with closing(Journal(tmp_path)) as journal:
        [entry] = journal.commands(9)
        assert (entry.action, entry.result, entry.settled) == ("arm night", "unconfirmed", "night")
