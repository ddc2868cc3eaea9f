"""The tests' own broker does what mosquitto does, as far as the door has to do with it."""

from collections.abc import Callable

import pytest
from paho.mqtt.client import MQTTMessage
from paho.mqtt.enums import MQTTProtocolVersion

from tests.support.broker import Broker
from tests.support.mosquitto import Mosquitto
from tests.support.mqtt_client import V5, V311, MqttClient
from tests.support.patience import until

Told = tuple[str, str, int, bool, bool]
Script = Callable[[int, MQTTProtocolVersion], list[object]]


def told(message: MQTTMessage) -> Told:
    return message.topic, message.payload.decode(), message.qos, message.retain, message.dup


def retained(port: int, version: MQTTProtocolVersion) -> list[object]:
    """Retain, replace, clear; live and late, with each handling that the version has."""
    handlings = [{"retainHandling": n, "retainAsPublished": n > 0} for n in range(3)] if version == V5 else [{}]
    seen: list[object] = []
    with MqttClient(port, version=version) as writer:
        seen.append(writer.publish("a/set", "first", 1, retain=True).value)
        for options in handlings:
            with MqttClient(port, version=version) as one:
                seen.append(one.subscribe("a/+", **options).value)
                seen.append(one.subscribe("a/+", **options).value)
                writer.publish("a/set", "live", 1, retain=True)
                writer.publish("a/set", "", 1, retain=True)
                writer.publish("a/set", "end", 1)
                one.wait_for("a/set", "end")
                seen += map(told, one.heard)
            writer.publish("a/set", "first", 1, retain=True)
        writer.publish("a/set", "", 1, retain=True)
    return seen


def queued(port: int, version: MQTTProtocolVersion) -> list[object]:
    """Say something to who is away, and has asked to be waited for, or has not."""
    seen: list[object] = []
    for clean in (False, True):
        with MqttClient(port, name="me", version=version, clean=clean) as one:
            one.subscribe("b", 1)
        with MqttClient(port, version=version) as writer, MqttClient(port, version=version) as other:
            other.subscribe("#", 1)
            for qos in (0, 1):
                writer.publish("b", f"missed {qos}", qos)
            with MqttClient(port, name="me", version=version, clean=clean) as one:
                one.subscribe("b", 1)
                writer.publish("b", "end", 1)
                one.wait_for("b", "end")
                # mosquitto keeps what was of QoS 1, and that it was not sent before.
                seen.append([each[:3] for each in map(told, one.heard)])
        with MqttClient(port, name="me", version=version):
            pass
    return seen


def wills(port: int, version: MQTTProtocolVersion) -> list[object]:
    """Vanish, leave, and be taken over."""
    with MqttClient(port, version=version) as watcher:
        watcher.subscribe("w/#", 1)
        with MqttClient(port, version=version, will=("w/polite", "gone")):
            pass
        with MqttClient(port, version=version, will=("w/rude", "gone")) as rude:
            rude.vanish()
            watcher.wait_for("w/rude")
        with MqttClient(port, name="twin", version=version, will=("w/twin", "gone")) as first:
            first.paho.reconnect_delay_set(120, 120)
            with MqttClient(port, name="twin", version=version):
                # Why (0x8E) mosquitto 2.0.11 does not say.
                until(lambda: first.refused)
                watcher.wait_for("w/twin")
        seen: list[object] = [*map(told, watcher.heard)]
        for topic in ("w/rude", "w/twin"):
            watcher.publish(topic, "", 1, retain=True)
    return seen


def answers(port: int, version: MQTTProtocolVersion) -> list[object]:
    """Publish where somebody listens, or nobody; subscribe to what cannot be."""
    with MqttClient(port, version=version) as one:
        seen: list[object] = [one.publish("nobody", "x", 1).value]
        one.subscribe("somebody")
        return [*seen, one.publish("somebody", "x", 1).value]


@pytest.mark.parametrize("version", [V5, V311])
@pytest.mark.parametrize("script", [retained, queued, wills, answers])
def test_it_does_what_mosquitto_does(
    mosquitto: Callable[[], Mosquitto], script: Script, version: MQTTProtocolVersion
) -> None:
    real = script(mosquitto().port, version)
    with Broker() as broker:
        assert script(broker.port, version) == real
        assert broker.faults == []
