"""How much a peer may hold: whom to evict, and the bounded connections of an event loop."""

from collections.abc import Iterator, Mapping
from typing import Generic, Protocol, TypeVar

PER_PEER = 256  # a hub may ask each of 240 switches at once
IN_ALL = 400  # with those of the pages and the bridge below the 1024 file descriptors that a process usually has


def evicted_for(peer: str, held: Mapping[str, int]) -> str | None:
    """Return the peer to evict for `peer`: the one that holds most; None if that would only reverse the imbalance."""
    most = max(held, key=held.__getitem__, default=peer)
    if held.get(most, 0) > held.get(peer, 0) + 1:
        return most
    return peer if held.get(peer) else None


class Connection(Protocol):
    """What is asked of one."""

    @property
    def peer(self) -> str:
        """The address at the other end."""

    @property
    def since(self) -> float:
        """Monotonic seconds at which it was opened or last answered."""

    @property
    def is_served(self) -> bool:
        """Whether a whole request waits for our answer."""

    def shut(self) -> None:
        """Close it now."""


C = TypeVar("C", bound=Connection)


class Connections(Generic[C]):
    """Those that are open. Where there is no room, one of the peer that holds most makes way, idle ones first."""

    def __init__(self) -> None:
        self._of: dict[str, set[C]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._of.values()))

    def __iter__(self) -> Iterator[C]:
        return iter([one for theirs in self._of.values() for one in theirs])

    def of(self, peer: str) -> tuple[C, ...]:
        """Those of a peer."""
        return tuple(self._of.get(peer, ()))

    def add(self, new: C) -> bool:
        """Take it in; False when its peer has all that it may have, and waits for answers on each."""
        giver = self._giver(new.peer)
        if giver is not None:
            leaving = min(self._of[giver], key=lambda one: (one.is_served, one.since))
            if giver == new.peer and leaving.is_served:
                return False
            self.discard(leaving)
            leaving.shut()
        elif len(self) >= IN_ALL:
            return False
        self._of.setdefault(new.peer, set()).add(new)
        return True

    def discard(self, one: C) -> None:
        """It is closed."""
        theirs = self._of.get(one.peer, set())
        theirs.discard(one)
        if not theirs:
            self._of.pop(one.peer, None)

    def _giver(self, peer: str) -> str | None:
        """Who has to close one first; None when nobody has to, or nobody can be asked to."""
        held = {each: len(theirs) for each, theirs in self._of.items()}
        if held.get(peer, 0) >= PER_PEER:
            return peer
        return evicted_for(peer, held) if len(self) >= IN_ALL else None
