"""The command line of `vsure`, as it is published, at the simulated My Pages: by TLS and the names that it knows."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.model import Arm, ArmMode, Interior
from emulator.simulator.mypages.face import Mypages
from emulator.simulator.mypages.options import MypagesOptions
from emulator.simulator.server import SimulatedAlarm
from tests.simulator.mypages import CODE, PASSWORD, USER
from tests.support.named_hosts import NamedHosts
from tests.support.patience import PATIENCE_S, until

pytestmark = pytest.mark.long

HOSTS = ("automation01.verisure.com", "automation02.verisure.com")
VSURE = (sys.executable, "-m", "verisure")


class Customer:
    """A person at a terminal; the cookie file is all that vsure keeps."""

    def __init__(self, folder: Path, alarm: SimulatedAlarm, hosts: NamedHosts) -> None:
        self.alarm, self._environment = alarm, {**hosts.environment, "HOME": str(folder)}
        self._cookie = folder / "cookie"

    @property
    def face(self) -> Mypages:
        face = self.alarm.face
        assert isinstance(face, Mypages)
        return face

    def run(self, *words: str, code: bool = False) -> Any:
        """What it prints; with `code` it asks for the one that was sent."""
        sent = len(self.face.logins.messages)
        command = [*VSURE, USER, PASSWORD, "-c", str(self._cookie), *words]
        pipe = subprocess.PIPE
        with subprocess.Popen(
            command, env=self._environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True
        ) as program:
            if code:
                until(lambda: len(self.face.logins.messages) > sent, "a code is sent")
            said, wrong = program.communicate(self.face.logins.messages[-1].code if code else "", PATIENCE_S)
        assert program.returncode == 0, wrong
        return json.loads(said.removeprefix("Enter verification code: "))

    def state(self) -> str:
        return str(self.run("--arm-state")["data"]["installation"]["armState"]["statusType"])


@pytest.fixture
def customer(tmp_path: Path) -> Iterator[Customer]:
    alarm = SimulatedAlarm(api="mypages", options=MypagesOptions(flood_limit=0))  # it logs in anew each time
    alarm.panel.answer_after = 0
    alarm.start()
    hosts = NamedHosts(tmp_path, {name: alarm.port + number for number, name in enumerate(HOSTS)})
    yield Customer(tmp_path, alarm, hosts)
    hosts.close()
    alarm.stop()


def test_it_logs_in_once_and_reads_and_changes_the_same_house(customer: Customer) -> None:
    read = customer.run("--mfa", "--arm-state", code=True)
    assert read["data"]["installation"]["armState"]["statusType"] == "DISARMED"
    assert len(customer.face.logins.messages) == 1
    assert customer.run("--arm-away", CODE)["data"]["armStateArmAway"]
    assert customer.state() == "ARMED_AWAY"
    assert customer.alarm.panel.axes.interior is Interior.TOTAL
    customer.face.options.first_passive = True
    assert customer.run("--disarm", CODE)["data"]["armStateDisarm"]
    customer.alarm.panel.keypad(Arm(ArmMode(Interior.NIGHT)))
    lists = customer.run("--arm-state", "--door-window", "--event-log", "--fetch-all-installations")
    assert [next(iter(one["data"])) for one in lists] == ["installation"] * 3 + ["account"]
    assert customer.state() == "ARMED_HOME"
    assert len(customer.face.logins.messages) == 1, "a trusted device is asked for no second code"
    assert (customer.face.state()["client_faults"], customer.face.state()["wrong_codes"]) == ([], 0)
    assert customer.alarm.backend.accepted == {"armAway": 1, "disarm": 1}
