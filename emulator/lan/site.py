"""One place served: its two UDP sockets, and the devices that are announced there.

Facts: lan-emulation.md §1.5, §1.6.
"""

import asyncio
import logging
import time
from collections.abc import Iterable
from functools import partial
from random import Random, SystemRandom
from typing import cast

from emulator.lan import access, network, ssdp
from emulator.lan.network import Place
from emulator.lan.outbox import Debounce, Transmitter
from emulator.lan.search_log import SearchLog
from emulator.words.text import Text, counted, sense

LOG = logging.getLogger(__name__)

ALIVE_S = 600.0
"""At most between two notices; a third of the max-age announced, so that two may be lost (§8)."""

NOTICE_S = 0.04
"""Between notices: half of the datagram rate is left for answers."""

TWICE = 2
"""Each notice is sent so often, as UDP loses some."""

GROUP = (ssdp.GROUP, ssdp.PORT)

TOO_MANY = sense("searches", "too many")


class Traffic:
    """Shared by all places: which there are, the bounded sending, the searches just answered, their log, and chance."""

    def __init__(self, random: Random | None = None) -> None:
        self.places: set[Place] = set()
        self.transmitter = Transmitter()
        self.debounce = Debounce()
        self.log = SearchLog()
        self.random = random or SystemRandom()


class Searches(asyncio.DatagramProtocol):
    """One UDP socket of a site."""

    def __init__(self, site: "Site", multicast: bool) -> None:
        self._site = site
        self._multicast = multicast

    def datagram_received(self, data: bytes | str, addr: tuple[str, int]) -> None:
        """Answer a search; anything else is dropped."""
        search = ssdp.parse(cast(bytes, data), addr[1])
        if search:
            # A search sent to us alone is answered within a second, whatever MX it bears (§1.1).
            self._site.answer(addr, search.st, (search.mx or 0) if self._multicast else 0)

    def error_received(self, exc: Exception) -> None:
        """Log a datagram that did not get out; the next notice or search is another chance."""
        LOG.debug("%s: %s", self._site.place.host, exc)


class Site:
    """The sockets and announcements of a place. Lives on the loop's thread."""

    def __init__(self, place: Place, traffic: Traffic) -> None:
        self.place = place
        self._traffic = traffic
        traffic.places.add(place)
        self._devices: dict[ssdp.UpnpDevice, float] = {}  # device → when it was announced, in monotonic seconds
        self._sender: asyncio.DatagramTransport | None = None
        self._receiver: asyncio.DatagramTransport | None = None

    async def open(self) -> str:
        """Open the sockets unless they are open; return what is in the way."""
        if self._sender:
            return ""
        loop, host = asyncio.get_running_loop(), self.place.host
        try:
            receiver = network.receiver(host)
            try:
                sender = network.sender(host, ssdp.PORT)
            except OSError:
                receiver.close()
                raise
        except OSError as error:
            return Text(
                "UDP port {port} on {host} cannot be used ({why}): searches are not answered there until the program "
                "that keeps it is stopped; trying again",
                port=str(ssdp.PORT),
                host=host,
                why=str(error.strerror),
            )
        self._receiver, _ = await loop.create_datagram_endpoint(lambda: Searches(self, multicast=True), sock=receiver)
        self._sender, _ = await loop.create_datagram_endpoint(lambda: Searches(self, multicast=False), sock=sender)
        return ""

    def show(self, devices: Iterable[ssdp.UpnpDevice]) -> None:
        """Announce these devices where it is time, and say goodbye for those that are gone."""
        now, wanted = time.monotonic(), dict.fromkeys(devices, float("-inf"))
        self._take_leave([device for device in self._devices if device not in wanted])
        self._devices = wanted | {device: at for device, at in self._devices.items() if device in wanted}
        due = [device for device, at in self._devices.items() if now - at >= min(ALIVE_S, device.max_age / 3)]
        if self._sender:
            self._devices.update(dict.fromkeys(due, now))
            notices = TWICE * [(each, notice) for each in due for notice in ssdp.alive(each, self.place.advertised)]
            for number, notice in enumerate(notices):
                self._traffic.transmitter.put(number * NOTICE_S, ssdp.GROUP, partial(self._send_of, *notice, GROUP))

    def answer(self, peer: tuple[str, int], st: str, mx: int) -> None:
        """Queue the answers of our devices to a search."""
        traffic, place = self._traffic, self.place
        is_local = access.is_local(peer[0], place.network)
        if not is_local and any(access.is_local(peer[0], each.network) for each in traffic.places):
            return  # it is heard at that place, too
        if not traffic.debounce.is_new(peer, st, time.monotonic()):
            return
        if not is_local:
            traffic.log.note(peer[0], st, Text("not answered: from elsewhere"), time.time())
            return
        if not traffic.transmitter.has_room(peer[0]):
            traffic.log.note(peer[0], st, TOO_MANY, time.time())
            return
        found = [
            (device, ssdp.answer(device, advert, place.advertised, time.time()))
            for device in self._devices
            for advert in ssdp.answers(device, st)
        ]
        delays = ssdp.delays(len(found), mx, traffic.random)
        queued = sum(
            traffic.transmitter.put(delay, peer[0], partial(self._send_of, *answer, peer))
            for delay, answer in zip(delays, found, strict=True)
        )
        answered = counted("{n} answer", "{n} answers", queued)
        verdict = answered if queued else TOO_MANY if found else Text("not for us")
        traffic.log.note(peer[0], st, verdict, time.time())
        LOG.debug("%s:%d on %s asks for %s: %d answers", *peer, place.interface, st, queued)

    def send(self, data: bytes, peer: tuple[str, int]) -> None:
        """Send a datagram now, if there still is a socket."""
        if self._sender and not self._sender.is_closing():
            self._sender.sendto(data, peer)

    def _send_of(self, device: ssdp.UpnpDevice, data: bytes, peer: tuple[str, int]) -> None:
        """Send a datagram about a device unless it has left while that was queued: clients would keep it."""
        if device in self._devices:
            self.send(data, peer)

    def close(self) -> None:
        """Say goodbye, as far as the network still carries it, and close the sockets."""
        self._traffic.places.discard(self.place)
        self._take_leave(self._devices)
        self._devices = {}
        for transport in (self._sender, self._receiver):
            if transport:
                transport.close()

    def _take_leave(self, devices: Iterable[ssdp.UpnpDevice]) -> None:
        for notice in TWICE * [notice for device in devices for notice in ssdp.byebye(device)]:
            self.send(notice, GROUP)
