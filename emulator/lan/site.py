"""One place that the LAN door serves: its two UDP sockets and its listeners (lan-emulation.md §1.5, §1.6)."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from emulator.doors.wemo import description, protocol
from emulator.doors.wemo.plug import Plug
from emulator.lan import access, network, ssdp
from emulator.lan.network import Place
from emulator.system import logs

if TYPE_CHECKING:
    from emulator.lan.responder import Lan

with logs.undisturbed():
    from fauxmo.protocols import SSDPServer

LOG = logging.getLogger(__name__)

ALIVE = 600.0  # seconds at most; a third of the max-age announced, so that two notices may be lost (§8)
NOTICE = 0.04  # seconds between notices: half of the datagram rate is left for answers
TWICE = 2  # each notice, as UDP loses some
LEAVE = 1.0  # seconds for connections to go when the program stops

Guests = Callable[[Place], Mapping[str, ssdp.Device]]  # devices of another door at a place, by a name of its choice


class Searches(SSDPServer):
    """One UDP socket of a site. The parsing is ours, fauxmo's raises on bytes and misses most searches (§6.1)."""

    def __init__(self, site: "Site", multicast: bool) -> None:
        super().__init__()
        self._site = site
        self._multicast = multicast

    def datagram_received(self, data: bytes | str, addr: tuple[str, int]) -> None:
        """Answer a search from a local peer; anything else is none of our business."""
        search = ssdp.parse(cast(bytes, data), addr[1])
        if search and access.is_local(addr[0], self._site.place.network):
            # A search sent to us alone is answered within a second, whatever MX it bears (§1.1).
            self.respond_to_search(addr, search.st, (search.mx or 0) if self._multicast else 0)
        elif search:
            self._site.hear(addr[0], search.st, "not answered: from elsewhere")

    def respond_to_search(self, addr: tuple[str, int], discover_pattern: str, mx: float = 0.0) -> None:
        """Queue the answers."""
        self._site.answer(addr, ssdp.Search(discover_pattern, int(mx)))

    def error_received(self, exc: Exception) -> None:
        """A datagram did not get out; the next notice or search is another chance."""
        LOG.debug("%s: %s", self._site.place.host, exc)


