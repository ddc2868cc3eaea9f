"""The look of `emulator check` at a broker: it changes nothing, and disturbs no program that runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.doors.mqtt import trial
from emulator.doors.mqtt.broker import Broker as Address
from emulator.doors.mqtt.settings import ROW, MqttSettings
from emulator.doors.mqtt.topics import Topics
from emulator.store.journal import Journal
from emulator.store.pin import set_pin
from tests.doors.mqtt.rig import House
from tests.support.broker import HOST, Broker
from tests.support.mqtt_client import MqttClient

TOPICS = Topics("verisure", "0123456789ab", "homeassistant")
SECRET = "hunter2"


def found(broker: Broker, topics: Topics = TOPICS, *, is_pin_set: bool = True, **shown: str) -> list[tuple[str, bool]]:
    address = Address(HOST, broker.port, False, **shown)
    troubles = list(trial.troubles(address, topics, is_pin_set=is_pin_set))
    assert all(one.fix for one in troubles)
    return [(one.found, one.is_warning) for one in troubles]


@pytest.fixture
def read(broker: Broker) -> Iterator[Broker]:
    """A broker at which somebody reads discovery messages."""
    with MqttClient(broker.port, name="home assistant") as reader:
        reader.subscribe("homeassistant/#")
        yield broker


def test_nothing_is_in_the_way(read: Broker) -> None:
    assert found(read) == []
    assert read.topics() == []
    assert {bool(one.payload) for one in read.published} == {False}
    assert found(read, Topics("verisure", "check", "")) == []


def test_without_a_pin_the_panel_only_arms(read: Broker) -> None:
    [(text, is_warning)] = found(read, is_pin_set=False)
    assert "no PIN is set" in text
    assert is_warning


def test_a_program_that_runs_keeps_its_session(house: House) -> None:
    topics = house.door._home.topics
    found(house.broker, topics)
    assert not house.door._link.ended.done()
    house.send("home/set", "ARM_NIGHT")
    house.settle()
    assert house.submitted == ["ARMNIGHT1"]
    assert house.said("status") == "online"


def test_nobody_reads_what_is_announced(broker: Broker) -> None:
    [(text, is_warning)] = found(broker)
    assert "nobody reads discovery messages below 'homeassistant'" in text
    assert is_warning
    assert found(broker, Topics("verisure", "0123456789ab", "")) == []


def test_a_broker_that_is_away_or_refuses(broker: Broker) -> None:
    broker.users = {"me": "right"}
    [(text, is_warning)] = found(broker, user="me", password=SECRET)
    assert "refuses the credentials" in text
    assert not is_warning
    broker.stop()
    [(text, is_warning)] = found(broker, user="me", password=SECRET)
    assert "refuses connections" in text
    assert SECRET not in text


def test_a_broker_beyond_this_network_without_tls_is_a_warning(read: Broker) -> None:
    """It is reached all the same, and the PIN that people type for a disarm is sent to it for all to read."""

    class FarAddress(Address):
        is_exposed = True

    far = FarAddress(HOST, read.port, False)
    [trouble] = trial.troubles(far, TOPICS, is_pin_set=True)
    assert f"{far} is not on this network" in trouble.found
    assert (trouble.fix, trouble.is_warning) == ("use mqtts:// in doors.mqtt.broker", True)


def test_an_acl_that_is_too_narrow(read: Broker) -> None:
    read.unreadable = [f"{TOPICS.base}/+/set"]
    read.unwritable = [TOPICS.base, "homeassistant"]
    texts = [text for text, _ in found(read)]
    assert texts == [
        f"its ACL does not let this program read {TOPICS.base}/+/set",
        f"its ACL does not let this program write below {TOPICS.base}",
        "its ACL does not let this program announce itself below 'homeassistant'",
    ]


def test_before_the_first_run_an_acl_need_not_know_it(read: Broker) -> None:
    new = Topics("verisure", "check", "homeassistant")
    read.unreadable, read.unwritable = [f"{new.base}/+/set"], [new.base, "homeassistant"]
    assert found(read, new) == []


@pytest.mark.parametrize("has_run", [True, False])
def test_the_row_tries_what_the_settings_say(tmp_path: Path, read: Broker, has_run: bool) -> None:
    settings = MqttSettings(broker=f"mqtt://{HOST}:{read.port}")
    journal = Journal(tmp_path) if has_run else None
    if journal:
        set_pin(journal, "2580")
    texts = [one.found for one in ROW.probe(settings, journal, Path())]
    assert ["no PIN" in text for text in texts] == ([] if has_run else [True])
    if journal:
        journal.close()
