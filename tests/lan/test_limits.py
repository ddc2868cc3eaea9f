"""Who is evicted, and the connections of all peers to all switches."""

from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.lan.limits import SHARES, Connections, evicted_for

PER_PEER, IN_ALL = SHARES.per_peer, SHARES.in_all


@pytest.mark.parametrize(
    ("held", "evicted"),
    [
        ({}, None),
        ({"other": 1}, None),
        ({"other": 2}, "other"),
        ({"other": 2, "me": 1}, "me"),
        ({"other": 9, "me": 2, "third": 10}, "third"),
        ({"me": 5}, "me"),
        ({"me": 5, "other": 5}, "me"),
    ],
)
def test_the_peer_that_holds_most_is_evicted(held: Mapping[str, int], evicted: str | None) -> None:
    assert evicted_for("me", held) == evicted


@given(st.dictionaries(st.sampled_from("abcd"), st.integers(1, 20)))
def test_no_peer_is_brought_below_the_one_it_is_evicted_for(held: dict[str, int]) -> None:
    evicted = evicted_for("a", held)
    if evicted not in (None, "a"):
        assert held[evicted] - 1 >= held.get("a", 0) + 1
        assert held[evicted] == max(held.values())


@dataclass(eq=False)
class Line:
    peer: str
    since: float = 0.0
    is_served: bool = False
    is_shut: bool = False

    def shut(self) -> None:
        self.is_shut = True


def filled(**peers: int) -> tuple[Connections[Line], list[Line]]:
    connections: Connections[Line] = Connections()
    lines = [Line(peer, since=number) for peer, many in peers.items() for number in range(many)]
    assert all(map(connections.add, lines))
    return connections, lines


def test_whoever_leaves_makes_room() -> None:
    connections, lines = filled(a=PER_PEER, b=IN_ALL - PER_PEER)
    assert set(connections) == set(lines)
    connections.discard(lines[0])
    connections.discard(lines[0])
    assert connections.add(Line("a"))
    assert not any(line.is_shut for line in lines)
    assert len(connections) == IN_ALL


@pytest.mark.parametrize("served", [False, True])
def test_of_a_peer_that_holds_most_the_one_that_is_idle_longest_makes_way(served: bool) -> None:
    connections, lines = filled(a=PER_PEER, b=IN_ALL - PER_PEER)
    lines[0].is_served = True
    for line in lines:
        line.is_served |= served
    assert connections.add(Line("c"))
    assert [line for line in lines if line.is_shut] == [lines[0 if served else 1]]
    assert len(connections) == IN_ALL


def test_a_peer_that_has_all_it_may_makes_way_for_itself_if_it_waits_for_nothing() -> None:
    connections, lines = filled(a=PER_PEER)
    assert connections.add(Line("a"))
    assert [line for line in lines if line.is_shut] == [lines[0]]
    for line in connections:
        line.is_served = True
    assert not connections.add(Line("a"))
    assert connections.add(Line("b"))


def test_where_everybody_has_one_there_is_no_more() -> None:
    connections, lines = filled(**{f"peer {number}": 1 for number in range(IN_ALL)})
    assert not connections.add(Line("one more"))
    assert not any(line.is_shut for line in lines)
