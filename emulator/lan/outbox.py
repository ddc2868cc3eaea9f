"""Datagrams on their way out: bounded in number and in rate, and fair to each peer (lan-emulation.md §1.4, §1.7)."""

import asyncio
import time
from bisect import insort
from collections import OrderedDict
from collections.abc import Callable
from itertools import count
from typing import Generic, TypeVar

from emulator.lan import limits

DEBOUNCE_S = 0.3
"""An Echo repeats a search up to six times within milliseconds (§1.4)."""

DEBOUNCE_MEMORY = 512
"""Searches remembered; a peer may make up source ports."""

MAX_PENDING = 1000
"""Datagrams: twenty seconds' worth at full rate, and the notices of a hundred switches."""

RATE = 50.0
"""Datagrams a second over all peers, so that we are no amplifier (§1.7)."""

T = TypeVar("T")


class Debounce:
    """Tells a new search from the repetition of one just answered; remembers a bounded number."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[str, int, str], float] = OrderedDict()

    def is_new(self, peer: tuple[str, int], st: str, now: float) -> bool:
        """Return whether this peer has not asked this, so spelled, within DEBOUNCE_S; `now` in monotonic seconds."""
        key = (*peer, st)
        last = self._seen.get(key)
        if last is not None and now - last < DEBOUNCE_S:
            return False
        self._seen[key] = now
        self._seen.move_to_end(key)
        if len(self._seen) > DEBOUNCE_MEMORY:
            self._seen.popitem(last=False)
        return True


class DatagramQueue(Generic[T]):
    """Datagrams that wait for their moment, in monotonic seconds.

    When it is full, the peer with most datagrams loses its last one. Those that are due are served in turn: a flood of
    searches by one peer neither drops nor delays the answers to others.
    """

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, list[tuple[float, int, T]]] = OrderedDict()  # by peer, soonest first
        self._number = 0
        self._order = count()
        self._free_at = 0.0

    def put(self, due: float, peer: str, item: T) -> bool:
        """Queue a datagram for `due`; False when there is no room for more of this peer."""
        if not self.has_room(peer):
            return False
        if self._number >= MAX_PENDING:
            self._waiting[self._evicted_for(peer)].pop()
            self._number -= 1
        insort(self._waiting.setdefault(peer, []), (due, next(self._order), item))
        self._number += 1
        return True

    def has_room(self, peer: str) -> bool:
        """Return whether a datagram to this peer would be taken."""
        return self._number < MAX_PENDING or self._evicted_for(peer) not in ("", peer)

    def next_at(self) -> float | None:
        """Return when the next datagram may go; None when nothing waits."""
        return max(min(queue[0][0] for queue in self._waiting.values()), self._free_at) if self._waiting else None

    def take(self, now: float) -> T | None:
        """Return a datagram that is due, if any."""
        if now < self._free_at:
            return None
        peer = next((peer for peer, queue in self._waiting.items() if queue[0][0] <= now), None)
        if peer is None:
            return None
        queue = self._waiting[peer]
        _, _, item = queue.pop(0)
        self._number -= 1
        self._waiting.move_to_end(peer)
        if not queue:
            del self._waiting[peer]
        self._free_at = now + 1 / RATE
        return item

    def _evicted_for(self, peer: str) -> str:
        """Return the peer whose last datagram would go for one of this peer; empty when no peer has more."""
        return limits.evicted_for(peer, {each: len(queue) for each, queue in self._waiting.items()}) or ""


class Transmitter:
    """Sends what is due. Lives on the loop's thread."""

    def __init__(self) -> None:
        self._queue: DatagramQueue[Callable[[], None]] = DatagramQueue()
        self._timer: asyncio.TimerHandle | None = None

    def put(self, delay_s: float, peer: str, send: Callable[[], None]) -> bool:
        """Queue a datagram; False when too many wait for this peer."""
        queued = self._queue.put(time.monotonic() + delay_s, peer, send)
        if queued:
            self._send()
        return queued

    def has_room(self, peer: str) -> bool:
        """Return whether a datagram to this peer would be taken."""
        return self._queue.has_room(peer)

    def hush(self) -> None:
        """Drop what waits."""
        self._queue = DatagramQueue()
        self._pause()

    def _send(self) -> None:
        self._pause()
        while send := self._queue.take(time.monotonic()):
            send()
        moment = self._queue.next_at()
        if moment is not None:
            self._timer = asyncio.get_running_loop().call_at(moment, self._send)  # loop.time() is time.monotonic()

    def _pause(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
