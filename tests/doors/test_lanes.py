"""Whose work is done when: one piece of each peer in turn, bounded, in order."""

import logging

import pytest

from emulator.doors import lanes
from emulator.doors.lanes import Lanes
from tests.doors.rig import Inline, Never

ABUSER, HONEST, OTHER = "192.168.7.66", "192.168.7.9", "192.168.7.10"


class House:
    def __init__(self) -> None:
        self.thread = Never()
        self.lanes = Lanes(self.thread)
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
    assert house.put(ABUSER, 0)


def test_when_all_have_too_much_waiting_each_still_has_one() -> None:
    house = House()
    peers = [f"192.168.6.{number}" for number in range(lanes.IN_ALL // lanes.PER_PEER)]
    for peer in peers:
        assert all(house.put(peer, number) for number in range(lanes.PER_PEER))
    assert house.put(HONEST, 1)
    assert not house.put(HONEST, 2)
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
