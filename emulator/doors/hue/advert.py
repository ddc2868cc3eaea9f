"""A Hue bridge as SSDP announces it. Pure (lan-emulation.md §1.3)."""

from emulator.lan import ssdp
from emulator.lan.ssdp import Advert, UpnpDevice

SERVER = "FreeRTOS/7.4.2 UPnP/1.0 IpBridge/1.16.0"
"""Of a bridge of the first generation (§1.3)."""

MAX_AGE_S = 100
"""As real bridges and nearly all emulators have it (§1.3)."""

TYPE = "urn:schemas-upnp-org:device:basic:1"


def device(udn: str, port: int, path: str, bridge_id: str) -> UpnpDevice:
    """Return a bridge: three answers to whatever search it is meant by, and its id in each answer and alive (§1.3)."""
    return UpnpDevice(
        port=port,
        path=path,
        adverts=(Advert(ssdp.ROOT, f"{udn}::{ssdp.ROOT}"), Advert(udn, udn), Advert(TYPE, udn)),
        whole=ssdp.ALL | {ssdp.ROOT, udn.lower(), TYPE},
        max_age=MAX_AGE_S,
        server=SERVER,
        headers=(("hue-bridgeid", bridge_id),),
        answer_headers=(("HOST", f"{ssdp.GROUP}:{ssdp.PORT}"),),
    )
