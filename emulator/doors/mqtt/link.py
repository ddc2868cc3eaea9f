"""One connection to the broker. A lost one is never mended: the next is another link, which holds nothing old."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from emulator.doors.mqtt.broker import CONNECT_S, NOT_AUTHORIZED, REFUSED_S, Broker, BrokerTrouble, UnsupportedVersion
from emulator.doors.mqtt.topics import OFFLINE
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

KEEPALIVE_S = 10
"""After 1.5 times that without a sign of us, the broker says that we are offline; what lies in a dead connection is
hardly older when it arrives."""

LEAVE_S = 1.0
"""For the goodbye to be sent."""

LARGEST_PACKET = 64 * 1024
"""Bytes of a packet that a broker may send us; a command has 1 KiB at most."""

HEARD_S = 3.0
"""For a message to ourselves to come back; a broker on the LAN takes milliseconds."""

NOBODY = "check"
"""Name of no alarm, and id of a program that has never run."""

NEVER_RETAINED = 2
"""Retain handling: what was retained before we came is not sent to us."""

V5, V3 = MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311


class Received(NamedTuple):
    """A message. `repeated` is True if it may have come before.

    `retained` is True if it was sent to be kept; None where MQTT 3.1.1 tells only of those that were kept before.
    """

    topic: str
    payload: bytes
    retained: bool | None
    repeated: bool


class BoundedClient(Client):
    """A client that hangs up on a packet that is too large: one of 256 MB would take a GB of memory.

    By 3.1.1 a broker hands on whatever another client has sent, and cannot be told of a limit.
    """

    def _sock_recv(self, bufsize: int) -> bytes:
        return super()._sock_recv(bufsize) if bufsize <= LARGEST_PACKET else b""


@dataclass(eq=False)
class Link:
    """A connection from `open` to `close`, on the library's own thread, which calls `on_message`.

    `status` is the topic at which the broker says `offline` for us when the connection breaks; empty for none.
    """

    broker: Broker
    client_id: str
    version: MQTTProtocolVersion
    status: str = ""
    on_message: Callable[[Received], None] = lambda _message: None
    ended: Future[BrokerTrouble] = field(default_factory=Future)
    """Resolves to the reason when the connection has broken."""

    def __post_init__(self) -> None:
        self._connected: Future[BrokerTrouble | None] = Future()
        self._gone = threading.Event()
        self._filters = self._denied = list[str]()
        self.unheard, self._asked_at = dict[str, str](), 0.0
        self._verdicts: dict[int, int] = {}

    @property
    def denied(self) -> Sequence[str]:
        """The filters that the broker does not let us read: it refuses them, or grants them and brings nothing."""
        is_due = time.monotonic() - self._asked_at >= HEARD_S and not self.is_mute
        return sorted({*self._denied, *(self.unheard.copy().values() if is_due else ())})

    def open(self) -> "Link":
        """Connect, and return this; BrokerTrouble says why that was not possible."""
        client = self._client = self._made()
        fresh: dict[str, Any] = {}
        if self.version is V5:
            limits = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # of the library
            limits.SessionExpiryInterval, limits.MaximumPacketSize = 0, LARGEST_PACKET
            fresh = {"clean_start": True, "properties": limits}
        try:
            client.connect(self.broker.address, self.broker.port, KEEPALIVE_S, **fresh)
        except OSError as error:
            raise self.broker.unreachable(error) from None
        client.loop_start()
        try:
            why = self._connected.result(CONNECT_S)
        except TimeoutError:
            # So does amqtt with MQTT 5, where there is a will.
            why = UnsupportedVersion(
                Text("{broker} takes the connection, and does not answer as a broker does", broker=str(self.broker))
            )
        if why:
            self.close()
            raise why
        return self

    def subscribe(self, filters: list[str]) -> None:
        """Ask for messages that are sent from now on, each at most once.

        An empty one, which nobody obeys, is sent to a topic of each filter with a wildcard, and noted until it comes:
        mosquitto grants a subscription without the right to read, and is silent (mqtt.md §2).
        """
        self._filters = filters
        how: Any = SubscribeOptions(retainAsPublished=True, retainHandling=NEVER_RETAINED) if self.version is V5 else 0
        self._client.subscribe([(one, how) for one in filters])
        self.unheard = {one.replace("+", NOBODY): one for one in filters if "+" in one}
        self._asked_at = time.monotonic()
        for topic in tuple(self.unheard):
            self.publish(topic, "", retain=False)

    @property
    def is_mute(self) -> bool:
        """True if the broker has refused a message that was sent with `qos` 1, for want of a right."""
        return NOT_AUTHORIZED in self._verdicts.values()

    def publish(self, topic: str, payload: str, *, retain: bool, qos: int = 0) -> MQTTMessageInfo:
        """Send a message; it is lost if the connection is."""
        return self._client.publish(topic, payload, qos=qos, retain=retain)

    def ask(self, topic: str, payload: str, within_s: float) -> int | None:
        """Send a message, and return the reason code of the broker's answer; None if it says nothing in time."""
        sent = self.publish(topic, payload, retain=False, qos=1)
        with suppress(RuntimeError, ValueError):  # the connection has broken
            sent.wait_for_publish(within_s)
            return self._verdicts.get(sent.mid, 0) if sent.is_published() else None
        return None

    def end(self, why: BrokerTrouble) -> None:
        """Note that this connection is of no more use; whatever still arrives is old."""
        with suppress(InvalidStateError):  # it has ended before
            self.ended.set_result(why)

    def close(self) -> None:
        """Send what is queued, say goodbye, and end the library's thread; the will is not published."""
        self.end(BrokerTrouble("it was closed"))
        self._client.disconnect()
        if not self._gone.wait(LEAVE_S) and isinstance(left := self._client.socket(), socket.socket):
            with suppress(OSError):
                left.shutdown(socket.SHUT_RDWR)
        self._client.loop_stop()
        self._client.reinitialise()  # or two sockets of its own stay open until the garbage is collected

    def _made(self) -> Client:
        session: dict[str, Any] = {"clean_session": None if self.version is V5 else True, "reconnect_on_failure": False}
        client = BoundedClient(CallbackAPIVersion.VERSION2, self.client_id, protocol=self.version, **session)
        client.connect_timeout = CONNECT_S
        if context := self.broker.context():
            client.tls_set_context(context)
        if self.broker.user:
            client.username_pw_set(self.broker.user, self.broker.password or None)
        if self.status:
            client.will_set(self.status, OFFLINE, qos=1, retain=True)
        for event in ("on_connect", "on_disconnect", "on_message", "on_subscribe", "on_publish", "on_socket_open"):
            setattr(client, event, getattr(self, f"_{event}"))
        return client

    # -- on the library's thread ----------------------------------------------------------------------------

    def _on_socket_open(self, _client: Client, _data: Any, opened: Any) -> None:
        # Otherwise a state waits some 40 ms for the broker to confirm what went before.
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _on_connect(self, _client: Client, _data: Any, flags: ConnectFlags, code: ReasonCode, _more: Any) -> None:
        old = Text("{broker} keeps old commands, although it was asked not to", broker=str(self.broker))
        refusal = self.broker.refusal(code.value, str(code)) if code.is_failure else None
        self._settle(refusal or (BrokerTrouble(old, REFUSED_S) if flags.session_present else None))

    def _on_disconnect(self, _client: Client, _data: Any, _flags: Any, code: ReasonCode, _more: Any) -> None:
        self._gone.set()
        closed = Text("{broker} closes the connection before it has begun", broker=str(self.broker))
        self._settle(UnsupportedVersion(closed) if self.version is V5 else BrokerTrouble(closed))
        self.end(self.broker.broken(code.value, str(code), self.client_id))

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        try:
            self.unheard.pop(message.topic, None)
            retained = message.retain or (False if self.version is V5 else None)
            self.on_message(Received(message.topic, bytes(message.payload), retained, message.dup))
        except Exception:
            # Nothing may end this thread while the connection stands.
            LOG.exception("a message was not taken")

    def _on_subscribe(self, _client: Client, _data: Any, _number: int, codes: list[ReasonCode], _more: Any) -> None:
        self._denied = [one for one, code in zip(self._filters, codes, strict=False) if code.is_failure]

    def _on_publish(self, _client: Client, _data: Any, number: int, code: ReasonCode, _more: Any) -> None:
        self._verdicts[number] = code.value

    def _settle(self, why: BrokerTrouble | None) -> None:
        if not self._connected.done():
            self._connected.set_result(why)


def connect(
    broker: Broker, client_id: str, status: str = "", on_message: Callable[[Received], None] = lambda _message: None
) -> Link:
    """Return a connection by MQTT 5, or by 3.1.1 to a broker that does not speak that; BrokerTrouble."""
    try:
        return Link(broker, client_id, V5, status, on_message).open()
    except UnsupportedVersion:
        return Link(broker, client_id, V3, status, on_message).open()
