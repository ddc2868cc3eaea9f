"""May this peer disarm now? Pure: who asks, by which door, and the minute of the day in (lan-emulation.md §4.8)."""

from collections.abc import Iterable
from ipaddress import AddressValueError, IPv4Address, IPv4Network

from emulator.model import Narrowing, Origin


def why_not_disarm(narrowing: Narrowing, origin: Origin, minute: int) -> str:
    """Why a switch may not disarm for whoever asks, at this minute of the day; empty when it may."""
    if narrowing.doors and origin.door not in narrowing.doors:
        return f"it may disarm only through {' and '.join(sorted(narrowing.doors))}"
    if narrowing.networks and not _is_among(origin.peer, narrowing.networks):
        return f"it may not disarm for {origin.peer or 'an unknown address'}"
    if narrowing.between and not _is_between(minute, *narrowing.between):
        begin, end = (f"{moment // 60:02}:{moment % 60:02}" for moment in narrowing.between)
        return f"it may disarm only from {begin} to {end}"
    return ""


def _is_between(minute: int, begin: int, end: int) -> bool:
    return begin <= minute < end if begin < end else minute >= begin or minute < end


def _is_among(peer: str, networks: Iterable[IPv4Network]) -> bool:
    try:
        address = IPv4Address(peer)
    except AddressValueError:
        return False
    return any(address in network for network in networks)
