"""What is obeyed, and what is not: through a real broker's wire, a real hub and a simulated alarm."""

import json
from dataclasses import replace
from datetime import datetime
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from emulator.alarm.hub import DISARM_WITHIN_S, Guard
from emulator.alarm.polling import ASKED_EVERY_S
from emulator.alarm.switch import Narrowing
from emulator.doors.mqtt import orders
from emulator.doors.mqtt.link import Received
from emulator.doors.mqtt.obedience import NOT_ALLOWED
from emulator.model import Arm, ArmMode, Interior, Origin
from emulator.store.pin import TRIES, PinRefused
from tests.doors.mqtt.rig import ELSEWHERE, HOST, NIGHT, PERIMETER, PIN, TOTAL, House
from tests.support.broker import Broker
from tests.support.fakes import EPOCH_S

ARMED = ArmMode(Interior.NIGHT)
NIGHT_SET = f"home/switch/{NIGHT.identity.serial}/set"


def never_now() -> tuple[int, int]:
    """A minute of the day, half a day from the test's time in whatever zone this runs."""
    local = datetime.fromtimestamp(EPOCH_S).astimezone()
    begin = (local.hour * 60 + local.minute + 720) % 1440
    return begin, (begin + 1) % 1440


def with_code(action: str, code: object = PIN) -> str:
    return json.dumps({"action": action, "code": code})


def armed(house: House) -> House:
    """The same house at night."""
    house.panel.keypad(Arm(ARMED))
    house.clock.now += 120
    house.alarm.step()
    house.look()
    return house


# -- arming -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("payload", "request_name"),
    [
        ("ARM_NIGHT", "ARMNIGHT1"),
        ('{"action":"ARM_AWAY"}', "ARM1"),
        (' {"action": "arm_home", "code": null}\n', "ARMDAY1"),
        ('{"action":"ARM_CUSTOM_BYPASS","code":""}', "PERI1"),
        ('{"action":"ARM_NIGHT","code":"0000"}', "ARMNIGHT1"),
    ],
)
def test_arming_needs_no_code(house: House, payload: str, request_name: str) -> None:
    house.send("home/set", payload)
    house.settle()
    assert house.submitted == [request_name]
    [entry] = house.entries()
    assert (entry.result, entry.door, entry.peer) == ("confirmed", "mqtt", f"broker {HOST}")


def test_arming_needs_it_where_that_is_wished(tmp_path: Path, broker: Broker) -> None:
    house = House(tmp_path, broker, arm_code=True)
    house.open()
    for payload in ("ARM_NIGHT", with_code("ARM_NIGHT", ""), with_code("ARM_NIGHT", "1111")):
        house.send("home/set", payload)
    assert [reason for _, reason, _ in house.refused()] == ["this needs the PIN", "wrong PIN; 4 more tries"]
    assert house.refused()[0][2] == 2
    house.send("home/set", with_code("ARM_NIGHT"))
    house.settle()
    assert house.submitted == ["ARMNIGHT1"]
    house.close()


def test_a_mode_that_no_switch_has_is_not_armed(tmp_path: Path, broker: Broker) -> None:
    house = House(tmp_path, broker, [NIGHT])
    house.open()
    house.send("home/set", "ARM_AWAY")
    house.settle()
    assert house.refused() == [("home/set", "no switch of this alarm has a mode for ARM_AWAY", 1)]
    assert house.submitted == []
    house.close()


# -- disarming --------------------------------------------------------------------------------------------------


def test_the_pin_disarms(house: House) -> None:
    armed(house).send("home/set", with_code("DISARM"))
    house.settle()
    assert house.submitted == ["DARM1"]
    assert not house.panel.axes.armed


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("payload", "why"),
    [
        ("DISARM", "this needs the PIN"),
        ('{"action":"DISARM"}', "this needs the PIN"),
        (with_code("DISARM", ""), "this needs the PIN"),
        (with_code("DISARM", None), "this needs the PIN"),
        (with_code("DISARM", "None"), "wrong PIN; 4 more tries"),
        (with_code("DISARM", f"{PIN}0"), "wrong PIN; 4 more tries"),
        (with_code("DISARM", f" {PIN}"), "wrong PIN; 4 more tries"),
        (with_code("DISARM", int(PIN)), orders.RIGHT),
        (with_code("DISARM", True), orders.RIGHT),
        (with_code("DISARM", [PIN]), orders.RIGHT),
    ],
)
def test_nothing_else_does(house: House, payload: str, why: str) -> None:
    armed(house).send("home/set", payload)
    house.settle()
    assert house.refused() == [("home/set", why, 1)]
    assert house.submitted == []
    assert house.panel.axes.armed


