"""Lights as documents of the Hue API: their shapes, and the group of all. Pure (lan-emulation.md §3.4)."""

from collections.abc import Mapping
from dataclasses import dataclass

from emulator.doors.hue import values
from emulator.doors.hue.bridge import Json
from emulator.doors.hue.lights import FULL, Light, LightState


@dataclass(frozen=True, slots=True)
class Shape:
    """The kind of a light, as clients see it. `dims`: it has `bri`, which makes it dimmable in Alexa (§3.4)."""

    type: str
    model: str
    maker: str
    product: str
    product_id: str
    software: str
    archetype: str = "sultanbulb"
    dims: bool = False
    colour: bool = False

    @property
    def settable(self) -> frozenset[str]:
        """Return the parameters that a client may set."""
        return values.COLOURED if self.colour else values.DIMMED if self.dims else values.SWITCHED


SIGNIFY = "Signify Netherlands B.V."

SHAPES = {
    "plug": Shape(
        "On/Off plug-in unit", "LOM001", SIGNIFY, "Hue Smart plug", "SmartPlug_OnOff_v01-00_01", "1.104.2", "plug"
    ),
    # The capital L matters: Alexa did not find `On/off light`.
    "onoff": Shape("On/Off light", "HASS321", "Home Assistant", "On/Off light", "HASS321", "1.0.0", "classicbulb"),
    "dimmable": Shape(
        "Dimmable light", "LWB010", SIGNIFY, "Hue white lamp", "Philips-LWB010-1-A19DLv4", "1.88.1", dims=True
    ),
    # Without bri, as the emulators that most Echos take have it.
    "extended": Shape(
        "Extended color light", "LCT015", SIGNIFY, "Hue color lamp", "Philips-LCT015-1-A19ECLv5", "1.88.1", colour=True
    ),
}
"""`doors.hue.light` → shape; the source of each is in §3.4."""


def document(light: Light, state: LightState) -> Json:
    """Return a light with every field that some client needs (§3.4)."""
    shape = SHAPES[light.identity.shape]
    return {
        "state": {
            "on": state.on,
            **({"bri": state.bri} if shape.dims else {}),
            "alert": "none",
            "mode": "homeautomation",
            "reachable": state.reachable,
        },
        "swupdate": {"state": "noupdates", "lastinstall": "2019-01-01T00:00:00"},
        "type": shape.type,
        "name": light.name,
        "modelid": shape.model,
        "manufacturername": shape.maker,
        "productname": shape.product,
        "capabilities": {
            "certified": True,
            "control": {"mindimlevel": 5000, "maxlumen": 840} if shape.dims or shape.colour else {},
            "streaming": {"renderer": False, "proxy": False},
        },
        "config": {"archetype": shape.archetype, "function": "functional", "direction": "omnidirectional"},
        "uniqueid": light.identity.unique_id,
        "swversion": shape.software,
        "productid": shape.product_id,
    }


def everything(lights: Mapping[str, Json]) -> Json:
    """Return group 0, which has every light."""
    ons = [bool(each["state"]["on"]) for each in lights.values()]
    return {
        "name": "Group 0",
        "lights": list(lights),
        "sensors": [],
        "type": "LightGroup",
        "state": {"all_on": bool(ons) and all(ons), "any_on": any(ons)},
        "recycle": False,
        "action": {"on": bool(ons) and all(ons), "bri": FULL, "alert": "none"},
    }
