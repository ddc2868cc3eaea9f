"""The WeMo door: a listener for each switch at each place served (lan-emulation.md §2)."""

import asyncio
import logging
import uuid
from collections.abc import Sequence
from contextlib import suppress

from emulator.alarm.hub import Guard, Hub, Switch
from emulator.doors.wemo import description, protocol
from emulator.doors.wemo.description import SERVICES
from emulator.doors.wemo.gena import Publisher
from emulator.doors.wemo.keeper import Keeper
from emulator.doors.wemo.plug import Plug
from emulator.doors.wemo.walk import Walks
from emulator.lan import network, ssdp
from emulator.lan.callback import Here
from emulator.lan.lanes import Lanes
from emulator.lan.limits import Connections
from emulator.lan.network import Place
from emulator.lan.responder import Responder, Tenant
from emulator.store.subscriptions import Subscriptions
from emulator.words.language import ENGLISH, Language
from emulator.words.text import Text, sense

LOG = logging.getLogger(__name__)

LEAVE_S = 1.0
"""For connections to go when the door closes."""


class WemoDoor(Tenant):
    """The switches of this door as WeMo sockets, on the loop of the responder."""

    def __init__(
        self,
        hub: Hub,
        responder: Responder,
        *,
        reply_within_s: float = protocol.REPLY_WITHIN_S,
        allow_sweep: bool = False,
        subscriptions: Subscriptions | None = None,
        language: Language = ENGLISH,
    ) -> None:
        self._hub = hub
        self._responder = responder
        self._reply_within_s = reply_within_s
        self._guard = Guard.NONE if allow_sweep else Guard.OFFS
        self._store = subscriptions
        self._language = language
        self._urls: tuple[tuple[Switch, str], ...] = ()

    def start(self) -> None:
        """Return when every switch listens wherever it can; what cannot is logged, and tried again."""
        self._responder.join(self)

    def stop(self) -> None:
        """Say goodbye on the LAN and close everything."""
        self._responder.leave(self)

    def urls(self) -> tuple[tuple[Switch, str], ...]:
        """Return the switches that can be reached now, each with the address of its description."""
        return self._urls

    def obstacles(self) -> tuple[str, ...]:
        """Return what is in the way of searches and listeners, as it was logged."""
        return self._responder.obstacles(self)

    def report(self, switch: Switch) -> str:
        """Return what a GetBinaryState is answered with."""
        shown = {True: sense("switch", "on"), False: sense("switch", "off"), None: Text("no answer yet")}
        return shown[self._hub.state(switch).on]

    # -- on the loop's thread -------------------------------------------------------------------------------

    async def open(self) -> None:
        """Make the plugs, and go on with the subscriptions of an earlier run."""
        post, executor = self._responder.post, self._responder.executor
        self._nls = str(uuid.uuid4())
        self._listeners: dict[Place, dict[Switch, asyncio.Server]] = {}
        self._connections: Connections[protocol.WemoSwitch] = Connections()
        self._publisher = publisher = Publisher(changed=lambda: self._keeper.changed())
        self._keeper = Keeper(self._store, executor, publisher.kept)
        self._lanes, walks = Lanes(executor), Walks()
        self._plugs = {
            switch: Plug(switch, self._hub, publisher, self._lanes, walks, post, self._guard, self._language)
            for switch in self._hub.switches
            if "wemo" in switch.doors
        }
        self._unsubscribe = self._hub.subscribe(lambda installation: post(self._changed, installation))
        try:
            kept = await asyncio.get_running_loop().run_in_executor(executor, self._keeper.load)
        except Exception:  # subscribers renew in an hour at the latest; switches that do not answer are worse
            LOG.exception("cannot read who had subscribed")
        else:
            publisher.restore(kept, {plug.topic(service) for plug in self._plugs.values() for service in SERVICES})
        for plug in self._plugs.values():
            plug.changed()  # the panel may have been read before we were here to hear of it

    async def follow(self, places: Sequence[Place], addresses: frozenset[str]) -> Sequence[str]:
        """Listen for each switch at each place; return which ports cannot be had."""
        self._publisher.move(Here(tuple(places), addresses))
        self._publisher.sweep()
        for place in set(self._listeners) - set(places):
            self._withdraw(place)
        obstacles = [await self._listen(plug, place) for place in places for plug in self._plugs.values()]
        self._urls = tuple(
            (switch, ssdp.location(self._device(switch), place.advertised))
            for switch in self._plugs
            for place, listeners in self._listeners.items()
            if switch in listeners
        )
        return [obstacle for obstacle in obstacles if obstacle]

    def devices(self, place: Place) -> Sequence[ssdp.UpnpDevice]:
        """Return the switches that listen at a place."""
        return [self._device(switch) for switch in self._listeners.get(place, ())]

    async def close(self) -> None:
        """Close listeners, connections and subscriptions, and keep the last for the next run."""
        self._unsubscribe()
        self._urls = ()
        servers = [server for place in list(self._listeners) for server in self._withdraw(place)]
        self._keeper.stop()
        left = await self._publisher.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_S):
                await asyncio.gather(*(server.wait_closed() for server in servers))
        await asyncio.sleep(0)  # before Python 3.12 wait_closed does not wait for connections
        self._lanes.close()
        await asyncio.get_running_loop().run_in_executor(self._responder.executor, self._keeper.finish, left)

    def _withdraw(self, place: Place) -> list[asyncio.Server]:
        """Close the listeners and connections at a place."""
        servers = list(self._listeners.pop(place).values())
        for server in servers:
            server.close()
        for connection in self._connections:
            if connection.place == place:
                connection.shut()
        return servers

    async def _listen(self, plug: Plug, place: Place) -> str:
        """Open a listener unless it is open; return what is in the way."""
        listeners = self._listeners.setdefault(place, {})
        switch, port = plug.switch, plug.switch.identity.port
        if switch in listeners:
            return ""
        try:
            sock = network.listener(place.host, port)
        except OSError as error:
            return Text(
                "Port {port} on {host}, which {switch} needs, cannot be used ({why}): stop the program that keeps it, "
                "or give the switch another `port`; trying again",
                port=str(port),
                host=place.host,
                switch=repr(switch.name),
                why=str(error.strerror),
            )

        def connect() -> protocol.WemoSwitch:
            return protocol.WemoSwitch(plug, place, self._connections, self._reply_within_s)

        listeners[switch] = await asyncio.get_running_loop().create_server(connect, sock=sock)
        LOG.debug("%r listens at %s:%d", switch.name, place.host, port)
        return ""

    def _device(self, switch: Switch) -> ssdp.UpnpDevice:
        return description.upnp_device(switch.identity.udn, switch.identity.port, self._nls)

    def _changed(self, installation: str) -> None:
        for switch, plug in self._plugs.items():
            if switch.installation == installation:
                plug.changed()
