"""The one asyncio thread: announces the devices of its tenants, answers searches (lan-emulation.md §1.5, §1.6)."""

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from random import Random
from typing import Any

import uvloop

from emulator.lan import network, ssdp
from emulator.lan.door import LOOK_S
from emulator.lan.network import Nic, Place
from emulator.lan.search_log import LoggedSearch
from emulator.lan.site import Site, Traffic
from emulator.words.text import Text

LOG = logging.getLogger(__name__)


class Tenant:
    """A door with devices on the LAN. Every method is called on the loop's thread, one at a time, and never waits."""

    async def open(self) -> None:
        """Begin; `follow` is called next, and then every few seconds."""

    async def follow(self, places: Sequence[Place], addresses: frozenset[str]) -> Sequence[str]:  # noqa: ARG002  # nothing to do
        """Open listeners where there are none yet, and close those at places that are gone.

        `addresses` are all of this host, served or not. Return what is in the way, in words for the user.
        """
        return ()

    def devices(self, place: Place) -> Sequence[ssdp.UpnpDevice]:  # noqa: ARG002  # not every door is found by SSDP
        """Return the devices that answer searches at a place now."""
        return ()

    async def close(self) -> None:
        """Close everything; the goodbyes have been sent."""


class Responder:
    """One thread with one event loop, running while there are tenants.

    The methods without an underscore may be called from any thread but the loop's own; `post` from that, too.
    """

    def __init__(
        self,
        *,
        interfaces: Sequence[str] | None = None,
        address: str | None = None,
        nics: Callable[[], list[Nic]] = network.nics,
        look_s: float = LOOK_S,
        random: Random | None = None,
    ) -> None:
        self._interfaces = interfaces
        self._address = address
        self._nics = nics
        self._look_s = look_s
        self._traffic = Traffic(random)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tenants: list[Tenant] = []
        self._sites: dict[Place, Site] = {}
        self._obstacles: dict[Tenant | None, Sequence[str]] = {}
        self._absent: list[str] = []

    def join(self, tenant: Tenant) -> None:
        """Return when a tenant is served wherever it can be; what is in the way is logged, and tried again."""
        with self._lock:
            if self._thread is None:
                self._start()
            self._call(self._join(tenant))

    def leave(self, tenant: Tenant) -> None:
        """Say goodbye for the devices of a tenant and close it. The thread ends with its last tenant."""
        with self._lock:
            thread = self._thread
            if thread is None:
                return
            try:
                self._call(self._leave(tenant))
            finally:
                if not self._tenants:
                    self.post(self._stopping.set)
                    thread.join()
                    self._thread = None

    def obstacles(self, tenant: Tenant) -> tuple[str, ...]:
        """Return what is in the way of searches, and of this tenant's listeners, as it was logged."""
        return tuple(sorted({*self._obstacles.get(None, ()), *self._obstacles.get(tenant, ())}))

    def searches(self) -> tuple[LoggedSearch, ...]:
        """Return the last searches, newest first."""
        return self._traffic.log.latest()

    def post(self, call: Callable[..., object], *args: Any) -> None:
        """Call on the loop's thread, from any; nothing happens when the loop is gone."""
        loop = self._loop
        if loop:
            with suppress(RuntimeError):  # it closed a moment ago
                loop.call_soon_threadsafe(call, *args)

    def _start(self) -> None:
        ready: Future[None] = Future()
        thread = threading.Thread(target=self._run, args=(ready,), name="lan", daemon=True)
        thread.start()
        ready.result()
        self._thread = thread

    def _call(self, coroutine: Coroutine[Any, Any, None]) -> None:
        assert self._loop  # noqa: S101  # the thread runs; for mypy
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    # -- on the loop's thread -------------------------------------------------------------------------------

    def _run(self, ready: Future[None]) -> None:
        try:
            with ThreadPoolExecutor(max_workers=1, thread_name_prefix="lan-submit") as self.executor:
                uvloop.run(self._main(ready))
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)

    async def _main(self, ready: Future[None]) -> None:
        self._turn, self._stopping = asyncio.Lock(), asyncio.Event()
        self._loop = asyncio.get_running_loop()
        ready.set_result(None)
        try:
            while not await self._stopped_within(self._look_s):
                async with self._turn:
                    await self._look()
        finally:
            self._loop = None
            for site in self._sites.values():
                site.close()
            self._sites.clear()
            self._obstacles = {}
            self._traffic.transmitter.hush()
            await asyncio.sleep(0)  # for the sockets to be closed

    async def _stopped_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)
        return self._stopping.is_set()

    async def _join(self, tenant: Tenant) -> None:
        async with self._turn:
            if tenant not in self._tenants:
                await tenant.open()
                self._tenants.append(tenant)
                await self._look()

    async def _leave(self, tenant: Tenant) -> None:
        async with self._turn:
            if tenant in self._tenants:
                self._tenants.remove(tenant)
                self._show()
                await tenant.close()
                self._obstacles.pop(tenant, None)

    async def _look(self) -> None:
        """Follow the interfaces: serve new addresses, leave those that vanished, try again what failed."""
        obstacles: dict[Tenant | None, Sequence[str]] = {}
        try:
            self._show()  # what is due, even if the interfaces cannot be read
            found = await asyncio.get_running_loop().run_in_executor(self.executor, self._nics)
            places = network.places(found, self._interfaces, self._address)
            for place in set(self._sites) - set(places):
                LOG.info("%s on %s is gone", place.host, place.interface)
                self._sites.pop(place).close()
            addresses = frozenset(str(nic.address.ip) for nic in found)
            for tenant in self._tenants:
                try:
                    obstacles[tenant] = await tenant.follow(places, addresses)
                except Exception:  # the other doors are served all the same
                    LOG.exception("a door cannot follow the interfaces")
            mended = [await self._mend(place) for place in places]
            obstacles[None] = [*self._missing(found, places), *filter(None, mended)]
            self._note_absent(places)
            self._show()
        except Exception:  # the doors outlive whatever an interface does; the next look is another chance
            LOG.exception("cannot look at the interfaces")
        self._complain(obstacles)

    def _missing(self, found: Sequence[Nic], places: Sequence[Place]) -> list[str]:
        if not places:
            return [Text("{why}; trying again", why=network.nowhere(found, self._interfaces))]
        if self._address and self._address != places[0].host:
            return [
                Text(
                    "{address} is none of this host's addresses; it is told to clients all the same",
                    address=self._address,
                )
            ]
        return []

    def _note_absent(self, places: Sequence[Place]) -> None:
        """Log which of the named interfaces are not served while others are, once for as long as it lasts.

        It is no obstacle: a Wi-Fi that comes and goes may be among them.
        """
        served = {place.interface for place in places}
        absent = [one for one in self._interfaces or () if one not in served] if served and not self._address else []
        if absent and absent != self._absent:
            LOG.warning("no interface called %s has a local IPv4 address; it is served once it has", ", ".join(absent))
        self._absent = absent

    async def _mend(self, place: Place) -> str:
        if place not in self._sites:
            LOG.info("serving %s on %s", place.host, place.interface)
            self._sites[place] = Site(place, self._traffic)
        return await self._sites[place].open()

    def _show(self) -> None:
        for place, site in self._sites.items():
            site.show([device for tenant in self._tenants for device in tenant.devices(place)])

    def _complain(self, obstacles: dict[Tenant | None, Sequence[str]]) -> None:
        """Log each obstacle as an error, once for as long as it lasts."""
        for tenant, found in obstacles.items():
            for one in found:
                if one not in self._obstacles.get(tenant, ()):
                    LOG.error("%s", one)
        self._obstacles = obstacles
