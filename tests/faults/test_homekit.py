"""The matrix of faults with the HomeKit door as the origin: its disarm is not one of a switch."""

from pathlib import Path

import pytest

from emulator.alarm.queue import Ticket
from emulator.doors.homekit.security import Security
from emulator.doors.homekit.words import AWAY, DISARMED, NIGHT, STAY, Vocabulary
from emulator.errors import EmulatorError
from emulator.model import ArmMode
from tests.faults.alarm import CLOUDS, Alarm
from tests.faults.test_matrix import FAULTS, hold, prepared, steps

pytestmark = pytest.mark.long

MODES = {STAY: "perimeter", AWAY: "total", NIGHT: "night"}
PEER = "10.0.0.7"
# Beyond the door the path is the same for all: each second fault, with one of the clouds and of the commands in turn.
# The MQTT door takes the others.
CASES = [
    (tuple(CLOUDS)[number % len(CLOUDS)], ("arm", "disarm")[number // len(CLOUDS) % 2], fault)
    for number, fault in enumerate(list(FAULTS)[1::2])
]


class HomekitAlarm(Alarm):
    """The same house, asked by an iPhone."""

    def turn(self, name: str, on: bool) -> Ticket:
        """What the setter of the target state hands over, at once."""
        vocabulary = Vocabulary({word: ArmMode.parse(mode) for word, mode in MODES.items()})
        word = next(word for word, mode in MODES.items() if mode == name) if on else DISARMED
        try:
            return Security(self.hub, "home", vocabulary).write(word, PEER, self.hub.ask())
        except EmulatorError as error:
            ticket = Ticket()
            ticket.fail(error)
            return ticket


@pytest.mark.parametrize(("cloud_name", "what", "fault"), CASES)
def test_whatever_happens_to_a_command_of_an_iphone(tmp_path: Path, cloud_name: str, what: str, fault: str) -> None:
    for step in range(steps(tmp_path / "calm", cloud_name, what, HomekitAlarm)):
        alarm = prepared(tmp_path / str(step), cloud_name, what, HomekitAlarm)
        hold(alarm, FAULTS[fault], what, step)
        alarm.journal.close()
