"""The bridge with one identity: its accessories, its server and its announcement."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from typing import Any

from emulator import __version__
from emulator.doors.homekit import setup
from emulator.doors.homekit.accessories import MAKER, QuietBridge, Shown
from emulator.doors.homekit.driver import HomekitDriver
from emulator.doors.homekit.mdns import Announcer
from emulator.doors.homekit.security import DOOR
from emulator.doors.homekit.server import HomekitServer
from emulator.doors.homekit.setup import KeptBridge
from emulator.errors import EmulatorError
from emulator.lan.network import Place
from emulator.model import Origin
from emulator.store.journal import Journal
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

Make = Callable[[HomekitDriver], Iterable[Shown]]


class HomekitBridge:
    """One bridge from its start to its end; a reset makes another one. Lives on the loop's thread.

    Making it reads the library's tables from disk, so that is done on a thread that may block.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        name: str,
        port: int,
        kept: KeptBridge,
        make: Make,
        journal: Journal,
        executor: Executor,
        now: Callable[[], float],
    ) -> None:
        self.setup = kept.setup
        self._now = now
        self._journal = journal
        self._executor = executor
        self._unsaved: dict[str, Any] | None = None
        self._trouble = ""
        self._driver = HomekitDriver(loop, port, kept, self._save, self._note)
        self._server = self._driver.http_server = HomekitServer(self._driver)
        self._announcer = Announcer()
        self._turn = asyncio.Lock()
        self._announcing: set[asyncio.Task[None]] = set()
        bridge = QuietBridge(self._driver, name)
        bridge.set_info_service(__version__, MAKER, "Bridge", self._driver.state.mac)
        # In an order that no setting changes, or every controller would read all of it again.
        self.accessories = sorted(make(self._driver), key=lambda one: one.aid or 0)
        for accessory in self.accessories:
            bridge.add_accessory(accessory)
        self._driver.accessory = bridge
        self._driver.announce = self._announce

    @property
    def places(self) -> tuple[Place, ...]:
        """The places at which it is served."""
        return self._server.places

    async def start(self) -> None:
        """Begin, without a listener; what it is known by is written down before anybody can pair."""
        await self._driver.async_start()
        await asyncio.get_running_loop().run_in_executor(self._executor, self._write)

    async def follow(self, places: Sequence[Place]) -> Sequence[str]:
        """Listen and announce at these places and no others; return what is in the way."""
        async with self._turn:
            for place in set(self._server.places) - set(places):
                self._server.leave(place)
            found = [await self._server.listen(place) for place in places]
            found += await self._announcer.follow(self._server.places, self._driver.service_info())
            self._server.sweep()
            if self._unsaved:
                self._hand_over()
            return [*filter(None, found), *filter(None, [self._trouble])]

    async def stop(self) -> None:
        """Say goodbye, and close everything."""
        for task in list(self._announcing):
            task.cancel()
        await asyncio.gather(*self._announcing, return_exceptions=True)
        await self._announcer.close()
        await self._driver.async_stop()
        await asyncio.sleep(0)  # for the connections to be closed

    def _announce(self) -> None:
        """Announce anew, as it is paired or no more."""

        async def tell() -> None:
            async with self._turn:
                await self._announcer.follow(self._server.places, self._driver.service_info())

        task = asyncio.get_running_loop().create_task(tell())
        self._announcing.add(task)
        task.add_done_callback(self._announcing.discard)

    # -- what is kept ---------------------------------------------------------------------------------------

    def _save(self, state: dict[str, Any]) -> None:
        self._unsaved = state
        self._hand_over()

    def _note(self, what: str, how: str) -> None:
        """Write down who may arm and disarm from now on."""

        def write() -> None:
            try:
                self._journal.did(Origin(DOOR), what, how, self._now())
            except EmulatorError as error:
                LOG.error("%s", error)

        self._hand_over(write)

    def _hand_over(self, work: Callable[[], object] | None = None) -> None:
        with suppress(RuntimeError):  # the program stops
            self._executor.submit(work or self._write)

    def _write(self) -> None:
        """Write down what is not yet, on a thread that may block; what fails is tried again with the next look."""
        state = self._unsaved
        if state is None:
            return
        try:
            setup.keep(self._journal, self.setup, state)
        except EmulatorError as error:
            self._trouble = Text("The pairings of the HomeKit bridge cannot be kept: {why}", why=str(error))
        else:
            self._trouble = ""
            if self._unsaved is state:
                self._unsaved = None
