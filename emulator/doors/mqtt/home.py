"""The alarms and switches of this program, as its messages name them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from emulator.alarm.hub import Switch
from emulator.doors import DoorContext
from emulator.doors.mqtt import panel
from emulator.doors.mqtt.broker import Broker
from emulator.doors.mqtt.discovery import Say
from emulator.doors.mqtt.settings import MqttSettings
from emulator.doors.mqtt.topics import Topics
from emulator.model import ArmMode
from emulator.store.broker_memory import program_id


@dataclass(frozen=True)
class Home:
    """The surroundings of the door's parts. `arms` maps each alarm to its commands, and each to the mode that it arms.

    Commands are those for which the alarm has a switch, at whatever door; `switches` are those of this door.
    """

    context: DoorContext
    settings: MqttSettings
    broker: Broker
    topics: Topics
    switches: Sequence[Switch]
    arms: Mapping[str, Mapping[str, ArmMode]]
    say: Say

    @classmethod
    def of(cls, context: DoorContext, settings: MqttSettings, broker: Broker) -> "Home":
        """Return what there is; the id of the program is made if it has none yet."""
        every, topics = context.hub.switches, settings.topics(program_id(context.journal))
        modes = {name: [one.mode for one in every if one.installation == name] for name in context.hub.installations}
        arms = {name: panel.arms(found) for name, found in modes.items()}
        mine = [one for one in every if "mqtt" in one.doors]
        return cls(context, settings, broker, topics, mine, arms, context.language.say)

    @property
    def peer(self) -> str:
        """The peer of every command: a broker hides who asks. No address, so that no network of a rule holds it."""
        return f"broker {self.broker.host}"