def test_without_a_pin_nothing_disarms(tmp_path: Path, broker: Broker) -> None:
    house = House(tmp_path, broker, pin=None)
    house.open()
    armed(house).send("home/set", with_code("DISARM"))
    house.settle()
    assert house.submitted == []
    [(_, why, _)] = house.refused()
    assert "no PIN is set" in why
    house.close()


def test_wrong_tries_of_all_behind_the_broker_count_together_and_lock_it(house: House) -> None:
    armed(house)
    for number in range(TRIES):
        house.send("home/set", with_code("DISARM", f"000{number}"))
    house.send("home/set", with_code("DISARM"))
    house.settle()
    assert house.submitted == []
    assert "too many wrong PINs" in house.refused()[-1][1]
    house.machine.now += 15 * 60
    house.look()
    house.be_subscribed()
    house.send("home/set", with_code("DISARM"))
    house.settle()
    assert house.submitted == ["DARM1"]


def test_the_page_has_the_same_lock(house: House) -> None:
    """Its tries are counted by the same object; those of another peer there are its own."""
    for number in range(TRIES):
        with pytest.raises(PinRefused):
            house.pin.check(f"000{number}", f"broker {HOST}")
    armed(house).send("home/set", with_code("DISARM"))
    house.settle()
    assert house.submitted == []
    house.pin.check(PIN, "192.168.7.9")


def test_an_annex_is_disarmed_where_it_is_armed(tmp_path: Path, broker: Broker) -> None:
    house = House(tmp_path, broker, annex=True)
    house.open()
    house.panel.keypad(Arm(ArmMode(Interior.NIGHT, annex=True)))
    house.clock.now += 120
    house.alarm.step()
    house.send("home/set", with_code("DISARM"))
    house.settle()
    assert [entry.action for entry in house.entries()] == ["disarm all"]
    assert not house.panel.axes.armed
    house.close()


LATE = f"it says that it was asked for {DISARM_WITHIN_S:.0f} s ago or more: ask again, or set that clock right"


@pytest.mark.parametrize(
    ("leaf", "order"), [("home/set", {"action": "DISARM", "code": PIN}), (NIGHT_SET, {"action": "OFF"})]
)
@pytest.mark.parametrize("age_s", [-3600.0, DISARM_WITHIN_S - 1, DISARM_WITHIN_S])
def test_what_disarms_is_obeyed_while_it_is_young_by_its_own_time(
    house: House, leaf: str, order: dict[str, str], age_s: float
) -> None:
    """A connection of its sender may have stalled, or that clock be ahead."""
    armed(house).send(leaf, json.dumps({**order, "at": house.machine.time() - age_s}))
    house.release()
    house.settle()
    is_late = age_s >= DISARM_WITHIN_S
    assert house.submitted == ([] if is_late else ["DARM1"])
    assert house.refused() == ([(leaf, LATE, 1)] if is_late else [])


@pytest.mark.parametrize(("leaf", "action"), [("home/set", "ARM_NIGHT"), (NIGHT_SET, "ON")])
def test_what_arms_may_be_older(house: House, leaf: str, action: str) -> None:
    house.send(leaf, json.dumps({"action": action, "at": house.machine.time() - DISARM_WITHIN_S}))
    house.settle()
    assert house.submitted == ["ARMNIGHT1"]


# -- switches ---------------------------------------------------------------------------------------------------


def test_a_switch_arms_and_disarms_where_its_rule_names_this_door(house: House) -> None:
    house.send(NIGHT_SET, "on")
    house.settle()
    house.send(NIGHT_SET, "OFF")
    house.release()
    house.settle()
    assert house.submitted == ["ARMNIGHT1", "DARM1"]
    assert house.ended() == [("arm night", "confirmed"), ("disarm", "confirmed")]


