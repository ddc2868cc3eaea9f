"""What a Hue bridge of the first generation says of itself and of its lights. Pure (lan-emulation.md §3.1-3.7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from emulator.doors.hue.lights import FULL, Light, LightState
from emulator.lan import upnp
from emulator.model import BridgeIdentity

Json = Any  # what json.dumps takes

DESCRIPTION, PAGE = "/description.xml", "/index.html"
ICONS = {"/hue_logo_0.png": 48, "/hue_logo_3.png": 120}  # sides in pixels, as described
NAME = "Philips hue"

# One coherent bridge (§3.7). Never BSB002: its clients go to HTTPS, where nobody is (§3.8).
MODEL = "BSB001"
SOFTWARE = "01043155"
API = "1.16.0"
DATASTORE = "59"
MAKER = {
    # An Echo ignores a bridge by another maker or of another model name (§3.1).
    "manufacturer": "Royal Philips Electronics",
    "manufacturerURL": "http://www.philips.com",
    "modelDescription": "Philips hue Personal Wireless Lighting",
    "modelName": "Philips hue bridge 2012",
    "modelNumber": "929000226503",
    "modelURL": "http://www.meethue.com",
}

# Why a request came to nothing, by the bridge's own numbers (§3.5).
ERRORS = {
    1: "unauthorized user",
    2: "body contains invalid json",
    3: "resource, {}, not available",
    4: "method, {}, not available for resource, {}",
    5: "invalid/missing parameters in body",
    6: "parameter, {}, not available",
    7: "invalid value, {}, for parameter, {}",
    8: "parameter, {}, is not modifiable",
    101: "link button not pressed",
    901: "Internal error: {}",
}


def error(number: int, address: str, *words: object) -> Json:
    """An entry of an answer."""
    return {"error": {"type": number, "address": address or "/", "description": ERRORS[number].format(*words)}}


def success(address: str, value: object) -> Json:
    """An entry of an answer."""
    return {"success": {address: value}}


@dataclass(frozen=True, slots=True)
class Shape:
    """What a light looks like to clients. `dims`: it has `bri`, which makes it dimmable in Alexa (§3.4)."""

    type: str
    model: str
    maker: str
    product: str
    product_id: str
    software: str
    archetype: str
    dims: bool = False
    colour: bool = False


SIGNIFY = "Signify Netherlands B.V."

# `doors.hue.light` → shape; where each comes from is in lan-emulation.md §3.4.
SHAPES = {
    "plug": Shape(
        "On/Off plug-in unit", "LOM001", SIGNIFY, "Hue Smart plug", "SmartPlug_OnOff_v01-00_01", "1.104.2", "plug"
    ),
    # The capital L matters: Alexa did not find `On/off light`.
    "onoff": Shape("On/Off light", "HASS321", "Home Assistant", "On/Off light", "HASS321", "1.0.0", "classicbulb"),
    "dimmable": Shape(
        "Dimmable light", "LWB010", SIGNIFY, "Hue white lamp", "Philips-LWB010-1-A19DLv4", "1.88.1", "sultanbulb", True
    ),
    # Without bri, as the emulators that most Echos take have it.
    "extended": Shape(
        "Extended color light",
        "LCT015",
        SIGNIFY,
        "Hue color lamp",
        "Philips-LCT015-1-A19ECLv5",
        "1.88.1",
        "sultanbulb",
        colour=True,
    ),
}


def light(one: Light, state: LightState) -> Json:
    """A light with everything that some client misses otherwise (§3.4)."""
    shape = SHAPES[one.identity.shape]
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
        "name": one.name,
        "modelid": shape.model,
        "manufacturername": shape.maker,
        "productname": shape.product,
        "capabilities": {
            "certified": True,
            "control": {"mindimlevel": 5000, "maxlumen": 840} if shape.dims or shape.colour else {},
            "streaming": {"renderer": False, "proxy": False},
        },
        "config": {"archetype": shape.archetype, "function": "functional", "direction": "omnidirectional"},
        "uniqueid": one.identity.unique_id,
        "swversion": shape.software,
        "productid": shape.product_id,
    }


def everything(lights: Mapping[str, Json]) -> Json:
    """Group 0, in which every light is."""
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


@dataclass(frozen=True, slots=True)
class Bridge:
    """The bridge as seen at one address."""

    identity: BridgeIdentity
    host: str
    port: int

    @property
    def mac(self) -> str:
        """As `02:ab:…`."""
        mac = self.identity.mac.lower()
        return ":".join(mac[place : place + 2] for place in range(0, 12, 2))

    @property
    def url(self) -> str:
        """Where it is, with the slash at the end that URLBase has."""
        return f"http://{self.host}:{self.port}/"

    def short_config(self) -> Json:
        """What anybody may know (§3.7)."""
        return {
            "name": NAME,
            "datastoreversion": DATASTORE,
            "swversion": SOFTWARE,
            "apiversion": API,
            "mac": self.mac,
            "bridgeid": self.identity.bridge_id,
            "factorynew": False,
            "replacesbridgeid": None,
            "modelid": MODEL,
            "starterkitid": "",
        }

    def config(self, now: float, whitelist: Json, *, netmask: str, button: bool) -> Json:
        """What a paired client may know; of other clients only that there are some is none of its business."""
        moment = datetime.fromtimestamp(now, UTC)
        return {
            **self.short_config(),
            "zigbeechannel": 15,
            "dhcp": True,
            "ipaddress": self.host,
            "netmask": netmask,
            "gateway": self.host,
            "proxyaddress": "none",
            "proxyport": 0,
            "UTC": clock(now),
            "localtime": moment.astimezone().strftime("%Y-%m-%dT%H:%M:%S"),
            "timezone": "none",
            "swupdate": {
                "updatestate": 0,
                "checkforupdate": False,
                "devicetypes": {"bridge": False, "lights": [], "sensors": []},
                "url": "",
                "text": "",
                "notify": False,
            },
            "linkbutton": button,
            "portalservices": False,
            "portalconnection": "disconnected",
            "portalstate": {"signedon": False, "incoming": False, "outgoing": False, "communication": "disconnected"},
            "internetservices": {
                "internet": "disconnected",
                "remoteaccess": "disconnected",
                "time": "disconnected",
                "swupdate": "disconnected",
            },
            "backup": {"status": "idle", "errorcode": 0},
            "whitelist": whitelist,
        }

    def description(self) -> bytes:
        """description.xml (§3.1)."""
        icons = [
            {"mimetype": "image/png", "height": str(side), "width": str(side), "depth": "24", "url": path.lstrip("/")}
            for path, side in ICONS.items()
        ]
        device: upnp.Tree = {
            "deviceType": "urn:schemas-upnp-org:device:Basic:1",
            "friendlyName": f"{NAME} ({self.host})",
            **MAKER,
            "serialNumber": self.identity.mac.lower(),  # some clients take it for the MAC
            "UDN": self.identity.udn,
            "presentationURL": PAGE.lstrip("/"),
            "iconList": {"icon": icons},
        }
        return upnp.document("root", upnp.DEVICE_NS, {"URLBase": self.url, "device": device})


def clock(epoch_s: float) -> str:
    """A moment as bridges write it."""
    return datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@cache
def page(identity: BridgeIdentity) -> bytes:
    """The presentation page: what this is."""
    title = f"{NAME} {identity.bridge_id}"
    return upnp.page(
        title, "Alarm modes shown as lights of a Hue bridge by verisure-emulator. This is no Philips product."
    )
