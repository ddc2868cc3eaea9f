"""The one asyncio thread: searches, notices and WeMo listeners at every place served (lan-emulation.md §1.5, §1.6)."""

import asyncio
import logging
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from random import Random, SystemRandom
from typing import Any

import uvloop

from emulator.alarm.hub import Guard, Hub
from emulator.doors.wemo import protocol
from emulator.doors.wemo.callback import Here
from emulator.doors.wemo.description import SERVICES
from emulator.doors.wemo.gena import Publisher
from emulator.doors.wemo.keeper import Keeper
from emulator.doors.wemo.plug import Plug
from emulator.doors.wemo.walk import Walks
from emulator.lan import network, ssdp
from emulator.lan.lanes import Lanes
from emulator.lan.limits import Connections
from emulator.lan.network import Nic, Place
from emulator.lan.search_log import Heard, Search
from emulator.lan.site import Guests, Site
from emulator.model import Switch
from emulator.store.subscriptions import Kept, Subscriptions

LOG = logging.getLogger(__name__)

LOOK = 5.0  # seconds between looks at the interfaces, and between attempts at a port that was taken


class Lan:
    """The WeMo door: one thread with one event loop, from start to stop."""

    def __init__(
        self,
        hub: Hub,
        *,
        interfaces: Sequence[str] | None = None,
        address: str | None = None,
        reply_within_s: float = protocol.REPLY_WITHIN,
        allow_sweep: bool = False,
        guests: Guests = lambda _place: {},
        subscriptions: Subscriptions | None = None,
        nics: Callable[[], list[Nic]] = network.nics,
        look_s: float = LOOK,
        random: Random | None = None,
    ) -> None:
        self.reply_within_s = reply_within_s
        self.guests = guests
        self.random = random or SystemRandom()
        self.plugs: list[Plug] = []
        self.heard = Heard()
        self._hub = hub
        self._kept = subscriptions
        self._guard = Guard.NONE if allow_sweep else Guard.OFFS
        self._interfaces = interfaces
        self._address = address
        self._nics = nics
        self._look_s = look_s
        self._door = threading.Lock()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._urls: tuple[tuple[Switch, str], ...] = ()
        self._complaints: set[str] = set()

    def start(self) -> None:
        """Return when every switch listens wherever it can; what cannot is logged, and tried again."""
        with self._door:
            if self._thread:
                return
            ready = threading.Event()
            self._thread = threading.Thread(target=self._run, args=(ready,), name="lan", daemon=True)
            self._thread.start()
            ready.wait()

    def stop(self) -> None:
        """Say goodbye on the LAN and close everything; nothing runs any more afterwards."""
        with self._door:
            thread, self._thread = self._thread, None
            if thread:
                self.post(lambda: self._stopping.set())
                if thread.ident is not None:  # where no further thread could be started it has none
                    thread.join()

    def urls(self) -> tuple[tuple[Switch, str], ...]:
        """The switches that can be reached now, each with where its description is."""
        return self._urls

    def obstacles(self) -> tuple[str, ...]:
        """What is in the way of searches and listeners, as it was logged."""
        return tuple(sorted(self._complaints))

    def report(self, switch: Switch) -> str:
        """What a GetBinaryState is answered with."""
        return {True: "on", False: "off", None: "no answer yet"}[self._hub.state(switch).on]

    def searches(self) -> tuple[Search, ...]:
        """The last searches, newest first."""
        return self.heard.latest()

    def post(self, call: Callable[..., None], *args: Any) -> None:
        """Call on the loop's thread, from any; nothing happens when the loop is gone."""
        loop = self._loop
        if loop:
            with suppress(RuntimeError):  # it closed a moment ago
                loop.call_soon_threadsafe(call, *args)

    # What follows runs on the loop's thread

    def complain(self, message: str) -> None:
        """Log an obstacle as an error, once for as long as it lasts."""
        if message not in self._complaints:
            LOG.error("%s", message)
        self._obstacles.add(message)

    def send_later(self, delay: float, site: Site, data: bytes, peer: tuple[str, int]) -> bool:
        """Queue a datagram; False when too many wait for this peer."""
        queued = self._outbox.put(time.monotonic() + delay, peer[0], (site, data, peer))
        if queued:
            self._send()
        return queued

    def may_send(self, peer: tuple[str, int]) -> bool:
        """Whether there is room for a datagram to this peer."""
        return self._outbox.has_room(peer[0])

    def _run(self, ready: threading.Event) -> None:
        try:
            with ThreadPoolExecutor(max_workers=1, thread_name_prefix="lan-submit") as self._executor:
                uvloop.run(self._main(ready))
            self._keeper.finish(self._left)
        finally:
            ready.set()

    async def _main(self, ready: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        self._outbox: ssdp.Outbox[tuple[Site, bytes, tuple[str, int]]] = ssdp.Outbox()
        self._sites: dict[Place, Site] = {}
        self._complaints = set()
        self._obstacles: set[str] = set()
        self.nls = str(uuid.uuid4())
        self.debounce = ssdp.Debounce()
        self.connections: Connections[protocol.WemoSwitch] = Connections()
        self._publisher = publisher = Publisher(changed=lambda: self._keeper.changed())
        self._left: list[Kept] = []
        self._keeper = Keeper(self._kept, self._executor, publisher.kept)
        lanes, walks = Lanes(self._executor), Walks()
        self.plugs = [
            Plug(switch, self._hub, publisher, lanes, walks, self.post, self._guard)
            for switch in self._hub.switches
            if "wemo" in switch.doors
        ]
        unsubscribe = self._hub.subscribe(lambda installation: self.post(self._changed, installation))
        try:
            await self._restore()
            await self._look()
            for plug in self.plugs:
                plug.changed()  # the panel may have been read before we were here to hear of it
            ready.set()
            while not await self._stopped_within(self._look_s):
                await self._look()
                publisher.sweep()
                for site in self._sites.values():
                    site.remind()
        finally:
            unsubscribe()
            self._loop = None
            self._urls = ()
            sites = list(self._sites.values())
            for site in sites:
                site.close()
            self._keeper.stop()
            self._left = await publisher.close()
            await asyncio.gather(*(site.closed() for site in sites))
            self._hush()
            self._executor.shutdown(wait=False, cancel_futures=True)  # what nobody can be answered about is not begun

    async def _restore(self) -> None:
        try:
            kept = await asyncio.get_running_loop().run_in_executor(self._executor, self._keeper.load)
        except Exception:  # subscribers renew in an hour at the latest; switches that do not answer are worse
            LOG.exception("cannot read who had subscribed")
            return
        self._publisher.restore(kept, {plug.topic(service) for plug in self.plugs for service in SERVICES})

    async def _stopped_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)
        return self._stopping.is_set()

    async def _look(self) -> None:
        """Follow the interfaces: open at new addresses, close at those that vanished, try again what failed."""
        self._obstacles = set()
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._executor, self._nics)
            places = network.places(found, self._interfaces, self._address)
            self._publisher.move(Here(places, frozenset(str(nic.address.ip) for nic in found)))
            if not places:
                self.complain(f"{network.nowhere(found, self._interfaces)}; trying again")
            elif self._address and self._address != places[0].host:
                self.complain(f"{self._address} is none of this host's addresses; it is told to clients all the same")
            for place in set(self._sites) - set(places):
                LOG.info("%s on %s is gone", place.host, place.interface)
                self._sites.pop(place).close()
            for place in places:
                if place not in self._sites:
                    LOG.info("serving %s on %s", place.host, place.interface)
                await self._sites.setdefault(place, Site(self, place)).mend()
        except Exception:  # the door outlives whatever an interface does; the next look is another chance
            LOG.exception("cannot look at the interfaces")
        self._complaints = self._obstacles
        self._urls = tuple(
            (plug.switch, ssdp.location(site.devices[plug.switch.identity.key], site.place.advertised))
            for plug in self.plugs
            for site in self._sites.values()
            if plug.switch.identity.key in site.devices
        )

    def _changed(self, installation: str) -> None:
        for plug in self.plugs:
            if plug.switch.installation == installation:
                plug.changed()

    def _send(self) -> None:
        """Send what is due and come back for the rest."""
        self._hush()
        while item := self._outbox.take(time.monotonic()):
            site, data, peer = item
            site.send(data, peer)
        moment = self._outbox.next_at()
        loop = asyncio.get_running_loop()
        if moment is not None:
            self._timer = loop.call_at(moment, self._send)  # loop.time() is time.monotonic()

    def _hush(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