@pytest.mark.parametrize("narrowing", [Narrowing(), Narrowing(doors=frozenset({"wemo"})), Narrowing(between=(0, 1440))])
def test_an_off_disarms_nothing_unless_a_rule_names_this_door(
    tmp_path: Path, broker: Broker, narrowing: Narrowing
) -> None:
    house = House(tmp_path, broker, [replace(NIGHT, narrowing=narrowing), TOTAL])
    house.open()
    armed(house).send(NIGHT_SET, "OFF")
    house.release()
    house.settle()
    assert house.submitted == []
    [entry] = house.entries()
    assert (entry.result, entry.message, entry.switch) == ("ignored", NOT_ALLOWED, "Night alarm")
    house.close()


@pytest.mark.parametrize(
    ("narrowing", "why"),
    [
        (Narrowing((IPv4Network("0.0.0.0/0"),), frozenset({"mqtt"})), "it may not disarm for broker 127.0.0.1"),
        (Narrowing(doors=frozenset({"mqtt"}), between=never_now()), "it may disarm only from"),
    ],
)
def test_hour_and_network_narrow_it_further(tmp_path: Path, broker: Broker, narrowing: Narrowing, why: str) -> None:
    """The peer is no address: a broker hides it, so no network holds it."""
    house = House(tmp_path, broker, [replace(NIGHT, narrowing=narrowing), TOTAL])
    house.open()
    armed(house).send(NIGHT_SET, "OFF")
    house.release()
    house.settle()
    assert house.submitted == []
    [entry] = house.entries()
    assert (entry.result, why in entry.message) == ("ignored", True)
    house.close()


def test_a_switch_without_off_only_arms(house: House) -> None:
    house.panel.keypad(Arm(ArmMode(perimeter=True)))
    house.clock.now += 120
    house.alarm.step()
    house.send(f"home/switch/{PERIMETER.identity.serial}/set", "OFF")
    house.release()
    house.settle()
    assert house.submitted == []
    assert "only arms" in house.entries()[0].message


def test_a_sweep_of_offs_disarms_nothing(tmp_path: Path, broker: Broker) -> None:
    switches = [NIGHT, replace(TOTAL, narrowing=NIGHT.narrowing), replace(ELSEWHERE, doors=NIGHT.doors)]
    house = House(tmp_path, broker, switches)
    house.open()
    armed(house)
    for one in switches:
        house.send(f"home/switch/{one.identity.serial}/set", "OFF")
    house.release()
    house.settle()
    assert house.submitted == []
    assert house.panel.axes.armed
    assert all("turn everything off" in entry.message for entry in house.entries())


def test_an_off_that_this_door_may_not_send_is_part_of_a_sweep_all_the_same(house: House) -> None:
    """One switch of the house may disarm by this door: “everything off” must not find just that one."""
    armed(house)
    for one in (TOTAL, PERIMETER, NIGHT):
        house.send(f"home/switch/{one.identity.serial}/set", "OFF")
    house.release()
    house.settle()
    assert house.submitted == []
    assert house.panel.axes.armed


def test_offs_of_this_door_and_another_are_one_sweep(house: House) -> None:
    armed(house)
    house.hub.submit(ELSEWHERE, False, Origin("wemo", "192.168.7.9"), Guard.OFFS)
    house.hub.submit(TOTAL, False, Origin("hue", "192.168.7.9"), Guard.OFFS)
    house.send(NIGHT_SET, "OFF")
    house.release()
    house.settle()
    assert house.submitted == []


def test_a_state_is_said_again_to_whoever_believes_to_have_changed_it(house: House) -> None:
    """A client that shows at once what it asked for has to be told when that did not come."""
    topic = f"home/switch/{TOTAL.identity.serial}/state"
    armed(house).send(f"home/switch/{TOTAL.identity.serial}/set", "OFF")
    before = len(house.heard(topic))
    house.look()
    assert house.heard(topic)[before:] == ["OFF"]


# -- the button -------------------------------------------------------------------------------------------------


