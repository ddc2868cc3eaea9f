"""One connection: how it begins, what it passes on, and that nothing is left of it."""

import gc
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from emulator.doors.mqtt.broker import REFUSED_S, BrokerTrouble, UnsupportedVersion
from emulator.doors.mqtt.broker import Broker as Address
from emulator.doors.mqtt.link import V3, V5, Link, Received, connect
from tests.support import mqtt_packets as wire
from tests.support.broker import HOST, Broker, Refusal
from tests.support.patience import PATIENCE_S, until

BOTH = pytest.mark.parametrize("version", [V5, V3])


def at(broker: Broker, **other: str) -> Address:
    return Address(HOST, broker.port, False, **other)


@pytest.fixture
def heard() -> list[Received]:
    """What the link has passed on."""
    return []


@pytest.fixture
def link(broker: Broker, heard: list[Received]) -> Iterator[Link]:
    made = connect(at(broker), "me", "me/status", heard.append)
    yield made
    made.close()


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@BOTH
def test_what_is_published_is_there_and_the_will_only_if_it_breaks(broker: Broker, version: object) -> None:
    broker.refuses_v5 = None if version is V5 else "by 3.1.1"
    for polite in (True, False):
        link = connect(at(broker), "me", "me/status")
        assert link.version is version
        link.publish("me/a", "x", retain=True)
        assert link.ask("me/b", "y", PATIENCE_S) in (0, wire.NOBODY_SUBSCRIBED)
        assert (broker.retained("me/a"), broker.retained("me/b")) == (b"x", None)
        if polite:
            link.close()
            broker.wait_for(lambda: not broker.connections)
            assert broker.retained("me/status") is None
        else:
            broker.drop()
            link.ended.result(PATIENCE_S)
            broker.wait_for(lambda: broker.retained("me/status") == b"offline")
            link.close()


@pytest.mark.parametrize("refuses", ["by 5", "by 3.1.1", "without a word"])
def test_a_broker_of_3_1_1_is_found_whatever_it_says_to_5(broker: Broker, refuses: Refusal) -> None:
    broker.refuses_v5 = refuses
    link = connect(at(broker), "me")
    assert link.version is V3
    link.close()


def test_one_that_closes_at_once_is_said() -> None:
    with socket.create_server((HOST, 0)) as server:

        def close_each() -> None:
            for _ in range(2):
                server.accept()[0].close()

        closing = threading.Thread(target=close_each)
        closing.start()
        with pytest.raises(BrokerTrouble) as caught:
            connect(Address(HOST, server.getsockname()[1], False), "me")
        closing.join(PATIENCE_S)
    assert "before it has begun" in str(caught.value) or "cannot be reached" in str(caught.value)
    assert not isinstance(caught.value, UnsupportedVersion)


@BOTH
def test_who_is_refused_is_told_why(broker: Broker, version: object) -> None:
    broker.refuses_v5 = None if version is V5 else "by 3.1.1"
    broker.users = {"me": "right"}
    with pytest.raises(BrokerTrouble, match="refuses the credentials") as caught:
        connect(at(broker, user="me", password="wrong"), "me")
    assert caught.value.pause_s == REFUSED_S
    connect(at(broker, user="me", password="right"), "me").close()


def test_another_refusal_has_the_brokers_words(broker: Broker) -> None:
    broker.refusal = wire.UNAVAILABLE
    with pytest.raises(BrokerTrouble, match="refuses us: Server unavailable"):
        connect(at(broker), "me")


def test_a_server_that_is_no_broker_is_left_after_some_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emulator.doors.mqtt.link.CONNECT_S", 0.2)
    with socket.create_server((HOST, 0)) as server, pytest.raises(BrokerTrouble, match="not answer as a broker does"):
        connect(Address(HOST, server.getsockname()[1], False), "me")


# -- what it passes on --------------------------------------------------------------------------------------------


def test_each_message_says_whether_it_was_sent_to_be_retained(
    broker: Broker, link: Link, heard: list[Received]
) -> None:
    broker.publish("a/set", "before", retain=True)
    link.subscribe(["a/set", "a/end"])
    until(lambda: broker.sessions["me"].subscriptions)
    broker.publish("a/set", "now", retain=True)
    broker.publish("a/set", b"\xff")
    broker.publish("a/end", "")
    until(lambda: len(heard) == 3)
    assert heard == [
        Received("a/set", b"now", True, False),
        Received("a/set", b"\xff", False, False),
        Received("a/end", b"", False, False),
    ]


