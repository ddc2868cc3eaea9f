"""Who makes way when everything is taken, so that no peer keeps the others out. Pure."""

from collections.abc import Mapping


def gives_way(peer: str, held: Mapping[str, int]) -> str | None:
    """The peer that is to give one up for `peer`: whoever holds most. None when that would only turn the tables."""
    most = max(held, key=held.__getitem__, default=peer)
    if held.get(most, 0) > held.get(peer, 0) + 1:
        return most
    return peer if held.get(peer) else None
