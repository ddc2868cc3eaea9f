"""The bridge's listeners, one at each place, and how much a peer may take. On the loop's thread."""

import asyncio
import logging
import socket
from http import HTTPStatus
from typing import Any, cast

from pyhap.hap_handler import HAPResponse, HAPServerHandler
from pyhap.hap_protocol import HAPServerProtocol
from pyhap.hap_server import HAPServer

from emulator.doors.homekit.driver import HomekitDriver
from emulator.lan import access, network
from emulator.lan.limits import Connections, Shares
from emulator.lan.network import Place
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

SHARES = Shares(per_peer=16, in_all=96)
"""Connections: Apple asks for eight at least; a home has some phones, and a hub."""

UNVERIFIED_S = 300.0
"""Longest life of a connection that has not proved to be a paired controller's: a person types the code meanwhile."""

UNVERIFIED_BYTES = 16_384
"""Most bytes that such a connection may send: a pairing has some two thousand, and the library would keep a million."""

IDLE_S, EVERY_S, TIMES = 60, 15, 4
"""A peer that has left without a word is noticed in two minutes, by TCP keepalive; the library waits for 90 hours."""

ORIGIN = b"origin"
"""Header that browsers send for web pages; no controller has one."""


class Handler(HAPServerHandler):
    """Requests of one connection; none from a web page, which could otherwise try codes."""

    def dispatch(self, request: Any, body: bytes | None = None) -> HAPResponse:
        """Answer a request."""
        if not any(name.lower() == ORIGIN for name, _ in request.headers):
            return super().dispatch(request, body)
        response = HAPResponse()
        response.status_code, response.reason = HTTPStatus.FORBIDDEN.value, HTTPStatus.FORBIDDEN.phrase
        return response


class HomekitConnection(HAPServerProtocol):
    """One connection of a local peer."""

    def __init__(self, server: "HomekitServer", place: Place) -> None:
        super().__init__(server.accessory_handler.loop, server.connections, server.accessory_handler)
        self.place = place
        self.peer = ""
        self.since = self.loop.time()
        self._unverified = 0
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take in local peers, as many as there is room for."""
        self.peer = (transport.get_extra_info("peername") or ("",))[0]
        super().connection_made(transport)
        self.handler = Handler(self.accessory_driver, self.peername or self.peer)
        if not access.is_local(self.peer, self.place.network) or not self._server.bounded.add(self):
            LOG.debug("%s is not let in", self.peer)
            self.shut()
        elif sock := transport.get_extra_info("socket"):
            _keep_alive(sock)

    def data_received(self, data: bytes) -> None:
        """Take bytes, and only some while it is not known whose they are."""
        self._unverified += 0 if self.is_served else len(data)
        if self._unverified > UNVERIFIED_BYTES:
            self.shut()
        else:
            super().data_received(data)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Let go."""
        self._server.bounded.discard(self)
        super().connection_lost(exc)

    def close(self) -> None:
        """Close it; may be called again once it is closed."""
        if self.transport and not self.transport.is_closing():
            super().close()
        elif self.connections.get(cast("tuple[str, int]", self.peername)) is self:
            del self.connections[cast("tuple[str, int]", self.peername)]

    def _process_response(self, response: HAPResponse) -> None:
        """Send a response, and only then announce whether the bridge is paired.

        The library would do that by way of the loop's own pool of threads, whose end uvloop does not wait for.
        """
        changed, response.pairing_changed = response.pairing_changed, False
        super()._process_response(response)
        if changed:
            self.accessory_driver.async_update_advertisement()

    # -- Connection, for the limits ------------------------------------------------------------------------

    @property
    def is_served(self) -> bool:
        """True once it has proved to be a paired controller's: others make room before it does."""
        return bool(self.handler and self.handler.is_encrypted)

    def shut(self) -> None:
        """Close it now."""
        if self.transport:
            self.transport.abort()


class HomekitServer(HAPServer):
    """Listeners that come and go with the places, in place of the library's one."""

    def __init__(self, driver: HomekitDriver) -> None:
        super().__init__((driver.state.address, driver.state.port), driver)
        self.bounded: Connections[HomekitConnection] = Connections(SHARES)
        self._listeners: dict[Place, asyncio.Server] = {}

    @property
    def places(self) -> tuple[Place, ...]:
        """The places at which it listens."""
        return tuple(self._listeners)

    async def async_start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin without a listener."""
        self.loop = loop
        self.async_cleanup_connections()

    async def listen(self, place: Place) -> str:
        """Open a listener unless it is open; return what is in the way."""
        if place in self._listeners:
            return ""
        port = self.accessory_handler.state.port
        try:
            sock = network.listener(place.host, port)
        except OSError as error:
            return Text(
                "Port {port} on {host}, which the HomeKit bridge needs, cannot be used ({why}): stop the program that "
                "keeps it, or set another doors.homekit.port; trying again",
                port=str(port),
                host=place.host,
                why=str(error.strerror),
            )
        loop = asyncio.get_running_loop()
        self._listeners[place] = await loop.create_server(lambda: HomekitConnection(self, place), sock=sock)
        return ""

    def leave(self, place: Place) -> None:
        """Close the listener and the connections at a place."""
        self._listeners.pop(place).close()
        for connection in self.bounded:
            if connection.place == place:
                connection.shut()

    def sweep(self) -> None:
        """Close the connections that have not proved for too long whose they are."""
        now = asyncio.get_running_loop().time()
        for connection in self.bounded:
            if not connection.is_served and now - connection.since > UNVERIFIED_S:
                connection.shut()

    def async_stop(self) -> None:
        """Close everything."""
        if self._connection_cleanup:
            self._connection_cleanup.cancel()
        for place in self.places:
            self.leave(place)


def _keep_alive(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", IDLE_S), ("TCP_KEEPINTVL", EVERY_S), ("TCP_KEEPCNT", TIMES)):
        if hasattr(socket, name):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
