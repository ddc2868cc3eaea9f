"""A broker that is broken or hostile, and clients that flood: nothing comes late, nothing hangs, nothing grows."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from paho.mqtt.packettypes import PacketTypes

from emulator.alarm.age import ARM_WITHIN_S, DISARM_WITHIN_S
from emulator.doors.mqtt import trial
from emulator.doors.mqtt.broker import Broker as Address
from emulator.doors.mqtt.broker import BrokerTrouble
from emulator.doors.mqtt.link import NOBODY, V3, V5, Link, Received
from emulator.doors.mqtt.obedience import Obedience
from emulator.doors.mqtt.topics import Topics
from emulator.lan.arrivals import IDLE_S
from emulator.model import Arm, ArmMode, Interior
from tests.doors.mqtt.rig import NIGHT, PIN, House
from tests.support import mqtt_packets as wire
from tests.support.broker import HOST, Broker
from tests.support.patience import PATIENCE_S

BOTH = pytest.mark.parametrize("version", [V5, V3])
DISARM = json.dumps({"action": "DISARM", "code": PIN}).encode()


@pytest.fixture
def alone(tmp_path: Path, broker: Broker) -> Iterator[House]:
    """A house whose door is not connected yet, so that nothing comes but what the test hands to it."""
    made = House(tmp_path, broker, annex=True)
    made.alarm.step()
    yield made
    made.close()


# -- late -------------------------------------------------------------------------------------------------------


def at_night(house: House) -> House:
    house.panel.keypad(Arm(ArmMode(Interior.NIGHT)))
    house.clock.now += 120
    house.alarm.step()
    return house


def taken(house: House, leaf: str, payload: bytes) -> None:
    """Let the door take a message, as the library's thread does."""
    house.door._take(Received(f"{house.base}/{leaf}", payload, False, False))


def flooded(house: House, duration_s: float) -> None:
    """Let messages come without a pause for that long."""
    taken(house, "home/refresh", b"PRESS")
    until = house.clock.now + duration_s
    while house.clock.now < until:
        house.clock.now += IDLE_S / 2
        taken(house, "home/refresh", b"PRESS")


@pytest.mark.parametrize("leaf", ["home/set", f"home/switch/{NIGHT.identity.serial}/set"])
def test_a_disarm_behind_a_flood_is_as_old_as_the_flood(alone: House, leaf: str) -> None:
    """It may have been sent when the flood began, and the house may have been armed since."""
    flooded(at_night(alone), DISARM_WITHIN_S)
    taken(alone, leaf, DISARM if leaf == "home/set" else b"OFF")
    alone.release()
    alone.settle()
    assert alone.submitted == []
    [entry] = alone.entries()
    assert (entry.result, entry.message.startswith("it came too late")) == ("superseded", True)


def test_after_a_pause_it_is_new(alone: House) -> None:
    flooded(at_night(alone), DISARM_WITHIN_S)
    alone.clock.now += IDLE_S
    taken(alone, "home/set", DISARM)
    alone.settle()
    assert alone.submitted == ["DARM1"]


def test_behind_messages_that_come_without_a_pause_it_is_as_old_as_the_last_mark(house: House) -> None:
    """A script that presses a button for ever must not keep people from disarming: the broker delivers in order."""
    at_night(house)
    for _ in range(int(DISARM_WITHIN_S / IDLE_S * 4)):
        house.send("home/refresh", "PRESS")
        house.clock.now += IDLE_S / 4
    house.send("home/set", DISARM)
    house.settle()
    assert house.submitted == ["DARM1"]
    assert "check/refresh" not in {entry.action for entry in house.entries()}


def test_the_time_in_which_a_message_is_obeyed_is_no_pause(alone: House) -> None:
    """The journal may be locked for seconds while the next ones wait."""
    at_night(alone)

    class LockedPin:
        def check(self, _pin: str, _peer: str) -> None:
            alone.clock.now += DISARM_WITHIN_S
            raise BrokerTrouble("it takes long")

    home = alone.door._home
    alone.door._obedience = Obedience(replace(home, context=replace(home.context, pin=LockedPin())))  # type: ignore[arg-type]
    taken(alone, "home/set", DISARM)
    alone.door._obedience = Obedience(home)
    taken(alone, "home/set", DISARM)
    alone.settle()
    assert alone.submitted == []


def test_a_disarm_is_as_old_as_its_arrival_however_long_its_pin_takes(alone: House) -> None:
    at_night(alone)

    class SlowPin:
        def check(self, _pin: str, _peer: str) -> None:
            alone.clock.now += DISARM_WITHIN_S

    home = alone.door._home
    alone.door._obedience = Obedience(replace(home, context=replace(home.context, pin=SlowPin())))  # type: ignore[arg-type]
    taken(alone, "home/set", DISARM)
    alone.settle()
    assert alone.submitted == []
    assert alone.ended() == [("disarm", "superseded")]


