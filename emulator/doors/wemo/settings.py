"""The WeMo door's section of devices.yaml, and its row."""

from typing import Any

from pydantic import Field

from emulator.config.fields import Port, Section
from emulator.doors import Door, DoorType


class WemoSettings(Section):
    """The WeMo door."""

    first_port: Port = Field(default=49151, description="switches get this TCP port and those after it, and keep them")
    allow_sweep: bool = Field(default=False, description="`true`: turning all switches off within seconds may disarm")


def _open(*args: Any, **kwargs: Any) -> Door:
    from emulator.doors.wemo.door import WemoDoor

    return WemoDoor(*args, **kwargs)


ROW = DoorType(
    settings=WemoSettings,
    open=_open,
    title="WeMo door",
    label="WeMo",
    summary="each switch as a WeMo socket",
    first_port=lambda chosen: int(chosen.first_port),
    is_default=True,
)
