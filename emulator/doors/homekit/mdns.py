"""Announcement of the bridge by mDNS: at each place with its own address, and never by a socket of others."""

import asyncio
import logging
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from zeroconf import IPVersion, ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

from emulator.lan.network import Place
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

# What keeps it from announcing is said as an obstacle, once.
logging.getLogger("zeroconf").setLevel(logging.CRITICAL)

LEAVE_S = 1.0
"""For the goodbye to get out."""


@dataclass(eq=False, slots=True)
class Voice:
    """The announcement at one place, and the tasks that repeat it for some seconds."""

    zeroconf: AsyncZeroconf
    info: ServiceInfo
    tasks: set[asyncio.Future[None]] = field(default_factory=set)

    def repeat(self, announcing: asyncio.Future[None]) -> None:
        """Let a broadcast go on by itself."""
        self.tasks.add(announcing)
        announcing.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Future[None]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and task.exception():
            LOG.debug("an announcement did not get out: %s", task.exception())

    async def end(self) -> None:
        """Say goodbye, and leave no task and no socket."""
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        with suppress(Exception):  # the address may be gone
            async with asyncio.timeout(LEAVE_S):
                await (await self.zeroconf.async_unregister_service(self.info))
        with suppress(Exception):
            await self.zeroconf.async_close()


class Announcer:
    """Announces one service at the places that `follow` names. Lives on the loop's thread."""

    def __init__(self) -> None:
        self._voices: dict[Place, Voice] = {}

    async def follow(self, places: Sequence[Place], info: ServiceInfo) -> Sequence[str]:
        """Announce the service at these places and no others, as it is now; return what is in the way."""
        for place in set(self._voices) - set(places):
            await self._voices.pop(place).end()
        found = [await self._announce(place, _at(place, info)) for place in places]
        return [obstacle for obstacle in found if obstacle]

    async def close(self) -> None:
        """Say goodbye everywhere."""
        voices, self._voices = list(self._voices.values()), {}
        await asyncio.gather(*(voice.end() for voice in voices))

    async def _announce(self, place: Place, info: ServiceInfo) -> str:
        voice = self._voices.get(place)
        if voice and (voice.info.name, voice.info.properties) == (info.name, info.properties):
            return ""
        if voice and voice.info.name != info.name:
            await self._voices.pop(place).end()
            voice = None
        try:
            if voice:
                voice.info = info
                voice.repeat(asyncio.ensure_future(await voice.zeroconf.async_update_service(info)))
                return ""
            zeroconf = AsyncZeroconf(interfaces=[place.host], ip_version=IPVersion.V4Only)
            voice = self._voices[place] = Voice(zeroconf, info)
            # Never probing for the name, which has the bridge's id in it.
            task = await zeroconf.async_register_service(info, cooperating_responders=True)
            voice.repeat(asyncio.ensure_future(task))
        except Exception as error:  # whatever that library meets, the other places go on
            if failed := self._voices.pop(place, None):
                await failed.end()
            return Text(
                "The HomeKit bridge cannot be announced on {interface} ({why}): iPhones do not find it there; trying "
                "again",
                interface=place.interface,
                why=str(error) or type(error).__name__,
            )
        return ""


def _at(place: Place, info: ServiceInfo) -> ServiceInfo:
    """Return the service with the address that it has at a place."""
    address = socket.inet_aton(place.advertised)
    return ServiceInfo(
        info.type, info.name, addresses=[address], port=info.port, properties=info.properties, server=info.server
    )
