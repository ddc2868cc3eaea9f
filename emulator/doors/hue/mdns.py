"""Announcement of the bridge by mDNS, if the settings ask for it: `_hue._tcp` (lan-emulation.md §3.9, extra `mdns`)."""

import logging
import socket
from collections.abc import Sequence
from typing import Any

from emulator.doors.hue.bridge import MODEL
from emulator.lan.network import Place
from emulator.store.identities import BridgeIdentity
from emulator.system import extras

LOG = logging.getLogger(__name__)

TYPE = "_hue._tcp.local."


class Mdns:
    """Announces the bridge at the places that `follow` names. Not locked: one thread calls it."""

    def __init__(self, identity: BridgeIdentity, port: int) -> None:
        self._identity = identity
        self._port = port
        self._places: tuple[Place, ...] = ()
        self._zeroconf: Any = None
        self._complained = False

    def follow(self, places: Sequence[Place]) -> None:
        """Announce the bridge at these places and no others."""
        if tuple(places) == self._places:
            return
        self.stop()
        self._places = tuple(places)
        if not places:
            return
        try:
            from zeroconf import ServiceInfo, Zeroconf
        except ImportError:
            self._complain(f"doors.hue.mdns {extras.missing('mdns', 'zeroconf')}")
            return
        name = f"Hue Bridge - {self._identity.mac[-6:]}"
        try:
            self._zeroconf = Zeroconf(interfaces=[place.host for place in places])
            self._zeroconf.register_service(
                ServiceInfo(
                    TYPE,
                    f"{name}.{TYPE}",
                    addresses=[socket.inet_aton(place.advertised) for place in places],
                    port=self._port,
                    properties={"bridgeid": self._identity.bridge_id.lower(), "modelid": MODEL},
                    server=f"{self._identity.bridge_id.lower()}.local.",
                )
            )
        except Exception as error:  # whatever that library meets, the bridge goes on without it
            self._complain(f"The bridge cannot be announced by mDNS ({error}); it is found by SSDP and by its address")
            self.stop()
            self._places = tuple(places)

    def stop(self) -> None:
        """Withdraw the announcement."""
        zeroconf, self._zeroconf, self._places = self._zeroconf, None, ()
        if zeroconf:
            zeroconf.close()

    def _complain(self, message: str) -> None:
        if not self._complained:
            LOG.error("%s", message)
        self._complained = True
