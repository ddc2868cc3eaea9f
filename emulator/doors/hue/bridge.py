"""A Hue bridge of the first generation: adverts, description, configuration, page. Pure.

Facts: lan-emulation.md §3.1, §3.7.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from emulator.lan import ssdp, upnp
from emulator.lan.ssdp import Advert, UpnpDevice
from emulator.store.identities import BridgeIdentity
from emulator.words.language import Language
from emulator.words.text import Text

Json = Any
"""A value that json.dumps takes."""

DESCRIPTION, PAGE = "/description.xml", "/index.html"
ICONS = {"/hue_logo_0.png": 48, "/hue_logo_3.png": 120}
"""Path → side in pixels, as described."""

NAME = "Philips hue"

MODEL = "BSB001"
SOFTWARE = "01043155"
API = "1.16.0"
DATASTORE = "59"
"""One coherent bridge (§3.7). Never BSB002: its clients go to HTTPS, which is not served (§3.8)."""

MAKER = {
    "manufacturer": "Royal Philips Electronics",
    "manufacturerURL": "http://www.philips.com",
    "modelDescription": "Philips hue Personal Wireless Lighting",
    "modelName": "Philips hue bridge 2012",
    "modelNumber": "929000226503",
    "modelURL": "http://www.meethue.com",
}
"""An Echo ignores a bridge by another maker or of another model name (§3.1)."""


SERVER = "FreeRTOS/7.4.2 UPnP/1.0 IpBridge/1.16.0"
"""Of a bridge of the first generation (§1.3)."""

MAX_AGE_S = 100
"""As real bridges and nearly all emulators have it (§1.3)."""

TYPE = "urn:schemas-upnp-org:device:basic:1"

LIBHUE = "libhue:idl"
"""Asked for by Hue clients in C++, and announced by no bridge (§1.2)."""


def upnp_device(identity: BridgeIdentity, port: int) -> UpnpDevice:
    """Return a bridge: three answers to whatever search it is meant by, and its id in each answer and alive (§1.3)."""
    udn = identity.udn
    return UpnpDevice(
        port=port,
        path=DESCRIPTION,
        adverts=(Advert(ssdp.ROOT, f"{udn}::{ssdp.ROOT}"), Advert(udn, udn), Advert(TYPE, udn)),
        whole=ssdp.ALL | {ssdp.ROOT, udn.lower(), TYPE, LIBHUE},
        max_age=MAX_AGE_S,
        server=SERVER,
        headers=(("hue-bridgeid", identity.bridge_id),),
        answer_headers=(("HOST", f"{ssdp.GROUP}:{ssdp.PORT}"),),
    )


@dataclass(frozen=True, slots=True)
class Bridge:
    """The bridge as seen at one address."""

    identity: BridgeIdentity
    host: str
    port: int
    netmask: str = "255.255.255.0"

    @property
    def mac(self) -> str:
        """Return the MAC as `02:ab:…`."""
        mac = self.identity.mac.lower()
        return ":".join(mac[place : place + 2] for place in range(0, 12, 2))

    @property
    def url(self) -> str:
        """Return its address, with the slash at the end that URLBase has."""
        return f"http://{self.host}:{self.port}/"

    def short_config(self) -> Json:
        """Return the configuration for any client (§3.7)."""
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

    def config(self, now: float, whitelist: Json, *, button: bool) -> Json:
        """Return the configuration for a paired client, which is not shown the others."""
        moment = datetime.fromtimestamp(now, UTC)
        return {
            **self.short_config(),
            "zigbeechannel": 15,
            "dhcp": True,
            "ipaddress": self.host,
            "netmask": self.netmask,
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
            "internetservices": dict.fromkeys(("internet", "remoteaccess", "time", "swupdate"), "disconnected"),
            "backup": {"status": "idle", "errorcode": 0},
            "whitelist": whitelist,
        }

    def description(self) -> bytes:
        """Return description.xml (§3.1)."""
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
    """Format a moment as bridges write it."""
    return datetime.fromtimestamp(epoch_s, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def page(identity: BridgeIdentity, language: Language) -> bytes:
    """Return the presentation page."""
    about = Text("Alarm modes shown as lights of a Hue bridge by verisure-emulator. This is no Philips product.")
    return upnp.page(f"{NAME} {identity.bridge_id}", language.say(about), lang=language.tag)
