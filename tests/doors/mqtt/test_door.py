"""The door as a whole: what may be old is dropped, what is in the way is said, and it comes back by itself."""

import gc
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme
from paho.mqtt.client import MQTTMessage

from emulator.doors import Door
from emulator.doors.mqtt import door as module
from emulator.doors.mqtt.broker import AGAIN_S, MOST_S, REFUSED_S, TAKEN_S
from emulator.doors.mqtt.door import GAP_S, LOOK_S, QUIET_S, RETAINED, STALE, STEADY_S
from emulator.errors import EmulatorError
from emulator.model import Arm, ArmMode, Interior
from emulator.store.journal import Entry
from tests.doors.contract import DoorContract
from tests.doors.mqtt.rig import ELSEWHERE, NIGHT, SWITCHES, House
from tests.support import mqtt_packets as wire
from tests.support.broker import Broker
from tests.support.mqtt_client import MqttClient
from tests.support.patience import PATIENCE_S, STOP_S, until

SECRET = "hunter2"
SET = f"home/switch/{NIGHT.identity.serial}/set"


class TestMqtt(DoorContract):
    @pytest.fixture(autouse=True)
    def folder(self, tmp_path: Path, broker: Broker) -> Iterator[None]:
        self.house = House(tmp_path, broker)
        yield
        self.house.journal.close()

    def make(self) -> Door:
        return self.house.door

    def serves(self, door: Door, /) -> bool:
        # The broker's thread notes both a moment later: that we are there, and our goodbye.
        is_open = bool(door.urls())
        self.house.broker.wait_for(lambda: any(one.connection for one in self.house.ours()) is is_open)
        return is_open


def test_the_contract_holds_with_its_own_thread_too(tmp_path: Path, broker: Broker) -> None:
    """From a press to the cloud and back, with every thread that there is in the program but the alarm's."""
    house = House(tmp_path, broker)
    house.alarm.step()
    house.door.start()
    try:
        house.be_subscribed()
        assert [url for _, url in house.door.urls()] == [
            f"mqtt://127.0.0.1:{broker.port}/{house.base}/home/switch/{one.identity.serial}/set" for one in SWITCHES[:3]
        ]
        assert house.door.report(NIGHT) == "OFF"
        broker.publish(f"{house.base}/{SET}", "ON")
        broker.wait_for(lambda: house.said(f"home/switch/{NIGHT.identity.serial}/state") == "ON")
        while house.alarm.view.target is not None:
            house.alarm.step()
        broker.wait_for(lambda: house.said("home/state") == "armed_night")
    finally:
        house.door.stop()
    broker.wait_for(lambda: house.said("status") == "offline")
    assert house.submitted == ["ARMNIGHT1"]
    house.journal.close()


# -- what may be old ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("leaf", ["home/set", SET, "home/refresh"])
def test_a_command_that_lay_there_before_is_never_obeyed(tmp_path: Path, broker: Broker, leaf: str) -> None:
    for refuses in (None, "by 3.1.1"):
        broker.refuses_v5 = refuses
        house = House(tmp_path, broker)
        for payload in ("ARM_NIGHT", "ON", "PRESS"):
            broker.publish(f"{house.base}/{leaf}", payload, retain=True, qos=1)
            house.open()
            house.mark()
            house.settle()
            assert house.submitted == []
            house.leave()
        house.journal.close()


def test_one_that_lay_there_is_cleared_where_3_1_1_delivers_it(tmp_path: Path, broker: Broker) -> None:
    broker.refuses_v5 = "by 3.1.1"
    house = House(tmp_path, broker)
    broker.publish(f"{house.base}/home/set", "ARM_NIGHT", retain=True)
    house.open()
    house.mark()
    broker.wait_for(lambda: house.said("home/set") is None)
    assert house.refused() == [("home/set", RETAINED, 1)]
    assert house.submitted == []
    house.close()


def test_one_that_is_sent_now_to_be_retained_is_neither_obeyed_nor_left_there(house: House) -> None:
    house.send("home/set", "ARM_NIGHT", retain=True)
    house.settle()
    house.broker.wait_for(lambda: house.said("home/set") is None)
    assert house.refused() == [("home/set", RETAINED, 1)]
    assert house.submitted == []


