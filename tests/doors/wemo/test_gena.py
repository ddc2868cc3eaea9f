"""Subscriptions and their events (lan-emulation.md §2.8), against a subscriber that listens on loopback."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from inspect import signature
from ipaddress import IPv4Network

import pytest

from emulator.doors.wemo import gena
from emulator.doors.wemo.gena import Publisher
from emulator.errors import ProtocolError
from emulator.lan import callback, subscription
from emulator.lan.callback import Callback, Here
from emulator.lan.http1 import Response
from emulator.lan.network import Place
from emulator.lan.subscription import Topic
from tests.doors.clockwork import as_test, until
from tests.support.patience import PATIENCE_S

PEER = "127.0.0.1"
PLACE = Place("lo", "127.0.0.1", IPv4Network("127.0.0.0/8"), "127.0.0.1")
HERE = Here((PLACE,), frozenset({"127.0.0.1"}))
TOPIC = ("key1", "basicevent")


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Subscriber:
    """A tiny HTTP server that keeps its events and sends `answer` for each."""

    answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    got: asyncio.Queue[tuple[dict[str, str], str]] = field(default_factory=asyncio.Queue)
    port: int = 0
    path: str = "/events?x=1"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        headers = {name.upper(): value for name, value in (line.split(": ", 1) for line in lines)}
        body = await reader.readexactly(int(headers["CONTENT-LENGTH"]))
        headers["first"], headers["from"] = first, writer.get_extra_info("peername")[0]
        await self.got.put((headers, body.decode()))
        writer.write(self.answer)
        await writer.drain()
        writer.close()

    async def next(self) -> tuple[dict[str, str], str]:
        return await asyncio.wait_for(self.got.get(), PATIENCE_S)

    def headers(self, **more: str) -> dict[str, str]:
        url = f"<http://{PEER}:{self.port}{self.path}>"
        return {"callback": url, "nt": "upnp:event", "timeout": "Second-300", **more}


def with_subscriber(test: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Run a test with those of publisher, subscriber and clock that it names; what it takes besides are fixtures."""

    def call(**fixtures: object) -> None:
        async def main() -> None:
            clock, subscriber = Clock(), Subscriber()
            publisher = Publisher(clock)
            publisher.move(HERE)
            server = await asyncio.start_server(subscriber._serve, PEER, 0)
            subscriber.port = server.sockets[0].getsockname()[1]
            given = {"publisher": publisher, "subscriber": subscriber, "clock": clock}
            async with server:
                await test(**{name: given[name] for name in signature(test).parameters if name in given}, **fixtures)
                await publisher.close()
            assert asyncio.all_tasks() == {asyncio.current_task()}

        asyncio.run(main())

    return as_test(call, test, ("publisher", "subscriber", "clock"))


def subscribe(
    publisher: Publisher, headers: dict[str, str], topic: Topic = TOPIC, initial: bytes | None = b"<all/>"
) -> Response:
    response = publisher.subscribe(topic, PEER, PLACE, headers, lambda: initial)
    if response.after:
        response.after()
    return response


def another(publisher: Publisher, peer: str, number: int, topic: Topic = TOPIC) -> Response:
    """Subscribe for a callback that never gets an event."""
    callback = {"callback": f"<http://{peer}:9/{number}>", "nt": "upnp:event", "timeout": "60"}
    return publisher.subscribe(topic, peer, PLACE, callback, bytes)


def sid(response: Response) -> str:
    return dict(response.headers)["SID"]


@with_subscriber
async def test_events_arrive_in_order_after_the_initial_one(publisher: Publisher, subscriber: Subscriber) -> None:
    response = subscribe(publisher, subscriber.headers())
    assert (response.status, dict(response.headers)["TIMEOUT"]) == (200, "Second-300")
    assert publisher.publish(TOPIC, b"<one/>") == 1
    assert publisher.publish(("key2", "basicevent"), b"<other/>") == 0
    publisher.publish(TOPIC, b"<two/>")
    found = [await subscriber.next() for _ in range(3)]
    assert [(headers["SEQ"], body) for headers, body in found] == [
        ("0", "<all/>"),
        ("1", "<one/>"),
        ("2", "<two/>"),
    ]
    headers = found[0][0]
    assert headers["first"] == "NOTIFY /events?x=1 HTTP/1.1"
    assert headers["HOST"] == f"{PEER}:{subscriber.port}"
    assert headers["CONTENT-TYPE"] == 'text/xml; charset="utf-8"'
    assert (headers["NT"], headers["NTS"]) == ("upnp:event", "upnp:propchange")
    assert headers["SID"] == sid(response)
    assert headers["SID"].startswith("uuid:")


