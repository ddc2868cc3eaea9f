"""Real brokers, for as long as a test needs them. Where their programs are not installed, the test is skipped."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

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
