"""The tests' own broker, as paho finds it in both versions."""

import socket
import ssl
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tests.support import mqtt_packets as wire
from tests.support.broker import Broker, Refusal
from tests.support.mqtt_client import V5, V311, MqttClient
from tests.support.mqtt_packets import packet, text
from tests.support.patience import PATIENCE_S, until

BOTH = pytest.mark.parametrize("version", [V5, V311])


@pytest.fixture
def broker() -> Iterator[Broker]:
    with Broker() as made:
        yield made
    assert made.faults == []


@pytest.fixture
def strict() -> Iterator[Broker]:
    """A broker whose clients break the protocol."""
    with Broker() as made:
        yield made


@BOTH
@pytest.mark.parametrize("qos", [0, 1])
def test_a_message_reaches_who_has_subscribed(broker: Broker, version: MQTTProtocolVersion, qos: int) -> None:
    with MqttClient(broker.port, version=version) as one, MqttClient(broker.port, version=version) as other:
        assert one.subscribe("a/+/c", qos).value == qos
        other.publish("a/b/c", "x", qos=1)
        one.wait_for("a/b/c", "x")
        other.publish("a/b/d", "y", qos=1)
        broker.publish("a/b/c", "z", qos=1)
        one.wait_for("a/b/c", "z")
        assert [(message.topic, message.qos, message.retain) for message in one.heard] == [("a/b/c", qos, False)] * 2
        assert other.heard == []
        broker.wait_for(lambda: len(broker.confirmed) == 2 * qos)
    assert [message.payload for message in broker.published] == [b"x", b"y", b"z"]


@pytest.mark.parametrize(
    ("pattern", "topic", "is_taken"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/b/c", False),
        ("a/+", "a/b", True),
        ("a/+", "a", False),
        ("a/+", "a/", True),
        ("+/+", "/a", True),
        ("a/+/c", "a/b/d", False),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("a/#", "ab", False),
        ("#", "a/b", True),
        ("#", "$SYS/a", False),
        ("+/a", "$SYS/a", False),
        ("$SYS/#", "$SYS/a", True),
    ],
)
def test_a_filter_takes_what_the_standard_says(pattern: str, topic: str, is_taken: bool) -> None:
    assert wire.Subscription(pattern, 0, False, False, 0).takes(topic) is is_taken


@BOTH
def test_what_is_retained_is_told_to_who_comes_later(broker: Broker, version: MQTTProtocolVersion) -> None:
    with MqttClient(broker.port, version=version) as one, MqttClient(broker.port, version=version) as other:
        one.subscribe("a")
        other.publish("a", "x", qos=1, retain=True)
        one.wait_for("a", "x")
        assert broker.retained("a") == b"x"
        assert broker.topics() == ["a"]
        with MqttClient(broker.port, version=version) as late:
            late.subscribe("#")
            late.wait_for("a", "x")
            assert [one.heard[0].retain, late.heard[0].retain] == [False, True]
        other.publish("a", "", qos=1, retain=True)
        assert broker.retained("a") is None


def test_options_of_a_subscription_in_5(broker: Broker) -> None:
    broker.publish("a", "old", retain=True)
    with MqttClient(broker.port) as one:
        one.subscribe("a", retainHandling=2, retainAsPublished=True, noLocal=True)
        one.publish("a", "own", qos=1)
        broker.publish("a", "flagged", retain=True)
        one.wait_for("a", "flagged")
        assert [(message.payload, message.retain) for message in one.heard] == [(b"flagged", True)]
        one.subscribe("a", retainHandling=1)
        one.subscribe("b", retainHandling=1)
        broker.publish("b", "end")
        one.wait_for("b", "end")
        assert len(one.heard) == 2


def test_nobody_has_subscribed_is_an_answer_in_5(broker: Broker) -> None:
    with MqttClient(broker.port) as one:
        assert one.publish("a", "x", qos=1).value == wire.NOBODY_SUBSCRIBED
        one.subscribe("#")
        assert one.publish("a", "x", qos=1).value == 0


def test_properties_are_handed_on(broker: Broker) -> None:
    with MqttClient(broker.port) as one:
        one.subscribe("a")
        said = Properties(PacketTypes.PUBLISH)
        said.MessageExpiryInterval, said.UserProperty = 10, ("k", "v")
        one.publish("a", "x", qos=1, properties=said)
        broker.publish("a", "y", MessageExpiryInterval=7)
        one.wait_for("a", "y")
        first, second = (message.properties.json() for message in one.heard)
        assert first == {"MessageExpiryInterval": 10, "UserProperty": [("k", "v")]}
        assert second == {"MessageExpiryInterval": 7}


