"""Subscriptions and their events (lan-emulation.md §2.8), against a subscriber that listens on loopback."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.doors import gena
from emulator.doors.gena import Callback, Publisher
from emulator.doors.h1 import Response
from emulator.errors import ProtocolError
from tests.doors.clockwork import until
from tests.patience import PATIENCE_S

PEER = "127.0.0.1"
TOPIC = ("key1", "basicevent")


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Subscriber:
    """A tiny HTTP server: keeps what it is sent, answers what it is told."""

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


def with_subscriber(test: Callable[[Publisher, Subscriber, Clock], Awaitable[None]]) -> None:
    async def main() -> None:
        clock, subscriber = Clock(), Subscriber()
        publisher = Publisher(clock)
        server = await asyncio.start_server(subscriber._serve, PEER, 0)
        subscriber.port = server.sockets[0].getsockname()[1]
        async with server:
            await test(publisher, subscriber, clock)
            await publisher.close()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


def subscribe(
    publisher: Publisher, headers: dict[str, str], topic: object = TOPIC, initial: bytes = b"<all/>"
) -> Response:
    response = publisher.subscribe(topic, PEER, PEER, headers, lambda: initial)
    if response.after:
        response.after()
    return response


def another(publisher: Publisher, peer: str, number: int, topic: object = TOPIC) -> Response:
    """A subscription that is never delivered to."""
    callback = {"callback": f"<http://{peer}:9/{number}>", "nt": "upnp:event", "timeout": "60"}
    return publisher.subscribe(topic, peer, peer, callback, bytes)


def sid(response: Response) -> str:
    return dict(response.headers)["SID"]


def test_events_arrive_in_order_after_the_initial_one() -> None:
    async def test(publisher: Publisher, subscriber: Subscriber, _: Clock) -> None:
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

    with_subscriber(test)


def test_nothing_is_sent_before_the_answer_is_out() -> None:
    async def test(publisher: Publisher, subscriber: Subscriber, _: Clock) -> None:
        response = publisher.subscribe(TOPIC, PEER, PEER, subscriber.headers(), lambda: b"<all/>")
        await asyncio.sleep(2 * gena.HEAD_START)
        assert subscriber.got.empty()
        assert response.after
        response.after()
        assert (await subscriber.next())[0]["SEQ"] == "0"

    with_subscriber(test)


def test_events_leave_from_the_address_that_was_subscribed_at() -> None:
    async def test(publisher: Publisher, subscriber: Subscriber, _: Clock) -> None:
        response = publisher.subscribe(TOPIC, PEER, "127.0.0.2", subscriber.headers(), lambda: b"<all/>")
        assert response.after
        response.after()
        assert (await subscriber.next())[0]["from"] == "127.0.0.2"

    with_subscriber(test)


def test_a_renewal_keeps_the_subscription_alive() -> None:
    async def test(publisher: Publisher, subscriber: Subscriber, clock: Clock) -> None:
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

    with_subscriber(test)


def test_an_unsubscribed_one_hears_no_more() -> None:
    async def test(publisher: Publisher, subscriber: Subscriber, _: Clock) -> None:
        headers = {"sid": sid(subscribe(publisher, subscriber.headers()))}
        await subscriber.next()
        assert publisher.unsubscribe(TOPIC, PEER, headers).status == 200
        assert publisher.publish(TOPIC, b"<x/>") == 0
        refused(412, lambda: publisher.unsubscribe(TOPIC, PEER, headers))

    with_subscriber(test)


def refused(status: int, call: Callable[[], object]) -> None:
    with pytest.raises(ProtocolError) as caught:
        call()
    assert caught.value.status == status


def test_requests_that_make_no_sense_are_refused() -> None:
    async def test(publisher: Publisher, subscriber: Subscriber, _: Clock) -> None:
        good = subscriber.headers()
        known = sid(subscribe(publisher, good))
        refused(400, lambda: subscribe(publisher, {**good, "sid": known}))
        refused(400, lambda: subscribe(publisher, {"sid": known, "nt": "upnp:event"}))
        refused(400, lambda: publisher.unsubscribe(TOPIC, PEER, {"sid": known, "callback": "<http://127.0.0.1/>"}))
        refused(412, lambda: subscribe(publisher, {"sid": "uuid:unknown"}))
        refused(412, lambda: subscribe(publisher, {"sid": known}, topic=("key2", "basicevent")))
        refused(412, lambda: publisher.subscribe(TOPIC, "127.0.0.9", PEER, {"sid": known}, bytes))
        refused(412, lambda: publisher.unsubscribe(TOPIC, "127.0.0.9", {"sid": known}))
        refused(412, lambda: publisher.unsubscribe(TOPIC, PEER, {}))
        refused(412, lambda: subscribe(publisher, {**good, "nt": "upnp:other"}))
        refused(412, lambda: subscribe(publisher, {"callback": good["callback"]}))
        refused(412, lambda: subscribe(publisher, {"nt": "upnp:event"}))
        refused(412, lambda: subscribe(publisher, {**good, "callback": "<http://127.0.0.9/>"}))

    with_subscriber(test)


def test_a_subscriber_that_starts_anew_gets_every_event_once() -> None:
    async def test(publisher: Publisher, subscriber: Subscriber, _: Clock) -> None:
        first = sid(subscribe(publisher, subscriber.headers()))
        assert sid(subscribe(publisher, subscriber.headers())) != first
        assert publisher.publish(TOPIC, b"<x/>") == 1

    with_subscriber(test)


def test_subscriptions_are_bounded_until_some_expire() -> None:
    async def test(publisher: Publisher, _: Subscriber, clock: Clock) -> None:
        for number in range(gena.MAX_SUBSCRIPTIONS):
            another(publisher, PEER, number, topic=("key", number // gena.MAX_PER_TOPIC))
        refused(503, lambda: another(publisher, PEER, 0, topic="one more"))
        clock.now = 60
        another(publisher, PEER, 0, topic="one more")

    with_subscriber(test)


def test_what_a_peer_forgot_of_a_topic_makes_way_for_what_it_wants_now() -> None:
    async def test(publisher: Publisher, _: Subscriber, clock: Clock) -> None:
        first = another(publisher, PEER, 0)
        clock.now = 1
        for number in range(gena.MAX_PER_TOPIC):
            another(publisher, PEER, 1 + number)
        assert publisher.publish(TOPIC, b"<x/>") == gena.MAX_PER_TOPIC
        refused(412, lambda: publisher.unsubscribe(TOPIC, PEER, {"sid": sid(first)}))

    with_subscriber(test)


def test_a_peer_that_takes_every_place_keeps_nobody_out() -> None:
    async def test(publisher: Publisher, _: Subscriber, __: Clock) -> None:
        for number in range(gena.MAX_SUBSCRIPTIONS):
            another(publisher, "127.0.0.2", number, topic=("key", number // gena.MAX_PER_TOPIC))
        kept = sid(another(publisher, PEER, 0, topic=("key", 0)))
        another(publisher, PEER, 0, topic="one more")
        for number in range(gena.MAX_PER_TOPIC):
            with suppress(ProtocolError):
                another(publisher, "127.0.0.2", 1000 + number, topic=("key", 0))
        assert publisher.unsubscribe(("key", 0), PEER, {"sid": kept}).status == 200

    with_subscriber(test)


def test_where_everybody_has_one_nobody_makes_way() -> None:
    async def test(publisher: Publisher, _: Subscriber, __: Clock) -> None:
        for number in range(gena.MAX_PER_TOPIC):
            another(publisher, f"127.0.0.{2 + number}", 0)
        refused(503, lambda: another(publisher, PEER, 0))

    with_subscriber(test)


@pytest.mark.parametrize(
    ("answer", "events"),
    [
        (b"HTTP/1.1 412 Precondition Failed\r\n\r\n", 1),
        (b"HTTP/1.1 500 No\r\n\r\n", gena.MAX_FAILURES),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 No\r\n\r\n", gena.MAX_FAILURES),
        (b"nonsense\r\n\r\n", gena.MAX_FAILURES),
        (b"", gena.MAX_FAILURES),
    ],
)
def test_a_subscriber_that_wants_no_events_is_dropped(answer: bytes, events: int) -> None:
    async def test(publisher: Publisher, subscriber: Subscriber, _: Clock) -> None:
        subscriber.answer = answer
        subscribe(publisher, subscriber.headers())
        for _number in range(5):
            publisher.publish(TOPIC, b"<x/>")
        seqs = [(await subscriber.next())[0]["SEQ"] for _number in range(events)]
        assert seqs == [str(number) for number in range(events)]
        await until(lambda: not publisher.publish(TOPIC, b"<x/>"))
        assert subscriber.got.empty()

    with_subscriber(test)


def test_a_subscriber_that_is_gone_is_dropped() -> None:
    async def test(publisher: Publisher, subscriber: Subscriber, _: Clock) -> None:
        subscriber.port = 1  # nothing listens there
        subscribe(publisher, subscriber.headers())
        await until(lambda: not publisher.publish(TOPIC, b"<x/>"))

    with_subscriber(test)


def test_one_failure_is_forgiven() -> None:
    async def test(publisher: Publisher, subscriber: Subscriber, _: Clock) -> None:
        good, subscriber.answer = subscriber.answer, b"HTTP/1.1 500 No\r\n\r\n"
        subscribe(publisher, subscriber.headers())
        for number in range(2 * gena.MAX_FAILURES):
            assert (await subscriber.next())[0]["SEQ"] == str(number)
            subscriber.answer = good if number % 2 else b"HTTP/1.1 500 No\r\n\r\n"
            assert publisher.publish(TOPIC, b"<x/>") == 1

    with_subscriber(test)


def test_a_slow_subscriber_keeps_only_the_latest_events(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def test(publisher: Publisher, subscriber: Subscriber, _: Clock) -> None:
        subscribe(publisher, subscriber.headers())
        for number in range(100):
            publisher.publish(TOPIC, str(number).encode())
        bodies = [(await subscriber.next())[1] for _number in range(gena.MAX_QUEUE)]
        assert bodies == [str(number) for number in range(100 - gena.MAX_QUEUE, 100)]

    with_subscriber(test)


def test_after_the_last_sequence_number_comes_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gena, "LAST_SEQ", 2)

    async def test(publisher: Publisher, subscriber: Subscriber, _: Clock) -> None:
        subscribe(publisher, subscriber.headers())
        for _number in range(4):
            publisher.publish(TOPIC, b"<x/>")
        assert [(await subscriber.next())[0]["SEQ"] for _number in range(5)] == ["0", "1", "2", "1", "2"]

    with_subscriber(test)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("Second-300", 300),
        ("second-5400", 5400),
        ("1801", 1801),
        ("infinite", 7200),
        ("Second-infinite", 7200),
        ("Second-1", 60),
        ("Second-999999", 7200),
        ("Second-99999999999999", 1800),
        ("", 1800),
        ("soon", 1800),
        ("Second--5", 1800),
    ],
)
def test_a_timeout_is_granted_within_bounds(header: str, seconds: int) -> None:
    assert gena.granted(header) == seconds


@pytest.mark.parametrize(
    ("header", "callback"),
    [
        ("<http://192.168.7.9:8989/sub/basicevent>", Callback("192.168.7.9", 8989, "/sub/basicevent")),
        ("<http://192.168.7.9/>", Callback("192.168.7.9", 80, "/")),
        ("<http://192.168.7.9:1?a=b>", Callback("192.168.7.9", 1, "/?a=b")),
        ("<https://192.168.7.9/a> <http://192.168.7.9:80/b><http://192.168.7.9/c>", Callback("192.168.7.9", 80, "/b")),
        ("<http://10.0.0.1/><http://192.168.7.9:5/>", Callback("192.168.7.9", 5, "/")),
    ],
)
def test_the_first_url_that_leads_back_is_used(header: str, callback: Callback) -> None:
    assert gena.acceptable(header, "192.168.7.9") == callback


@pytest.mark.parametrize(
    "header",
    [
        "",
        "http://192.168.7.9/",
        "<http://192.168.7.10/>",
        "<http://echo.lan/>",
        "<ftp://192.168.7.9/>",
        "<http://user@192.168.7.9/>",
        "<http://192.168.7.9@10.0.0.1/>",
        "<http://192.168.7.9:0/>",
        "<http://192.168.7.9:99999/>",
        "<http://192.168.7.9:x/>",
        "<http://[/>",
        "<http://192.168.7.9/a b>",
        "<http://192.168.7.9/a\r\nX: y>",
        "<http://192.168.7.9/" + "x" * 1024 + ">",
    ],
)
def test_a_url_that_leads_elsewhere_is_refused(header: str) -> None:
    refused(412, lambda: gena.acceptable(header, "192.168.7.9"))


@given(st.text())
def test_any_callback_is_the_peers_or_refused(text: str) -> None:
    with suppress(ProtocolError):
        assert gena.acceptable(f"<http://192.168.7.9{text}>", "192.168.7.9").host == "192.168.7.9"