@with_subscriber
async def test_nothing_is_sent_before_the_answer_is_out(publisher: Publisher, subscriber: Subscriber) -> None:
    response = publisher.subscribe(TOPIC, PEER, PLACE, subscriber.headers(), lambda: b"<all/>")
    await asyncio.sleep(2 * gena.HEAD_START_S)
    assert subscriber.got.empty()
    assert response.after
    response.after()
    assert (await subscriber.next())[0]["SEQ"] == "0"


@with_subscriber
async def test_events_leave_from_the_address_that_was_subscribed_at(
    publisher: Publisher, subscriber: Subscriber
) -> None:
    other = replace(PLACE, host="127.0.0.2")
    publisher.move(Here((PLACE, other)))
    response = publisher.subscribe(TOPIC, PEER, other, subscriber.headers(), lambda: b"<all/>")
    assert response.after
    response.after()
    assert (await subscriber.next())[0]["from"] == "127.0.0.2"


@with_subscriber
async def test_a_renewal_keeps_the_subscription_alive(
    publisher: Publisher, subscriber: Subscriber, clock: Clock
) -> None:
    first = subscribe(publisher, subscriber.headers())
    clock.now = 299
    renewed = subscribe(publisher, {"sid": sid(first), "timeout": "Second-600"})
    assert (renewed.status, sid(renewed), renewed.after) == (200, sid(first), None)
    assert dict(renewed.headers)["TIMEOUT"] == "Second-600"
    clock.now = 898
    assert publisher.publish(TOPIC, b"<x/>") == 1
    clock.now = 899
    assert publisher.publish(TOPIC, b"<x/>") == 0
    refused(412, lambda: subscribe(publisher, {"sid": sid(first)}))


@with_subscriber
async def test_an_unsubscribed_one_hears_no_more(publisher: Publisher, subscriber: Subscriber) -> None:
    headers = {"sid": sid(subscribe(publisher, subscriber.headers()))}
    await subscriber.next()
    assert publisher.unsubscribe(TOPIC, PEER, headers).status == 200
    assert publisher.publish(TOPIC, b"<x/>") == 0
    refused(412, lambda: publisher.unsubscribe(TOPIC, PEER, headers))


def refused(status: int, call: Callable[[], object]) -> None:
    with pytest.raises(ProtocolError) as caught:
        call()
    assert caught.value.status == status


@with_subscriber
async def test_requests_that_make_no_sense_are_refused(publisher: Publisher, subscriber: Subscriber) -> None:
    good = subscriber.headers()
    known = sid(subscribe(publisher, good))
    refused(400, lambda: subscribe(publisher, {**good, "sid": known}))
    refused(400, lambda: subscribe(publisher, {"sid": known, "nt": "upnp:event"}))
    refused(400, lambda: publisher.unsubscribe(TOPIC, PEER, {"sid": known, "callback": "<http://127.0.0.1/>"}))
    refused(412, lambda: subscribe(publisher, {"sid": "uuid:unknown"}))
    refused(412, lambda: subscribe(publisher, {"sid": known}, topic=("key2", "basicevent")))
    refused(412, lambda: publisher.subscribe(TOPIC, "127.0.0.9", PLACE, {"sid": known}, bytes))
    refused(412, lambda: publisher.unsubscribe(TOPIC, "127.0.0.9", {"sid": known}))
    refused(412, lambda: publisher.unsubscribe(TOPIC, PEER, {}))
    refused(412, lambda: subscribe(publisher, {**good, "nt": "upnp:other"}))
    refused(412, lambda: subscribe(publisher, {"callback": good["callback"]}))
    refused(412, lambda: subscribe(publisher, {"nt": "upnp:event"}))
    refused(412, lambda: subscribe(publisher, {**good, "callback": "<http://127.0.0.9/>"}))


