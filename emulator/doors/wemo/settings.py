"""The WeMo door's section of devices.yaml, and its row."""

from collections.abc import Mapping

from pydantic import Field

from emulator.config.fields import Port, Section
from emulator.doors import Door, DoorContext, DoorType
from emulator.store.identities import Identity
from emulator.store.journal import Journal
from emulator.words.text import Text


class WemoSettings(Section):
    """The WeMo door."""

    first_port: Port = Field(default=49151, description="switches get this TCP port and those after it, and keep them")
    allow_sweep: bool = Field(default=False, description="`true`: turning all switches off within seconds may disarm")


def _open(context: DoorContext, chosen: WemoSettings) -> Door:
    from emulator.doors.wemo.door import WemoDoor
    from emulator.store.subscriptions import Subscriptions

    return WemoDoor(
        context.hub,
        context.responder,
        reply_within_s=context.reply_within_s,
        allow_sweep=chosen.allow_sweep,
        subscriptions=Subscriptions(context.journal),
        language=context.language,
    )


def _devices(_journal: Journal, switches: Mapping[str, Identity]) -> Mapping[str, str]:
    return {identity.udn: name for name, identity in switches.items()}


ROW = DoorType(
    settings=WemoSettings,
    open=_open,
    title=Text("WeMo door"),
    label="WeMo",
    serves_only_switches=True,
    summary="each switch as a WeMo socket",
    purpose=Text("Alexa and most hubs find each switch as a socket, by themselves. Right for most homes."),
    first_port=lambda chosen: int(chosen.first_port),
    is_default=True,
    devices=_devices,
)
