"""GENA: who wants events, and bringing them there (lan-emulation.md §2.8). Everything runs on the loop's thread."""

import asyncio
import logging
import re
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import urlsplit

from httptools import HttpParserError, HttpResponseParser

from emulator import fair
from emulator.doors.h1 import Response
from emulator.errors import ProtocolError

LOG = logging.getLogger(__name__)

MAX_CALLBACK = 1024  # bytes of the CALLBACK header; known clients use about 90, CallStranger many (§1.7)
MAX_PER_TOPIC = 16  # subscriptions to one service of one switch; a home has two or three hubs
MAX_SUBSCRIPTIONS = 128  # over all switches
MAX_QUEUE = 16  # events that wait for one subscriber; each is absolute, so the oldest may go
SHORTEST, USUAL, LONGEST = 60, 1800, 7200  # seconds granted; SmartThings asks for 5400, `infinite` gets the longest
MAX_ANSWER = 8 * 1024  # bytes of what a subscriber answers until its status and headers are here
DELIVERY = 5.0  # seconds to connect, send and read the status (5 to 30 in §2.8)
HEAD_START = 0.05  # seconds for a subscriber to read its SID before the first event bears it
MAX_FAILURES = 3  # in a row; then the subscriber is gone
LAST_SEQ = 2**32 - 1  # after it comes 1, as 0 marks the initial event (UDA 1.0 §4.2)

_TIMEOUT = re.compile(r"(?:second-)?([0-9]{1,9}|infinite)", re.IGNORECASE)
_URL = re.compile(r"<([!-;=?-~]+)>")


@dataclass(frozen=True, slots=True)
class Callback:
    """Where a subscriber wants its events: a literal address, which is its own."""

    host: str
    port: int
    path: str


@dataclass(eq=False, slots=True)
class Subscription:
    """One subscriber to one topic. `local` is the address it reached us at, and events come from there."""

    topic: Hashable
    callback: Callback
    local: str
    expires: float
    sid: str = field(default_factory=lambda: f"uuid:{uuid.uuid4()}")
    waiting: deque[bytes] = field(default_factory=lambda: deque(maxlen=MAX_QUEUE))
    news: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


