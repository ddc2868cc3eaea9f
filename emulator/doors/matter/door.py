"""The Matter door: shows the switches to the process that speaks Matter, and carries out what that is asked for."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from emulator.alarm.hub import Switch
from emulator.doors import DoorContext, Invitation
from emulator.doors.matter import bundle, messages, pairing
from emulator.doors.matter.answers import CommandAnswers, peer_of
from emulator.doors.matter.bundle import Installed
from emulator.doors.matter.child import Child
from emulator.doors.matter.devices import MatterDevices
from emulator.doors.matter.keeper import BridgeKeeper
from emulator.doors.matter.messages import Begin, Fabric, Fabrics, PairingCode, Set, Told
from emulator.doors.matter.readiness import NO_IPV6, has_ipv6
from emulator.doors.matter.settings import DOOR, PORT, MatterSettings
from emulator.errors import EmulatorError, ProtocolError
from emulator.lan.lanes import Lanes
from emulator.lan.network import Place
from emulator.lan.responder import Tenant
from emulator.words.text import Text, sense

LOG = logging.getLogger(__name__)

OPEN_S = 900.0
"""Age of the wish to pair that is still fulfilled: as long as the window stays open."""

WINDOW = Text("It can be paired for 15 minutes from now, by one app; show the code again for another one.")

ECOSYSTEMS = (
    Text(
        "Alexa: + → Device → the Matter logo. It takes an Echo of the third generation or newer, and some of them fail."
    ),
    Text("Google Home: + → Device. It refuses until you have a project in Google's developer console: docs/matter.md."),
    Text("Apple Home: + → Add Accessory. It is not certified: Add Anyway. It takes a HomePod or an Apple TV."),
    Text("SmartThings: + → Add device → Scan QR code. It takes a hub of the second generation or newer."),
    Text("Home Assistant: in its app, Settings → Devices → Add Matter device. It takes the Matter server."),
)
"""Ecosystem → the way to pair, and what is known not to work (matter.md §5)."""


class MatterDoor(Tenant):
    """The bridge, started anew whenever it has ended, and what the program asks of it."""

    def __init__(
        self,
        context: DoorContext,
        settings: MatterSettings,
        find: Callable[[Path], Installed] = bundle.find,
        reaches: Callable[[Sequence[Place]], bool] = has_ipv6,
    ) -> None:
        self._hub = context.hub
        self._journal = context.journal
        self._responder = context.responder
        self._names = context.names
        self._name = settings.name
        self._now = context.clock.time
        self._state_dir = context.state_dir
        only = context.interfaces or ()
        self._interface = only[0] if len(only) == 1 else ""
        self._find = find
        self._reaches = reaches
        self._devices = MatterDevices(context, settings)
        self.bridge = BridgeKeeper(self._start, self._told, self._responder.post)
        self._fabrics: tuple[Fabric, ...] = ()
        self._hosts: tuple[str, ...] = ()
        self._shown = b""

    def start(self) -> None:
        """Return when the bridge is about to come up, or when it was logged why it cannot yet."""
        self._responder.join(self)

    def stop(self) -> None:
        """End the bridge."""
        self._responder.leave(self)

    def urls(self) -> tuple[tuple[Switch, str], ...]:
        """Return the switches that can be reached now, each with its device."""
        found = self._devices.switches.items() if self.bridge.ready else ()
        return tuple((switch, f"matter://{host}:{PORT}/{name}") for name, switch in found for host in self._hosts)

    def obstacles(self) -> tuple[str, ...]:
        """Return what is in the way of the bridge, as it was logged."""
        return self._responder.obstacles(self)

    def report(self, switch: Switch) -> str:
        """Return what a controller sees of a switch."""
        shown = {True: sense("switch", "on"), False: sense("switch", "off"), None: Text("no response")}
        return shown[self._hub.state(switch).on]

    def invitation(self) -> Invitation:
        """Return the code of the bridge, and let an ecosystem pair by it for a quarter of an hour."""
        from emulator.system import qr  # seldom wanted, and half a megabyte

        ready = self.bridge.ready
        if ready is None:
            raise ProtocolError(Text("the Matter bridge is not up yet: try again in a minute"))
        self._responder.post(self.bridge.send, messages.OPEN)
        return Invitation(DOOR, ready.spoken, *qr.picture(ready.qr), len(self._fabrics), (WINDOW, *ECOSYSTEMS))

    # -- on the loop's thread -------------------------------------------------------------------------------

    async def open(self) -> None:
        """Listen to the hub; the bridge is started with the first look."""
        post, executor = self._responder.post, self._responder.executor
        self._lanes = Lanes(executor)
        given = (self._hub, self._devices.switches, self._lanes, post, self.bridge.send)
        self._answers = CommandAnswers(*given, self._refresh_whole, self._now)
        self._unsubscribe = self._hub.subscribe(lambda _installation: post(self._refresh))

    async def follow(self, places: Sequence[Place], addresses: frozenset[str]) -> Sequence[str]:  # noqa: ARG002  # one bridge for all
        """Start the bridge if it is not there, and fulfil wishes; return what is in the way."""
        self._hosts = tuple(place.advertised for place in places)
        await self.bridge.look()
        if self.bridge.ready:
            await self._fulfil()
        found = list(self.bridge.troubles)
        if places and not await asyncio.get_running_loop().run_in_executor(
            self._responder.executor, self._reaches, places
        ):
            found.append(NO_IPV6)
        return found

    async def close(self) -> None:
        """End the bridge."""
        self._unsubscribe()
        self._hosts = ()
        self._lanes.close()
        self._answers.forget()
        await self.bridge.close()

    def _refresh(self) -> None:
        """Show what the hub says now."""
        line = messages.show(self._devices.now()) if self.bridge.ready else self._shown
        if line != self._shown:
            self._shown = line
            self.bridge.send(line)

    def _refresh_whole(self) -> None:
        """Show it once more: a plug may show what was asked for, and the hub say otherwise."""
        self._shown = b""
        self._refresh()

    def _told(self, told: Told | None) -> None:
        """Take what the bridge tells; None when it has ended."""
        match told:
            case None:
                self._answers.forget()
            case PairingCode():
                LOG.info("the Matter bridge is up, on UDP port %d", PORT)
                self._refresh_whole()
                self._write(partial(pairing.keep_code, self._journal, told))
            case Fabrics(found):
                self._fabrics = found
                self._write(partial(pairing.keep, self._journal, found))
            case Set():
                if label := next((one.title for one in self._fabrics if one.index == told.fabric), ""):
                    self._write(partial(self._names.introduce, peer_of(told), label))
                self._answers.take(told)

    def _write(self, write: Callable[[], object]) -> None:
        self._responder.executor.submit(self._written, write)

    async def _fulfil(self) -> None:
        """Do what a person wished by `emulator matter`."""
        loop, executor = asyncio.get_running_loop(), self._responder.executor
        paired = frozenset(one.index for one in self._fabrics)
        with suppress(EmulatorError):  # a disk that is full is reported by the journal's writers
            wishes = await loop.run_in_executor(executor, pairing.take_wishes, self._journal, paired)
            if wishes.opened and self._now() - wishes.opened < OPEN_S:
                self.bridge.send(messages.OPEN)
            for index in wishes.removed:
                self.bridge.send(messages.remove(index))

    # -- on other threads -----------------------------------------------------------------------------------

    def _start(self, take: Callable[[Child, bytes | None], object]) -> tuple[Child, bytes]:
        """Start the bridge; return it with its first line. EmulatorError or OSError when it cannot be."""
        found, kept = self._find(self._state_dir), pairing.open_kept(self._journal)
        folder = bundle.folder(self._state_dir)
        folder.mkdir(mode=0o700, exist_ok=True)
        path = str(folder / "node")
        own = Begin(path, self._name, kept.serial, kept.passcode, kept.discriminator, self._interface)
        return Child(found.command, folder, found.environment, take), messages.begin(own, self._devices.now())

    @staticmethod
    def _written(write: Callable[[], object]) -> None:
        with suppress(EmulatorError):  # a disk that is full is reported by the journal's writers
            write()
