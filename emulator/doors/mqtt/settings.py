"""The MQTT door's section of devices.yaml, and its row."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field

from emulator.config import credentials
from emulator.config.fields import Section, word
from emulator.doors import Door, DoorContext, DoorType, Trouble
from emulator.doors.mqtt.broker import Broker, parse
from emulator.doors.mqtt.topics import Topics
from emulator.errors import ConfigError, Problem
from emulator.store.broker_memory import known_id
from emulator.store.journal import Journal
from emulator.store.pin import is_set
from emulator.system import extras
from emulator.words.text import Text

Url = Annotated[str, AfterValidator(lambda url: parse(url) and url)]
"""URL of a broker that can be used."""

Topic = Annotated[str, BeforeValidator(word), Field(pattern=r"^[^+#$\s\x00/]+(/[^+#\s\x00/]+)*$", max_length=64)]
"""Begin of a topic. A whole topic of ours has some 80 characters more; a broker takes 65 535."""

SWITCHED = {"true": "homeassistant", "false": "", "off": "", "no": ""}
Prefix = Annotated[Topic, AfterValidator(lambda value: SWITCHED.get(value.lower(), value))]
"""Such a topic, or empty for `false`, which is a word as every value of the file."""


class MqttSettings(Section):
    """The MQTT door."""

    secrets: ClassVar[str] = "MQTT_USER, MQTT_PASSWORD"

    broker: Url = Field(description="`mqtt://host` or `mqtts://host:8883`; user and password are in the environment")
    ca: str = Field(default="", description="file with the certificate of the broker's CA, if that is your own")
    prefix: Topic = Field(default="verisure", description="begin of every topic, without blanks and + # $")
    discovery: Prefix = Field(
        default="homeassistant",
        description="Home Assistant's, such a begin, too; `false`: none",
        json_schema_extra={"type": ["string", "boolean"]},
    )
    per_entity: bool = Field(default=False, description="`true`: for Home Assistant before 2024.12")
    client_id: str = Field(
        default="", pattern=r"^[0-9A-Za-z_.-]{0,64}$", description="64 letters, digits, `_.-`; left out: a unique one"
    )
    arm_code: bool = Field(default=False, description="`true`: arming by the alarm panel needs the PIN, too")

    def topics(self, program: str) -> Topics:
        """Return the topics of the program of that id."""
        return Topics(self.prefix, program, self.discovery)

    def shown(self) -> Broker:
        """Return the broker with what it is shown; ConfigError when that cannot be read."""
        known, found = credentials.login("MQTT", meant_for=self.broker), parse(self.broker)
        return Broker(found.host, found.port, found.tls, self.ca, known.user, known.password)


def _open(context: DoorContext, chosen: MqttSettings) -> Door:
    from emulator.doors.mqtt.door import Mqtt

    return Mqtt(context, chosen, chosen.shown())


def _probe(chosen: MqttSettings, journal: Journal | None, _state_dir: Path) -> Iterable[Trouble]:
    from emulator.doors.mqtt import link, trial

    program = (journal and known_id(journal)) or link.NOBODY
    return trial.troubles(chosen.shown(), chosen.topics(program), is_pin_set=bool(journal and is_set(journal)))


def _require(chosen: MqttSettings) -> None:
    if chosen.shown() and (lack := extras.missing("mqtt", "paho")):
        raise ConfigError([Problem("doors.mqtt", lack)])


ROW = DoorType(
    settings=MqttSettings,
    open=_open,
    title=Text("MQTT door"),
    label="MQTT",
    require=_require,
    summary="alarm panel and switches at an MQTT broker; needs the extra `mqtt`",
    purpose=Text("For Home Assistant and others with an MQTT broker: the alarm as an alarm panel."),
    depends=True,
    probe=_probe,
)
