"""Memory of what a broker keeps, over restarts."""

import json
import logging

import pytest

from emulator.store import broker_memory
from emulator.store.broker_memory import BrokerMemory
from emulator.store.journal import Journal

HERE, ELSEWHERE = "mqtt://a:1883", "mqtt://b:1883"


def test_the_id_is_made_once(journal: Journal) -> None:
    assert broker_memory.known_id(journal) == ""
    made = broker_memory.program_id(journal)
    assert len(made) == 12
    assert int(made, 16) >= 0
    assert broker_memory.program_id(journal) == broker_memory.known_id(journal) == made


@pytest.mark.parametrize("broken", ["", "0123", "0123456789AB", "+/#", "0123456789ab\n"])
def test_one_that_cannot_stand_in_a_topic_is_made_anew(journal: Journal, broken: str) -> None:
    journal.note("mqtt: id", broken)
    assert broker_memory.known_id(journal) == ""
    assert len(broker_memory.program_id(journal)) == 12


def test_what_has_gone_since_the_last_time_is_told_once(journal: Journal) -> None:
    memory = BrokerMemory.load(journal, HERE)
    assert memory.save(journal, {"b", "a"}) == []
    memory = BrokerMemory.load(journal, HERE)
    assert memory.topics == ["a", "b"]
    assert memory.save(journal, {"b", "c"}) == ["a"]
    assert BrokerMemory.load(journal, HERE).save(journal, {"b", "c"}) == []


def test_nothing_is_known_of_another_broker(journal: Journal) -> None:
    BrokerMemory.load(journal, HERE).save(journal, {"a"})
    assert BrokerMemory.load(journal, ELSEWHERE).topics == []


def test_an_entity_that_is_gone_is_named_with_its_platform(journal: Journal) -> None:
    memory = BrokerMemory.load(journal, HERE)
    assert memory.gone("device", {"alarm": "alarm_control_panel", "switch_1": "switch"}) == {}
    memory.save(journal, {"device"})
    memory = BrokerMemory.load(journal, HERE)
    assert memory.gone("device", {"alarm": "alarm_control_panel"}) == {"switch_1": "switch"}
    memory.save(journal, set())
    assert BrokerMemory.load(journal, HERE).entities == {}


@pytest.mark.parametrize("note", ["", "{", "[]", "null", '{"broker":1,"newer":2}', '{"topics":[]}'])
def test_a_note_that_cannot_be_read_is_as_none(journal: Journal, note: str) -> None:
    journal.note("mqtt: kept", note)
    memory = BrokerMemory.load(journal, HERE)
    assert (memory.broker, memory.topics, memory.entities) == (HERE, [], {})


def test_it_is_written_only_where_it_has_changed(journal: Journal) -> None:
    BrokerMemory.load(journal, HERE).save(journal, {"a"})
    writes = journal.writes
    BrokerMemory.load(journal, HERE).save(journal, {"a"})
    assert journal.writes == writes
    assert json.loads(journal.recall("mqtt: kept"))["topics"] == ["a"]


def test_what_cannot_be_noted_is_cleared_all_the_same(journal: Journal, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    BrokerMemory.load(journal, HERE).save(journal, {"a" * 9})
    memory = BrokerMemory.load(journal, HERE)
    journal.rows("PRAGMA query_only = 1")
    assert memory.save(journal, {"b"}) == ["a" * 9]
    assert "cannot be noted" in caplog.text
    journal.rows("PRAGMA query_only = 0")
