"""The command line of `vsure`, as it is published, logs in to the simulated My Pages, reads, arms and disarms."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.model import Arm, ArmMode, Interior
from emulator.simulator.mypages.options import MypagesOptions
from emulator.simulator.server import SimulatedAlarm
from tests.simulator.mypages import CODE
from tests.support.vsure import vsure

pytestmark = pytest.mark.long


@pytest.fixture
def alarm() -> Iterator[SimulatedAlarm]:
    made = SimulatedAlarm(api="mypages", options=MypagesOptions(flood_limit=0))  # vsure logs in anew each time
    made.panel.answer_after = 0
    made.start()
    yield made
    made.stop()


def test_it_logs_in_once_and_reads_and_changes_the_same_house(tmp_path: Path, alarm: SimulatedAlarm) -> None:
    with vsure(tmp_path, alarm) as other:
        read = other.run("--mfa", "--arm-state", code=True)
        assert read["data"]["installation"]["armState"]["statusType"] == "DISARMED"
        assert other.run("--arm-away", CODE)["data"]["armStateArmAway"]
        assert other.state() == "ARMED_AWAY"
        assert alarm.panel.axes.interior is Interior.TOTAL
        alarm.face.options.first_passive = True
        assert other.run("--disarm", CODE)["data"]["armStateDisarm"]
        alarm.panel.keypad(Arm(ArmMode(Interior.NIGHT)))
        lists = other.run("--arm-state", "--door-window", "--event-log", "--fetch-all-installations")
        assert [next(iter(one["data"])) for one in lists] == ["installation"] * 3 + ["account"]
        assert other.state() == "ARMED_HOME"
    state = alarm.face.state()
    assert len(state["sms"]) == 1, "a trusted device is asked for no second code"
    assert (state["client_faults"], state["wrong_codes"]) == ([], 0)
    assert alarm.backend.accepted == {"armAway": 1, "disarm": 1}
