"""The running program at real brokers: states, commands, restarts of both, and what is old and must not be obeyed."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from emulator.alarm.age import DISARM_WITHIN_S
from emulator.doors.mqtt.door import RETAINED, STALE
from emulator.lan.arrivals import IDLE_S, MARK_S
from emulator.model import Arm, ArmMode
from emulator.simulator.faults import InjectedFault
from tests.doors.mqtt.front import too_old_for_5
from tests.doors.mqtt.running import PIN, MqttProgram, Watcher, url
from tests.support.mosquitto import Amqtt, Certificates, Mosquitto, RealBroker
from tests.support.mqtt_client import V5, V311, MqttClient
from tests.support.patience import LOOK_EVERY_S, until
from tests.support.program import simulated

StartMosquitto = Callable[..., Mosquitto]
TOTAL = Arm(ArmMode.parse("total"))
X1 = ("ARMNIGHT1", "ARM1", "DARM1")
"""Requests that change the alarm."""

QUEUE_LOOKS = 500
"""Looks for an answer before the question is put once more."""

DISARM = f'{{"action": "DISARM", "code": "{PIN}"}}'
USER = {"user": "home", "password": "correct horse"}
USERS = {USER["user"]: USER["password"], "watcher": "other"}


class Home:
    """A program at a broker, and a client that watches."""

    def __init__(self, stack: ExitStack, folder: Path, broker: str, port: int, **more: Any) -> None:
        login = more.pop("login", {})
        self.alarm = stack.enter_context(simulated())
        self.watcher = stack.enter_context(Watcher(port, **login))
        self.program = MqttProgram(folder, self.alarm, broker, **more)

    def nothing_was_sent(self) -> bool:
        return self.program.sent(*X1) == [0] * len(X1)

    def until_refused(self, why: str, times: int) -> None:
        until(lambda: self.program.refusals().get(why) == times, f"{times} times {why!r} in the journal")

    def end_of_queue(self) -> None:
        """Wait until the program has taken everything that was said before."""
        before = sum(self.program.refusals().values())

        def refused() -> bool:
            # Once more after a while: the connection in which the first one is may be about to end.
            self.watcher.order("MAKE_COFFEE")
            for _ in range(QUEUE_LOOKS):
                if sum(self.program.refusals().values()) > before:
                    return True
                time.sleep(LOOK_EVERY_S)
            return False

        until(refused, "a refusal")


@contextmanager
def a_home(folder: Path, broker: RealBroker, **more: Any) -> Iterator[Home]:
    with ExitStack() as stack:
        yield Home(stack, folder, url(broker.port), broker.port, **more)


def arms_and_disarms(home: Home) -> None:
    """Try states and commands, as in any home."""
    watcher, alarm = home.watcher, home.alarm
    watcher.wait_until("status", "online")
    watcher.wait_until("home/state", "disarmed")
    alarm.backend.faults.add(InjectedFault("wait", "ARMNIGHT2"))
    watcher.order("ARM_NIGHT")
    watcher.wait_until("home/state", "arming")
    alarm.backend.faults.clear()
    watcher.wait_until("home/state", "armed_night")
    watcher.order("DISARM")
    until(lambda: any("PIN" in why for why in home.program.refusals()), "a refusal without the PIN")
    assert home.program.sent(*X1) == [1, 0, 0]
    watcher.order(DISARM)
    watcher.wait_until("home/state", "disarmed")
    alarm.panel.keypad(TOTAL)
    watcher.wait_until("home/state", "armed_away")
    [switch] = [topic for topic in watcher.kept() if topic.endswith("/state") and watcher.last(topic) == "ON"]
    watcher.publish(switch.replace("/state", "/set"), "OFF")
    watcher.wait_until("home/state", "disarmed")
    assert home.program.sent(*X1) == [1, 0, 2]
    outcomes = [entry["result"] for entry in home.program.journal() if entry["action"] != "home/set"]
    assert outcomes == ["confirmed"] * 3
    assert home.program.obstacles() == []


# -- every kind of broker ---------------------------------------------------------------------------------------


def test_mosquitto_and_mqtt_5(tmp_path: Path, mosquitto: StartMosquitto) -> None:
    broker = mosquitto()
    with a_home(tmp_path, broker) as home, home.program.running():
        arms_and_disarms(home)
        [visit] = [visit for visit in broker.visits() if visit[0].startswith("verisure-")]
        assert visit[1:] == (V5, 10, "")


@pytest.mark.long
def test_mosquitto_and_mqtt_311(tmp_path: Path, mosquitto: StartMosquitto) -> None:
    broker = mosquitto()
    with too_old_for_5(broker.port) as port, ExitStack() as stack:
        home = Home(stack, tmp_path, url(port), broker.port, login={"version": V311})
        with home.program.running():
            arms_and_disarms(home)
            [visit] = [visit for visit in broker.visits() if visit[0].startswith("verisure-")]
            assert visit[1:] == (V311, 10, "")


@pytest.mark.long
def test_amqtt(tmp_path: Path, amqtt: Callable[[], Amqtt]) -> None:
    with a_home(tmp_path, amqtt(), login={"version": V311}) as home, home.program.running():
        arms_and_disarms(home)


@pytest.mark.long
def test_mosquitto_with_a_password_over_tls(tmp_path: Path, mosquitto: StartMosquitto) -> None:
    files = Certificates.issued(tmp_path / "tls")
    broker = mosquitto(users=USERS, tls=files)
    with ExitStack() as stack:
        login = {"user": "watcher", "password": "other", "ca": str(files.authority)}
        ca = f", ca: '{files.authority}'"
        home = Home(stack, tmp_path, url(broker.port, "mqtts"), broker.port, login=login, more=ca, **USER)
        with home.program.running():
            arms_and_disarms(home)
        [visit] = [visit for visit in broker.visits() if visit[0].startswith("verisure-")]
        assert visit[1:] == (V5, 10, "home")


@pytest.mark.long
def test_a_button_that_is_pressed_for_ever_keeps_nobody_from_disarming(
    tmp_path: Path, mosquitto: StartMosquitto
) -> None:
    """The broker brings marks back in order, so that a disarm is no older than the last of them."""
    with a_home(tmp_path, mosquitto()) as home, home.program.running():
        home.watcher.wait_until("home/state", "disarmed")
        home.watcher.order("ARM_NIGHT")
        home.watcher.wait_until("home/state", "armed_night")
        ends = time.monotonic() + DISARM_WITHIN_S + MARK_S
        while time.monotonic() < ends:
            home.watcher.order("PRESS", "home/refresh")
            time.sleep(IDLE_S / 4)
        home.watcher.order(DISARM)
        home.watcher.wait_until("home/state", "disarmed")
        assert home.program.sent(*X1) == [1, 0, 1]


# -- what keeps it out ------------------------------------------------------------------------------------------


@pytest.mark.long
def test_a_wrong_password_is_an_obstacle_and_tried_once_a_minute(tmp_path: Path, mosquitto: StartMosquitto) -> None:
    broker = mosquitto(users=USERS)
    login = {"user": "watcher", "password": "other"}
    with a_home(tmp_path, broker, login=login, user="home", password="battery staple") as home:
        with home.program.running():
            [why] = home.program.obstacles()
            assert why.endswith("refuses the credentials; it was shown those in MQTT_USER and MQTT_PASSWORD")
            tried = broker.log().count("not authorised")
            assert tried == 1
            # A minute is tried with a clock of its own, elsewhere.
            home.watcher.publish("verisure/x", "y", 1)
            assert broker.log().count("not authorised") == 1
        assert "battery" not in broker.log()


@pytest.mark.long
def test_another_authority_is_an_obstacle_and_nothing_is_shown_to_it(tmp_path: Path, mosquitto: StartMosquitto) -> None:
    files, others = Certificates.issued(tmp_path / "tls"), Certificates.issued(tmp_path / "other")
    broker = mosquitto(users=USERS, tls=files)
    login = {"user": "watcher", "password": "other", "ca": str(files.authority)}
    with ExitStack() as stack:
        ca = f", ca: '{others.authority}'"
        home = Home(stack, tmp_path, url(broker.port, "mqtts"), broker.port, login=login, more=ca, **USER)
        with home.program.running():
            [why] = home.program.obstacles()
            assert "shows no valid certificate" in why
            assert "doors.mqtt.ca" in why
    assert [name for name, *_ in broker.visits() if name.startswith("verisure-")] == []


# -- restarts ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("remembers", [pytest.param(True, marks=pytest.mark.long), False])
def test_the_broker_starts_anew(tmp_path: Path, mosquitto: StartMosquitto, remembers: bool) -> None:
    """What was retained is told again; and nothing that was said meanwhile is obeyed."""
    broker = mosquitto(remembers=remembers)
    with a_home(tmp_path, broker) as home, home.program.running():
        home.watcher.wait_until("home/state", "disarmed")
        home.watcher.wait_until("status", "online")
        before = home.watcher.kept()
        broker.stop()
        until(lambda: "refuses connections" in "".join(home.program.obstacles()), "an obstacle")
        home.alarm.panel.keypad(TOTAL)
        broker.start()
        with Watcher(broker.port) as watcher:
            watcher.wait_until("home/state", "armed_away")
            watcher.wait_until("status", "online")
            assert watcher.kept().keys() >= before.keys()
            watcher.order(DISARM)
            watcher.wait_until("home/state", "disarmed")
        assert home.program.sent(*X1) == [0, 0, 1]
        assert home.program.obstacles() == []


@pytest.mark.long
def test_when_it_is_killed_it_is_offline_and_starts_again_as_the_same(
    tmp_path: Path, mosquitto: StartMosquitto
) -> None:
    with a_home(tmp_path, mosquitto()) as home:
        watcher = home.watcher
        with home.program.running():
            watcher.wait_until("home/state", "disarmed")
            watcher.wait_until("status", "online")
            first = watcher.kept()
            home.program.kill()
            watcher.wait_until("status", "offline")
        watcher.order("ARM_NIGHT", qos=1)
        watcher.order("ARM_NIGHT", qos=1, retain=True)
        with home.program.running():
            watcher.wait_until("status", "online")
            home.end_of_queue()
            assert home.nothing_was_sent()
            again = watcher.kept()
            fixed = [topic for topic in first if topic.endswith("/config")]
            assert fixed
            assert {topic: again[topic] for topic in fixed} == {topic: first[topic] for topic in fixed}
            assert again.keys() - {f"{watcher.base}/home/set"} == first.keys()
        watcher.wait_until("status", "offline")


# -- nothing old is obeyed --------------------------------------------------------------------------------------


OLD = pytest.mark.parametrize("version", [V5, V311])


@contextmanager
def at_a_broker(folder: Path, mosquitto: StartMosquitto, version: int) -> Iterator[Home]:
    broker = mosquitto()
    with too_old_for_5(broker.port) as old, ExitStack() as stack:
        yield Home(stack, folder, url(broker.port if version == V5 else old), broker.port)


@pytest.mark.long
@OLD
def test_what_was_retained_or_queued_before_it_came(tmp_path: Path, mosquitto: StartMosquitto, version: int) -> None:
    """Its session of another day would hold QoS 1: it has none, and asks for none."""
    with at_a_broker(tmp_path, mosquitto, version) as home:
        with home.program.running():
            home.watcher.wait_until("status", "online")
        home.watcher.wait_until("status", "offline")
        for qos in (0, 1):
            home.watcher.order("ARM_NIGHT", qos=qos)
            home.watcher.order("ARM_NIGHT", qos=qos, retain=True)
        with home.program.running():
            home.watcher.wait_until("status", "online")
            home.end_of_queue()
            assert home.nothing_was_sent()
            # Of 5 it does not even get it; of 3.1.1 it does, drops it, counts it and clears it.
            assert home.program.refusals().get(RETAINED, 0) == (version == V311)
            is_there = f"{home.watcher.base}/home/set" in home.watcher.kept()
            assert is_there == (version == V5)


@pytest.mark.long
def test_what_is_sent_to_be_retained_while_it_listens(tmp_path: Path, mosquitto: StartMosquitto) -> None:
    """MQTT 5 tells; it is cleared, so that it lies in wait for nobody."""
    with at_a_broker(tmp_path, mosquitto, V5) as home, home.program.running():
        home.watcher.wait_until("status", "online")
        for count in (1, 2):
            home.watcher.order("ARM_NIGHT", qos=1, retain=True)
            home.until_refused(RETAINED, count)
        home.end_of_queue()
        until(lambda: f"{home.watcher.base}/home/set" not in home.watcher.kept(), "nothing retained")
        assert home.nothing_was_sent()


@pytest.mark.long
def test_a_session_of_its_client_id_that_somebody_else_left_behind(tmp_path: Path, mosquitto: StartMosquitto) -> None:
    """A session that is kept gets QoS 1 late, as if live: a clean start deletes it."""
    with at_a_broker(tmp_path, mosquitto, V5) as home:
        with home.program.running():
            home.watcher.wait_until("status", "online")
        base = home.watcher.base
        name = f"verisure-{base.partition('/')[2]}"
        with MqttClient(home.watcher._port, name=name, clean=False) as other:
            other.subscribe(f"{base}/+/set", 1)
        home.watcher.order("ARM_NIGHT", qos=1)
        with home.program.running():
            home.watcher.wait_until("status", "online")
            home.end_of_queue()
            assert home.nothing_was_sent()


@pytest.mark.long
def test_the_same_command_twice_at_once_is_one(tmp_path: Path, mosquitto: StartMosquitto) -> None:
    with at_a_broker(tmp_path, mosquitto, V5) as home, home.program.running():
        home.watcher.wait_until("home/state", "disarmed")
        home.alarm.backend.faults.add(InjectedFault("wait", "ARMNIGHT2"))
        for _ in range(3):
            home.watcher.order("ARM_NIGHT", qos=1)
        home.end_of_queue()
        home.alarm.backend.faults.clear()
        home.watcher.wait_until("home/state", "armed_night")
        assert home.program.sent(*X1) == [1, 0, 0]


@pytest.mark.long
@OLD
@pytest.mark.parametrize("still_s", [6.0, 25.0])
def test_what_came_while_it_stood_still(
    tmp_path: Path, mosquitto: StartMosquitto, version: int, still_s: float
) -> None:
    """The connection holds it as if it were new; after 15 s the broker has closed it, and the bytes are still there."""
    with at_a_broker(tmp_path, mosquitto, version) as home, home.program.running():
        home.watcher.wait_until("home/state", "disarmed")
        home.watcher.wait_until("status", "online")
        with home.program.standing_still():
            expiring = Properties(PacketTypes.PUBLISH)
            expiring.MessageExpiryInterval = 10
            home.watcher.order("ARM_NIGHT")
            home.watcher.order("ARM_NIGHT", qos=1)
            home.watcher.order("ARM_NIGHT", properties=expiring)
            time.sleep(still_s)
        until(lambda: STALE in home.program.refusals() or home.program.obstacles() == [], "the program")
        home.watcher.wait_until("status", "online")
        home.end_of_queue()
        assert home.nothing_was_sent()
        home.watcher.order("ARM_NIGHT")
        home.watcher.wait_until("home/state", "armed_night")
        assert home.program.sent(*X1) == [1, 0, 0]
