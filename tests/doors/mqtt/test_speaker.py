"""What the broker is told, in which order, and what is taken back."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from emulator import __version__
from emulator.doors.mqtt.speaker import OLD_NEWS_S, SUMMARY_S
from emulator.model import Arm, ArmMode, Axes, Origin, PanelState
from emulator.simulator.faults import InjectedFault
from emulator.store import history
from tests.doors.mqtt.rig import ELSEWHERE, NIGHT, PERIMETER, PIN, SPREAD_S, SWITCHES, TOTAL, House
from tests.support.broker import Broker


@pytest.fixture
def fresh(tmp_path: Path, broker: Broker) -> Iterator[House]:
    """A house whose alarm was never read, and whose door is not connected."""
    made = House(tmp_path, broker)
    yield made
    made.close()


def begin(house: House) -> House:
    """Connect without reading the alarm."""
    house.begin()
    house.be_subscribed()
    house.flush()
    return house


def arm_at_keypad(house: House, mode: str = "night") -> None:
    house.panel.keypad(Arm(ArmMode.parse(mode)))
    house.clock.now += 120
    house.alarm.step()
    house.look()


def told(house: House) -> list[dict[str, Any]]:
    return [json.loads(each) for each in house.heard("home/event")]


# -- states -------------------------------------------------------------------------------------------------------


def test_before_the_first_read_nothing_is_known_and_nothing_reads_as_off(fresh: House) -> None:
    begin(fresh)
    assert fresh.said("home/state") == "None"
    assert fresh.said("home/status") == "offline"
    assert fresh.said("home/cloud") == "None"
    assert fresh.said("home/changed") is None
    assert {fresh.said(f"home/switch/{one.identity.serial}/state") for one in SWITCHES[:3]} == {"None"}
    assert json.loads(fresh.said("home/attributes")) == {
        "mode": "unknown",
        "interior": None,
        "perimeter": None,
        "annex": None,
        "not_guarded": [],
        "on_the_way_to": None,
        "trouble": "",
    }
    assert fresh.said("status") == "online"


def test_a_panel_that_cannot_be_read_is_unknown_and_its_switches_are_on(fresh: House) -> None:
    fresh.journal.save_state("home", PanelState(Axes(), 1.0, "N", "EST2"))
    again = House(fresh.folder, fresh.broker)
    begin(again)
    assert again.said("home/state") == "None"
    assert again.said(f"home/switch/{NIGHT.identity.serial}/state") == "ON"
    assert again.said("home/status") == "online"
    again.close()


def test_the_alarm_goes_through_arming_to_armed_and_back(house: House) -> None:
    assert house.said("home/state") == "disarmed"
    house.send("home/set", "ARM_NIGHT")
    house.look()
    house.until_said("home/state", "arming")
    assert json.loads(house.said("home/attributes"))["on_the_way_to"] == "night"
    house.settle()
    house.until_said("home/state", "armed_night")
    house.send("home/set", json.dumps({"action": "DISARM", "code": PIN}))
    house.look()
    house.until_said("home/state", "disarming")
    house.settle()
    house.until_said("home/state", "disarmed")
    assert house.heard("home/state") == ["disarmed", "arming", "armed_night", "disarming", "disarmed"]


def test_what_the_keypad_does_is_told_with_its_time(house: House) -> None:
    arm_at_keypad(house, "perimeter")
    house.until_said("home/state", "armed_custom_bypass")
    assert json.loads(house.said("home/attributes"))["perimeter"] is True
    at = datetime.fromtimestamp(int(history.last_change(house.journal, "home")), UTC)
    assert datetime.fromisoformat(house.said("home/changed")) == at
    assert house.said(f"home/switch/{PERIMETER.identity.serial}/state") == "ON"
    assert house.said(f"home/switch/{ELSEWHERE.identity.serial}/state") is None


def test_only_what_has_changed_is_said(house: House) -> None:
    house.flush()
    before = len(house.broker.published)
    house.look()
    house.hub.changed("home")
    house.look()
    house.flush()
    assert [one.topic for one in house.broker.published[before:]] == [f"{house.base}/flush"]


def test_zones_that_are_not_guarded_are_named(house: House) -> None:
    state = house.alarm.view.state
    house.alarm._commands.know(replace(state, bypassed=("Cocina",)), house.clock.monotonic())
    house.hub.changed("home")
    house.look()
    house.flush()
    assert json.loads(house.said("home/attributes"))["not_guarded"] == ["Cocina"]


def test_a_cloud_that_is_down_is_said(house: House) -> None:
    assert house.said("home/cloud") == "ON"
    house.backend.faults.add(InjectedFault("down"))
    house.clock.now += 120
    house.alarm.step()
    house.look()
    house.until_said("home/cloud", "OFF")
    assert house.said("home/state") == "disarmed"
    assert house.said("home/status") == "online"


# -- outcomes -----------------------------------------------------------------------------------------------------


def test_an_outcome_says_who_asked_and_why_it_ended_so(house: House) -> None:
    house.panel.window("Cocina", is_open=True)
    house.send("home/set", "ARM_NIGHT")
    house.settle()
    house.flush()
    [entry] = house.entries()
    said = json.loads(house.said("home/outcome"))
    assert said == {
        "result": "rejected",
        "action": "arm night",
        "reason": entry.message,
        "asked_by": "mqtt · broker 127.0.0.1",
        "at": said["at"],
        "ended_at": said["ended_at"],
        "entry": entry.id,
        "settled": None,
        "open_zones": [],
    }
    assert "zona abierta" in said["reason"]
    assert told(house)[-1] == {"event_type": "rejected", **said}


def test_a_command_of_another_door_is_told_with_its_switch(house: House) -> None:
    house.hub.submit(ELSEWHERE, True, Origin("wemo", "192.168.7.9"))
    house.settle()
    house.flush()
    assert json.loads(house.said("home/outcome"))["asked_by"] == "Day alarm · wemo · 192.168.7.9"


def test_what_was_refused_is_an_event_and_no_outcome(house: House) -> None:
    house.send("home/set", "ARM_VACATION")
    house.look()
    assert [one["event_type"] for one in told(house)] == ["refused"]
    assert house.said("home/outcome") is None


def test_each_event_comes_once_in_order_and_is_not_kept(house: House) -> None:
    for word in ("ARM_NIGHT", json.dumps({"action": "DISARM", "code": PIN})):
        house.send("home/set", word)
        house.settle()
        house.look()
    assert [(one["event_type"], one["action"]) for one in told(house)] == [
        ("confirmed", "arm night"),
        ("confirmed", "disarm"),
    ]
    assert house.said("home/event") is None
    assert not any(one.retain for one in house.broker.published if one.topic.endswith("/event"))


def test_a_flood_of_the_same_is_one_event_a_look(house: House) -> None:
    for _ in range(20):
        house.send("home/set", "ARM_VACATION")
    house.look()
    assert len(told(house)) == 1


def test_events_of_an_outage_are_told_afterwards_unless_they_are_old(house: House) -> None:
    house.broker.stop()
    house.door._link.ended.result(60)
    house.look()
    house.hub.submit(ELSEWHERE, True, Origin("wemo", "192.168.7.9"))
    house.settle()
    house.machine.now = house.clock.now
    reconnect(house)
    assert [one["action"] for one in told(house)] == ["arm day"]

    house.broker.stop()
    house.door._link.ended.result(60)
    house.look()
    house.hub.submit(TOTAL, True, Origin("wemo", "192.168.7.9"))
    house.settle()
    house.machine.now = house.clock.now + OLD_NEWS_S + 1
    reconnect(house)
    assert [one["action"] for one in told(house)] == ["arm day"]


def test_events_while_it_waits_for_the_broker_at_the_start_are_told_too(fresh: House) -> None:
    fresh.broker.stop()
    fresh.alarm.step()
    fresh.begin()
    fresh.hub.submit(ELSEWHERE, True, Origin("wemo", "192.168.7.9"))
    fresh.settle()
    fresh.machine.now = fresh.clock.now
    reconnect(fresh)
    assert [one["action"] for one in told(fresh)] == ["arm day"]


def reconnect(house: House) -> None:
    """Let the broker come back, and the door try it."""
    house.broker.start()
    house.door._due_at = float("-inf")
    house.look()
    house.be_subscribed()


def test_nothing_is_told_again_after_a_restart(house: House) -> None:
    house.send("home/set", "ARM_NIGHT")
    house.settle()
    house.look()
    assert len(told(house)) == 1
    house.leave()
    again = House(house.folder, house.broker)
    again.open()
    again.hub.changed("home")
    again.look()
    assert len(told(again)) == 1
    assert json.loads(again.said("home/outcome"))["action"] == "arm night"
    again.close()


# -- the summary --------------------------------------------------------------------------------------------------


def test_the_summary_is_for_those_who_watch_many(house: House) -> None:
    found = json.loads(house.said("summary"))
    [alarm] = found["installations"]
    assert (found["version"], found["healthy"], found["trouble"]) == (__version__, True, [])
    assert (alarm["name"], alarm["state"], alarm["cloud"], alarm["login"]) == ("home", "disarmed", "ok", "ok")
    house.backend.faults.add(InjectedFault("down"))
    house.clock.now += 120
    house.alarm.step()
    house.look()
    house.flush()
    found = json.loads(house.said("summary"))
    assert found["healthy"] is False
    assert found["trouble"][0].startswith("home: ")


def test_a_reading_alone_is_no_reason_for_another_summary(house: House) -> None:
    before = len(house.heard("summary"))
    house.clock.now += 120
    house.alarm.step()
    house.look()
    assert len(house.heard("summary")) == before
    for _ in range(int(SUMMARY_S)):
        house.look(1.0)
    house.hub.changed("home")
    house.look()
    assert len(house.heard("summary")) == before + 1


def test_obstacles_of_other_doors_are_in_it(house: House) -> None:
    class Broken:
        def obstacles(self) -> list[str]:
            return ["port 80 is taken"]

    house.opened["hue"] = Broken()  # type: ignore[assignment]
    house.hub.changed("home")
    house.look()
    house.flush()
    assert json.loads(house.said("summary"))["trouble"] == ["port 80 is taken"]


# -- order, and what is taken back --------------------------------------------------------------------------------


def test_everything_is_in_place_before_the_program_is_online(any_house: House) -> None:
    any_house.flush()
    topics = [one.topic for one in any_house.broker.published if "/check/" not in one.topic]
    last = topics.index(f"{any_house.base}/status")
    kept = {one.topic for one in any_house.broker.published if one.retain}
    assert topics[-2:] == [f"{any_house.base}/status", f"{any_house.base}/flush"]
    assert {topics.index(topic) < last for topic in kept - {f"{any_house.base}/status"}} == {True}
    assert any("/device/" in topic for topic in topics[:last])


def test_all_is_said_again_at_a_new_connection(house: House) -> None:
    before = {topic: house.broker.retained(topic) for topic in house.broker.topics()}
    house.broker.forget()
    house.broker.drop()
    house.door._link.ended.result(60)
    house.look()
    house.look(2.0)
    house.be_subscribed()
    house.flush()
    assert {topic: house.broker.retained(topic) for topic in house.broker.topics()} == before
    assert len(before) > 10


def test_all_is_said_again_when_home_assistant_starts_but_not_by_all_homes_at_once(house: House) -> None:
    before = house.heard("home/state")
    house.broker.publish("homeassistant/status", "online")
    house.mark()
    house.look(SPREAD_S - 1)
    assert house.heard("home/state") == before
    house.look(1.0)
    assert house.heard("home/state") == before * 2
    house.look(1.0)
    house.broker.publish("homeassistant/status", "offline")
    house.mark()
    house.look(SPREAD_S + 1)
    assert house.heard("home/state") == before * 2


def test_a_switch_that_is_gone_is_taken_back(house: House) -> None:
    house.leave()
    again = House(house.folder, house.broker, [NIGHT, PERIMETER])
    again.open()
    again.flush()
    assert again.said(f"home/switch/{TOTAL.identity.serial}/state") is None
    assert again.said(f"home/switch/{NIGHT.identity.serial}/state") == "OFF"
    device = json.loads(again.broker.retained(again.door._home.topics.device("home")))
    assert device["components"][f"switch_{TOTAL.identity.serial}"] == {"platform": "switch"}
    assert "state_topic" in device["components"][f"switch_{NIGHT.identity.serial}"]
    again.close()


@pytest.mark.parametrize(
    "settings", [{"prefix": "other"}, {"discovery": False}, {"discovery": "ha"}, {"per_entity": True}]
)
def test_other_settings_leave_nothing_behind(house: House, settings: dict[str, Any]) -> None:
    house.send("home/set", "ARM_NIGHT")
    house.settle()
    house.flush()
    assert house.said("home/outcome")
    before = set(house.broker.topics())
    house.leave()
    again = House(house.folder, house.broker, **settings)
    again.open()
    again.flush()
    after = set(again.broker.topics())
    assert all(topic.startswith((again.base, again.settings.discovery or "-")) for topic in after)
    if "discovery" in settings or "per_entity" in settings:
        assert not any("/device/" in topic and topic in before for topic in after)
    assert again.said("status") == "online"
    again.close()


def test_what_came_later_than_the_connection_is_taken_back_too(house: House) -> None:
    """The first outcome of an alarm, which is then renamed."""
    house.send("home/set", "ARM_NIGHT")
    house.settle()
    house.flush()
    assert house.said("home/outcome")
    old = house.base
    house.leave()
    again = House(house.folder, house.broker, prefix="other")
    again.open()
    again.flush()
    assert [topic for topic in again.broker.topics() if topic.startswith(f"{old}/")] == []
    again.close()


def test_another_broker_is_told_everything_and_nothing_is_taken_back_there(house: House) -> None:
    house.leave()
    with Broker() as other:
        again = House(house.folder, other, [NIGHT])
        again.open()
        again.flush()
        assert b"" not in [one.payload for one in other.published if one.retain]
        again.close()


def test_the_id_outlives_a_restart(house: House) -> None:
    again = House(house.folder, house.broker)
    assert again.base == house.base
    assert len(again.base.partition("/")[2]) == 12
    again.journal.close()