@with_subscriber
async def test_a_subscriber_that_starts_anew_gets_every_event_once(
    publisher: Publisher, subscriber: Subscriber
) -> None:
    first = sid(subscribe(publisher, subscriber.headers()))
    assert sid(subscribe(publisher, subscriber.headers())) != first
    assert publisher.publish(TOPIC, b"<x/>") == 1


@with_subscriber
async def test_subscriptions_are_bounded_until_some_expire(publisher: Publisher, clock: Clock) -> None:
    for number in range(gena.MAX_SUBSCRIPTIONS):
        another(publisher, PEER, number, topic=("key", str(number // gena.MAX_PER_TOPIC)))
    refused(503, lambda: another(publisher, PEER, 0, topic=("one", "more")))
    clock.now = 60
    another(publisher, PEER, 0, topic=("one", "more"))


@with_subscriber
async def test_what_a_peer_forgot_of_a_topic_makes_way_for_what_it_wants_now(
    publisher: Publisher, clock: Clock
) -> None:
    first = another(publisher, PEER, 0)
    clock.now = 1
    for number in range(gena.MAX_PER_TOPIC):
        another(publisher, PEER, 1 + number)
    assert publisher.publish(TOPIC, b"<x/>") == gena.MAX_PER_TOPIC
    refused(412, lambda: publisher.unsubscribe(TOPIC, PEER, {"sid": sid(first)}))


@with_subscriber
async def test_a_peer_that_takes_every_place_keeps_nobody_out(publisher: Publisher) -> None:
    for number in range(gena.MAX_SUBSCRIPTIONS):
        another(publisher, "127.0.0.2", number, topic=("key", str(number // gena.MAX_PER_TOPIC)))
    kept = sid(another(publisher, PEER, 0, topic=("key", "0")))
    another(publisher, PEER, 0, topic=("one", "more"))
    for number in range(gena.MAX_PER_TOPIC):
        with suppress(ProtocolError):
            another(publisher, "127.0.0.2", 1000 + number, topic=("key", "0"))
    assert publisher.unsubscribe(("key", "0"), PEER, {"sid": kept}).status == 200


@with_subscriber
async def test_where_everybody_has_one_nobody_makes_way(publisher: Publisher) -> None:
    for number in range(gena.MAX_PER_TOPIC):
        another(publisher, f"127.0.0.{2 + number}", 0)
    refused(503, lambda: another(publisher, PEER, 0))


@pytest.mark.parametrize(
    ("answer", "numbers"),
    [
        (b"HTTP/1.1 412 Precondition Failed\r\n\r\n", "0"),
        (b"HTTP/1.1 500 No\r\n\r\n", "012"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 No\r\n\r\n", "012"),
        (b"HTTP/1.1 101 Go\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", "012"),
        (b"nonsense\r\n\r\n", "011"),
        (b"", "011"),
    ],
)
@with_subscriber
async def test_a_subscriber_that_wants_no_events_is_dropped(
    publisher: Publisher, subscriber: Subscriber, answer: bytes, numbers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscription, "AGAIN_S", (0.0, 0.0))
    subscriber.answer = answer
    subscribe(publisher, subscriber.headers())
    for _number in range(5):
        publisher.publish(TOPIC, b"<x/>")
    assert [(await subscriber.next())[0]["SEQ"] for _ in numbers] == list(numbers)
    await until(lambda: not publisher.publish(TOPIC, b"<x/>"))
    assert subscriber.got.empty()


@with_subscriber
async def test_a_subscriber_that_is_gone_is_dropped(
    publisher: Publisher, subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscription, "AGAIN_S", (0.0, 0.0))
    subscriber.port = 1  # nothing listens there
    subscribe(publisher, subscriber.headers())
    await until(lambda: not publisher.publish(TOPIC, b"<x/>"))


@with_subscriber
async def test_events_that_fail_at_once_do_not_end_a_subscription(
    publisher: Publisher, subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscription, "AGAIN_S", (1e6, 1e6))
    subscriber.answer = b"HTTP/1.1 503 Starting\r\n\r\n"
    subscribe(publisher, subscriber.headers())
    for number in range(2 * subscription.MAX_FAILURES):
        assert (await subscriber.next())[0]["SEQ"] == str(number)
        assert publisher.publish(TOPIC, b"<x/>") == 1


@with_subscriber
async def test_the_newest_event_takes_the_place_of_what_nobody_answered(
    publisher: Publisher, subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscription, "AGAIN_S", (0.01, 0.01))
    good, subscriber.answer = subscriber.answer, b""
    subscribe(publisher, subscriber.headers())
    assert await heard(subscriber, 1) == [("0", "<all/>")]
    subscriber.answer = good
    for event in (b"<one/>", b"<two/>", b"<three/>"):
        publisher.publish(TOPIC, event)
    assert await heard(subscriber, 1) == [("1", "<three/>")]
    publisher.publish(TOPIC, b"<four/>")
    assert await heard(subscriber, 1) == [("2", "<four/>")]


def test_a_subscriber_that_a_defect_cuts_off_is_dropped_too(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Here):
        def source(self, callback: Callback, peer: str, local: str) -> str | None:
            raise RuntimeError(f"{callback.host} {peer} {local}")

    async def test(publisher: Publisher, subscriber: Subscriber) -> None:
        publisher.move(Broken())
        subscribe(publisher, subscriber.headers())
        await until(lambda: not publisher.publish(TOPIC, b"<x/>"))

    with_subscriber(test)()
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


@with_subscriber
async def test_one_failure_is_forgiven(publisher: Publisher, subscriber: Subscriber) -> None:
    good, subscriber.answer = subscriber.answer, b"HTTP/1.1 500 No\r\n\r\n"
    subscribe(publisher, subscriber.headers())
    for number in range(2 * subscription.MAX_FAILURES):
        assert (await subscriber.next())[0]["SEQ"] == str(number)
        subscriber.answer = good if number % 2 else b"HTTP/1.1 500 No\r\n\r\n"
        assert publisher.publish(TOPIC, b"<x/>") == 1


@with_subscriber
async def test_a_slow_subscriber_keeps_only_the_latest_events(
    publisher: Publisher, subscriber: Subscriber, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    subscribe(publisher, subscriber.headers())
    for number in range(100):
        publisher.publish(TOPIC, str(number).encode())
    bodies = [(await subscriber.next())[1] for _number in range(subscription.MAX_QUEUE)]
    assert bodies == [str(number) for number in range(100 - subscription.MAX_QUEUE, 100)]


@with_subscriber
async def test_after_the_last_sequence_number_comes_1(
    publisher: Publisher, subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscription, "LAST_SEQ", 2)
    subscribe(publisher, subscriber.headers())
    for _number in range(4):
        publisher.publish(TOPIC, b"<x/>")
    assert [(await subscriber.next())[0]["SEQ"] for _number in range(5)] == ["0", "1", "2", "1", "2"]


# -- over a restart ----------------------------------------------------------------------------------------------


async def heard(subscriber: Subscriber, number: int) -> list[tuple[str, str]]:
    """Return the numbers and bodies of the next events."""
    return [(headers["SEQ"], body) for headers, body in [await subscriber.next() for _ in range(number)]]


def another_run(clock: Clock) -> Publisher:
    publisher = Publisher(clock)
    publisher.move(HERE)
    return publisher


@with_subscriber
async def test_a_later_run_goes_on_where_the_first_has_ended(
    publisher: Publisher, subscriber: Subscriber, clock: Clock
) -> None:
    known = sid(subscribe(publisher, subscriber.headers()))
    publisher.publish(TOPIC, b"<one/>")
    assert await heard(subscriber, 2) == [("0", "<all/>"), ("1", "<one/>")]
    clock.now = 100
    kept = await publisher.close()
    second = another_run(clock)
    second.restore(kept, {TOPIC})
    assert second.publish(TOPIC, b"<truth/>", owed=True) == 1
    assert second.publish(TOPIC, b"<again/>", owed=True) == 0
    assert second.publish(TOPIC, b"<news/>") == 1
    assert await heard(subscriber, 2) == [("2", "<truth/>"), ("3", "<news/>")]
    clock.now = 299
    assert subscribe(second, {"sid": known, "timeout": "Second-300"}).status == 200
    clock.now = 599
    assert second.publish(TOPIC, b"<x/>") == 0
    await second.close()


@with_subscriber
async def test_an_event_that_all_were_sent_is_owed_to_nobody(
    publisher: Publisher, subscriber: Subscriber, clock: Clock
) -> None:
    subscribe(publisher, subscriber.headers())
    await subscriber.next()
    second = another_run(clock)
    second.restore(await publisher.close(), {TOPIC})
    assert second.publish(TOPIC, b"<news/>") == 1
    assert second.publish(TOPIC, b"<truth/>", owed=True) == 0
    await second.close()


@with_subscriber
async def test_what_has_expired_or_lost_its_switch_is_not_gone_on_with(publisher: Publisher, clock: Clock) -> None:
    for topic in (TOPIC, ("key2", "basicevent")):
        another(publisher, PEER, 1, topic)
    second = another_run(clock)
    second.restore(await publisher.close(), {TOPIC, ("key3", "basicevent")})
    assert len(second.kept()) == 1
    clock.now = 60
    assert second.publish(TOPIC, b"<x/>") == 0
    endless = [replace(one, left_s=1e9) for one in second.kept()]
    second.restore(endless, {TOPIC})
    clock.now += callback.LONGEST_S
    assert second.publish(TOPIC, b"<x/>") == 0
    await second.close()


@with_subscriber
async def test_after_a_power_cut_no_number_comes_twice(
    publisher: Publisher, subscriber: Subscriber, clock: Clock
) -> None:
    subscribe(publisher, subscriber.headers())
    written = publisher.kept()  # what a later run finds
    for _number in range(3):
        publisher.publish(TOPIC, b"<x/>")
    last = (await heard(subscriber, 4))[-1][0]
    second = another_run(clock)
    second.restore(written, {TOPIC})
    second.publish(TOPIC, b"<truth/>", owed=True)
    ((number, _),) = await heard(subscriber, 1)
    assert int(number) > int(last)
    await second.close()


@with_subscriber
async def test_events_are_written_down_neither_each_nor_too_late(
    subscriber: Subscriber, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscription, "AHEAD", 6)
    changes: list[int] = []
    publisher = Publisher(clock, lambda: changes.append(1))
    publisher.move(HERE)
    subscribe(publisher, subscriber.headers())
    await subscriber.next()
    publisher.kept(subscription.AHEAD)
    changes.clear()
    for number in (1, 2, 3):
        publisher.publish(TOPIC, b"<x/>")
        await subscriber.next()
        assert len(changes) == (number == subscription.AHEAD // 2)
    await publisher.close()


@with_subscriber
async def test_every_change_that_a_later_run_has_to_know_is_told(clock: Clock) -> None:
    changes: list[int] = []
    publisher = Publisher(clock, lambda: changes.append(1))
    publisher.move(HERE)
    known = {"sid": sid(another(publisher, PEER, 1))}
    assert changes
    for call in (
        lambda: publisher.subscribe(TOPIC, PEER, PLACE, known, bytes),
        lambda: publisher.unsubscribe(TOPIC, PEER, known),
    ):
        changes.clear()
        call()
        assert changes


# -- subscribers and addresses that come and go ------------------------------------------------------------------


@with_subscriber
async def test_events_wait_for_an_address_to_come_from(publisher: Publisher, subscriber: Subscriber) -> None:
    publisher.move(Here())
    subscribe(publisher, subscriber.headers())
    publisher.publish(TOPIC, b"<one/>")
    await asyncio.sleep(2 * gena.HEAD_START_S)
    publisher.publish(TOPIC, b"<two/>")
    assert subscriber.got.empty()
    publisher.move(Here((replace(PLACE, host="127.0.0.3"),)))
    headers, body = await subscriber.next()
    assert (headers["SEQ"], headers["from"], body) == ("0", "127.0.0.3", "<two/>")  # not what was true before
    publisher.publish(TOPIC, b"<three/>")
    assert await heard(subscriber, 1) == [("1", "<three/>")]


@with_subscriber
async def test_what_nobody_answers_is_brought_again_under_its_number(
    publisher: Publisher, subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscription, "AGAIN_S", (0.01, 0.01))
    good, subscriber.answer = subscriber.answer, b""
    subscribe(publisher, subscriber.headers())
    assert await heard(subscriber, 2) == [("0", "<all/>"), ("0", "<all/>")]
    subscriber.answer = good
    assert await heard(subscriber, 1) == [("0", "<all/>")]
    publisher.publish(TOPIC, b"<x/>")
    assert (await heard(subscriber, 1))[0][1] == "<x/>"


@with_subscriber
async def test_the_first_event_is_the_first_that_is_known(publisher: Publisher, subscriber: Subscriber) -> None:
    subscribe(publisher, subscriber.headers(), initial=None)
    assert publisher.publish(TOPIC, b"<asked for/>", settles=False) == 1
    assert await heard(subscriber, 1) == [("0", "<asked for/>")]
    assert publisher.publish(TOPIC, b"<known/>", owed=True) == 1
    assert publisher.publish(TOPIC, b"<known/>", owed=True) == 0
    assert await heard(subscriber, 1) == [("1", "<known/>")]


HOME = replace(PLACE, host="192.168.7.2", network=IPv4Network("192.168.7.0/24"))
HUB, SECOND, OTHER = "192.168.7.9", "192.168.7.10", "192.168.7.66"
AWAY = ("key2", "basicevent")


def wants(publisher: Publisher, topic: Topic, peer: str, host: str) -> str:
    """Subscribe as a peer for a host; return the SID."""
    headers = {"callback": f"<http://{host}:9/x>", "nt": "upnp:event"}
    return sid(publisher.subscribe(topic, peer, HOME, headers, bytes))


@with_subscriber
async def test_nobody_has_events_brought_to_who_asks_for_itself_nor_ends_what_it_wants(publisher: Publisher) -> None:
    kept = wants(publisher, TOPIC, HUB, HUB)
    for topic in (TOPIC, AWAY):
        refused(412, lambda topic=topic: wants(publisher, topic, OTHER, HUB))  # type: ignore[misc]
    refused(412, lambda: publisher.unsubscribe(TOPIC, OTHER, {"sid": kept}))
    assert publisher.subscribe(TOPIC, HUB, HOME, {"sid": kept}, bytes).status == 200
    wants(publisher, AWAY, HUB, HUB)


@with_subscriber
async def test_who_asks_for_itself_is_brought_no_more_of_what_others_asked_for(publisher: Publisher) -> None:
    wants(publisher, TOPIC, OTHER, HUB)
    wants(publisher, AWAY, OTHER, HUB)
    wants(publisher, AWAY, OTHER, OTHER)
    wants(publisher, TOPIC, HUB, HUB)
    assert [publisher.publish(topic, b"<x/>") for topic in (TOPIC, AWAY)] == [1, 1]


@with_subscriber
async def test_only_one_other_may_ask_for_a_host(publisher: Publisher) -> None:
    wants(publisher, TOPIC, HUB, SECOND)
    refused(412, lambda: wants(publisher, AWAY, OTHER, SECOND))
    wants(publisher, AWAY, HUB, SECOND)


@with_subscriber
async def test_a_hub_with_two_addresses_may_renew_from_either(publisher: Publisher) -> None:
    place = replace(PLACE, host="192.168.7.2", network=IPv4Network("192.168.7.0/24"))
    headers = {"callback": "<http://192.168.7.10:9/x>", "nt": "upnp:event"}
    known = {"sid": sid(publisher.subscribe(TOPIC, "192.168.7.9", place, headers, bytes))}
    for peer in ("192.168.7.9", "192.168.7.10"):
        assert publisher.subscribe(TOPIC, peer, place, known, bytes).status == 200
    refused(412, lambda: publisher.subscribe(TOPIC, "192.168.7.11", place, known, bytes))
