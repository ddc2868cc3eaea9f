"""The rules of who may disarm, by which door, and at which time of day; pure (lan-emulation.md §4.8)."""

from collections.abc import Iterable
from datetime import datetime
from ipaddress import AddressValueError, IPv4Address, IPv4Network

from emulator.alarm.switch import Narrowing, Switch
from emulator.model import Origin


def why_not(switch: Switch, on: bool, origin: Origin, now: float) -> str:
    """Return why the settings let a command do nothing at this time, in epoch seconds; empty when they do not."""
    if on:
        return ""
    if not switch.off_disarms:
        return "this switch only arms: it has no `off: disarm` in devices.yaml"
    local = datetime.fromtimestamp(now).astimezone()
    refusal = why_not_disarm(switch.narrowing, origin, local.hour * 60 + local.minute)
    return refusal and f"{refusal}, says devices.yaml"


def why_not_disarm(narrowing: Narrowing, origin: Origin, minute: int) -> str:
    """Return why a switch may not disarm for this peer and door, at this minute of the day; empty when it may."""
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