@BOTH
def test_a_will_is_published_for_who_vanishes_and_for_nobody_who_leaves(
    broker: Broker, version: MQTTProtocolVersion
) -> None:
    with MqttClient(broker.port, version=version, will=("polite", "gone")):
        pass
    with MqttClient(broker.port, version=version, will=("rude", "gone")) as rude:
        rude.vanish()
        broker.wait_for(lambda: broker.retained("rude") == b"gone")
    with MqttClient(broker.port, version=version, will=("silent", "gone"), keepalive_s=1) as silent:
        silent.paho.loop_stop()
        broker.wait_for(lambda: broker.retained("silent") == b"gone")
    assert broker.retained("polite") is None


@BOTH
def test_who_may_not_read_or_write_is_told_so_in_5(broker: Broker, version: MQTTProtocolVersion) -> None:
    broker.unreadable, broker.unwritable = ["secret/+"], ["secret/"]
    with MqttClient(broker.port, version=version) as one:
        assert one.subscribe("secret/+").is_failure
        assert not one.subscribe("open/+").is_failure
        assert one.publish("secret/a", "x", qos=1).value == (wire.NOT_AUTHORISED if version == V5 else 0)
        assert one.publish("open/a", "x", qos=1).value == 0
        one.wait_for("open/a", "x")
    assert [message.topic for message in broker.published] == ["open/a"]


@BOTH
def test_who_is_not_known_is_refused(version: MQTTProtocolVersion) -> None:
    with Broker(users={"home": "right"}) as broker:
        for password in ("wrong", None):
            with MqttClient(broker.port, version=version, user="home", password=password) as one:
                assert one.refused[0].value == wire.BAD_CREDENTIALS
        with MqttClient(broker.port, version=version, user="home", password="right") as one:
            assert one.connected.is_set()
            assert broker.connects[-1].password == b"right"
    assert "right" not in repr(broker.connects)


@BOTH
def test_it_may_refuse_anybody(broker: Broker, version: MQTTProtocolVersion) -> None:
    broker.refusal = wire.NOT_AUTHORISED
    with MqttClient(broker.port, version=version) as one:
        assert one.refused[0].value == wire.NOT_AUTHORISED


@pytest.mark.parametrize("how", ["by 5", "by 3.1.1", "without a word"])
def test_it_may_be_too_old_for_5(broker: Broker, how: Refusal) -> None:
    broker.refuses_v5 = how
    with MqttClient(broker.port) as one:
        assert not one.connected.is_set()
        said = one.refused[0].getName()
        assert said == ("Unspecified error" if how == "without a word" else "Unsupported protocol version")
    with MqttClient(broker.port, version=V311) as one:
        assert one.connected.is_set()


def test_a_second_client_of_the_same_id_takes_the_session_over(broker: Broker) -> None:
    with MqttClient(broker.port, name="twin", will=("twin", "gone")) as first:
        first.paho.reconnect_delay_set(120, 120)
        with MqttClient(broker.port, name="twin") as second:
            until(lambda: first.refused)
            assert first.refused[0].value == wire.TAKEN_OVER
            assert second.connected.is_set()
            assert broker.retained("twin") == b"gone"
            assert list(broker.sessions) == ["twin"]


@BOTH
def test_a_session_that_is_kept_gets_what_it_missed(broker: Broker, version: MQTTProtocolVersion) -> None:
    with MqttClient(broker.port, name="me", version=version, clean=False) as one:
        one.subscribe("a", 1)
    broker.wait_for(lambda: not broker.connections)
    broker.publish("a", "missed", qos=1)
    broker.publish("a", "too cheap")
    with MqttClient(broker.port, name="me", version=version, clean=False) as again:
        again.wait_for("a", "missed")
        assert (again.heard[0].dup, len(again.heard)) == (True, 1)
    broker.wait_for(lambda: not broker.connections)
    broker.publish("a", "missed", qos=1)
    with MqttClient(broker.port, name="me", version=version) as clean:
        clean.subscribe("a", 1)
        broker.publish("a", "end", qos=1)
        clean.wait_for("a", "end")
        assert len(clean.heard) == 1


@BOTH
def test_it_stops_starts_and_drops(broker: Broker, version: MQTTProtocolVersion) -> None:
    with MqttClient(broker.port, version=version, will=("status", "offline")) as one:
        broker.publish("kept", "x", retain=True)
        for fall in (broker.stop, broker.drop):
            fall()
            until(lambda: not one.connected.is_set())
            broker.wait_for(lambda: broker.retained("status") == b"offline")
            if fall == broker.stop:
                broker.start()
            until(one.connected.is_set)
        assert broker.retained("kept") == b"x"
        broker.forget()
        assert broker.topics() == []


