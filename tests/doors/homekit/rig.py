"""A HomeKit door on loopback, a hub whose panel a test moves, and a controller that nobody here wrote (aiohomekit)."""

import asyncio
import socket
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

from aiohomekit.characteristic_cache import CharacteristicCacheMemory
from aiohomekit.controller.ip.discovery import IpDiscovery
from aiohomekit.controller.ip.pairing import IpPairing
from aiohomekit.exceptions import AuthenticationError
from aiohomekit.model.feature_flags import FeatureFlags
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from emulator.alarm.hub import Asked, Health, Switch, Ticket
from emulator.alarm.queue import View
from emulator.doors.homekit import setup
from emulator.doors.homekit.door import FIRST_ALARM, FIRST_SWITCH, HomekitDoor
from emulator.doors.homekit.settings import HomekitSettings
from emulator.errors import EmulatorError
from emulator.model import DISARMED, Action, ArmMode, Axes, Disarm, Interior, Origin, Outcome, PanelState, Result
from emulator.store.identities import Identity
from emulator.store.journal import Journal
from tests.doors.clockwork import until
from tests.doors.fakes import FakeHub, a_context
from tests.support.lan import LO
from tests.support.patience import LOOK_EVERY_S, PATIENCE_S
from tests.support.program import free_port

T = TypeVar("T")

NIGHT = Axes(Interior.NIGHT, perimeter=False, annex=False)
CURRENT, TARGET, FAULT, ON = 9, 10, 11, 9
"""IIDs, which never change: the Home app knows what is behind a number by heart."""

MODES = ("total", "day", "night")


def panel(axes: Axes) -> PanelState:
    return PanelState(axes, 0.0, "", "test")


def a_switch(mode: str, number: int, **other: Any) -> Switch:
    identity = Identity(str(number), f"2215{number:010}", f"02:ab:cd:00:00:{4 * number:02x}", 2000 + number)
    made = Switch(f"{mode.capitalize()} alarm", "home", ArmMode.parse(mode), True, frozenset({"homekit"}), identity)
    return replace(made, **other)


@dataclass(eq=False)
class PanelHub(FakeHub):
    """A hub with one alarm, whose view a test sets."""

    switches: tuple[Switch, ...] = field(
        default_factory=lambda: tuple(a_switch(mode, number) for number, mode in enumerate(MODES, 1))
    )
    seen: View = field(default_factory=lambda: View(panel(DISARMED)))
    commands: list[tuple[Action, Origin, Asked | None]] = field(default_factory=list)
    well: Health = field(default_factory=lambda: Health(read_at=0.0))

    @property
    def installations(self) -> tuple[str, ...]:
        return ("home",)

    def view(self, installation: str) -> View:  # noqa: ARG002
        return self.seen

    def health(self, installation: str) -> Health:  # noqa: ARG002
        return self.well

    def command(
        self,
        installation: str,  # noqa: ARG002
        action: Action,
        origin: Origin,
        asked: Asked | None = None,
    ) -> Ticket:
        self.commands.append((action, origin, asked))
        self.came.set()
        if self.refusal:
            raise self.refusal
        self.tickets.append(Ticket())
        self.look(replace(self.seen, target=self.seen.axes.after(action)))
        return self.tickets[-1]

    def disarm(self, installation: str, action: Disarm, origin: Origin, asked: Asked | None = None) -> Ticket:
        return self.command(installation, action, origin, asked)

    def look(self, view: View) -> None:
        """Let the view be so, and notify the door."""
        self.seen = view
        self.changed("home")

    def end(self, axes: Axes, error: EmulatorError | None = None) -> None:
        """End the last command with the panel there."""
        self.look(View(panel(axes)))
        self.tickets[-1].finish(Outcome(Result.REJECTED if error else Result.CONFIRMED, "done"), error)


