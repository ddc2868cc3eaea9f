"""The running program before a broker: stopped as a process, killed, and started again."""

import json
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from emulator.doors.mqtt.door import GAP_S, LOOK_S, RETAINED, STALE
from emulator.simulator.server import SimulatedAlarm
from emulator.store.journal import Journal
from emulator.store.pin import set_pin
from tests.doors.mqtt.running import states
from tests.support.broker import HOST, Broker
from tests.support.patience import PATIENCE_S, until
from tests.support.program import Program, simulated

pytestmark = pytest.mark.long

PIN = "2580"
DISARM = json.dumps({"action": "DISARM", "code": PIN})


@pytest.fixture(autouse=True)
def quick_hash() -> None:
    """Not here: the program compares the PIN at its own cost."""


class House:
    """The program, its simulated alarm and its broker."""

    def __init__(self, folder: Path, alarm: SimulatedAlarm, broker: Broker) -> None:
        self.folder, self.alarm, self.broker = folder, alarm, broker
        self.program = Program(folder, alarm)
        file = folder / "devices.yaml"
        file.write_text(
            file.read_text().replace("doors: {", f"doors: {{mqtt: {{broker: 'mqtt://{HOST}:{broker.port}'}}, ")
        )
        with closing(Journal(folder)) as journal:
            set_pin(journal, PIN)

    @property
    def base(self) -> str:
        """The root of its topics, once it is there."""
        self.broker.wait_for(lambda: any(topic.startswith("verisure/") for topic in self.broker.topics()))
        return "/".join(next(topic for topic in self.broker.topics() if topic.startswith("verisure/")).split("/")[:2])

    def until_said(self, leaf: str, payload: str, other: str = "") -> None:
        """Wait until something is retained; the error has what the `other` topic said."""
        topic = f"{self.base}/{leaf}"
        try:
            self.broker.wait_for(lambda: self.broker.retained(topic) == payload.encode(), f"{payload} in {leaf}")
        except AssertionError as error:
            raise AssertionError(f"{error}; {other}: {self.broker.payloads(f'{self.base}/{other}')}") from None

    def until_obeyed(self) -> None:
        """Wait until commands are passed on."""
        self.until_said("home/state", "disarmed")
        self.broker.wait_for(lambda: any(len(one.subscriptions) == 4 for one in list(self.broker.sessions.values())))

    def send(self, payload: str, **how: object) -> None:
        self.broker.publish(f"{self.base}/home/set", payload, **how)  # type: ignore[arg-type]

    def counts(self) -> dict[str, int]:
        """Return how often each reason for a refusal is in the journal; the program has ended."""
        with closing(Journal(self.folder)) as journal:
            return {str(one.message): one.times for one in journal.commands(50) if one.result == "refused"}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with simulated() as alarm, Broker() as broker:
        yield House(tmp_path, alarm, broker)
        assert broker.faults == []


def test_what_is_old_or_was_sent_to_be_kept_reaches_no_cloud(house: House) -> None:
    submitted = house.alarm.backend.requests
    with house.program.running() as program:
        house.until_obeyed()
        house.send("ARM_NIGHT", retain=True)
        house.send("ARM_NIGHT", retain=True, qos=1)
        house.broker.wait_for(lambda: house.broker.retained(f"{house.base}/home/set") is None)
        program.process.send_signal(signal.SIGSTOP)
        until(lambda: states(program.process.pid) == {"T"}, "the process to stand still")
        for qos in (0, 1):
            house.send("ARM_AWAY", qos=qos)
            house.send(DISARM, qos=qos)
        time.sleep(LOOK_S + GAP_S + 1.0)  # for the process, whose clocks are the machine's
        program.process.send_signal(signal.SIGCONT)
        house.broker.wait_for(lambda: len(house.broker.connects) == 2, "a new connection")
        house.until_obeyed()
        assert (submitted["ARM1"], submitted["ARMNIGHT1"], submitted["DARM1"]) == (0, 0, 0)
        house.send("ARM_NIGHT")
        house.until_said("home/state", "armed_night")
        house.send(DISARM)
        house.until_said("home/state", "disarmed", "home/event")
    assert (submitted["ARM1"], submitted["ARMNIGHT1"], submitted["DARM1"]) == (0, 1, 1)
    counts = house.counts()
    assert counts[RETAINED] == 2
    # The first shows that the process stood still; what comes after it is not looked at.
    assert counts.get(STALE, 0) <= 4


def test_a_program_that_is_killed_is_offline_and_comes_back_as_the_same(house: House) -> None:
    with house.program.running() as program:
        house.until_obeyed()
        base, topics = house.base, set(house.broker.topics())
        house.send("ARM_NIGHT")
        house.until_said("home/state", "armed_night")
        house.broker.wait_for(lambda: house.broker.payloads(f"{base}/home/event"))
        program.process.kill()
        program.process.wait(PATIENCE_S)
        house.until_said("status", "offline")
    with house.program.running():
        house.until_said("status", "online")
        house.until_said("home/state", "armed_night")
        assert house.base == base
    house.until_said("status", "offline")
    assert set(house.broker.topics()) - topics <= {f"{base}/home/outcome", f"{base}/home/changed"}
    assert len(house.broker.payloads(f"{base}/home/event")) == 1
    assert house.alarm.backend.requests["ARMNIGHT1"] == 1
