"""The Hue bridge's section of devices.yaml, and its row."""

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import Field, field_validator

from emulator.config.fields import Port, Section, spoken
from emulator.doors import MDNS, ClosedPort, Door, DoorContext, DoorPort, DoorType, Pairing
from emulator.store import pairing
from emulator.store.identities import Identity
from emulator.store.journal import Journal
from emulator.words.text import Text

SUFFIX_LIMIT = 16
"""Characters of `doors.hue.suffix`; a light's whole name has 32 (lan-emulation.md §3.4)."""

HTTPS = 443
"""TCP port that Echos try first since 2025 (lan-emulation.md §0)."""


class HueSettings(Section):
    """The Hue bridge."""

    port: Port = Field(default=80, description="TCP port; apps find any, Echos only ever ask port 80")
    light: Literal["plug", "onoff", "dimmable", "extended"] = Field(
        default="plug",
        description="what a switch looks like: `plug`, `onoff`, `dimmable` or `extended`; a change makes new lights",
    )
    pairing: Pairing = Field(
        default="open",
        description="`open`: every client on the LAN may pair, as Echos need it; `button`: only after `emulator pair`",
    )
    suffix: str = Field(
        default="",
        max_length=SUFFIX_LIMIT,
        description="added to each name, such as `plug`, for Echos that see both doors",
    )
    ascii: bool = Field(default=True, description="`Día` becomes `Dia`: Echos garble accents on this door")
    allow_sweep: bool = Field(
        default=False, description="`true`: “turn off all the lights” may disarm, “turn on all the lights” may arm"
    )
    mdns: bool = Field(default=False, description="`true`: announced by mDNS too; needs the extra `mdns`")

    @field_validator("suffix")
    @classmethod
    def _can_be_said(cls, value: str) -> str:
        return spoken(value)


def _open(context: DoorContext, chosen: HueSettings) -> Door:
    from emulator.doors.hue.door import Hue
    from emulator.lan import web

    return Hue(context, chosen, sockets=web.inherited())


def _ports(chosen: HueSettings) -> Sequence[DoorPort]:
    remedy = Text("stop that one; or set another doors.hue.port, where apps find the bridge and Echos do not")
    return [DoorPort(chosen.port, remedy)]


def _devices(journal: Journal, _switches: Mapping[str, Identity]) -> Mapping[str, str]:
    known = pairing.known_identity(journal)
    return {known.udn: "the Hue bridge"} if known else {}


ROW = DoorType(
    settings=HueSettings,
    open=_open,
    title=Text("Hue bridge"),
    label="Hue",
    serves_only_switches=True,
    summary="the switches as plugs on a Hue bridge",
    purpose=Text("For Echos and apps that look for a Philips Hue bridge: each switch is a plug on it."),
    ports=_ports,
    closed_ports=[ClosedPort(HTTPS, "Echos ask it before the bridge", "an Echo waits some 10 s before each command")],
    shared_ports=lambda chosen: [MDNS] * chosen.mdns,
    is_web=True,
    devices=_devices,
    pairing=lambda chosen: chosen.pairing,
)