@pytest.mark.parametrize("refuses", ["by 5", "by 3.1.1", "without a word"])
def test_3_1_1_does_not_tell_and_so_the_topic_is_cleared_after_each(
    tmp_path: Path, broker: Broker, refuses: str
) -> None:
    broker.refuses_v5 = refuses  # type: ignore[assignment]
    house = House(tmp_path, broker)
    house.open()
    house.send("home/set", "ARM_NIGHT", retain=True)
    house.broker.wait_for(lambda: house.said("home/set") is None)
    house.settle()
    assert house.submitted == ["ARMNIGHT1"]
    assert house.heard("home/set")[-1] == ""
    house.close()


def test_what_was_sent_while_we_were_away_is_not_delivered(any_house: House) -> None:
    any_house.broker.drop()
    any_house.until_gone()
    for qos in (0, 1):
        any_house.broker.publish(f"{any_house.base}/home/set", "ARM_NIGHT", qos=qos)
    any_house.door._link.ended.result(PATIENCE_S)
    any_house.wait_out(2)
    any_house.be_subscribed()
    any_house.mark()
    any_house.settle()
    assert any_house.submitted == []
    assert any_house.entries() == []


def test_a_repeated_one_is_not_obeyed(house: House) -> None:
    # Of QoS 0, as all that is delivered to us, and marked all the same.
    house.broker.say(wire.packet(3, wire.text(f"{house.base}/home/set"), b"\0", b"ARM_NIGHT", flags=8))
    house.mark()
    house.settle()
    assert house.refused() == [("home/set", "it may have been sent before", 1)]
    assert house.submitted == []


def stop_the_process(house: House) -> None:
    house.machine.now += LOOK_S + GAP_S


def suspend_the_machine(house: House) -> None:
    house.machine.slept += GAP_S


def correct_the_time(house: House) -> None:
    """As after a virtual machine was paused, which no other clock counts."""
    house.machine.step += GAP_S


STALLS = [stop_the_process, suspend_the_machine, correct_the_time]


@pytest.mark.parametrize("stall", STALLS)
def test_after_a_stall_by_any_clock_what_comes_is_dropped(house: House, stall: Callable[[House], None]) -> None:
    """The library's thread may read it before the door's own thread has looked."""
    link = house.door._link
    stall(house)
    for payload in ("ARM_NIGHT", "ARM_AWAY"):
        house.broker.publish(f"{house.base}/home/set", payload)
    assert "stood still" in str(link.ended.result(PATIENCE_S))
    house.look()
    house.settle()
    assert house.submitted == []
    [(asked, why, times)] = house.refused()
    assert (asked, why) == ("home/set", STALE)
    assert times in (1, 2)  # the second may be lost with the connection
    assert house.door._link is not link
    assert len(house.broker.connects) == 2


@pytest.mark.parametrize("stall", STALLS)
def test_or_the_door_itself_notices_and_connects_anew(house: House, stall: Callable[[House], None]) -> None:
    link = house.door._link
    stall(house)
    house.look()
    assert "stood still" in str(link.ended.result(0))
    house.be_subscribed()
    house.broker.publish(f"{house.base}/home/set", "ARM_NIGHT")
    late = MQTTMessage(topic=f"{house.base}/home/set".encode())
    late.payload = b"ARM_NIGHT"  # it was read and not passed on yet
    link._on_message(link._client, None, late)
    assert house.submitted == []
    assert house.said("status") == "online"
    assert list(house.door.obstacles()) == []


def test_a_little_late_is_no_stall(house: House) -> None:
    house.look(LOOK_S + GAP_S - 0.1)
    house.send("home/set", "ARM_NIGHT")
    house.settle()
    assert house.submitted == ["ARMNIGHT1"]
    assert len(house.broker.connects) == 1


def test_a_command_at_the_new_connection_is_obeyed(house: House) -> None:
    """It cannot have waited anywhere: who connects so anew has no past."""
    stop_the_process(house)
    house.look()
    house.be_subscribed()
    house.send("home/set", "ARM_NIGHT")
    house.settle()
    assert house.submitted == ["ARMNIGHT1"]
    assert len(house.broker.connects) == 2


# -- the connection -----------------------------------------------------------------------------------------------


