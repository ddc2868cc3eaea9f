"""The HomeKit door: a bridge with a security system for each alarm, on the loop of the responder."""

import asyncio
import logging
from collections.abc import Iterator, Sequence

from emulator.alarm.hub import Switch
from emulator.doors import DoorContext, Invitation
from emulator.doors.homekit import setup, words
from emulator.doors.homekit.accessories import AlarmAccessory, Shown, SwitchAccessory
from emulator.doors.homekit.bridge import HomekitBridge
from emulator.doors.homekit.driver import HomekitDriver
from emulator.doors.homekit.security import DOOR, Security
from emulator.doors.homekit.settings import HomekitAlarm, HomekitSettings
from emulator.doors.homekit.words import SHOWN, Vocabulary
from emulator.errors import EmulatorError
from emulator.lan.lanes import Lanes
from emulator.lan.network import Place
from emulator.lan.responder import Tenant
from emulator.words.text import Text, sense

LOG = logging.getLogger(__name__)

FIRST_ALARM, FIRST_SWITCH = 1_000, 1_000_000
"""AIDs count on from here by the numbers that the journal gives alarms and switches, and keeps whatever their names and
order: the Home app binds rooms, scenes and automations to them. 1 is the bridge, and 7 is taken badly by iOS."""


class HomekitDoor(Tenant):
    """The bridge, made anew when it was reset, and what the program asks of it."""

    def __init__(self, context: DoorContext, settings: HomekitSettings) -> None:
        self._hub = context.hub
        self._journal = context.journal
        self._responder = context.responder
        self._settings = settings
        self._say = context.language.say
        self._now = context.clock.time
        self._switches = [switch for switch in context.hub.switches if DOOR in switch.doors]
        self._securities = {name: self._security(name, context) for name in context.hub.installations}
        self._bridge: HomekitBridge | None = None
        self._hosts: tuple[str, ...] = ()

    def _security(self, installation: str, context: DoorContext) -> Security:
        fitted = [one.mode for one in context.hub.switches if one.installation == installation]
        chosen: HomekitAlarm = context.of_alarms.get(installation) or HomekitAlarm()
        return Security(context.hub, installation, Vocabulary(words.modes(chosen.chosen, fitted)))

    def start(self) -> None:
        """Return when the bridge answers wherever it can; what is in the way is logged, and tried again."""
        self._responder.join(self)

    def stop(self) -> None:
        """Say goodbye on the LAN and close everything."""
        self._responder.leave(self)

    def urls(self) -> tuple[tuple[Switch, str], ...]:
        """Return the switches with their accessories, or without such the security systems that do the same."""
        port = self._settings.port
        return tuple(
            (switch, f"hap://{host}:{port}/{self._aid(switch)}") for switch in self._switches for host in self._hosts
        )

    def obstacles(self) -> tuple[str, ...]:
        """Return what is in the way of the bridge, as it was logged."""
        return self._responder.obstacles(self)

    def report(self, switch: Switch) -> str:
        """Return what the Home app shows of a switch, or without such of its alarm."""
        if self._settings.switches:
            shown = {True: sense("switch", "on"), False: sense("switch", "off"), None: Text("no response")}
            return shown[self._hub.state(switch).on]
        standing = self._securities[switch.installation].standing()
        return SHOWN[standing.current] if standing else Text("no response")

    def invitation(self) -> Invitation:
        """Return the code of the bridge."""
        from emulator.system import qr  # seldom wanted, and half a megabyte

        kept = setup.open_kept(self._journal)
        return Invitation(DOOR, kept.setup.spoken, *qr.picture(kept.setup.uri), len(kept.controllers))

    def _aid(self, switch: Switch) -> int:
        if self._settings.switches:
            return FIRST_SWITCH + int(switch.identity.key)
        return FIRST_ALARM + self._journal.alarm(switch.installation)

    # -- on the loop's thread -------------------------------------------------------------------------------

    async def open(self) -> None:
        """Listen to the hub; the bridge is made with the first look."""
        self._lanes = Lanes(self._responder.executor)
        post = self._responder.post
        self._unsubscribe = self._hub.subscribe(lambda _installation: post(self._refresh))

    async def follow(self, places: Sequence[Place], addresses: frozenset[str]) -> Sequence[str]:  # noqa: ARG002  # one bridge for all
        """Serve the bridge at these places; make it anew if it was reset; return what is in the way."""
        try:
            await self._make()
        except EmulatorError as error:
            return [Text("The HomeKit bridge cannot be opened: {why}", why=str(error))]
        assert self._bridge  # noqa: S101  # made above; for mypy
        found = await self._bridge.follow(places)
        self._refresh()
        self._hosts = tuple(place.advertised for place in self._bridge.places)
        return found

    async def close(self) -> None:
        """Close the bridge."""
        self._unsubscribe()
        self._hosts = ()
        self._lanes.close()
        await self._end()

    async def _end(self) -> None:
        bridge, self._bridge = self._bridge, None
        if bridge:
            await bridge.stop()

    async def _make(self) -> None:
        """Make the bridge that the journal tells of, unless it is there; `emulator homekit --reset` makes another."""
        loop, executor = asyncio.get_running_loop(), self._responder.executor
        kept = await loop.run_in_executor(executor, setup.open_kept, self._journal)
        if self._bridge and self._bridge.setup == kept.setup:
            return
        if self._bridge:
            LOG.warning("the HomeKit bridge was reset: whoever was paired is so no more")
        await self._end()

        def make() -> HomekitBridge:
            name, port = self._settings.name, self._settings.port
            return HomekitBridge(loop, name, port, kept, self._accessories, self._journal, executor, self._now)

        bridge = await loop.run_in_executor(executor, make)
        await bridge.start()
        self._bridge = bridge

    def _accessories(self, driver: HomekitDriver) -> Iterator[Shown]:
        submit, post = self._lanes.put, self._responder.post
        for name, security in self._securities.items():
            is_alone = len(self._securities) == 1
            title = self._say(sense("device", "Alarm") if is_alone else Text("Alarm {name}", name=name))
            aid = FIRST_ALARM + self._journal.alarm(name)
            yield AlarmAccessory(driver, title, aid, security, submit, post)
        for switch in self._switches if self._settings.switches else ():
            aid = FIRST_SWITCH + int(switch.identity.key)
            yield SwitchAccessory(driver, aid, self._hub, switch, submit, post)

    def _refresh(self) -> None:
        for accessory in self._bridge.accessories if self._bridge else ():
            accessory.refresh()