class Site:
    """One place served: its two UDP sockets and a listener for each switch. Lives on the loop's thread."""

    def __init__(self, lan: "Lan", place: Place) -> None:
        self.place = place
        self.devices: dict[str, ssdp.Device] = {}
        self._guests: dict[str, ssdp.Device] = {}
        self._announced: dict[str, float] = {}  # monotonic seconds
        self._lan = lan
        self._sender: asyncio.DatagramTransport | None = None
        self._receiver: asyncio.DatagramTransport | None = None
        self._servers: list[asyncio.Server] = []

    async def mend(self) -> None:
        """Open whatever is not open yet, and announce what became available."""
        await self._open_sockets()
        new = [plug for plug in self._lan.plugs if plug.switch.identity.key not in self.devices]
        listening = [plug.switch.identity.key for plug in new if await self._listen(plug)]
        listening += self._receive_guests()
        if self._sender:
            self.announce(listening)

    def announce(self, names: Iterable[str]) -> None:
        """Queue the notices that these devices are here."""
        chosen = {name: self.devices[name] for name in names}
        self._announced.update(dict.fromkeys(chosen, time.monotonic()))
        notices = TWICE * [notice for device in chosen.values() for notice in ssdp.alive(device, self.place.advertised)]
        for number, notice in enumerate(notices):
            self._lan.send_later(number * NOTICE, self, notice, (ssdp.GROUP, ssdp.PORT))

    def remind(self) -> None:
        """Announce again what clients are to forget before long."""
        now = time.monotonic()
        self.announce(
            [
                name
                for name, device in self.devices.items()
                if now - self._announced.get(name, now) >= min(ALIVE, device.max_age / 3)
            ]
        )

    def answer(self, peer: tuple[str, int], search: ssdp.Search) -> None:
        """Queue what our devices answer to a search."""
        if not self._lan.debounce.is_new(peer, search.st, time.monotonic()):
            return
        host = self.place.advertised
        if not self._lan.may_send(peer):
            self.hear(peer[0], search.st, "too many")
            return
        found = [
            ssdp.answer(device, advert, host, time.time())
            for device in self.devices.values()
            for advert in ssdp.answers(device, search.st)
        ]
        delays = ssdp.delays(len(found), search.mx, self._lan.random)
        queued = sum(self._lan.send_later(delay, self, data, peer) for delay, data in zip(delays, found, strict=True))
        self.hear(peer[0], search.st, f"{queued} answers" if queued else "not for us" if not found else "too many")
        LOG.debug("%s:%d on %s asks for %s: %d answers", *peer, self.place.interface, search.st, queued)

    def hear(self, peer: str, st: str, verdict: str) -> None:
        """Remember a search and what came of it."""
        self._lan.heard.note(peer, st, verdict, time.time())

    def send(self, data: bytes, peer: tuple[str, int]) -> None:
        """Send a datagram now, if there still is a socket."""
        if self._sender and not self._sender.is_closing():
            self._sender.sendto(data, peer)

    def close(self) -> None:
        """Say goodbye, as far as the network still carries it, and close everything."""
        self._take_leave(self.devices.values())
        for closing in (self._sender, self._receiver, *self._servers):
            if closing:
                closing.close()
        for connection in self._lan.connections:
            if connection.place == self.place:
                connection.shut()
        self.devices.clear()

    def _receive_guests(self) -> list[str]:
        """Follow what another door shows here; the names of those who came."""
        guests = dict(self._lan.guests(self.place))
        gone = [name for name, device in self._guests.items() if guests.get(name) != device]
        self._take_leave([self.devices.pop(name) for name in gone])
        new = [name for name, device in guests.items() if self._guests.get(name) != device]
        self.devices.update({name: guests[name] for name in new})
        self._guests = guests
        return new

    def _take_leave(self, devices: Iterable[ssdp.Device]) -> None:
        for notice in TWICE * [notice for device in devices for notice in ssdp.byebye(device)]:
            self.send(notice, (ssdp.GROUP, ssdp.PORT))

    async def closed(self) -> None:
        """Wait until listeners and connections are gone."""
        with suppress(TimeoutError):
            async with asyncio.timeout(LEAVE):
                await asyncio.gather(*(server.wait_closed() for server in self._servers))
        await asyncio.sleep(0)  # before Python 3.12 wait_closed does not wait for connections

    async def _open_sockets(self) -> None:
        if self._sender:
            return
        loop, host = asyncio.get_running_loop(), self.place.host
        try:
            receiver = network.receiver(host)
            try:
                sender = network.sender(host, ssdp.PORT)
            except OSError:
                receiver.close()
                raise
        except OSError as error:
            way_out = "searches are not answered there until the program that keeps it is stopped; trying again"
            self._lan.complain(f"UDP port {ssdp.PORT} on {host} cannot be used ({error.strerror}): {way_out}")
            return
        self._receiver, _ = await loop.create_datagram_endpoint(lambda: Searches(self, multicast=True), sock=receiver)
        self._sender, _ = await loop.create_datagram_endpoint(lambda: Searches(self, multicast=False), sock=sender)
        self.announce(self.devices)

    async def _listen(self, plug: Plug) -> bool:
        switch, host = plug.switch, self.place.host
        identity = switch.identity
        try:
            sock = network.listener(host, identity.port)
        except OSError as error:
            self._lan.complain(
                f"Port {identity.port} on {host}, which {switch.name!r} needs, cannot be used ({error.strerror}): "
                f"stop the program that keeps it, or give the switch another `port`; trying again"
            )
            return False

        def connect() -> protocol.WemoSwitch:
            return protocol.WemoSwitch(plug, self.place, self._lan.connections, self._lan.reply_within_s)

        self._servers.append(await asyncio.get_running_loop().create_server(connect, sock=sock))
        types = (description.DEVICE_TYPE, *(service.type for service in description.SERVICES))
        self.devices[identity.key] = ssdp.wemo(identity.udn, identity.port, types, self._lan.nls)
        LOG.debug("%r listens at %s:%d", switch.name, host, identity.port)
        return True
