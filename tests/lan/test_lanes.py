"""Whose work is done when: one piece of each peer in turn, bounded, in order."""

import logging

import pytest

from emulator.lan import lanes
from emulator.lan.lanes import Lanes
from tests.doors.rig import Inline, Never

ABUSER, HONEST, OTHER = "192.168.7.66", "192.168.7.9", "192.168.7.10"


class House:
    def __init__(self) -> None:
        self.thread = Never()
        self.now = 1000.0
        self.lanes = Lanes(self.thread, lambda: self.now)
        self.done: list[tuple[str, int]] = []

    def put(self, peer: str, number: int) -> bool:
        return self.lanes.put(peer, lambda: self.done.append((peer, number)))


def test_one_of_each_peer_in_turn_and_each_in_its_order() -> None:
    house = House()
    for number in range(lanes.PER_PEER):
        assert house.put(ABUSER, number)
    assert house.put(HONEST, 1)
    assert house.put(OTHER, 1)
    assert house.put(HONEST, 2)
    house.thread.work()
    assert house.done[:5] == [(ABUSER, 0), (HONEST, 1), (OTHER, 1), (ABUSER, 1), (HONEST, 2)]
    assert house.done[5:] == [(ABUSER, number) for number in range(2, lanes.PER_PEER)]


def test_a_peer_has_only_so_much_waiting_and_others_go_on() -> None:
    house = House()
    taken = [house.put(ABUSER, number) for number in range(2 * lanes.PER_PEER)]
    assert taken == lanes.PER_PEER * [True] + lanes.PER_PEER * [False]
    assert house.put(HONEST, 1)
    house.thread.work()
    assert len(house.done) == lanes.PER_PEER + 1
    assert not house.put(ABUSER, 0)
    house.now += 1 / lanes.PER_SECOND
    assert house.put(ABUSER, 0)


def test_a_peer_that_goes_on_and_on_keeps_the_thread_for_a_little_of_the_time() -> None:
    house = House()
    for _ in range(1000):
        house.put(ABUSER, 1)
        house.put(HONEST, 1)
        house.thread.work()
        house.now += 0.01
        house.lanes._used.pop(HONEST)
    seconds = 10
    assert house.done.count((ABUSER, 1)) in range(lanes.PER_PEER, int(lanes.PER_PEER + lanes.PER_SECOND * seconds) + 1)
    assert house.done.count((HONEST, 1)) == 1000


def test_what_waits_of_a_peer_is_bounded_however_slow_the_thread_is() -> None:
    house = House()
    for number in range(100):
        house.put(ABUSER, number)
        house.now += 1.0
    assert len(house.thread.taken) == lanes.PER_PEER


def test_peers_of_long_ago_are_forgotten() -> None:
    house = House()
    for number in range(2 * lanes.REMEMBERED):
        assert house.put(f"peer {number}", 1)
        house.thread.work()
        house.now += 1.0
    assert len(house.lanes._used) <= lanes.REMEMBERED


def test_when_all_have_too_much_waiting_each_still_has_one() -> None:
    house = House()
    peers = [f"192.168.6.{number}" for number in range(lanes.IN_ALL // lanes.PER_PEER)]
    for peer in peers:
        assert all(house.put(peer, number) for number in range(lanes.PER_PEER))
    assert house.put(HONEST, 1)
    assert not house.put(HONEST, 2)
    house.now += 60
    assert not house.put(peers[0], 0)
    house.thread.work()
    assert house.done.index((HONEST, 1)) == len(peers)


def test_what_fails_holds_up_nobody(caplog: pytest.LogCaptureFixture) -> None:
    house = House()
    house.lanes.put(ABUSER, lambda: 1 / 0)
    house.put(ABUSER, 1)
    house.thread.work()
    assert house.done == [(ABUSER, 1)]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_work_is_done_at_once_where_nothing_waits() -> None:
    done: list[int] = []
    assert Lanes(Inline()).put(HONEST, lambda: done.append(1))
    assert done == [1]
