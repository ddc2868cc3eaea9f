"""A small and strict MQTT broker on loopback, for 3.1.1 and 5, in a thread of its own.

It has QoS 0 and 1, wills, retained messages, and sessions that outlast a connection until the test ends. It has no
expiry of messages, no delay of a will, no shared subscriptions and no topic aliases. `faults` names each client that
broke the protocol.
"""

import asyncio
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Literal, Self

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.support import mqtt_packets as wire
from tests.support.mqtt_connection import Connection, Session
from tests.support.mqtt_packets import Connect, Message, Subscription
from tests.support.patience import until
from tests.support.program import free_port

HOST = "127.0.0.1"
US = "someone else"
"""Client id of what a test publishes itself."""

Refusal = Literal["by 5", "by 3.1.1", "without a word", "by silence"]
"""Ways in which a broker tells a client of MQTT 5 that it has 3.1.1 only, or hangs up, or does nothing at all."""


class Broker:
    """The broker, and what a test does with it from its own thread."""

    def __init__(self, *, users: Mapping[str, str] | None = None, tls: ssl.SSLContext | None = None) -> None:
        self.port = free_port()
        self.users = users
        """Names and passwords; None lets anybody in."""
        self.refuses_v5: Refusal | None = None
        self.unreadable: list[str] = []
        """Filters that nobody may subscribe to."""
        self.unwritable: list[str] = []
        """Beginnings of topics to which nobody may publish."""
        self.refusal: int | None = None
        """Reason of MQTT 5 with which each CONNECT is refused."""
        self.published: list[Message] = []
        self.connects: list[Connect] = []
        """Each CONNECT that could be read, also of those that were refused."""
        self.faults: list[str] = []
        self.confirmed: list[Message] = []
        """Messages of QoS 1 that a client has confirmed."""
        self.sessions: dict[str, Session] = {}
        self.connections: set[Connection] = set()
        self.is_silent = False
        self._kept: dict[str, Message] = {}
        self._tls = tls
        self._loop: asyncio.AbstractEventLoop | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="broker")
        self._thread.start()
        listening = self._loop.create_server(lambda: Connection(self), HOST, self.port, ssl=self._tls)
        self._server = asyncio.run_coroutine_threadsafe(listening, self._loop).result()

    def stop(self) -> None:
        """Close every connection as if the machine fell over; what is retained outlasts it."""
        if not self._loop:
            return
        loop, self._loop = self._loop, None

        async def close() -> None:
            self._server.close()
            self.is_silent = False
            open_yet = list(self.connections)
            for connection in open_yet:
                connection.transport.abort()
            await asyncio.gather(*(connection.lost for connection in open_yet))

        asyncio.run_coroutine_threadsafe(close(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        self._thread.join()
        loop.close()

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        """Run a function on the broker's thread, if it runs, and return its result."""
        if not self._loop:
            return function(*args)
        done: Future[Any] = Future()

        def run() -> None:
            try:
                done.set_result(function(*args))
            except BaseException as error:
                done.set_exception(error)

        self._loop.call_soon_threadsafe(run)
        return done.result()

    def publish(
        self, topic: str, payload: str | bytes, *, qos: int = 0, retain: bool = False, **properties: Any
    ) -> None:
        """Publish as another client does: properties by their names in paho."""
        made = Properties(PacketTypes.PUBLISH)
        for name, value in properties.items():
            setattr(made, name, value)
        content = payload.encode() if isinstance(payload, str) else payload
        self.call(self.route, Message(topic, content, qos, retain, False, US, made))

    def say(self, packet: bytes) -> None:
        """Send bytes to every client, as no proper broker does."""
        self.call(lambda: [connection.send(packet) for connection in self.connections])

    def retained(self, topic: str) -> bytes | None:
        kept = self._kept.get(topic)
        return kept.payload if kept else None

    def topics(self) -> Sequence[str]:
        """Return the topics of which something is retained."""
        return sorted(self._kept)

    def forget(self) -> None:
        """Lose what is retained, and every session without a connection."""
        self.call(self._kept.clear)
        self.sessions = {name: session for name, session in self.sessions.items() if session.connection}

    def payloads(self, topic: str) -> list[bytes]:
        """Return what was published to a topic so far, in order."""
        return [message.payload for message in list(self.published) if message.topic == topic]

    def wait_for(self, look: Callable[[], object], what: str = "what the broker waits for") -> None:
        """Wait until it is so. The error names the last topics, and no payload, which may hold a PIN."""
        try:
            until(look, what)
        except AssertionError as error:
            topics = [message.topic for message in self.published[-20:]]
            raise AssertionError(f"{error}; last published: {topics}, faults: {self.faults}") from None

    def drop(self) -> None:
        """Reset every connection."""
        self.call(lambda: [connection.transport.abort() for connection in self.connections])

    def be_silent(self) -> None:
        """Read nothing and say nothing until `speak`, as if the broker's process were stopped."""
        self.is_silent = True

    def speak(self) -> None:
        """Do all that has come meanwhile, late."""
        self.is_silent = False
        self.call(lambda: [connection.go_on() for connection in list(self.connections)])

    def route(self, message: Message) -> bool:
        """Deliver a message; return whether anybody has subscribed to it."""
        self.published.append(message)
        if message.retain and message.payload:
            self._kept[message.topic] = message
        elif message.retain:
            self._kept.pop(message.topic, None)
        found = False
        for session in self.sessions.values():
            own = message.client == session.connect.client_id
            taking = [each for each in session.subscriptions.values() if each.takes(message.topic)]
            if taking := [each for each in taking if not (own and each.no_local)]:
                found = True
                qos = min(message.qos, max(each.qos for each in taking))
                session.deliver(message, qos, message.retain and any(each.as_published for each in taking))
        return found

    def subscribe(self, session: Session, wanted: Subscription) -> None:
        is_new = wanted.pattern not in session.subscriptions
        session.subscriptions[wanted.pattern] = wanted
        if wanted.handling == 0 or (wanted.handling == 1 and is_new):
            for message in [kept for topic, kept in self._kept.items() if wanted.takes(topic)]:
                session.deliver(message, min(message.qos, wanted.qos), True)

    def verdict(self, connect: Connect) -> int:
        """Return the reason to refuse a client, or 0."""
        if self.refuses_v5 and connect.version == wire.V5:
            return wire.UNSUPPORTED_VERSION
        if self.users is not None and self.users.get(connect.user or "") != (connect.password or b"").decode():
            return wire.BAD_CREDENTIALS
        return self.refusal or 0
