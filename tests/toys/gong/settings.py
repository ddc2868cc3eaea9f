"""The gong's section of devices.yaml, and its row."""

from collections.abc import Sequence

from pydantic import Field

from emulator.config.fields import Port, Section
from emulator.doors import Door, DoorContext, DoorPort, DoorType


class GongSettings(Section):
    """The gong."""

    port: Port = Field(default=7007, description="TCP port that takes one line for each command")


def _open(context: DoorContext, chosen: GongSettings) -> Door:
    from tests.toys.gong.door import Gong

    return Gong(context, chosen)


def _ports(chosen: GongSettings) -> Sequence[DoorPort]:
    return [DoorPort(chosen.port, "stop that one, or set another doors.gong.port")]


ROW = DoorType(
    settings=GongSettings,
    open=_open,
    title="brass gong",
    label="Gong",
    summary="the switches by a line of text",
    ports=_ports,
)
