"""The library's driver, on our loop and with our journal: nothing is printed, and no file is written."""

import io
import json
import logging
from collections import deque
from collections.abc import Callable
from typing import Any
from uuid import UUID

from pyhap.accessory_driver import AccessoryDriver, AccessoryMDNSServiceInfo
from zeroconf import ServiceInfo

from emulator.doors.homekit.setup import DAMAGED, KeptBridge
from emulator.errors import EmulatorError
from emulator.words.text import counted

LOG = logging.getLogger(__name__)

# At `debug` it writes down what it decrypts; and whoever sends nonsense makes it write a traceback.
logging.getLogger("pyhap").setLevel(logging.CRITICAL)

NOWHERE = "127.0.0.1"
"""An address has to be given: to find one, the library would open a socket towards the Internet. It is not used."""

STARTS, STARTS_WITHIN_S = 12, 60.0
"""Pairings begun in that time: each costs the loop some 20 ms of arithmetic. A person begins one, or two."""


class HomekitDriver(AccessoryDriver):
    """Keeps pairings by `save`, notes them by `note`, and calls `announce` when what is announced has changed.

    On the loop's thread. The caller puts a server of its own in place of the library's.
    """

    def __init__(
        self,
        loop: Any,
        port: int,
        kept: KeptBridge,
        save: Callable[[dict[str, Any]], None],
        note: Callable[[str, str], None],
    ) -> None:
        super().__init__(loop=loop, address=NOWHERE, port=port, pincode=kept.setup.spoken.encode(), advertise=False)
        self._save = save
        self._note = note
        self._starts: deque[float] = deque(maxlen=STARTS)
        self.announce: Callable[[], None] = lambda: None
        if kept.state:
            try:
                self.encoder.load_into(io.StringIO(json.dumps(kept.state)), self.state)
            except (ValueError, KeyError, TypeError, AttributeError):
                raise EmulatorError(DAMAGED) from None
        self.state.setup_id = kept.setup.id

    def snapshot(self) -> dict[str, Any]:
        """Return what has to be kept: keys, id, paired clients, and the number of the configuration."""
        text = io.StringIO()
        self.encoder.persist(text, self.state)
        found: dict[str, Any] = json.loads(text.getvalue())
        return found

    def service_info(self) -> ServiceInfo:
        """Return what is to be announced now, with an address that is to be replaced."""
        return AccessoryMDNSServiceInfo(self.accessory, self.state)

    # -- in place of the library's --------------------------------------------------------------------------

    def async_persist(self) -> None:
        """Keep the pairings."""
        self._save(self.snapshot())

    def async_update_advertisement(self) -> None:
        """Announce whether it is paired."""
        self.announce()

    def setup_srp_verifier(self) -> None:
        """Begin a pairing."""
        self._starts.append(self.loop.time())
        super().setup_srp_verifier()

    @property
    def pairing_locked_out(self) -> bool:
        """True while nobody may pair: too many wrong codes, or too many that begin and do not go on."""
        full = len(self._starts) == STARTS and self.loop.time() - self._starts[0] < STARTS_WITHIN_S
        return full or super().pairing_locked_out

    def pair(self, client_username_bytes: bytes, client_public: bytes, client_permissions: bytes) -> bool:
        """Pair a controller, which has given the code or was brought along by one that has."""
        done: bool = super().pair(client_username_bytes, client_public, client_permissions)
        self._tell("pair a controller")
        return done

    def unpair(self, client_uuid: UUID) -> None:
        """Unpair a controller, and end its sessions, which the library would go on serving."""
        super().unpair(client_uuid)
        self._tell("unpair a controller")
        self.loop.call_soon(self._end_sessions)  # after the answer

    def _tell(self, what: str) -> None:
        number = len(self.state.paired_clients)
        LOG.info("HomeKit: %s: %d are paired", what, number)
        self._note(what, counted("{n} are paired", "{n} are paired", number))

    def _end_sessions(self) -> None:
        for connection in list(self.http_server.connections.values()):
            client = connection.handler and connection.handler.client_uuid
            if client and client not in self.state.paired_clients:
                connection.close()
