"""GENA, the events of UPnP: the subscriptions of all switches (lan-emulation.md §2.8). Runs on the loop's thread."""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from http import HTTPStatus

from emulator.errors import ProtocolError
from emulator.lan import limits
from emulator.lan.callback import LONGEST_S, Callback, Here, acceptable, granted
from emulator.lan.http1 import Response
from emulator.lan.network import Place
from emulator.lan.subscription import AHEAD, Subscription, Topic, Whereabouts
from emulator.store.subscriptions import Kept

LOG = logging.getLogger(__name__)

MAX_PER_TOPIC = 16
"""Subscriptions to one service of one switch; a home has two or three hubs."""

MAX_SUBSCRIPTIONS = 128
"""Over all switches."""

HEAD_START_S = 0.15
"""For a subscriber to read its SID before the first event bears it."""


class Publisher:
    """The subscriptions of all switches; one task for each brings its events in order.

    `changed` is called when there is something to keep for a later run.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, changed: Callable[[], None] = lambda: None) -> None:
        self._clock = clock
        self._changed = changed
        self._whereabouts = Whereabouts()
        self._subscriptions: dict[str, Subscription] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def move(self, here: Here) -> None:
        """Take note of the places served; events that had no address to come from are brought now."""
        self._whereabouts.move(here)

    def restore(self, kept: Iterable[Kept], topics: Collection[Topic]) -> None:
        """Take up the subscriptions of an earlier run, if the switch still exists; each of them is owed an event."""
        for one in list(kept)[:MAX_SUBSCRIPTIONS]:
            if (one.key, one.service) in topics:
                callback = Callback(one.host, one.port, one.path)
                expires = self._clock() + min(one.left_s, LONGEST_S)
                topic = (one.key, one.service)
                # Written down again at once: an end without a word would use its numbers up a second time.
                known = Subscription(topic, callback, one.peer, one.local, expires, one.sid, one.seq, owed=True)
                self._begin(self._add(known))

    def kept(self, ahead: int = AHEAD) -> list[Kept]:
        """Return all of them for a later run, which takes up the event numbers `ahead` of those sent."""
        found = []
        for one in self._subscriptions.values():
            seq, at, left_s = one.reserve(ahead), one.callback, one.expires - self._clock()
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
        callback = acceptable(headers.get("callback", ""), peer, place, self._whereabouts.here)
        self._make_room(topic, callback, peer)
        subscription = self._add(Subscription(topic, callback, peer, place.host, self._clock() + seconds))
        LOG.debug("%s subscribes to %s for %d s", peer, topic, seconds)

        def begin() -> None:
            if (event := initial()) is None:
                subscription.owed = True
            else:
                subscription.push(event)
            self._begin(subscription, HEAD_START_S)

        return _accepted(subscription, seconds, begin)

    def unsubscribe(self, topic: Topic, peer: str, headers: Mapping[str, str]) -> Response:
        """Answer an UNSUBSCRIBE."""
        self._drop(self._known(topic, peer, headers))
        return Response(HTTPStatus.OK)

    def publish(self, topic: Topic, event: bytes, *, owed: bool = False, settles: bool = True) -> int:
        """Queue an event for the subscribers to a topic, or those that are `owed` one; return their number.

        Unless it `settles` that, they are still owed one.
        """
        self.sweep()
        meant = [one for one in self._subscriptions.values() if one.topic == topic and (one.owed or not owed)]
        for subscription in meant:
            subscription.owed = subscription.owed and not settles
            subscription.push(event)
        return len(meant)

    def sweep(self) -> None:
        """Drop the subscriptions that have expired."""
        for subscription in list(self._subscriptions.values()):
            if subscription.expires <= self._clock():
                LOG.debug("the subscription of %s to %s expired", subscription.peer, subscription.topic)
                self._drop(subscription)

    async def close(self) -> list[Kept]:
        """Drop all, leave no task, and return them for a later run."""
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
        """Return the subscription that a request names: its own, to this topic, and not expired."""
        if "callback" in headers or "nt" in headers:
            raise ProtocolError("SID stands with CALLBACK or NT", HTTPStatus.BAD_REQUEST)
        self.sweep()
        subscription = self._subscriptions.get(headers.get("sid", "").strip())
        if subscription is None or subscription.topic != topic or peer not in subscription.ends:
            raise ProtocolError("No such subscription", HTTPStatus.PRECONDITION_FAILED)
        return subscription

    def _make_room(self, topic: Topic, callback: Callback, peer: str) -> None:
        self.sweep()
        subscriptions = list(self._subscriptions.values())
        if callback.host != peer and any(callback.host in each.ends and each.peer != peer for each in subscriptions):
            # A client may not look at the SID, and take an event of this switch for one of the switch it asked about.
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
            self._evict(peer, same, own=True)
        if len(self._subscriptions) >= MAX_SUBSCRIPTIONS:
            self._evict(peer, list(self._subscriptions.values()), own=False)

    def _evict(self, peer: str, rivals: Sequence[Subscription], own: bool) -> None:
        """Evict the subscription that ends first of the peer that has most; one of its `own` only if allowed."""
        evicted = limits.evicted_for(peer, Counter(each.peer for each in rivals))
        if evicted is None or (evicted == peer and not own):
            raise ProtocolError("Too many subscriptions", HTTPStatus.SERVICE_UNAVAILABLE)
        LOG.debug("%s is evicted for %s", evicted, peer)
        self._drop(min((each for each in rivals if each.peer == evicted), key=lambda each: each.expires))

    def _drop(self, subscription: Subscription) -> None:
        self._subscriptions.pop(subscription.sid, None)
        self._changed()
        if subscription.task and subscription.task is not asyncio.current_task():
            subscription.task.cancel()

    async def _deliver(self, subscription: Subscription, pause_s: float) -> None:
        await asyncio.sleep(pause_s)
        try:
            await subscription.bring_all(self._whereabouts, self._changed)
            LOG.debug("%s does not take events any more", subscription.callback.host)
        except Exception:  # without its task it would stay, renewed and never told anything
            LOG.exception("%s gets no events any more", subscription.callback.host)
        self._drop(subscription)


def _accepted(subscription: Subscription, seconds: int, begin: Callable[[], None] | None = None) -> Response:
    headers = (("SID", subscription.sid), ("TIMEOUT", f"Second-{seconds}"))
    return Response(HTTPStatus.OK, headers=headers, after=begin)
