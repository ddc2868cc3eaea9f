"""One subscriber to the events of a service, and the task that brings them (lan-emulation.md §2.8)."""

import asyncio
import logging
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus

from emulator.lan.callback import Callback, Here
from emulator.lan.delivery import notify

LOG = logging.getLogger(__name__)

MAX_QUEUE = 16
"""Events that wait for one subscriber; each is absolute, so the oldest may go."""

MAX_FAILURES = 3
"""In a row; then the subscriber is gone."""

AGAIN_S = (10.0, 30.0)
"""From one failure to the next that counts, as a hub may be starting; an event that got no answer waits."""

LAST_SEQ = 2**32 - 1
"""After it comes 1, as 0 marks the initial event (UDA 1.0 §4.2)."""

AHEAD = 1000
"""Events that may be sent on one write to the journal, so that none costs a write."""

Topic = tuple[str, str]


class Whereabouts:
    """The places served, and a way to wait until they change."""

    def __init__(self) -> None:
        self.here = Here()
        self.changed = asyncio.Event()

    def move(self, here: Here) -> None:
        """Wake all that waits for a place."""
        if here != self.here:
            changed, self.here, self.changed = self.changed, here, asyncio.Event()
            changed.set()


@dataclass(eq=False, slots=True)
class Subscription:
    """One subscriber to one topic. `local` is the address `peer` reached us at, and events come from there.

    `seq` is the number of the next event, `reserved` the one from which on it is written down anew. A subscriber that
    is `owed` an event gets the next one even if nothing has changed.
    """

    topic: Topic
    callback: Callback
    peer: str
    local: str
    expires: float
    sid: str = field(default_factory=lambda: f"uuid:{uuid.uuid4()}")
    seq: int = 0
    reserved: int = 0
    owed: bool = False
    waiting: deque[bytes] = field(default_factory=lambda: deque(maxlen=MAX_QUEUE))
    news: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    @property
    def ends(self) -> tuple[str, str]:
        """Return the address that subscribed and the one that hears; a hub may have two."""
        return self.peer, self.callback.host

    def push(self, event: bytes) -> None:
        """Queue an event."""
        self.waiting.append(event)
        self.news.set()

    def reserve(self, ahead: int) -> int:
        """Return the event number to write down, with which `ahead` events may be sent before the next write."""
        self.reserved = self.seq + ahead // 2
        return self.seq + ahead if self.seq + ahead <= LAST_SEQ else self.seq

    async def bring_all(self, whereabouts: Whereabouts, changed: Callable[[], None]) -> None:
        """Bring every event in order, until they are not taken any more.

        One that got no answer is brought again. Of those that came meanwhile, or while there was no address to come
        from, only the newest is brought. However many fail at once, they count as one failure.
        """
        loop, failures, counts_at = asyncio.get_running_loop(), 0, 0.0
        again: tuple[int, bytes] | None = None
        while True:
            if not again:
                await self.news.wait()
            source = await self._source(whereabouts)
            seq, event = again if again and not self.waiting else self._take(changed)
            status = await notify(self.callback, source, self.sid, seq, event)
            LOG.debug("event %d for %s: %s", seq, self.callback.host, status or "no answer")
            if 200 <= status < 300:
                failures, counts_at = 0, 0.0
            elif status == HTTPStatus.PRECONDITION_FAILED:
                return
            elif loop.time() >= counts_at:
                failures += 1
                if failures == MAX_FAILURES:
                    return
                counts_at = loop.time() + AGAIN_S[failures - 1]
            again = None
            if not status:
                again = seq, event
                await asyncio.sleep(counts_at - loop.time())
                counts_at = 0.0
                self._skip()

    async def _source(self, whereabouts: Whereabouts) -> str:
        """Return the address to bring an event from, once there is one."""
        while (source := whereabouts.here.source(self.callback, self.peer, self.local)) is None:
            await whereabouts.changed.wait()
            self._skip()
        return source

    def _skip(self) -> None:
        """Drop all that waits but the newest: each is absolute, and an earlier one is no news any more."""
        while len(self.waiting) > 1:
            self.waiting.popleft()

    def _take(self, changed: Callable[[], None]) -> tuple[int, bytes]:
        """Return the next event and its number."""
        event = self.waiting.popleft()
        if not self.waiting:
            self.news.clear()
        # Used up before it is sent: a number that comes twice is ignored, one that is left out is not.
        seq, self.seq = self.seq, self.seq % LAST_SEQ + 1
        if self.seq >= self.reserved:
            self.reserved = self.seq + AHEAD // 2
            changed()
        return seq, event
