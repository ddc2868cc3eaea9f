"""GENA: who wants events, and bringing them there (lan-emulation.md §2.8). Everything runs on the loop's thread."""

import asyncio
import logging
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from emulator.doors.wemo.callback import LONGEST, Callback, Here, acceptable, granted
from emulator.doors.wemo.delivery import notify
from emulator.errors import ProtocolError
from emulator.lan import limits
from emulator.lan.http1 import Response
from emulator.lan.network import Place
from emulator.store.subscriptions import Kept

LOG = logging.getLogger(__name__)

MAX_PER_TOPIC = 16  # subscriptions to one service of one switch; a home has two or three hubs
MAX_SUBSCRIPTIONS = 128  # over all switches
MAX_QUEUE = 16  # events that wait for one subscriber; each is absolute, so the oldest may go
HEAD_START = 0.15  # seconds for a subscriber to read its SID before the first event bears it
MAX_FAILURES = 3  # in a row; then the subscriber is gone
AGAIN_S = (10.0, 30.0)  # from one failure to the next that counts, as a hub may be starting; what nobody answered waits
LAST_SEQ = 2**32 - 1  # after it comes 1, as 0 marks the initial event (UDA 1.0 §4.2)
AHEAD = 1000  # events that may be sent on what was last written down, so that none costs a write

Topic = tuple[str, str]


