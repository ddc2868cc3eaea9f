"""Datagrams that wait, and searches that were just answered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.lan import outbox
from emulator.lan.outbox import DatagramQueue, Debounce


def test_an_echo_of_a_search_is_not_answered_again() -> None:
    debounce = Debounce()
    peer = ("192.168.7.9", 50000)
    assert debounce.is_new(peer, "ssdp:all", 1.0)
    assert not debounce.is_new(peer, "ssdp:all", 1.2)
    assert debounce.is_new(peer, "SSDP:all", 1.2)  # a strict client drops an answer in another spelling
    assert debounce.is_new(peer, "upnp:rootdevice", 1.2)
    assert debounce.is_new(("192.168.7.9", 50001), "ssdp:all", 1.2)
    assert debounce.is_new(peer, "ssdp:all", 1.31)


def test_the_memory_of_searches_is_bounded() -> None:
    debounce = Debounce()
    for port in range(outbox.DEBOUNCE_MEMORY + 1):
        assert debounce.is_new(("192.168.7.9", port), "ssdp:all", 1.0)
    assert debounce.is_new(("192.168.7.9", 0), "ssdp:all", 1.0)
    assert not debounce.is_new(("192.168.7.9", 5), "ssdp:all", 1.0)


def test_the_queue_keeps_order_rate_and_bound() -> None:
    queue: DatagramQueue[str] = DatagramQueue()
    assert queue.next_at() is None
    assert queue.take(99.0) is None
    for due, item in ((2.0, "later"), (1.0, "first"), (1.0, "second")):
        assert queue.put(due, "a", item)
    assert queue.take(0.9) is None
    assert queue.take(1.0) == "first"
    assert queue.take(1.0) is None
    assert queue.next_at() == pytest.approx(1.02)
    assert queue.take(1.02) == "second"
    assert queue.next_at() == 2.0
    for _ in range(outbox.MAX_PENDING - 1):
        assert queue.put(3.0, "a", "flood")
    assert not queue.put(3.0, "a", "one too many")


def test_a_flood_neither_drops_nor_delays_what_others_are_answered() -> None:
    queue: DatagramQueue[str] = DatagramQueue()
    for number in range(outbox.MAX_PENDING):
        assert queue.put(number / 1000, "flood", f"flood {number}")
    assert not queue.has_room("flood")
    for item in ("first", "second"):
        assert queue.has_room("a")
        assert queue.put(1.0, "a", item)
    assert queue.put(1.0, "b", "third")
    sent = [queue.take(1.0 + 1.01 * number / outbox.RATE) for number in range(outbox.MAX_PENDING + 1)]
    assert set(sent[:6]) == {"first", "second", "third", "flood 0", "flood 1", "flood 2"}
    assert sent[6] == "flood 3"
    assert sent[-2:] == [f"flood {outbox.MAX_PENDING - 4}", None]


@given(st.lists(st.tuples(st.floats(0, 9), st.sampled_from("abc")), max_size=60))
def test_the_queue_gives_everything_once_and_nothing_too_early(puts: list[tuple[float, str]]) -> None:
    queue: DatagramQueue[tuple[float, str, int]] = DatagramQueue()
    items = [(due, peer, number) for number, (due, peer) in enumerate(puts)]
    assert all(queue.put(item[0], item[1], item) for item in items)
    taken = []
    while (moment := queue.next_at()) is not None:
        item = queue.take(moment)
        assert item
        assert item[0] <= moment
        taken.append(item)
    assert sorted(taken) == sorted(items)
    for peer in "abc":
        assert [item for item in taken if item[1] == peer] == sorted(item for item in items if item[1] == peer)
