"""The dashboard's section of devices.yaml, and its row."""

from collections.abc import Sequence

from pydantic import Field

from emulator.config.fields import Port, Section
from emulator.doors import Door, DoorContext, DoorPort, DoorType
from emulator.words.text import Text


class DashboardSettings(Section):
    """The page for people."""

    port: Port = Field(default=8099, description="TCP port of the page and of the local API")
    force_pin: bool = Field(
        default=False, description="`true`: arming once past open windows needs the PIN, as disarming does"
    )


def _open(context: DoorContext, chosen: DashboardSettings) -> Door:
    from emulator.doors.dashboard.door import Dashboard

    return Dashboard(context, chosen)


def _ports(chosen: DashboardSettings) -> Sequence[DoorPort]:
    return [DoorPort(chosen.port, Text("stop that one, or set another {setting}", setting="doors.dashboard.port"))]


ROW = DoorType(
    settings=DashboardSettings,
    open=_open,
    title=Text("dashboard"),
    label=Text("page"),
    summary="the page, and the local API",
    purpose=Text("This page: it shows the alarm, arms it, and disarms it with the PIN."),
    ports=_ports,
    binds_switches=False,
    is_web=True,
    pages=lambda door: door.pages(),
    decide=lambda door, token: door.decide(token),
)
