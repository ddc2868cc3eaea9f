"""Packets of MQTT 3.1.1 and 5 as a broker reads and writes them: pure, and strict with what clients send."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, Never

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties, VariableByteIntegers

V311, V5 = 4, 5

MALFORMED, PROTOCOL_ERROR, UNSUPPORTED_VERSION, BAD_ID = 0x81, 0x82, 0x84, 0x85
BAD_CREDENTIALS, NOT_AUTHORISED, UNAVAILABLE = 0x86, 0x87, 0x88
KEEPALIVE_TIMEOUT, TAKEN_OVER, BAD_FILTER, BAD_TOPIC = 0x8D, 0x8E, 0x8F, 0x90
NO_SUCH_ALIAS, NO_SUCH_QOS, NO_SHARED = 0x94, 0x9B, 0x9E
NOBODY_SUBSCRIBED, NOT_SUBSCRIBED, WITH_WILL = 0x10, 0x11, 0x04

OLD_CODES = {UNSUPPORTED_VERSION: 1, BAD_ID: 2, UNAVAILABLE: 3, BAD_CREDENTIALS: 4, NOT_AUTHORISED: 5}
"""Reason of a CONNACK of MQTT 5 → return code of 3.1.1."""

FLAGS = dict.fromkeys((PacketTypes.SUBSCRIBE, PacketTypes.UNSUBSCRIBE), 2)
"""Flags that a packet must have; none where it is not named. Those of PUBLISH have a meaning."""


class Fault(Exception):
    """A client broke the protocol: reason code, and what it did."""

    def __init__(self, reason: int, text: str) -> None:
        super().__init__(f"{text} (0x{reason:02X})")
        self.reason = reason


@dataclass(frozen=True)
class Message:
    """A message as its publisher sent it, a will included."""

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    dup: bool = False
    client: str = ""
    """Client id of the publisher."""
    properties: Properties | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Connect:
    """What a client asked for."""

    version: int
    client_id: str
    clean: bool
    keepalive_s: int
    user: str | None
    password: bytes | None = field(repr=False)
    will: Message | None
    properties: Properties

    @property
    def session_expiry_s(self) -> int:
        """Return how long the session outlives the connection."""
        if self.version == V5:
            return int(getattr(self.properties, "SessionExpiryInterval", 0))
        return 0 if self.clean else 0xFFFFFFFF


class Subscription(NamedTuple):
    """A filter and its options. Those of 3.1.1 have the QoS alone."""

    pattern: str
    qos: int
    no_local: bool
    as_published: bool
    handling: int

    def takes(self, topic: str) -> bool:
        """Return whether the filter matches; wildcards do not see `$SYS`."""
        wanted, given = self.pattern.split("/"), topic.split("/")
        if topic.startswith("$") and wanted[0] in ("+", "#"):
            return False
        if wanted[-1] == "#":
            wanted.pop()
            given = given[: len(wanted)]
        return len(wanted) == len(given) and all(want in ("+", part) for want, part in zip(wanted, given, strict=True))


class Body:
    """A cursor over the body of a packet."""

    def __init__(self, kind: int, data: bytes, version: int) -> None:
        self._kind, self._data, self._version = kind, data, version

    def take(self, size: int | None = None) -> bytes:
        """Return the next bytes, or the rest."""
        size = len(self._data) if size is None else size
        if size > len(self._data):
            raise Fault(MALFORMED, "a packet is shorter than it says")
        taken, self._data = self._data[:size], self._data[size:]
        return taken

    def number(self, size: int = 2) -> int:
        return int.from_bytes(self.take(size))

    def packet_id(self) -> int:
        return self.number() or self._fail(PROTOCOL_ERROR, "packet id 0")

    def binary(self) -> bytes:
        return self.take(self.number())

    def text(self) -> str:
        try:
            text = self.binary().decode()
        except UnicodeDecodeError:
            text = "\0"
        return self._fail(MALFORMED, "a text is not UTF-8, or holds NUL") if "\0" in text else text

    def properties(self, kind: int = 0) -> Properties:
        """Return those of MQTT 5; 3.1.1 has none, and an answer may leave them out."""
        found = Properties(kind or self._kind)
        if self._version != V5 or (not self._data and self._kind in (PacketTypes.PUBACK, PacketTypes.DISCONNECT)):
            return found
        try:
            size, length = VariableByteIntegers.decode(self._data)
            found.unpack(self.take(size + length))
        except Fault:
            raise
        except Exception as error:  # paho's parser checks nothing by itself, and has errors of two kinds
            raise Fault(MALFORMED, f"properties: {error}") from None
        return found

    def more(self) -> bool:
        return bool(self._data)

    def end(self) -> None:
        if self._data:
            raise Fault(MALFORMED, f"{len(self._data)} bytes too many in packet type {self._kind}")

    def _fail(self, reason: int, text: str) -> Never:
        raise Fault(reason, text)


def cut(buffer: bytearray) -> Iterator[tuple[int, int, bytes]]:
    """Take whole packets out of what has come: type, flags, body."""
    while len(buffer) >= 2:
        size_bytes = next((n for n, byte in enumerate(buffer[1:5], 1) if byte < 0x80), 0)
        if not size_bytes:
            if len(buffer) > 4:
                raise Fault(MALFORMED, "a length of more than four bytes")
            return
        size = sum((byte & 0x7F) << 7 * n for n, byte in enumerate(buffer[1 : 1 + size_bytes]))
        end = 1 + size_bytes + size
        if len(buffer) < end:
            return
        kind, flags, body = buffer[0] >> 4, buffer[0] & 15, bytes(buffer[1 + size_bytes : end])
        del buffer[:end]
        if kind != PacketTypes.PUBLISH and flags != FLAGS.get(kind, 0):
            raise Fault(MALFORMED, f"flags {flags} of packet type {kind}")
        yield kind, flags, body


def packet(kind: int, *parts: bytes, flags: int = 0) -> bytes:
    """Return a packet of these parts."""
    body = b"".join(parts)
    return bytes([kind << 4 | flags]) + VariableByteIntegers.encode(len(body)) + body


def text(value: str) -> bytes:
    """Return a text with its length before it."""
    return struct.pack("!H", len(value.encode())) + value.encode()


def read_connect(data: bytes) -> Connect:
    """Parse a CONNECT. A Fault with UNSUPPORTED_VERSION is raised for any that is neither 3.1.1 nor 5."""
    head = Body(PacketTypes.CONNECT, data, V311)
    if (head.text(), version := head.number(1)) not in (("MQTT", V311), ("MQTT", V5)):
        raise Fault(UNSUPPORTED_VERSION, f"version {version}")
    body = Body(PacketTypes.CONNECT, head.take(), version)
    flags, keepalive_s = body.number(1), body.number()
    has_will, will_qos = bool(flags & 4), flags >> 3 & 3
    if flags & 1 or will_qos == 3 or (not has_will and flags & 0x38) or (version == V311 and flags & 0xC0 == 0x40):
        raise Fault(MALFORMED, f"flags 0x{flags:02X} of CONNECT")
    properties, client_id, will = body.properties(), body.text(), None
    if has_will:
        will_properties, topic = body.properties(PacketTypes.WILLMESSAGE), name_of_topic(body.text())
        will = Message(topic, body.binary(), will_qos, bool(flags & 0x20), False, client_id, will_properties)
    user = body.text() if flags & 0x80 else None
    password = body.binary() if flags & 0x40 else None
    body.end()
    return Connect(version, client_id, bool(flags & 2), keepalive_s, user, password, will, properties)


def read_publish(flags: int, data: bytes, version: int, client: str) -> tuple[int, Message]:
    """Parse a PUBLISH: its packet id, 0 for QoS 0, and the message."""
    body = Body(PacketTypes.PUBLISH, data, version)
    qos, topic = flags >> 1 & 3, body.text()
    if qos == 3 or (flags & 8 and not qos):
        raise Fault(MALFORMED, f"flags {flags} of PUBLISH")
    if qos == 2:
        raise Fault(NO_SUCH_QOS, "QoS 2, and this broker said that it has none")
    packet_id = body.packet_id() if qos else 0
    properties = body.properties()
    if hasattr(properties, "TopicAlias") or hasattr(properties, "SubscriptionIdentifier"):
        raise Fault(NO_SUCH_ALIAS, "a topic alias, or what only a broker may send")
    return packet_id, Message(
        name_of_topic(topic), body.take(), qos, bool(flags & 1), bool(flags & 8), client, properties
    )


def read_subscriptions(body: Body, version: int) -> Iterator[Subscription | int]:
    """Yield each filter of a SUBSCRIBE, or the reason for which it is refused."""
    if not body.more():
        raise Fault(PROTOCOL_ERROR, "SUBSCRIBE without a filter")
    while body.more():
        pattern, options = body.text(), body.number(1)
        if options & (0xC0 if version == V5 else 0xFC) or options & 3 == 3 or options >> 4 == 3:
            raise Fault(MALFORMED, f"options 0x{options:02X} of SUBSCRIBE")
        levels = pattern.split("/")
        if not pattern or any(len(each) > 1 and ("+" in each or "#" in each) for each in levels) or "#" in levels[:-1]:
            yield BAD_FILTER
        elif levels[0] == "$share":
            yield NO_SHARED
        else:
            yield Subscription(pattern, min(options & 3, 1), bool(options & 4), bool(options & 8), options >> 4 & 3)


def write_publish(message: Message, version: int, packet_id: int) -> bytes:
    """Return the PUBLISH of a message; its QoS is 0 without a packet id."""
    properties = Properties(PacketTypes.PUBLISH)
    for name, value in vars(message.properties or properties).items():
        if name[0].isupper() and name != "WillDelayInterval":
            setattr(properties, name, value)
    return packet(
        PacketTypes.PUBLISH,
        text(message.topic),
        struct.pack("!H", packet_id) if packet_id else b"",
        properties.pack() if version == V5 else b"",
        message.payload,
        flags=(8 if message.dup and packet_id else 0) | (2 if packet_id else 0) | message.retain,
    )


def name_of_topic(topic: str) -> str:
    """Return a topic to publish to, which is a name and no filter."""
    if not topic or "+" in topic or "#" in topic:
        raise Fault(BAD_TOPIC, f"topic {topic!r}")
    return topic