@pytest.mark.parametrize(("age_s", "submitted"), [(ARM_WITHIN_S, []), (ARM_WITHIN_S - 1, ["ARM1"])])
def test_an_arm_that_says_it_was_asked_for_long_ago_is_not_obeyed(
    alone: House, age_s: float, submitted: list[str]
) -> None:
    """People may have come home since."""
    taken(alone, "home/set", json.dumps({"action": "ARM_AWAY", "at": alone.machine.time() - age_s}).encode())
    alone.settle()
    assert alone.submitted == submitted


# -- a broker that does not keep to the protocol ----------------------------------------------------------------


@contextmanager
def visited(behave: Callable[[socket.socket], object]) -> Iterator[Address]:
    """Listen, and let `behave` speak to each client that has said CONNECT, until that hangs up."""
    with socket.create_server((HOST, 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    client = server.accept()[0]
                    with client, suppress(OSError):
                        client.recv(1 << 16)
                        behave(client)

        serving = threading.Thread(target=serve)
        serving.start()
        try:
            yield Address(HOST, server.getsockname()[1], False)
        finally:
            server.shutdown(socket.SHUT_RDWR)
            serving.join()


def connack(version: object, present: int = 0) -> bytes:
    return wire.packet(PacketTypes.CONNACK, bytes([present, 0, 0] if version is V5 else [present, 0]))


def read_all(client: socket.socket) -> None:
    while client.recv(1 << 16):
        pass


@BOTH
def test_a_broker_that_has_kept_a_session_is_left(version: object) -> None:
    """What was sent while we were away would come as if it were new."""
    with (
        visited(lambda client: (client.sendall(connack(version, present=1)), read_all(client))) as address,
        pytest.raises(BrokerTrouble, match="keeps old commands"),
    ):
        Link(address, "me", version).open()  # type: ignore[arg-type]


@BOTH
def test_a_packet_that_is_too_large_is_not_read(version: object) -> None:
    """By 3.1.1 a broker hands on what any client has sent; 200 MB took 600 MB of memory."""
    huge = bytes([PacketTypes.PUBLISH << 4, 0xFF, 0xFF, 0xFF, 0x7F])
    with visited(lambda client: (client.sendall(connack(version) + huge), read_all(client))) as address:
        link = Link(address, "me", version).open()  # type: ignore[arg-type]
        assert "Keep alive" not in str(link.ended.result(PATIENCE_S))
        link.close()


def test_a_topic_that_is_no_text_ends_no_thread() -> None:
    heard: list[Received] = []
    come = threading.Event()

    def hear(message: Received) -> None:
        heard.append(message)
        come.set()

    bad, good = (wire.packet(PacketTypes.PUBLISH, b"\0\1", topic, b"\0x") for topic in (b"\xff", b"a"))
    with visited(lambda client: (client.sendall(connack(V5) + bad + good), read_all(client))) as address:
        link = Link(address, "me", V5, on_message=hear).open()
        assert come.wait(PATIENCE_S)
        assert [one.topic for one in heard] == ["a"]
        link.close()


def test_check_says_of_a_broker_that_it_does_not_answer() -> None:
    with visited(lambda client: (client.sendall(connack(V5)), read_all(client))) as address:
        found = list(trial.troubles(address, Topics("verisure", NOBODY, ""), is_pin_set=True))
    assert ["does not say that it has it" in one.found for one in found] == [True]


# -- what grows -------------------------------------------------------------------------------------------------


def test_while_the_journal_fails_no_refusal_is_logged(alone: House, caplog: pytest.LogCaptureFixture) -> None:
    """The watch says that the state folder refuses writes; a line for each message would fill what is left of it."""
    alone.journal.close()
    caplog.clear()
    for number in range(3):
        taken(alone, "home/set", f"nonsense {number}".encode())
    assert [record.message for record in caplog.records if record.levelname != "DEBUG"] == []


def test_a_disarm_takes_the_annex_along_that_is_on_now_or_soon(alone: House) -> None:
    """A disarm of it that is under way may yet be rejected."""
    alone.panel.keypad(Arm(ArmMode(Interior.NIGHT, annex=True)))
    alone.clock.now += 120
    alone.alarm.step()
    for _ in range(2):
        taken(alone, "home/set", DISARM)
    alone.settle()
    assert [entry.action for entry in alone.entries()] == ["disarm all"]
