"""The HomeKit door's sections of devices.yaml, and its row."""

from collections.abc import Mapping, Sequence

from pydantic import Field

from emulator.config.fields import Mode, Name, Port, Section
from emulator.doors import MDNS, AlarmSection, Door, DoorContext, DoorPort, DoorType
from emulator.doors.homekit.words import AWAY, NIGHT, STAY
from emulator.errors import ConfigError, Problem
from emulator.model import ArmMode
from emulator.system import extras
from emulator.words.text import Text

NAME_LIMIT = 40
"""Characters of the bridge's name; with six more it has to fit into the 63 of a DNS label."""


class HomekitSettings(Section):
    """The HomeKit door."""

    port: Port = Field(default=51826, description="TCP port; iPhones find any")
    name: Name = Field(default="Verisure", max_length=NAME_LIMIT, description="name of the bridge in the Home app")
    switches: bool = Field(
        default=False,
        description="`true`: each switch too, beside the security system; a switch asks for no unlocked iPhone",
    )


class HomekitAlarm(Section, json_schema_extra={"description": "What the words of the Home app arm."}):
    """Arm modes behind the words of the Home app."""

    stay: Mode | None = Field(default=None, description="arm mode of *Stay* or *Home*; left out: day")
    away: Mode | None = Field(default=None, description="arm mode of *Away*; left out: total, or total+perimeter")
    night: Mode | None = Field(default=None, description="arm mode of *Night*; left out: night")

    @property
    def chosen(self) -> Mapping[int, ArmMode | None]:
        """The arm mode of each word, None where it is left out."""
        return {STAY: self.stay, AWAY: self.away, NIGHT: self.night}


def require(_chosen: HomekitSettings) -> None:
    """Check that the libraries of this door are installed; ConfigError when they are not."""
    if lack := extras.missing("homekit", "pyhap", "segno", "zeroconf"):
        raise ConfigError([Problem("doors.homekit", lack)])


def _open(context: DoorContext, chosen: HomekitSettings) -> Door:
    from emulator.doors.homekit.door import HomekitDoor

    return HomekitDoor(context, chosen)


def _ports(chosen: HomekitSettings) -> Sequence[DoorPort]:
    return [DoorPort(chosen.port, Text("stop that one, or set another {setting}", setting="doors.homekit.port"))]


ROW = DoorType(
    settings=HomekitSettings,
    open=_open,
    title=Text("HomeKit bridge"),
    label="HomeKit",
    summary="each alarm as a security system in Apple's Home app; needs the extra `homekit`",
    purpose=Text("For iPhones: the alarm in Apple's Home app, with its own code for pairing."),
    require=require,
    ports=_ports,
    shared_ports=lambda _chosen: [MDNS],
    of_alarm=AlarmSection(HomekitAlarm, "what the words of the Home app arm, where a mode is not the usual one"),
    invitation=lambda door: door.invitation(),
)