def test_each_connection_begins_a_session_without_a_past(any_house: House) -> None:
    connect = any_house.broker.connects[-1]
    assert (connect.clean, connect.session_expiry_s, connect.keepalive_s) == (True, 0, 10)
    assert connect.client_id == f"verisure-{any_house.base.partition('/')[2]}"
    will = connect.will
    assert (will.topic, will.payload, will.retain, will.qos) == (f"{any_house.base}/status", b"offline", True, 1)
    [session] = any_house.ours()
    expected = [f"{any_house.base}/{each}" for each in ("+/set", "+/refresh", "+/switch/+/set")]
    assert sorted(session.subscriptions) == sorted([*expected, "homeassistant/status"])
    for each in session.subscriptions.values():
        assert each.qos == 0
        if connect.version == wire.V5:
            assert (each.handling, each.as_published) == (2, True)


def test_mqtt_5_is_tried_first_each_time(any_house: House) -> None:
    def versions() -> list[int]:
        return [each.version for each in any_house.broker.connects]

    is_old = any_house.broker.refuses_v5 is not None
    assert versions() == ([wire.V5, wire.V311] if is_old else [wire.V5])
    any_house.broker.refuses_v5 = None
    any_house.broker.drop()
    any_house.door._link.ended.result(PATIENCE_S)
    any_house.wait_out(2)
    any_house.be_subscribed()
    assert versions()[-1] == wire.V5
    assert len(versions()) == (3 if is_old else 2)


def test_the_broker_says_that_we_are_gone(house: House) -> None:
    house.broker.drop()
    house.broker.wait_for(lambda: house.said("status") == "offline")


def test_we_say_it_when_we_leave_and_the_will_is_not_published(house: House) -> None:
    # A connection that is closed while an answer lies unread in it is reset, and the goodbye may be lost with it.
    house.flush()
    house.leave()
    house.broker.wait_for(lambda: house.said("status") == "offline")
    house.broker.wait_for(lambda: not house.broker.connections)
    assert house.broker.payloads(f"{house.base}/status") == [b"online", b"offline"]


def test_a_client_id_of_the_users(tmp_path: Path, broker: Broker) -> None:
    house = House(tmp_path, broker, client_id="my-alarm")
    house.open()
    assert broker.connects[-1].client_id == "my-alarm"
    house.close()


def test_without_discovery_its_birth_is_not_read(tmp_path: Path, broker: Broker) -> None:
    house = House(tmp_path, broker, discovery=False)
    house.open()
    house.flush()
    assert not any(topic.startswith("homeassistant") for topic in broker.topics())
    house.close()


# -- what is in the way -------------------------------------------------------------------------------------------


@pytest.fixture
def shut(tmp_path: Path, broker: Broker) -> Iterator[House]:
    """A house whose broker does not run yet."""
    broker.stop()
    made = House(tmp_path, broker)
    made.begin()
    yield made
    made.close()


def test_a_broker_that_is_away_is_said_once_and_tried_at_growing_intervals(
    shut: House, caplog: pytest.LogCaptureFixture
) -> None:
    [why] = shut.door.obstacles()
    assert "refuses connections" in why
    assert list(shut.door.urls()) == []
    pauses = [shut.door._due_at - shut.machine.now]
    for _ in range(8):
        shut.look(pauses[-1] - 0.1)
        assert shut.door._due_at - shut.machine.now == pytest.approx(0.1)
        shut.look(0.1)
        pauses.append(shut.door._due_at - shut.machine.now)
    assert pauses == pytest.approx([AGAIN_S * 2**n for n in range(6)] + [MOST_S] * 3)
    said = [*caplog.get_records("setup"), *caplog.records]
    assert [one.message for one in said if one.name == module.__name__] == [f"{why}; it is tried again"]
    shut.broker.start()
    shut.look(MOST_S)
    shut.be_subscribed()
    assert list(shut.door.obstacles()) == []


def test_after_a_steady_connection_the_pauses_begin_anew(shut: House) -> None:
    for _ in range(4):
        shut.look(shut.door._due_at - shut.machine.now)
    shut.broker.start()
    shut.look(shut.door._due_at - shut.machine.now)
    shut.be_subscribed()
    for steady, pause_s in ((False, 32.0), (True, AGAIN_S)):
        if steady:
            shut.wait_out(STEADY_S)
        shut.broker.drop()
        shut.door._link.ended.result(PATIENCE_S)
        shut.look()
        assert shut.door._due_at - shut.machine.now == pause_s
        shut.wait_out(pause_s)
        shut.be_subscribed()


