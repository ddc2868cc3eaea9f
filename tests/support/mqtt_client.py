"""An MQTT client of a test: paho itself, and what it has heard."""

import ssl
import threading
from typing import Any, Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from tests.support.patience import PATIENCE_S, until

V311, V5 = MQTTProtocolVersion.MQTTv311, MQTTProtocolVersion.MQTTv5
KEEPALIVE_S = 60
HOST = "127.0.0.1"


class ClosedOnFailure(ssl.SSLSocket):
    """A socket which a failed handshake closes: paho leaves that to the garbage collector, which warns."""

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


class MqttClient:
    """A client that hears what it subscribes to and keeps it in order. It connects once; paho does it again."""

    def __init__(
        self,
        port: int,
        *,
        name: str = "",
        version: MQTTProtocolVersion = V5,
        clean: bool = True,
        user: str | None = None,
        password: str | None = None,
        ca: str | None = None,
        will: tuple[str, str] | None = None,
        keepalive_s: int = KEEPALIVE_S,
    ) -> None:
        self.heard: list[MQTTMessage] = []
        self.refused: list[ReasonCode] = []
        """Reasons with which it was refused or sent away, in order."""
        self.connected = threading.Event()
        self._confirmed: dict[int, ReasonCode] = {}
        self._granted: dict[int, list[ReasonCode]] = {}
        old: dict[str, Any] = {} if version == V5 else {"clean_session": clean}
        self.paho = Client(CallbackAPIVersion.VERSION2, name, protocol=version, **old)
        self.paho.reconnect_delay_set(1, 1)
        self.paho.on_connect = self._on_connect
        self.paho.on_disconnect = self._on_disconnect
        self.paho.on_message = lambda _client, _data, message: self.heard.append(message)
        self.paho.on_publish = lambda _client, _data, number, reason, _properties: self._confirmed.update(
            {number: reason}
        )
        self.paho.on_subscribe = lambda _client, _data, number, reasons, _properties: self._granted.update(
            {number: reasons}
        )
        if user is not None:
            self.paho.username_pw_set(user, password)
        if ca:
            context = ssl.create_default_context(cafile=ca)
            context.sslsocket_class = ClosedOnFailure
            self.paho.tls_set_context(context)
        if will:
            self.paho.will_set(*will, qos=1, retain=True)
        self._version, self._port, self._keepalive_s = version, port, keepalive_s
        self._login: dict[str, Any] = {"user": user, "password": password, "ca": ca, "version": version}
        self._new: dict[str, Any] = {}
        if version == V5:
            kept = Properties(PacketTypes.CONNECT)
            kept.SessionExpiryInterval = 0 if clean else 3600
            self._new = {"clean_start": clean, "properties": kept}

    def __enter__(self) -> Self:
        """Connect; it may be refused."""
        self.paho.connect(HOST, self._port, self._keepalive_s, **self._new)
        self.paho.loop_start()
        until(lambda: self.connected.is_set() or self.refused, "an answer to CONNECT")
        return self

    def __exit__(self, *_: object) -> None:
        self.paho.disconnect()
        self.paho.loop_stop()

    def subscribe(self, pattern: str, qos: int = 0, **options: Any) -> ReasonCode:
        """Subscribe, with options of MQTT 5, and return the broker's answer."""
        asked = {"options": SubscribeOptions(qos, **options)} if self._version == V5 else {"qos": qos}
        _, number = self.paho.subscribe(pattern, **asked)
        until(lambda: number in self._granted, f"SUBACK for {pattern}")
        return self._granted[number][0]

    def publish(self, topic: str, payload: str = "", qos: int = 0, **other: Any) -> ReasonCode:
        """Publish, and return the broker's answer; of QoS 0 there is none but that it was sent."""
        info = self.paho.publish(topic, payload, qos, **other)
        info.wait_for_publish(PATIENCE_S)
        until(lambda: info.mid in self._confirmed, f"PUBACK for {topic}")
        return self._confirmed[info.mid]

    def wait_for(self, topic: str, *payloads: str) -> None:
        """Wait until a topic's last payload is one of these, or until there is any."""

        def is_so() -> bool:
            last = self.last(topic)
            return last is not None and (not payloads or last in payloads)

        try:
            until(is_so, f"{payloads or 'anything'} in {topic}")
        except AssertionError as error:
            raise AssertionError(f"{error}; it was told {self.payloads(topic)}") from None

    def last(self, topic: str) -> str | None:
        """Return the last payload of a topic."""
        return next((message.payload.decode() for message in reversed(self.heard) if message.topic == topic), None)

    def payloads(self, topic: str) -> list[str]:
        return [message.payload.decode() for message in self.heard if message.topic == topic]

    def vanish(self) -> None:
        """End the connection without a word, so that the broker publishes the will."""
        self.paho.loop_stop()
        self.paho.socket().close()

    def _on_connect(self, _client: Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any) -> None:
        if reason.is_failure:
            self.refused.append(reason)
        else:
            self.connected.set()

    def _on_disconnect(self, _client: Client, _data: Any, _flags: Any, reason: ReasonCode, _properties: Any) -> None:
        self.connected.clear()
        self.refused.append(reason)
