"""A client's session and its connection, on the thread of the broker that tests have."""

import asyncio
import struct
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.support import mqtt_packets as wire
from tests.support.mqtt_packets import Body, Connect, Fault, Message, Subscription

if TYPE_CHECKING:
    from tests.support.broker import Broker


@dataclass
class Session:
    """What the broker knows of a client, connected or not."""

    connect: Connect
    connection: "Connection | None" = None
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    unconfirmed: dict[int, Message] = field(default_factory=dict)
    """Messages of QoS 1 by packet id, until the client has confirmed them."""
    last_id: int = 0

    def deliver(self, message: Message, qos: int, retain: bool) -> None:
        packet_id = 0
        if qos:
            packet_id = self.last_id = self.last_id % 0xFFFF + 1
            self.unconfirmed[packet_id] = replace(message, retain=retain, dup=True)
        if self.connection:
            self.connection.publish(replace(message, retain=retain, dup=False), packet_id)

    def resume(self, connection: "Connection") -> None:
        self.connection = connection
        for packet_id, message in self.unconfirmed.items():
            connection.publish(message, packet_id)


class Connection(asyncio.Protocol):
    """A client's connection, on the broker's thread."""

    def __init__(self, broker: "Broker") -> None:
        self.broker = broker
        self.session: Session | None = None
        self.transport: asyncio.Transport
        self.lost = asyncio.get_running_loop().create_future()
        self._version = wire.V311
        self._came, self._unsent = bytearray(), b""
        self._will: Message | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.broker.connections.add(self)

    def connection_lost(self, _: Exception | None) -> None:
        self.broker.connections.discard(self)
        self._leave()
        self.lost.set_result(None)

    def data_received(self, data: bytes) -> None:
        self._came += data
        self._arm()
        self.go_on()

    def go_on(self) -> None:
        """Do what has come, unless the broker is silent."""
        unsent, self._unsent = self._unsent, b""
        self.send(unsent)
        try:
            if not self.broker.is_silent:
                for kind, flags, body in wire.cut(self._came):
                    self._take(kind, flags, body)
        except Fault as fault:
            self._came.clear()
            if fault.reason != wire.UNSUPPORTED_VERSION:
                self.broker.faults.append(str(fault))
            self.close(fault.reason)

    def send(self, data: bytes) -> None:
        if self.broker.is_silent:
            self._unsent += data
        elif data and not self.transport.is_closing():
            self.transport.write(data)

    def publish(self, message: Message, packet_id: int) -> None:
        data = wire.write_publish(message, self._version, packet_id)
        if self.session and len(data) <= getattr(self.session.connect.properties, "MaximumPacketSize", len(data)):
            self.send(data)

    def _arm(self) -> None:
        if self._timer:
            self._timer.cancel()
        if self.session and (keepalive_s := self.session.connect.keepalive_s):
            self._timer = asyncio.get_running_loop().call_later(1.5 * keepalive_s, self._be_missed)

    def _be_missed(self) -> None:
        if self.broker.is_silent:
            self._arm()
        else:
            self.close(wire.KEEPALIVE_TIMEOUT)

    def _take(self, kind: int, flags: int, data: bytes) -> None:
        body = Body(kind, data, self._version)
        if self.transport.is_closing():
            return
        if (self.session is None) != (kind == PacketTypes.CONNECT):
            raise Fault(wire.PROTOCOL_ERROR, f"packet type {kind} is out of turn")
        if kind == PacketTypes.CONNECT:
            self._connect(wire.read_connect(data))
        elif kind == PacketTypes.PUBLISH:
            packet_id, message = wire.read_publish(flags, data, self._version, self.session.connect.client_id)
            is_let = not message.topic.startswith(tuple(self.broker.unwritable))
            found = is_let and self.broker.route(message)
            if packet_id:
                why = wire.NOBODY_SUBSCRIBED if is_let else wire.NOT_AUTHORISED
                reason = b"" if found or self._version != wire.V5 else bytes([why])
                self.send(wire.packet(PacketTypes.PUBACK, struct.pack("!H", packet_id), reason))
        elif kind == PacketTypes.PUBACK:
            confirmed = self.session.unconfirmed.pop(body.packet_id(), None)
            if confirmed is None:
                raise Fault(wire.PROTOCOL_ERROR, "PUBACK of what was not sent")
            self.broker.confirmed.append(confirmed)
        elif kind == PacketTypes.SUBSCRIBE:
            self._subscribe(body)
        elif kind == PacketTypes.UNSUBSCRIBE:
            self._unsubscribe(body)
        elif kind == PacketTypes.PINGREQ:
            body.end()
            self.send(wire.packet(PacketTypes.PINGRESP))
        elif kind == PacketTypes.DISCONNECT:
            self._disconnect(body)
        else:
            raise Fault(wire.PROTOCOL_ERROR, f"packet type {kind} is none that a client of this broker sends")

    def _connect(self, connect: Connect) -> None:
        self._version = connect.version
        self.broker.connects.append(connect)
        if reason := self.broker.verdict(connect):
            self.close(reason)
            return
        ours = Properties(PacketTypes.CONNACK)
        ours.MaximumQoS = 1
        if not connect.client_id:
            if connect.version == wire.V311 and not connect.clean:
                raise Fault(wire.BAD_ID, "no client id for a session that is kept")
            connect = replace(connect, client_id=f"assigned-{len(self.broker.connects)}")
            ours.AssignedClientIdentifier = connect.client_id
        before = self.broker.sessions.get(connect.client_id)
        if before and before.connection:
            before.connection.close(wire.TAKEN_OVER)
        present = before is not None and not connect.clean and bool(before.connect.session_expiry_s)
        self.session = replace(before, connect=connect) if before and present else Session(connect)
        self.broker.sessions[connect.client_id] = self.session
        self._will = connect.will
        answer = ours.pack() if self._version == wire.V5 else b""
        self.send(wire.packet(PacketTypes.CONNACK, bytes([present, 0]), answer))
        self.session.resume(self)
        self._arm()

    def _subscribe(self, body: Body) -> None:
        packet_id = body.packet_id()
        body.properties()
        asked = [
            wire.NOT_AUTHORISED if isinstance(each, Subscription) and each.pattern in self.broker.unreadable else each
            for each in wire.read_subscriptions(body, self._version)
        ]
        failed = [each if self._version == wire.V5 else 0x80 for each in asked if isinstance(each, int)]
        codes = bytes(failed.pop(0) if isinstance(each, int) else each.qos for each in asked)
        self._answer(PacketTypes.SUBACK, packet_id, codes)
        for each in asked:
            if isinstance(each, Subscription):
                self.broker.subscribe(self.session, each)

    def _unsubscribe(self, body: Body) -> None:
        packet_id, codes = body.packet_id(), b""
        body.properties()
        while body.more():
            found = self.session.subscriptions.pop(body.text(), None)
            codes += bytes([0 if found else wire.NOT_SUBSCRIBED])
        self._answer(PacketTypes.UNSUBACK, packet_id, codes if self._version == wire.V5 else b"")

    def _answer(self, kind: int, packet_id: int, codes: bytes) -> None:
        properties = b"\0" if self._version == wire.V5 else b""
        self.send(wire.packet(kind, struct.pack("!H", packet_id), properties, codes))

    def _disconnect(self, body: Body) -> None:
        reason = body.number(1) if self._version == wire.V5 and body.more() else 0
        body.properties()
        body.end()
        if reason != wire.WITH_WILL:
            self._will = None
        self.transport.close()

    def close(self, reason: int) -> None:
        """End the connection for this reason, in the words of its version."""
        if not self.session and self._version == wire.V5 and self.broker.refuses_v5 == "by silence":
            self.transport.pause_reading()
            return
        if self.session:
            if self._version == wire.V5:
                self.send(wire.packet(PacketTypes.DISCONNECT, bytes([reason, 0])))
        elif self._version == wire.V5 and self.broker.refuses_v5 in (None, "by 5"):
            self.send(wire.packet(PacketTypes.CONNACK, bytes([0, reason, 0])))
        elif reason in wire.OLD_CODES and self.broker.refuses_v5 != "without a word":
            self.send(wire.packet(PacketTypes.CONNACK, bytes([0, wire.OLD_CODES[reason]])))
        self._leave()
        self.transport.close()

    def _leave(self) -> None:
        """End the session, unless the client has asked to keep it, and publish its will."""
        if self._timer:
            self._timer.cancel()
        session, self.session, will, self._will = self.session, None, self._will, None
        if session and session.connection is self:
            session.connection = None
            if not session.connect.session_expiry_s:
                self.broker.sessions.pop(session.connect.client_id, None)
        if will:
            self.broker.route(will)
