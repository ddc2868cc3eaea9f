"""A WeMo socket as SSDP announces it. Pure (lan-emulation.md §1.3)."""

from collections.abc import Sequence

from emulator.lan import ssdp
from emulator.lan.ssdp import Advert, UpnpDevice

ALIASES = ("urn:Belkin:device:**", "urn:Belkin:device:*", "urn:schemas-upnp-org:device:basic:1")
"""Asked for by Echos of 2015 to 2017 and by SmartThings (one asterisk), announced by no device (§1.2)."""


def device(udn: str, port: int, types: Sequence[str], nls: str) -> UpnpDevice:
    """Return a socket with these device and service types; `nls` changes with each start (§1.3)."""

    def as_(target: str) -> Advert:
        return Advert(target, f"{udn}::{target}")

    return UpnpDevice(
        port=port,
        path="/setup.xml",
        adverts=(as_(ssdp.ROOT), Advert(udn, udn), *map(as_, types)),
        aliases=tuple(map(as_, ALIASES)),
        # ouimeaux and its descendants take no answer without X-User-Agent (§2.3).
        headers=(("OPT", '"http://schemas.upnp.org/upnp/1/0/"; ns=01'), ("01-NLS", nls), ("X-User-Agent", "redsonic")),
    )