@BOTH
def test_when_it_was_silent_it_does_everything_late(broker: Broker, version: MQTTProtocolVersion) -> None:
    with MqttClient(broker.port, version=version) as one:
        one.subscribe("a")
        broker.be_silent()
        one.paho.publish("a", "late")
        broker.publish("a", "ours")
        with socket.create_connection(("127.0.0.1", broker.port), PATIENCE_S) as other:
            other.sendall(
                packet(PacketTypes.CONNECT, text("MQTT"), bytes([version, 2, 0, 0]), bytes(version == V5), text("x"))
            )
            assert (one.heard, len(broker.connects)) == ([], 1)
            broker.speak()
            assert other.recv(1) == bytes([PacketTypes.CONNACK << 4])
        until(lambda: len(one.heard) == 2)
        assert one.payloads("a") == ["ours", "late"]


def test_it_speaks_tls(tmp_path: Path) -> None:
    ca, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    trustme.CA().cert_pem.write_to_path(tmp_path / "wrong.pem")
    with Broker(tls=context) as broker:
        for _ in range(2):
            with MqttClient(broker.port, ca=str(tmp_path / "ca.pem")) as one:
                assert one.connected.is_set()
            with pytest.raises(ssl.SSLCertVerificationError), MqttClient(broker.port, ca=str(tmp_path / "wrong.pem")):
                pass
            broker.stop()
            broker.start()


HELLO = packet(PacketTypes.CONNECT, text("MQTT"), b"\5\2\0\0\0", text("x"))


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (packet(PacketTypes.PINGREQ), wire.PROTOCOL_ERROR),
        (HELLO * 2, wire.PROTOCOL_ERROR),
        (HELLO + packet(PacketTypes.PINGREQ, b"x"), wire.MALFORMED),
        (HELLO + packet(PacketTypes.PUBLISH, text("a/+"), b"\0x"), wire.BAD_TOPIC),
        (HELLO + packet(PacketTypes.PUBLISH, text("a"), b"\0\1\0", flags=4), wire.NO_SUCH_QOS),
        (HELLO + packet(PacketTypes.PUBLISH, text("a"), b"\0\0\0", flags=2), wire.PROTOCOL_ERROR),
        (HELLO + packet(PacketTypes.PUBLISH, text("a"), b"\0", flags=8), wire.MALFORMED),
        (HELLO + packet(PacketTypes.PUBLISH, text("a"), b"\3\x23\0\1"), wire.NO_SUCH_ALIAS),
        (HELLO + packet(PacketTypes.PUBLISH, text("a"), b"\x7f"), wire.MALFORMED),
        (HELLO + packet(PacketTypes.SUBSCRIBE, b"\0\1\0", text("a"), b"\0"), wire.MALFORMED),
        (HELLO + packet(PacketTypes.SUBSCRIBE, b"\0\1\0", flags=2), wire.PROTOCOL_ERROR),
        (HELLO + packet(PacketTypes.PUBACK, b"\0\1"), wire.PROTOCOL_ERROR),
        (HELLO + b"\x30\xff\xff\xff\xff\x01", wire.MALFORMED),
    ],
)
def test_who_breaks_the_protocol_is_sent_away_and_named(strict: Broker, sent: bytes, reason: int) -> None:
    with socket.create_connection(("127.0.0.1", strict.port), PATIENCE_S) as client:
        client.sendall(sent)
        said = b"".join(iter(lambda: client.recv(100), b""))
    expected = (PacketTypes.DISCONNECT, [reason, 0]) if sent.startswith(HELLO) else (0, [])
    assert said[-4:] == (packet(expected[0], bytes(expected[1])) if expected[0] else b"")
    strict.wait_for(lambda: len(strict.faults) == 1)


def test_a_filter_that_is_none_is_refused_alone(broker: Broker) -> None:
    asked = b"".join(text(each) + b"\0" for each in ("a/#/b", "a", "$share/g/a", "a+"))
    with socket.create_connection(("127.0.0.1", broker.port), PATIENCE_S) as client:
        client.sendall(
            HELLO + packet(PacketTypes.SUBSCRIBE, b"\0\7\0", asked, flags=2) + packet(PacketTypes.DISCONNECT)
        )
        said = b"".join(iter(lambda: client.recv(100), b""))
    codes = bytes([wire.BAD_FILTER, 0, wire.NO_SHARED, wire.BAD_FILTER])
    assert said.endswith(packet(PacketTypes.SUBACK, struct.pack("!H", 7), b"\0", codes))


@pytest.mark.long
def test_bytes_of_every_size_make_the_same_packets(broker: Broker) -> None:
    sent = HELLO + packet(PacketTypes.PUBLISH, text("a"), b"\0", b"x" * 200)
    with socket.create_connection(("127.0.0.1", broker.port), PATIENCE_S) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in sent:
            client.sendall(bytes([byte]))
        broker.wait_for(lambda: broker.payloads("a") == [b"x" * 200])
        broker.say(packet(PacketTypes.PINGRESP))
        until(lambda: client.recv(1) == bytes([PacketTypes.PINGRESP << 4]))