def test_a_press_within_seconds_of_the_last_joins_it(house: House) -> None:
    """A script that presses without a pause must not keep the door busy, and other commands waiting."""

    def press(later_s: float) -> bool:
        """Press the button, and return whether that gives the door's thread something to do."""
        house.look()
        house.clock.now += later_s
        house.door._take(Received(f"{house.base}/home/refresh", b"PRESS", False, False))
        return house.door._is_dirty

    assert [press(0.0), press(0.0), press(ASKED_EVERY_S - 1), press(1.0), press(0.0)] == [
        True,
        False,
        False,
        True,
        False,
    ]


# -- what is no command -----------------------------------------------------------------------------------------

HUGE = "ARM_NIGHT" + " " * 1016
DEEP = '{"action":' + "[" * 1000


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("leaf", "payload", "why"),
    [
        ("home/set", HUGE, "it is longer than 1024 bytes"),
        ("home/set", b"\xff\xfe", "it is not UTF-8"),
        ("home/set", '{"action":"DISARM"', orders.RIGHT),
        ("home/set", DEEP, orders.RIGHT),
        ("home/set", "{}", orders.RIGHT),
        ("home/set", '{"action":1}', orders.RIGHT),
        ("home/set", '{"action":"ARM_NIGHT","mode":"x"}', orders.RIGHT),
        ("home/set", "TRIGGER", "it is no command of an alarm panel"),
        ("home/set", "ARM_VACATION", "it is no command of an alarm panel"),
        ("home/set", '["ARM_NIGHT"]', "it is no command of an alarm panel"),
        ("home/set", " ", "it is no command of an alarm panel"),
        ("elsewhere/set", "ARM_NIGHT", "there is no alarm of that name"),
        ("home/refresh", "GO", "it is not PRESS"),
        (NIGHT_SET, "TOGGLE", "it is neither ON nor OFF"),
        ("home/switch/9/set", "ON", "there is no switch with that serial number"),
        (f"home/switch/{ELSEWHERE.identity.serial}/set", "ON", "there is no switch with that serial number"),
        (f"shed/switch/{NIGHT.identity.serial}/set", "ON", "there is no alarm of that name"),
    ],
)
def test_what_is_no_command_changes_nothing_and_is_counted(
    house: House, leaf: str, payload: str | bytes, why: str
) -> None:
    for _ in range(3):
        house.send(leaf, payload)
    house.settle()
    assert house.refused() == [(leaf, why, 3)]
    assert house.submitted == []


def test_the_longest_command_has_a_kibibyte(house: House) -> None:
    house.send("home/set", HUGE[:1024])
    house.settle()
    assert house.submitted == ["ARMNIGHT1"]


@pytest.mark.parametrize("leaf", ["home/set", "home/refresh", NIGHT_SET])
def test_an_empty_one_is_nothing(house: House, leaf: str) -> None:
    house.send(leaf, "")
    assert house.entries() == []


def test_no_code_is_written_down_or_logged(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    secret = "13579"
    for payload in (with_code("DISARM", secret), with_code("ARM_X", secret), f'{{"code":"{secret}"', secret):
        house.send("home/set", payload)
    house.look()
    assert len(house.entries()) == 3
    assert secret not in caplog.text + repr(house.entries())


# -- the button -------------------------------------------------------------------------------------------------


def test_the_button_reads_the_state(house: House) -> None:
    house.panel.keypad(Arm(ARMED))
    house.alarm.step()
    assert not house.alarm.view.axes.armed
    house.send("home/refresh", "PRESS")
    house.settle()
    house.until_said("home/state", "armed_night")


def test_a_queue_that_is_full_and_a_journal_that_fails_end_no_thread(house: House) -> None:
    for word in ("ARM_NIGHT", "ARM_AWAY", "ARM_HOME", "ARM_CUSTOM_BYPASS"):
        house.send("home/set", word)
    house.journal.close()
    house.broker.publish(f"{house.base}/home/set", "ARM_NIGHT")
    house.broker.publish(f"{house.base}/home/set", "NONSENSE")
    house.door._link.ask(f"{house.base}/flush", "x", 60)
    assert not house.door._link.ended.done()


def test_a_topic_is_written_down_in_short_and_without_what_a_terminal_obeys(house: House) -> None:
    house.send(f"home/switch/\x1b[2J{'x' * 2000}/set", "ON")
    [(asked, _, _)] = house.refused()
    assert asked.startswith(r"home/switch/\x1b[2Jxxx")
    assert len(asked) < 120
