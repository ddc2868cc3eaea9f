"""async_upnp_client, strict: search, parse every description, subscribe, and use one switch. `URL-OF-ONE`."""

import asyncio
import json
import sys
from collections.abc import Sequence
from typing import Any

from async_upnp_client.aiohttp import AiohttpNotifyServer, AiohttpRequester
from async_upnp_client.client import UpnpService, UpnpStateVariable
from async_upnp_client.client_factory import UpnpFactory
from async_upnp_client.search import async_search

BASICEVENT, METAINFO = "urn:Belkin:service:basicevent:1", "urn:Belkin:service:metainfo:1"
PATIENCE_S = 60.0


async def search(target: str) -> dict[str, set[str]]:
    """The USNs found at each location."""
    found: dict[str, set[str]] = {}

    async def answered(headers: Any) -> None:
        found.setdefault(headers["location"], set()).add(headers["usn"])

    await async_search(answered, timeout=2, search_target=target)
    return found


async def main(url_of_one: str, address: str) -> dict[str, Any]:
    everything, roots = await asyncio.gather(search("ssdp:all"), search("upnp:rootdevice"))
    requester = AiohttpRequester()
    factory = UpnpFactory(requester)
    server = AiohttpNotifyServer(requester, source=(address, 0))
    await server.async_start_server()
    events: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()

    def changed(service: UpnpService, variables: Sequence[UpnpStateVariable[Any]]) -> None:
        events.put_nowait((service.device.udn, {one.name: one.value for one in variables}))

    async def event(udn: str, value: bool) -> bool:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                who, values = await events.get()
                if who == udn and values.get("BinaryState") is value:
                    return True

    devices = {}
    for location in everything:
        device = await factory.async_create_device(location)
        for service in device.services.values():
            service.on_event = changed
            await server.event_handler.async_subscribe(service)
        devices[location] = device
    one = devices[url_of_one]
    basic = one.service(BASICEVENT)
    first = await event(one.udn, False)
    before = await basic.action("GetBinaryState").async_call()
    answer = await basic.action("SetBinaryState").async_call(BinaryState=True)
    turned_on = await event(one.udn, True)
    after = await basic.action("GetBinaryState").async_call()
    meta = await one.service(METAINFO).action("GetMetaInfo").async_call()
    await server.event_handler.async_unsubscribe_all()
    await server.async_stop_server()
    return {
        "found": {location: sorted(usns) for location, usns in everything.items()},
        "roots": sorted(roots),
        "devices": {location: [device.name, device.manufacturer, device.udn] for location, device in devices.items()},
        "services": sorted({service for device in devices.values() for service in device.services}),
        "states": [before["BinaryState"], answer["BinaryState"], after["BinaryState"]],
        "events": [first, turned_on],
        "meta": meta["MetaInfo"],
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(*sys.argv[1:]))))  # noqa: T201  # standard output is what this script is for
