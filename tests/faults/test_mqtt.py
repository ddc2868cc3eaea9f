"""The faults of the matrix while a command of the MQTT door is under way: the same must hold."""

import json
from itertools import product
from pathlib import Path

import pytest

from emulator.alarm.held import Asked
from emulator.alarm.queue import Ticket
from emulator.alarm.sweeps import SWEEP_S
from emulator.alarm.switch import Narrowing, Switch
from emulator.doors.mqtt.broker import Broker
from emulator.doors.mqtt.home import Home
from emulator.doors.mqtt.obedience import Obedience
from emulator.doors.mqtt.settings import MqttSettings
from emulator.model import Action, Origin
from emulator.store.pin import Pin, set_pin
from tests.doors.fakes import a_context
from tests.faults.alarm import CLOUDS, Alarm
from tests.faults.test_matrix import FAULTS, hold, prepared, steps

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("quick_hash")]

PIN = "2580"
WORDS = {"total": "ARM_AWAY", "day": "ARM_HOME", "night": "ARM_NIGHT", "perimeter": "ARM_CUSTOM_BYPASS"}


class MqttAlarm(Alarm):
    """A house whose commands come by a broker, to its alarm panel."""

    door = "mqtt"
    narrowing = Narrowing(doors=frozenset({"mqtt"}))

    def start(self) -> None:
        super().start()
        set_pin(self.journal, PIN)
        pin = Pin(self.journal, self.clock.time)
        context = a_context(self.hub, self.journal, self.folder, clock=self.clock, pin=pin)
        self.obedience = Obedience(Home.of(context, MqttSettings(broker="mqtt://b"), Broker("b", 1883, False)))
        self.asked: list[Ticket] = []
        command, submit = self.hub.command, self.hub.submit

        def noted(installation: str, action: Action, origin: Origin, asked: Asked) -> Ticket:
            self.asked.append(command(installation, action, origin, asked))
            return self.asked[-1]

        def turned(switch: Switch, on: bool, origin: Origin, *how: object, **more: object) -> Ticket:
            self.asked.append(submit(switch, on, origin, *how, **more))  # type: ignore[arg-type]
            return self.asked[-1]

        self.hub.command, self.hub.submit = noted, turned  # type: ignore[method-assign, assignment]

    def turn(self, name: str, on: bool) -> Ticket:
        """Press a button of the panel's card in a smart home."""
        order = {"action": WORDS[name] if on else "DISARM", "code": PIN, "at": self.clock.time()}
        self.obedience.obey(["home", "set"], json.dumps(order).encode(), self.hub.ask())
        return self.asked[-1]


class MqttSwitches(MqttAlarm):
    """The same by its switches; an off is held back until it cannot be part of a sweep."""

    def turn(self, name: str, on: bool) -> Ticket:
        """Press a switch in a smart home."""
        serial = self.switches[name].identity.serial
        self.obedience.obey(["home", "switch", serial, "set"], b"ON" if on else b"OFF", self.hub.ask())
        if not on:
            self.clock.now += SWEEP_S
            self.hub._presses.release()
        return self.asked[-1]


ORIGINS = tuple(product((MqttAlarm, MqttSwitches), CLOUDS))
# Beyond the door the path is the same for all: each second fault, with one of the four and one of the commands in turn.
# The HomeKit door takes the others.
CASES = [
    (*ORIGINS[number % len(ORIGINS)], ("arm", "disarm")[number // len(ORIGINS) % 2], fault)
    for number, fault in enumerate(list(FAULTS)[::2])
]


@pytest.mark.parametrize(("kind", "cloud", "what", "fault"), CASES)
def test_whatever_happens_at_whatever_step(
    tmp_path: Path, kind: type[MqttAlarm], cloud: str, what: str, fault: str
) -> None:
    for step in range(steps(tmp_path / "calm", cloud, what, kind)):
        alarm = prepared(tmp_path / str(step), cloud, what, kind)
        hold(alarm, FAULTS[fault], what, step)
        alarm.journal.close()