class Iphone:
    """A controller; what it hears is processed while it waits or asks."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.runner = asyncio.Runner()
        self.controller: Any = SimpleNamespace(
            pairings={}, _char_cache=CharacteristicCacheMemory(), discoveries={}, aliases={}
        )
        self.heard: list[dict[tuple[int, int], Any]] = []
        self.pairing: IpPairing

    def run(self, act: Coroutine[Any, Any, T]) -> T:
        async def within() -> T:
            async with asyncio.timeout(PATIENCE_S):
                return await act

        return self.runner.run(within())

    @asynccontextmanager
    async def begun(self) -> AsyncIterator[Any]:
        """Begin to pair; what is yielded finishes it by a code."""
        where: Any = SimpleNamespace(
            address="127.0.0.1", addresses=["127.0.0.1"], port=self.port, feature_flags=FeatureFlags(0)
        )
        discovery = IpDiscovery(self.controller, where)
        try:
            yield await discovery.async_start_pairing("phone")
        finally:
            await discovery.close()
            await asyncio.sleep(0)  # for the socket

    def pair(self, code: str, tries: int = 3) -> None:
        """Pair by the code. One try of a hundred fails: where a number of the handshake begins with a zero byte, the
        two libraries do not write it alike, and a person would try again.
        """

        async def whole() -> IpPairing:
            async with self.begun() as finish:
                found: IpPairing = await finish(code)
                return found

        for left in reversed(range(tries)):
            try:
                return self.take(self.run(whole()))
            except AuthenticationError:
                if not left:
                    raise
        return None

    def begin(self) -> None:
        """Begin to pair, and go no further."""

        async def half() -> None:
            async with self.begun():
                pass

        self.run(half())

    def take(self, pairing: IpPairing) -> None:
        self.pairing = pairing
        self.pairing.listeners.add(self.heard.append)

    def knows(self, data: Any) -> None:
        """Be a phone that was paired before."""

        async def load() -> IpPairing:
            return IpPairing(self.controller, data)

        self.take(self.run(load()))

    def invite(self, guest: "Iphone", permissions: str = "User") -> None:
        """Add another controller, as a person does for the family."""
        key, name = Ed25519PrivateKey.generate(), str(uuid.uuid4())
        public = key.public_key().public_bytes_raw().hex()
        self.run(self.pairing.add_pairing(name, public, permissions))
        theirs = {"iOSPairingId": name, "iOSDeviceLTPK": public, "iOSDeviceLTSK": key.private_bytes_raw().hex()}
        guest.knows({**self.pairing.pairing_data, **theirs})

    def read(self, aid: int, *iids: int) -> Any:
        found = self.run(self.pairing.get_characteristics([(aid, iid) for iid in iids]))
        values = [found[aid, iid].get("value", found[aid, iid].get("status")) for iid in iids]
        return values if len(values) > 1 else values[0]

    def write(self, aid: int, iid: int, value: Any) -> dict[tuple[int, int], Any]:
        return self.run(self.pairing.put_characteristics([(aid, iid, value)]))

    def listen(self, aid: int, *iids: int) -> None:
        self.run(self.pairing.subscribe([(aid, iid) for iid in iids]))

    def told(self, aid: int, iid: int) -> list[Any]:
        return [event[aid, iid]["value"] for event in self.heard if (aid, iid) in event]

    def wait(self, look: Callable[[], object]) -> None:
        self.run(until(look))

    def close(self) -> None:
        async def leave() -> None:
            # One that was removed tries again, and in vain.
            with suppress(AuthenticationError):
                await self.pairing.shutdown()
            await self.pairing.connection.close()
            await asyncio.sleep(LOOK_EVERY_S)

        if hasattr(self, "pairing"):
            self.run(leave())
        self.runner.close()


class House:
    """A door, its hub, and its journal."""

    def __init__(self, folder: Path, hub: PanelHub | None = None, **settings: Any) -> None:
        self.hub = hub or PanelHub()
        self.journal = Journal(folder)
        self.port = settings.pop("port", None) or free_port()
        around = {
            name: settings.pop(name)
            for name in ("nics", "look_s", "of_alarms", "responder", "language")
            if name in settings
        }
        self.context = a_context(self.hub, self.journal, folder, **{"nics": lambda: [LO], **around})
        self.door = HomekitDoor(self.context, HomekitSettings(port=self.port, **settings))
        self.phones: list[Iphone] = []

    @property
    def alarm(self) -> int:
        """AID of the security system."""
        return FIRST_ALARM + self.journal.alarm("home")

    @staticmethod
    def switch(number: int) -> int:
        """AID of a switch."""
        return FIRST_SWITCH + number

    @property
    def code(self) -> str:
        return setup.open_kept(self.journal).setup.spoken

    def phone(self, *, paired: bool = True) -> Iphone:
        self.phones.append(Iphone(self.port))
        if paired:
            self.phones[-1].pair(self.code)
        return self.phones[-1]

    def close(self) -> None:
        for phone in self.phones:
            phone.close()
        self.door.stop()
        self.journal.close()


@contextmanager
def a_house(folder: Path, hub: PanelHub | None = None, **settings: Any) -> Iterator[House]:
    house = House(folder, hub, **settings)
    house.door.start()
    try:
        yield house
    finally:
        house.close()


def ask(port: int, text: str) -> bytes:
    """What the port answers to bytes that are not encrypted."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as sock:
        sock.sendall(text.encode())
        return sock.recv(4096)
