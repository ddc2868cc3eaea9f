"""The Matter door's section of devices.yaml, and its row."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import Field

from emulator.config.fields import Name, Section
from emulator.doors import MDNS, Door, DoorContext, DoorType, SharedPort, Trouble
from emulator.errors import ConfigError, EmulatorError, Problem
from emulator.store.journal import Journal
from emulator.system import extras
from emulator.words.text import Text

DOOR = "matter"

PORT = 5540
"""UDP port; Alexa asks no other (matter.md §4)."""

NAME_LIMIT = 32
"""Characters of a label in Matter."""


class MatterSettings(Section):
    """The Matter door."""

    name: Name = Field(default="Verisure", max_length=NAME_LIMIT, description="name of the bridge where it is shown")
    triggered: bool = Field(
        default=False,
        description="`true`: for each alarm a contact sensor too, which opens while it has gone off, for routines",
    )


def require(_chosen: MatterSettings) -> None:
    """Check that the libraries of this door are installed; ConfigError when they are not."""
    if lack := extras.missing(DOOR, "segno"):
        raise ConfigError([Problem(f"doors.{DOOR}", lack)])


def _lacks(state_dir: Path) -> str:
    from emulator.doors.matter import bundle

    try:
        bundle.place(state_dir)
    except EmulatorError as error:
        return str(error)
    return ""


def _open(context: DoorContext, chosen: MatterSettings) -> Door:
    from emulator.doors.matter.door import MatterDoor

    return MatterDoor(context, chosen)


def _probe(_chosen: MatterSettings, _journal: Journal | None, state_dir: Path) -> Iterable[Trouble]:
    from emulator.doors.matter import readiness

    return readiness.troubles(state_dir)


def _invitation(door: Any) -> Any:
    return door.invitation()


ROW = DoorType(
    settings=MatterSettings,
    open=_open,
    title=Text("Matter bridge"),
    label="Matter",
    summary="plugs for Echo, Google Home, Apple Home and SmartThings; needs Node.js, and the extra `matter`",
    purpose=Text("For newer Echos, Google Home, Apple Home and SmartThings: each switch as a plug, paired by a code."),
    require=require,
    lacks=_lacks,
    shared_ports=lambda _chosen: [
        SharedPort(
            PORT, "Matter", "Alexa asks no other port: stop that one, or move it to another machine", is_alone=True
        ),
        MDNS,
    ],
    serves_only_switches=True,
    depends=True,
    makes_code=True,
    probe=_probe,
    invitation=_invitation,
)
