"""The share of each peer: connections bounded for a peer and in all, and eviction where there is no room."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar


def evicted_for(peer: str, held: Mapping[str, int]) -> str | None:
    """Return the peer to evict for `peer`: the one that holds most; None if that would only reverse the imbalance."""
    most = max(held, key=held.__getitem__, default=peer)
    if held.get(most, 0) > held.get(peer, 0) + 1:
        return most
    return peer if held.get(peer) else None


@dataclass(frozen=True, slots=True)
class Shares:
    """The most connections of a peer, and of all together."""

    per_peer: int
    in_all: int

    def are_free(self, peer: str, held: Mapping[str, int]) -> bool:
        """Return whether `peer` may have one more beside those that are `held`."""
        return held.get(peer, 0) < self.per_peer and sum(held.values()) < self.in_all

    def evicted_for(self, peer: str, held: Mapping[str, int]) -> str | None:
        """Return the peer to evict for `peer` where nothing is free; None if there is none."""
        return peer if held.get(peer, 0) >= self.per_peer else evicted_for(peer, held)


SHARES = Shares(per_peer=256, in_all=400)
"""Of an event loop's connections. A hub may ask each of 240 switches at once; with the connections of the pages and
the bridge, all stay below the 1024 file descriptors that a process usually has."""


class Connection(Protocol):
    """A connection as the limits see it."""

    peer: str
    """Address at the other end."""
    since: float
    """Monotonic seconds at which it was opened or last answered."""

    @property
    def is_served(self) -> bool:
        """Return whether a whole request waits for our answer."""

    def shut(self) -> None:
        """Close it now."""


C = TypeVar("C", bound=Connection)


class Connections(Generic[C]):
    """The open connections of all peers. Where there is no room, the busiest peer loses one, idle ones first."""

    def __init__(self, shares: Shares = SHARES) -> None:
        self._shares = shares
        self._of: dict[str, set[C]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._of.values()))

    def __iter__(self) -> Iterator[C]:
        return iter([one for theirs in self._of.values() for one in theirs])

    def of(self, peer: str) -> tuple[C, ...]:
        """Return those of a peer."""
        return tuple(self._of.get(peer, ()))

    def add(self, new: C) -> bool:
        """Take it in; False when its peer has its share, and waits for answers on each, or none can be evicted."""
        held = {each: len(theirs) for each, theirs in self._of.items()}
        if not self._shares.are_free(new.peer, held):
            evicted = self._shares.evicted_for(new.peer, held)
            if evicted is None:
                return False
            leaving = min(self._of[evicted], key=lambda one: (one.is_served, one.since))
            if evicted == new.peer and leaving.is_served:
                return False
            self.discard(leaving)
            leaving.shut()
        self._of.setdefault(new.peer, set()).add(new)
        return True

    def discard(self, one: C) -> None:
        """Forget a connection that is closed."""
        theirs = self._of.get(one.peer, set())
        theirs.discard(one)
        if not theirs:
            self._of.pop(one.peer, None)
