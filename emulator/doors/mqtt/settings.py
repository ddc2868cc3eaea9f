"""The MQTT door's section of devices.yaml, and its row."""

import re
import sys
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator

from emulator.config import credentials
from emulator.config.fields import Name, Section
from emulator.doors import Door, DoorContext, DoorType, Trouble
from emulator.doors.mqtt.broker import Broker, parse
from emulator.doors.mqtt.topics import Topics
from emulator.errors import ConfigError, Problem
from emulator.store.journal import Journal

LONGEST_TOPIC = 64
"""Characters of a prefix; a whole topic of ours has some 80 more."""

CLIENT_ID = re.compile(r"[0-9A-Za-z_.-]{1,64}")
"""Letters that every broker takes."""


def _topic(value: str) -> str:
    if not re.fullmatch(r"[^+#$\s/\x00]+(/[^+#\s/\x00]+)*", value) or len(value) > LONGEST_TOPIC:
        raise ValueError(
            f"{value!r} is no beginning of a topic: use words with / between them, at most {LONGEST_TOPIC} "
            "characters, without + # $ and blanks"
        )
    return value


Topic = Annotated[Name, AfterValidator(_topic)]


class MqttSettings(Section):
    """The MQTT door."""

    broker: str = Field(description="`mqtt://host` or `mqtts://host:8883`; user and password are in the environment")
    ca: str = Field(default="", description="file with the certificate of the broker's CA, if that is your own")
    prefix: Topic = Field(default="verisure", description="begin of every topic")
    discovery: Topic | Literal[False] = Field(
        default="homeassistant", description="Home Assistant's discovery prefix; `false`: nothing is announced"
    )
    per_entity: bool = Field(
        default=False, description="`true`: a discovery message for each entity, for Home Assistant before 2024.12"
    )
    client_id: str = Field(default="", description="left out: made of the program's own id, which is unique")
    arm_code: bool = Field(default=False, description="`true`: arming by the alarm panel needs the PIN, too")

    @field_validator("broker")
    @classmethod
    def _can_be_used(cls, value: str) -> str:
        parse(value)
        return value

    @field_validator("client_id")
    @classmethod
    def _is_taken(cls, value: str) -> str:
        if value and not CLIENT_ID.fullmatch(value):
            raise ValueError("takes 1 to 64 letters, digits and _ . -")
        return value

    def topics(self, program: str) -> Topics:
        """Return the topics of the program of that id."""
        return Topics(self.prefix, program, self.discovery or "")

    def shown(self) -> Broker:
        """Return the broker with what it is shown; ConfigError when that cannot be read."""
        known, found = credentials.login("MQTT"), parse(self.broker)
        return Broker(found.host, found.port, found.tls, self.ca, known.user, known.password)


def _open(context: DoorContext, chosen: MqttSettings) -> Door:
    _require_library()
    from emulator.doors.mqtt.door import Mqtt

    return Mqtt(context, chosen, chosen.shown())


def _probe(chosen: MqttSettings, journal: Journal | None) -> Iterable[Trouble]:
    _require_library()
    from emulator.doors.mqtt import kept, trial

    program = kept.known_id(journal) if journal else ""
    return trial.troubles(chosen.shown(), chosen.topics(program or trial.NOBODY))


def _require_library() -> None:
    try:
        import paho.mqtt  # noqa: F401  # only whether it is there
    except ImportError:
        problem = f"this door needs paho-mqtt: {sys.executable} -m pip install 'verisure-emulator[mqtt]'"
        raise ConfigError([Problem("doors.mqtt", problem)]) from None


ROW = DoorType(
    settings=MqttSettings,
    open=_open,
    title="MQTT door",
    label="MQTT",
    summary="alarm panel and switches at an MQTT broker; needs the extra `mqtt`",
    depends=True,
    probe=_probe,
)