def test_3_1_1_cannot_say_it_of_what_is_sent_now(broker: Broker, heard: list[Received]) -> None:
    broker.refuses_v5 = "by 3.1.1"
    broker.publish("a/set", "before", retain=True)
    link = connect(at(broker), "me", "", heard.append)
    link.subscribe(["a/set"])
    until(lambda: heard)
    broker.publish("a/set", "now", retain=True)
    until(lambda: len(heard) == 2)
    assert [one.retained for one in heard] == [True, None]
    link.close()


def test_one_that_has_ended_passes_on_what_still_comes(broker: Broker, link: Link, heard: list[Received]) -> None:
    link.subscribe(["a/set"])
    until(lambda: broker.sessions["me"].subscriptions)
    link.end(BrokerTrouble("enough"))
    link.end(BrokerTrouble("again"))
    broker.publish("a/set", "x")
    broker.publish("b", "x")
    assert link.ask("flush", "", PATIENCE_S) is not None  # its thread has read what came before this
    assert [one.topic for one in heard] == ["a/set"]
    assert str(link.ended.result(0)) == "enough"


def test_whatever_a_message_meets_the_thread_goes_on(broker: Broker, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[Received] = []

    def take(message: Received) -> None:
        heard.append(message)
        raise RuntimeError("no")

    link = connect(at(broker), "me", "", take)
    link.subscribe(["a"])
    until(lambda: broker.sessions["me"].subscriptions)
    for _ in range(2):
        broker.publish("a", "x")
    until(lambda: len(heard) == 2)
    assert not link.ended.done()
    assert "a message was not taken" in caplog.text
    link.close()


def test_a_message_beyond_any_size_is_not_sent_to_us(broker: Broker, link: Link, heard: list[Received]) -> None:
    link.subscribe(["a"])
    until(lambda: broker.sessions["me"].subscriptions)
    broker.publish("a", "x" * 65 * 1024)
    broker.publish("a", "y")
    until(lambda: heard)
    assert [one.payload for one in heard] == [b"y"]


# -- how it ends --------------------------------------------------------------------------------------------------


def taken_over(broker: Broker, _link: Link) -> str:
    connect(at(broker), "me").close()
    return "another program uses the client id 'me'"


def broken(broker: Broker, _link: Link) -> str:
    broker.drop()
    return "has broken"


def sent_away(broker: Broker, _link: Link) -> str:
    broker.say(wire.packet(14, bytes([0x8B, 0])))
    broker.drop()
    return "has broken (Server shutting down)"


def closed(_broker: Broker, link: Link) -> str:
    link.close()
    return "it was closed"


@pytest.mark.parametrize("how", [taken_over, broken, sent_away, closed])
def test_its_end_has_a_reason(broker: Broker, link: Link, how: Callable[[Broker, Link], str]) -> None:
    words = how(broker, link)
    assert words in str(link.ended.result(PATIENCE_S))


def test_what_is_asked_of_one_that_is_over_has_no_answer(broker: Broker, link: Link) -> None:
    broker.drop()
    link.ended.result(PATIENCE_S)
    assert link.ask("a", "x", 0.01) is None
    link.publish("a", "x", retain=True)
    link.subscribe(["a"])


def test_it_closes_within_seconds_while_the_broker_is_silent(broker: Broker) -> None:
    link = connect(at(broker), "me", "me/status")
    broker.be_silent()
    link.close()
    broker.speak()
    broker.wait_for(lambda: not broker.connections)


def test_nothing_is_left_of_it(broker: Broker) -> None:
    """The door makes one a minute while the broker is away; garbage is collected when there is much of it."""

    def one_of_each() -> None:
        link = connect(at(broker), "me")
        link.close()
        link.close()
        broker.refusal = wire.UNAVAILABLE
        with pytest.raises(BrokerTrouble):
            connect(at(broker), "me")
        broker.refusal = None
        broker.wait_for(lambda: not broker.connections)

    one_of_each()
    gc.collect()
    threads, files = threading.active_count(), open_files()
    gc.disable()
    try:
        for _ in range(3):
            one_of_each()
        assert (threading.active_count(), open_files()) == (threads, files)
    finally:
        gc.enable()