def refused(tmp_path: Path, broker: Broker, password: str) -> House:
    broker.users = {"me": "right"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MQTT_USER", "me")
        patch.setenv("MQTT_PASSWORD", password)
        return House(tmp_path, broker)


def test_refused_credentials_are_tried_once_a_minute(
    tmp_path: Path, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    house = refused(tmp_path, broker, SECRET)
    house.begin()
    [why] = house.door.obstacles()
    assert "refuses the credentials" in why
    for _ in range(3):
        tried = len(broker.connects)
        house.wait_out(REFUSED_S - 1)
        assert len(broker.connects) == tried
        house.look(1.0)
        assert len(broker.connects) == tried + 1
    broker.users = {"me": SECRET}
    house.look(REFUSED_S)
    house.be_subscribed()
    assert broker.connects[-1].password == SECRET.encode()
    assert SECRET not in caplog.text + why + repr(house.door._home)
    house.close()


def test_3_1_1_refuses_them_too(tmp_path: Path, broker: Broker) -> None:
    broker.refuses_v5 = "by 3.1.1"
    house = refused(tmp_path, broker, SECRET)
    house.begin()
    assert "refuses the credentials" in house.door.obstacles()[0]
    assert house.door._due_at - house.machine.now == REFUSED_S
    house.close()


def test_who_takes_the_session_is_left_alone_for_some_minutes(house: House) -> None:
    with MqttClient(house.broker.port, name=house.door._client_id) as other:
        other.paho.reconnect_delay_set(120, 120)
        house.door._link.ended.result(PATIENCE_S)
        house.look()
        [why] = house.door.obstacles()
        assert f"another program uses the client id '{house.door._client_id}'" in why
        house.wait_out(TAKEN_S - 1)
        assert other.connected.is_set()
    house.look(1.0)
    house.be_subscribed()


def test_a_password_is_not_sent_in_clear_to_elsewhere(
    tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = refused(tmp_path, broker, "right")
    where = socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", broker.port)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: [where])
    monkeypatch.setattr(socket, "create_connection", lambda *_args, **_more: pytest.fail("a connection"))
    house.begin()
    [why] = house.door.obstacles()
    assert "use mqtts:// in doors.mqtt.broker" in why
    assert house.door._due_at - house.machine.now == MOST_S
    monkeypatch.undo()
    house.close()


def test_a_name_that_nobody_knows(tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    def find(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    house = House(tmp_path, broker)
    monkeypatch.setattr(socket, "getaddrinfo", find)
    house.begin()
    assert "has a name that cannot be looked up" in house.door.obstacles()[0]
    monkeypatch.undo()
    house.close()


# paho leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore:unclosed <ssl:ResourceWarning")
def test_tls_by_a_ca_of_ones_own_and_nothing_less(tmp_path: Path) -> None:
    ours, theirs = trustme.CA(), trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.issue_cert("127.0.0.1").configure_cert(context)
    pem = {"ours": tmp_path / "ours.pem", "theirs": tmp_path / "theirs.pem"}
    ours.cert_pem.write_to_path(str(pem["ours"]))
    theirs.cert_pem.write_to_path(str(pem["theirs"]))
    with Broker(tls=context) as broker:
        for ca, words in (
            (str(pem["ours"]), ""),
            (str(pem["theirs"]), "no valid certificate"),
            ("", "no valid certif"),
        ):
            house = House(tmp_path, broker, scheme="mqtts", ca=ca)
            house.begin()
            if words:
                assert words in house.door.obstacles()[0]
                assert broker.connects[1:] == []
            else:
                house.be_subscribed()
                assert list(house.door.obstacles()) == []
            house.close()
    with Broker() as broker:
        house = House(tmp_path, broker, scheme="mqtts", ca=str(pem["ours"]))
        house.begin()
        [why] = house.door.obstacles()
        assert "does not speak TLS at that port" in why or "does not answer" in why or "cannot be reached" in why
        house.close()
    gc.collect()


def test_a_ca_file_that_is_none(tmp_path: Path, broker: Broker) -> None:
    house = House(tmp_path, broker, scheme="mqtts", ca="/nowhere")
    house.begin()
    assert house.door.obstacles() == ("doors.mqtt.ca: /nowhere cannot be read: No such file or directory",)
    house.close()


def test_an_acl_that_lets_us_not_read_is_an_obstacle(tmp_path: Path, broker: Broker) -> None:
    for refuses in (None, "by 3.1.1"):
        broker.refuses_v5 = refuses
        house = House(tmp_path, broker)
        broker.unreadable = [f"{house.base}/+/set"]
        house.begin()
        until(house.door.obstacles)
        [found] = house.door.obstacles()
        assert f"its ACL is too narrow: this program may not read {house.base}/+/set; see docs/mqtt.md" in found
        assert len(house.door.urls()) == 3
        house.close()


def test_one_that_lets_us_not_write_is_one_too(tmp_path: Path, broker: Broker) -> None:
    house = House(tmp_path, broker)
    broker.unwritable = [house.base]
    house.begin()
    until(house.door.obstacles)
    [found] = house.door.obstacles()
    assert f"may not write {house.base}/status" in found
    house.close()


def test_a_journal_that_cannot_be_read_lets_nobody_be_online(tmp_path: Path, broker: Broker) -> None:
    house = House(tmp_path, broker)
    house.alarm.step()
    house.journal.close()
    house.begin()
    assert "journal" in house.door.obstacles()[0]
    broker.wait_for(lambda: not broker.connections)
    assert broker.payloads(f"{house.base}/status") == [b"offline"]
    house.leave()


def test_one_that_cannot_be_read_for_a_while_costs_no_connection(house: House) -> None:
    """What has changed meanwhile is said once it can be."""
    commands = house.journal.commands

    def fail(*_: object, **__: object) -> list[Entry]:
        raise EmulatorError("the journal cannot be read")

    house.journal.commands = fail  # type: ignore[method-assign]
    house.panel.keypad(Arm(ArmMode(Interior.NIGHT)))
    house.clock.now += 120
    house.alarm.step()
    for _ in range(3):
        house.look(1.0)
    house.flush()
    assert house.said("home/state") == "disarmed"
    assert not house.door._link.ended.done()
    house.journal.commands = commands  # type: ignore[method-assign]
    house.look(1.0)
    house.until_said("home/state", "armed_night")


def test_what_changes_without_an_event_is_said_within_a_minute(house: House) -> None:
    class Broken:
        def obstacles(self) -> list[str]:
            return ["port 80 is taken"]

    house.opened["hue"] = Broken()  # type: ignore[assignment]
    house.wait_out(QUIET_S)
    house.flush()
    assert "port 80 is taken" in house.said("summary")


# -- stop ---------------------------------------------------------------------------------------------------------


def stopped(house: House) -> None:
    """Stop within the time that whatever has to stop at once gets."""
    stopper = threading.Thread(target=house.door.stop)
    stopper.start()
    stopper.join(STOP_S)
    assert not stopper.is_alive()


def test_it_stops_while_the_broker_is_silent(tmp_path: Path, broker: Broker) -> None:
    house = House(tmp_path, broker)
    house.door.start()
    house.be_subscribed()
    broker.be_silent()
    stopped(house)
    broker.speak()
    house.journal.close()


def test_a_connection_that_comes_after_the_stop_is_closed_again(tmp_path: Path, broker: Broker) -> None:
    house = House(tmp_path, broker)
    house.door._life._stopping = True
    house.begin()
    broker.wait_for(lambda: broker.connects and not broker.connections)
    assert broker.published == []
    house.close()


@pytest.mark.long
def test_it_stops_while_it_connects_and_nothing_is_left_that_is_online(tmp_path: Path, broker: Broker) -> None:
    broker.stop()
    house = House(tmp_path, broker)
    house.door.start()
    broker.start()
    broker.be_silent()
    house.machine.now += 3
    house.door._life.hurry()
    until(lambda: broker.connections)
    stopped(house)
    broker.speak()
    broker.wait_for(lambda: not broker.connections)
    assert b"online" not in broker.payloads(f"{house.base}/status")
    house.journal.close()
    until(lambda: not [one for one in threading.enumerate() if one.name == "mqtt"])


def test_switches_of_other_doors_are_none_of_its_own(house: House) -> None:
    assert [one for one, _ in house.door.urls()] == list(SWITCHES[:3])
    assert ELSEWHERE not in house.door._home.switches
