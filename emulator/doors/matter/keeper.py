"""Looks after the process that speaks Matter: starts it, again and later each time that it ends, and lets it end."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from emulator.doors.matter import messages
from emulator.doors.matter.child import Child
from emulator.doors.matter.messages import Beat, PairingCode, Taken, Told
from emulator.doors.matter.settings import PORT
from emulator.errors import EmulatorError, ProtocolError
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

AGAIN_S = (1.0, 5.0, 15.0, 60.0)
"""Pauses before it is started again; the last one from then on, until it has run for as long."""

UP_S = 180.0
"""Time to come up: 4 s on a server (matter.md §3), and the smallest boards are twenty times slower."""

HUNG_S = 60.0
"""Time without an answer to what is sent after which it is hung. It does nothing that takes a second."""

END_S = 2.0
"""Time for it to end by itself; then it is killed. The whole program has 5 s."""


PORT_TAKEN = Text(
    "another program has UDP port {port}, and Matter needs this one; {command} names it",
    port=str(PORT),
    command="emulator check",
)


class BridgeKeeper:
    """At most one process, on the loop's thread. `start` is called on another one, and may block for seconds.

    It returns the process, and the first line for it. `told` gets what it says, None when it has ended.
    """

    def __init__(
        self,
        start: Callable[[Callable[[Child, bytes | None], object]], tuple[Child, bytes]],
        told: Callable[[Told | None], object],
        post: Callable[..., object],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._start = start
        self._told = told
        self._post = post
        self._now = now
        self._aside = _aside()
        self._child: Child | None = None
        self.ready: PairingCode | None = None
        """Its code, while it is served."""
        self._trouble: Text | None = None
        self._reason: Text | None = None  # as it told why it ends
        self._is_faulty = False
        self._starts = 0
        self._next_at = 0.0
        self._answers_by = 0.0  # while an answer is awaited

    @property
    def pid(self) -> int | None:
        """Number of the process."""
        return self._child.pid if self._child else None

    @property
    def troubles(self) -> Iterable[Text]:
        """Return what is wrong with it."""
        return () if self._trouble is None else (self._trouble,)

    def send(self, line: bytes) -> None:
        """Send it a line, if it is there."""
        if self._child:
            self._child.send(line)

    async def look(self) -> None:
        """Start it if it is not there and it is time to; end it if it is hung."""
        now = self._now()
        if self._child is None:
            if now >= self._next_at:
                await self._begin(now)
        elif self._answers_by and now > self._answers_by:
            LOG.error("the Matter bridge does not answer: it is ended")
            self._child.kill()
        elif self.ready:
            if now > self._next_at + AGAIN_S[-1]:
                self._starts = 0
            if not self._answers_by:
                self._answers_by = now + HUNG_S
                self._child.send(messages.BEAT)

    async def _begin(self, now: float) -> None:
        self._next_at = now + AGAIN_S[min(self._starts, len(AGAIN_S) - 1)]
        self._starts += 1
        try:
            await asyncio.get_running_loop().run_in_executor(self._aside, self._launch)
        except (EmulatorError, OSError) as error:
            self._trouble = Text("The Matter bridge does not run: {why}", why=str(error))
            return
        self._answers_by = now + UP_S

    def _launch(self) -> None:
        child, first = self._start(self._take)
        self._child = child  # before it can say anything
        self._reason, self._is_faulty = None, False
        child.begin(first)

    async def close(self) -> None:
        """Let it end, or end it."""
        self._aside.shutdown()  # it is idle: whoever closes waits for the last look
        self._aside = _aside()
        child, self._child, self.ready, self._trouble = self._child, None, None, None
        self._starts, self._next_at = 0, 0.0
        if child is None:
            return
        child.end()
        gone = asyncio.wrap_future(child.gone)
        await asyncio.wait([gone], timeout=END_S)
        if not gone.done():
            LOG.warning("the Matter bridge does not end: it is killed")
            child.kill()
            await gone
        child.join()

    def _take(self, child: Child, line: bytes | None) -> None:
        """Pass on what it says, from a thread of its own."""
        self._post(self._hear, child, line)

    def _hear(self, child: Child, line: bytes | None) -> None:
        if child is not self._child:
            return
        if line is None:
            self._child, self.ready = None, None
            why = self._reason or child.why or Text("it does not say why")
            self._trouble = Text("The Matter bridge ended, and is started again: {why}", why=why)
            self._told(None)
            return
        try:
            told = messages.read(line)
        except ProtocolError as error:
            LOG.log(logging.DEBUG if self._is_faulty else logging.ERROR, "%s", error)
            self._is_faulty = True
            return
        if isinstance(told, Taken):
            self._reason = PORT_TAKEN
        if isinstance(told, PairingCode):
            self.ready, self._trouble = told, None
        if isinstance(told, PairingCode | Beat):
            self._answers_by = 0.0
        self._told(told)


def _aside() -> ThreadPoolExecutor:
    """Return a thread for what may block for seconds; it begins with the first piece of work."""
    return ThreadPoolExecutor(1, "matter-start")
