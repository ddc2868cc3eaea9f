"""Connections that take long or do not last: brokers that say nothing, and a second program with the same client id."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from emulator.doors.mqtt.broker import MOST_S, TAKEN_S
from emulator.doors.mqtt.door import CONTESTED, STEADY_S
from tests.doors.mqtt.rig import House
from tests.support.broker import Broker
from tests.support.mosquitto import Mosquitto
from tests.support.mqtt_client import V5, V311, MqttClient
from tests.support.patience import until


@pytest.fixture
def house(tmp_path: Path, broker: Broker) -> Iterator[House]:
    made = House(tmp_path, broker)
    yield made
    made.close()


def lost(house: House) -> None:
    """Let the door notice that its connection has broken."""
    until(house.door._link.ended.done, "the end of the connection")
    house.look(1.0)


def test_commands_are_passed_on_before_it_says_that_it_is_there(house: House) -> None:
    before: list[bool] = []
    broker = house.broker
    route = broker.route

    def look(message: object) -> bool:
        if getattr(message, "payload", b"") == b"online":
            before.append(any(one.subscriptions for one in house.ours()))
        return route(message)  # type: ignore[arg-type]  # it is handed on

    broker.route = look  # type: ignore[method-assign]  # of this broker alone
    house.open()
    house.flush()
    assert before
    assert all(before)


def test_what_a_broker_delivers_beyond_the_filters_is_left_alone(house: House) -> None:
    """amqtt 0.12 hands what was retained for one client to the next: cleared, our own states would be gone."""
    house.open()
    house.settle()
    house.flush()
    before = {topic: house.broker.retained(topic) for topic in house.broker.topics()}
    for topic, payload in before.items():
        for session in house.ours():
            house.broker.call(
                session.deliver, next(one for one in house.broker.published if one.topic == topic), 0, True
            )
        assert payload
    house.mark()
    house.flush()
    assert {topic: house.broker.retained(topic) for topic in house.broker.topics()} == before
    assert house.refused() == []


def test_a_broker_that_does_not_answer_5_is_tried_by_311(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """amqtt 0.12 waits for more where a CONNECT of MQTT 5 has a will."""
    monkeypatch.setattr("emulator.doors.mqtt.link.CONNECT_S", 0.5)
    house.broker.refuses_v5 = "by silence"
    while not house.door._link:
        house.begin()
        house.machine.now += MOST_S
    assert [each.version for each in house.broker.connects[:2]] == [V5, V311]
    assert house.door._link.version == V311
    assert not house.door.obstacles()


def test_who_takes_the_session_over_is_named_at_once_by_a_broker_of_5(house: House) -> None:
    house.open()
    with MqttClient(house.broker.port, name=house.door._client_id):
        lost(house)
        [why] = house.door.obstacles()
        assert why.startswith(f"another program uses the client id {house.door._client_id!r} at mqtt://")
        house.wait_out(TAKEN_S - 2.0)
        assert len(house.broker.connects) == 2
    house.wait_out(3.0)
    assert not house.door.obstacles()


def test_who_takes_it_over_without_a_word_is_suspected(tmp_path: Path, mosquitto: Callable[[], Mosquitto]) -> None:
    """mosquitto 2.0.11 says nothing."""
    real = mosquitto()
    broker = Broker()
    broker.port = real.port
    house = House(tmp_path, broker)
    house.begin()
    for times in range(CONTESTED):
        with MqttClient(real.port, name=house.door._client_id):
            lost(house)
        [why] = house.door.obstacles()
        assert ("perhaps another program uses the client id" in why) == (times == CONTESTED - 1)
        while not house.door._link:
            house.look(1.0)
        assert not house.door.obstacles()
    # One that lasts is none of these.
    house.wait_out(STEADY_S)
    with MqttClient(real.port, name=house.door._client_id):
        lost(house)
    assert "perhaps" not in house.door.obstacles()[0]
    house.close()