class Publisher:
    """The subscriptions of all switches; one task for each brings its events in order."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._subscriptions: dict[str, Subscription] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def subscribe(
        self, topic: Hashable, peer: str, local: str, headers: Mapping[str, str], initial: Callable[[], bytes]
    ) -> Response:
        """Answer a SUBSCRIBE, new or renewal; `initial` makes the first event once the answer is out."""
        seconds = granted(headers.get("timeout", ""))
        if "sid" in headers:
            subscription = self._known(topic, peer, headers)
            subscription.expires = self._clock() + seconds
            return _accepted(subscription, seconds)
        if headers.get("nt", "").strip() != "upnp:event":
            raise ProtocolError("NT is not upnp:event", HTTPStatus.PRECONDITION_FAILED)
        callback = acceptable(headers.get("callback", ""), peer)
        self._make_room(topic, callback)
        subscription = Subscription(topic, callback, local, self._clock() + seconds)
        self._subscriptions[subscription.sid] = subscription
        LOG.debug("%s subscribes to %s for %d s", peer, topic, seconds)

        def begin() -> None:
            subscription.waiting.append(initial())
            subscription.news.set()
            subscription.task = asyncio.get_running_loop().create_task(self._deliver(subscription))
            self._tasks.add(subscription.task)
            subscription.task.add_done_callback(self._tasks.discard)

        return _accepted(subscription, seconds, begin)

    def unsubscribe(self, topic: Hashable, peer: str, headers: Mapping[str, str]) -> Response:
        """Answer an UNSUBSCRIBE."""
        self._drop(self._known(topic, peer, headers))
        return Response(HTTPStatus.OK)

    def publish(self, topic: Hashable, event: bytes) -> int:
        """Queue an event for everybody who subscribed to the topic; returns how many that are."""
        self.sweep()
        meant = [subscription for subscription in self._subscriptions.values() if subscription.topic == topic]
        for subscription in meant:
            subscription.waiting.append(event)
            subscription.news.set()
        return len(meant)

    def sweep(self) -> None:
        """Forget the subscriptions that have expired."""
        for subscription in list(self._subscriptions.values()):
            if subscription.expires <= self._clock():
                LOG.debug("the subscription of %s to %s expired", subscription.callback.host, subscription.topic)
                self._drop(subscription)

    async def close(self) -> None:
        """Forget everybody; no task is left."""
        for subscription in list(self._subscriptions.values()):
            self._drop(subscription)
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _known(self, topic: Hashable, peer: str, headers: Mapping[str, str]) -> Subscription:
        """The subscription that a request names: its own, to this topic, and not expired."""
        if "callback" in headers or "nt" in headers:
            raise ProtocolError("SID stands with CALLBACK or NT", HTTPStatus.BAD_REQUEST)
        self.sweep()
        subscription = self._subscriptions.get(headers.get("sid", "").strip())
        if subscription is None or subscription.topic != topic or subscription.callback.host != peer:
            raise ProtocolError("No such subscription", HTTPStatus.PRECONDITION_FAILED)
        return subscription

    def _make_room(self, topic: Hashable, callback: Callback) -> None:
        self.sweep()
        subscriptions = list(self._subscriptions.values())
        for subscription in subscriptions:
            if subscription.topic == topic and subscription.callback == callback:
                self._drop(subscription)  # the subscriber started anew; it would get every event twice
        same = [each for each in self._subscriptions.values() if each.topic == topic]
        if len(same) >= MAX_PER_TOPIC:
            # Most of a peer that has so many to one topic are from before it was restarted.
            self._make_way(callback.host, same, own=True)
        if len(self._subscriptions) >= MAX_SUBSCRIPTIONS:
            self._make_way(callback.host, list(self._subscriptions.values()), own=False)

    def _make_way(self, peer: str, rivals: Sequence[Subscription], own: bool) -> None:
        """Drop the one that ends first of those of the peer that has most; its `own` only if told."""
        giver = fair.gives_way(peer, Counter(each.callback.host for each in rivals))
        if giver is None or (giver == peer and not own):
            raise ProtocolError("Too many subscriptions", HTTPStatus.SERVICE_UNAVAILABLE)
        LOG.debug("%s makes way for %s", giver, peer)
        self._drop(min((each for each in rivals if each.callback.host == giver), key=lambda each: each.expires))

    def _drop(self, subscription: Subscription) -> None:
        self._subscriptions.pop(subscription.sid, None)
        if subscription.task and subscription.task is not asyncio.current_task():
            subscription.task.cancel()

    async def _deliver(self, subscription: Subscription) -> None:
        await asyncio.sleep(HEAD_START)
        seq = failures = 0
        while failures < MAX_FAILURES:
            await subscription.news.wait()
            event = subscription.waiting.popleft()
            if not subscription.waiting:
                subscription.news.clear()
            status = await _notify(subscription, seq, event)
            LOG.debug("event %d for %s: %s", seq, subscription.callback.host, status or "no answer")
            if status == HTTPStatus.PRECONDITION_FAILED:
                break
            seq = seq % LAST_SEQ + 1
            failures = 0 if 200 <= status < 300 else failures + 1
        LOG.debug("%s does not take events any more", subscription.callback.host)
        self._drop(subscription)


def granted(header: str) -> int:
    """The seconds that a TIMEOUT header gets: `Second-N`, a bare number and `infinite` are known."""
    found = _TIMEOUT.fullmatch(header.strip())
    if not found:
        return USUAL
    return LONGEST if found[1].lower() == "infinite" else min(max(int(found[1]), SHORTEST), LONGEST)


def acceptable(header: str, peer: str) -> Callback:
    """The first URL of a CALLBACK header that leads to the subscriber itself; ProtocolError when none does (§1.7)."""
    if len(header) <= MAX_CALLBACK:
        for url in _URL.findall(header):
            with suppress(ValueError):
                parts = urlsplit(url)
                port = 80 if parts.port is None else parts.port
                if parts.scheme == "http" and parts.hostname == peer and parts.username is None and port:
                    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
                    return Callback(peer, port, path)
    raise ProtocolError("CALLBACK has no http URL at the subscriber's own address", HTTPStatus.PRECONDITION_FAILED)


def _accepted(subscription: Subscription, seconds: int, begin: Callable[[], None] | None = None) -> Response:
    headers = (("SID", subscription.sid), ("TIMEOUT", f"Second-{seconds}"))
    return Response(HTTPStatus.OK, headers=headers, after=begin)


async def _notify(subscription: Subscription, seq: int, event: bytes) -> int:
    """Send one event; the status it was answered with, 0 when there was no answer."""
    callback = subscription.callback
    lines = (
        f"NOTIFY {callback.path} HTTP/1.1",
        f"HOST: {callback.host}:{callback.port}",
        'CONTENT-TYPE: text/xml; charset="utf-8"',
        f"CONTENT-LENGTH: {len(event)}",
        "NT: upnp:event",
        "NTS: upnp:propchange",
        f"SID: {subscription.sid}",
        f"SEQ: {seq}",
        "CONNECTION: close",
    )
    try:
        async with asyncio.timeout(DELIVERY):
            # From the address it subscribed at: Homebridge compares them.
            reader, writer = await asyncio.open_connection(
                callback.host, callback.port, local_addr=(subscription.local, 0)
            )
            try:
                writer.write("\r\n".join((*lines, "", "")).encode("latin-1") + event)
                return await _status(reader)
            finally:
                writer.close()
    except (OSError, HttpParserError):  # OSError includes TimeoutError
        return 0


class _Heads:
    """How many heads of answers are here; more than one when the first ones are interim."""

    complete = 0

    def on_headers_complete(self) -> None:
        """Called by httptools."""
        self.complete += 1


async def _status(reader: asyncio.StreamReader) -> int:
    heads, left = _Heads(), MAX_ANSWER
    parser = HttpResponseParser(heads)
    while left > 0 and (data := await reader.read(left)):
        left -= len(data)
        parser.feed_data(data)
        if heads.complete and parser.get_status_code() >= HTTPStatus.OK:
            return parser.get_status_code()
    return 0
