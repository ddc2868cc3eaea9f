"""Brokers, for as long as a test needs them. Where the programs of real ones are not installed, it is skipped."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.doors.mqtt.rig import House
from tests.support.broker import Broker
from tests.support.mosquitto import Amqtt, Mosquitto, RealBroker, found

StartMosquitto = Callable[..., Mosquitto]


@pytest.fixture
def brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., RealBroker]]:
    """Starts a broker of a kind with these settings, and stops it after the test."""
    started: list[RealBroker] = []

    def start(kind: type[RealBroker], **settings: Any) -> RealBroker:
        program = kind.__name__.lower()
        if not found(program):
            pytest.skip(f"needs the program {program}; see CONTRIBUTING.md")
        folder: Path = tmp_path_factory.mktemp(program)
        started.append(kind(folder, **settings))
        started[-1].start()
        return started[-1]

    yield start
    for broker in started:
        broker.stop()


@pytest.fixture
def mosquitto(brokers: Callable[..., Any]) -> StartMosquitto:
    """Starts a mosquitto with these settings."""
    return lambda **settings: brokers(Mosquitto, **settings)


@pytest.fixture
def amqtt(brokers: Callable[..., Any]) -> Callable[[], Amqtt]:
    """Starts an amqtt."""
    return lambda: brokers(Amqtt)


@pytest.fixture
def broker() -> Iterator[Broker]:
    """The tests' own broker, at which no client may break the protocol."""
    with Broker() as made:
        yield made
    assert made.faults == []


@pytest.fixture
def house(tmp_path: Path, broker: Broker) -> Iterator[House]:
    """A house whose door is connected."""
    made = House(tmp_path, broker)
    made.open()
    yield made
    made.close()


@pytest.fixture(params=["by 5", "by 3.1.1", "without a word", None])
def any_house(request: pytest.FixtureRequest, tmp_path: Path, broker: Broker) -> Iterator[House]:
    """The same by either version, whatever a broker says that does not speak the newer one."""
    broker.refuses_v5 = request.param
    made = House(tmp_path, broker)
    made.open()
    yield made
    made.close()