@dataclass(eq=False, slots=True)
class Subscription:
    """One subscriber to one topic. `local` is the address `peer` reached us at, and events come from there.

    `seq` is the number of the next event, `reserved` the one from which on it is written down anew. Whoever is `owed`
    one has not heard what the panel says in this run of the program.
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

    def skip(self) -> None:
        """Let go of all that waits but the newest: each is absolute, and what it was before is no news any more."""
        while len(self.waiting) > 1:
            self.waiting.popleft()


class Publisher:
    """The subscriptions of all switches; one task for each brings its events in order.

    `changed` is told of what a later run has to know.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, changed: Callable[[], None] = lambda: None) -> None:
        self._clock = clock
        self._changed = changed
        self._here = Here()
        self._moved = asyncio.Event()
        self._subscriptions: dict[str, Subscription] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def move(self, here: Here) -> None:
        """Take note of where we are; what could not be brought from elsewhere is brought now."""
        if here != self._here:
            moved, self._here, self._moved = self._moved, here, asyncio.Event()
            moved.set()

    def restore(self, kept: Iterable[Kept], topics: Collection[Topic]) -> None:
        """Go on with what an earlier run kept, where there still is such a switch; each of them is owed an event."""
        for one in list(kept)[:MAX_SUBSCRIPTIONS]:
            if (one.key, one.service) in topics:
                callback = Callback(one.host, one.port, one.path)
                expires = self._clock() + min(one.left_s, LONGEST)
                topic = (one.key, one.service)
                # Written down again at once: an end without a word would use its numbers up a second time.
                known = Subscription(topic, callback, one.peer, one.local, expires, one.sid, one.seq, owed=True)
                self._begin(self._add(known))

    def kept(self, ahead: int = AHEAD) -> list[Kept]:
        """All of it, for a later run, which takes up the numbers of events `ahead` of what was sent."""
        found = []
        for one in self._subscriptions.values():
            seq = one.seq + ahead if one.seq + ahead <= LAST_SEQ else one.seq
            one.reserved = one.seq + ahead // 2
            at, left_s = one.callback, one.expires - self._clock()
            found.append(Kept(one.sid, *one.topic, one.peer, one.local, at.host, at.port, at.path, left_s, seq))
        return found

    def subscribe(
        self, topic: Topic, peer: str, place: Place, headers: Mapping[str, str], initial: Callable[[], bytes | None]
    ) -> Response:
        """Answer a SUBSCRIBE, new or renewal; `initial` makes the first event once the answer is out.

        Where it makes none, the first event is the next that is published, and the subscriber is owed one.
        """
        seconds = granted(headers.get("timeout", ""))
        if "sid" in headers:
            subscription = self._known(topic, peer, headers)
            subscription.expires = self._clock() + seconds
            self._changed()
            return _accepted(subscription, seconds)
        if headers.get("nt", "").strip() != "upnp:event":
            raise ProtocolError("NT is not upnp:event", HTTPStatus.PRECONDITION_FAILED)
        callback = acceptable(headers.get("callback", ""), peer, place, self._here)
        self._make_room(topic, callback, peer)
        subscription = self._add(Subscription(topic, callback, peer, place.host, self._clock() + seconds))
        LOG.debug("%s subscribes to %s for %d s", peer, topic, seconds)

        def begin() -> None:
            if (event := initial()) is None:
                subscription.owed = True
            else:
                subscription.waiting.append(event)
                subscription.news.set()
            self._begin(subscription, HEAD_START)

        return _accepted(subscription, seconds, begin)

    def unsubscribe(self, topic: Topic, peer: str, headers: Mapping[str, str]) -> Response:
        """Answer an UNSUBSCRIBE."""
        self._drop(self._known(topic, peer, headers))
        return Response(HTTPStatus.OK)

    def publish(self, topic: Topic, event: bytes, *, owed: bool = False, settles: bool = True) -> int:
        """Queue an event for everybody who subscribed to the topic, or who is owed one; returns how many that are.

        Unless it `settles` that, whoever is owed one still is.
        """
        self.sweep()
        meant = [one for one in self._subscriptions.values() if one.topic == topic and (one.owed or not owed)]
        for subscription in meant:
            subscription.owed = subscription.owed and not settles
            subscription.waiting.append(event)
            subscription.news.set()
        return len(meant)

    def sweep(self) -> None:
        """Forget the subscriptions that have expired."""
        for subscription in list(self._subscriptions.values()):
            if subscription.expires <= self._clock():
                LOG.debug("the subscription of %s to %s expired", subscription.peer, subscription.topic)
                self._drop(subscription)

    async def close(self) -> list[Kept]:
        """Forget everybody; no task is left. Returns what a later run has to know."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        kept = self.kept(ahead=0)
        self._subscriptions.clear()
        return kept

    def _add(self, subscription: Subscription) -> Subscription:
        self._subscriptions[subscription.sid] = subscription
        self._changed()
        return subscription

    def _begin(self, subscription: Subscription, pause_s: float = 0.0) -> None:
        subscription.task = asyncio.get_running_loop().create_task(self._deliver(subscription, pause_s))
        self._tasks.add(subscription.task)
        subscription.task.add_done_callback(self._tasks.discard)

    def _known(self, topic: Topic, peer: str, headers: Mapping[str, str]) -> Subscription:
        """The subscription that a request names: its own, to this topic, and not expired."""
        if "callback" in headers or "nt" in headers:
            raise ProtocolError("SID stands with CALLBACK or NT", HTTPStatus.BAD_REQUEST)
        self.sweep()
        subscription = self._subscriptions.get(headers.get("sid", "").strip())
        if subscription is None or subscription.topic != topic or peer not in _ends(subscription):
            raise ProtocolError("No such subscription", HTTPStatus.PRECONDITION_FAILED)
        return subscription

    def _make_room(self, topic: Topic, callback: Callback, peer: str) -> None:
        self.sweep()
        subscriptions = list(self._subscriptions.values())
        if callback.host != peer and any(callback.host in _ends(each) and each.peer != peer for each in subscriptions):
            # It may not look at the SID: told that another switch is on, it would take that for the one it asked about.
            raise ProtocolError("Another one subscribes for the host of CALLBACK", HTTPStatus.PRECONDITION_FAILED)
        for subscription in subscriptions:
            is_foreign = subscription.callback.host == peer != subscription.peer  # from before it asked for itself
            # The subscriber started anew; it would get every event twice.
            is_old = (subscription.topic, subscription.callback, subscription.peer) == (topic, callback, peer)
            if is_foreign or is_old:
                self._drop(subscription)
        same = [each for each in self._subscriptions.values() if each.topic == topic]
        if len(same) >= MAX_PER_TOPIC:
            # Most of a peer that has so many to one topic are from before it was restarted.
            self._make_way(peer, same, own=True)
        if len(self._subscriptions) >= MAX_SUBSCRIPTIONS:
            self._make_way(peer, list(self._subscriptions.values()), own=False)

    def _make_way(self, peer: str, rivals: Sequence[Subscription], own: bool) -> None:
        """Drop the one that ends first of those of the peer that has most; its `own` only if told."""
        giver = limits.evicted_for(peer, Counter(each.peer for each in rivals))
        if giver is None or (giver == peer and not own):
            raise ProtocolError("Too many subscriptions", HTTPStatus.SERVICE_UNAVAILABLE)
        LOG.debug("%s makes way for %s", giver, peer)
        self._drop(min((each for each in rivals if each.peer == giver), key=lambda each: each.expires))

    def _drop(self, subscription: Subscription) -> None:
        self._subscriptions.pop(subscription.sid, None)
        self._changed()
        if subscription.task and subscription.task is not asyncio.current_task():
            subscription.task.cancel()

    async def _deliver(self, subscription: Subscription, pause_s: float) -> None:
        await asyncio.sleep(pause_s)
        try:
            await self._bring_all(subscription)
            LOG.debug("%s does not take events any more", subscription.callback.host)
        except Exception:  # without its task it would stay, renewed and never told anything
            LOG.exception("%s gets no events any more", subscription.callback.host)
        self._drop(subscription)

    async def _bring_all(self, subscription: Subscription) -> None:
        """Bring every event in order, until they are not taken any more.

        One that nobody answered is brought again. Of those that came meanwhile, or while there was no address to come
        from, only the newest is brought. However many fail at once, they count as one failure.
        """
        loop, failures, counts_at = asyncio.get_running_loop(), 0, 0.0
        again: tuple[int, bytes] | None = None
        while True:
            if not again:
                await subscription.news.wait()
            source = await self._source(subscription)
            seq, event = again if again and not subscription.waiting else self._take(subscription)
            status = await notify(subscription.callback, source, subscription.sid, seq, event)
            LOG.debug("event %d for %s: %s", seq, subscription.callback.host, status or "no answer")
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
                subscription.skip()

    async def _source(self, subscription: Subscription) -> str:
        """The address to bring an event from, once there is one."""
        while (source := self._here.source(subscription.callback, subscription.peer, subscription.local)) is None:
            await self._moved.wait()
            subscription.skip()
        return source

    def _take(self, subscription: Subscription) -> tuple[int, bytes]:
        """The next event and its number."""
        event = subscription.waiting.popleft()
        if not subscription.waiting:
            subscription.news.clear()
        # Used up before it is sent: a number that comes twice is ignored, one that is left out is not.
        seq, subscription.seq = subscription.seq, subscription.seq % LAST_SEQ + 1
        if subscription.seq >= subscription.reserved:
            subscription.reserved = subscription.seq + AHEAD // 2
            self._changed()
        return seq, event


def _ends(subscription: Subscription) -> tuple[str, str]:
    """Whose subscription it is: who asked for it, and who hears; a hub with two addresses is both."""
    return subscription.peer, subscription.callback.host


def _accepted(subscription: Subscription, seconds: int, begin: Callable[[], None] | None = None) -> Response:
    headers = (("SID", subscription.sid), ("TIMEOUT", f"Second-{seconds}"))
    return Response(HTTPStatus.OK, headers=headers, after=begin)
