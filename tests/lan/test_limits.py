"""The connections of all peers to all switches."""

from dataclasses import dataclass

import pytest

from emulator.lan.limits import IN_ALL, PER_PEER, Connections


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
