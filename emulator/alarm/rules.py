"""The rules of who may disarm, by which door, and at which time of day; pure (lan-emulation.md §4.8)."""

from collections.abc import Iterable
from datetime import datetime
from ipaddress import AddressValueError, IPv4Address, IPv4Network

from emulator.alarm.switch import Narrowing, Switch
from emulator.model import Axes, Origin
from emulator.words import spoken
from emulator.words.text import Text


def why_not(switch: Switch, on: bool, origin: Origin, now: float) -> str:
    """Return why the settings let a command do nothing at this time, in epoch seconds; empty when they do not."""
    if on:
        return ""
    if not switch.off_disarms:
        return Text("this switch only arms: it has no `off: disarm` in devices.yaml")
    local = datetime.fromtimestamp(now).astimezone()
    refusal = why_not_disarm(switch.narrowing, origin, local.hour * 60 + local.minute)
    return refusal and Text("{why}, says devices.yaml", why=refusal)


def why_not_disarm_alarm(switches: Iterable[Switch], now_on: Axes, soon: Axes, origin: Origin, now: float) -> str:
    """Return why the settings let a disarm of an alarm itself do nothing at this time; empty when they do not.

    The narrowing of each of its switches counts whose mode is on or may be, now or soon; of all where none is.
    """
    known = list(switches)
    on = [one for one in known if not all(axes.has(one.mode) is False for axes in (now_on, soon))]
    local = datetime.fromtimestamp(now).astimezone()
    minute = local.hour * 60 + local.minute
    found = ((one, why_not_disarm(one.narrowing, origin, minute)) for one in on or known)
    return next((Text("{switch}: {why}, says devices.yaml", switch=one.name, why=why) for one, why in found if why), "")


def why_not_disarm(narrowing: Narrowing, origin: Origin, minute: int) -> str:
    """Return why a switch may not disarm for this peer and door, at this minute of the day; empty when it may."""
    if narrowing.doors and origin.door not in narrowing.doors:
        return Text("it may disarm only through {doors}", doors=spoken.either(sorted(narrowing.doors)))
    if narrowing.networks and not _is_among(origin.peer, narrowing.networks):
        return Text("it may not disarm for {peer}", peer=origin.peer or Text("an unknown address"))
    if narrowing.between and not _is_between(minute, *narrowing.between):
        begin, end = (f"{moment // 60:02}:{moment % 60:02}" for moment in narrowing.between)
        return Text("it may disarm only from {begin} to {end}", begin=begin, end=end)
    return ""


def _is_between(minute: int, begin: int, end: int) -> bool:
    return begin <= minute < end if begin < end else minute >= begin or minute < end


def _is_among(peer: str, networks: Iterable[IPv4Network]) -> bool:
    try:
        address = IPv4Address(peer)
    except AddressValueError:
        return False
    return any(address in network for network in networks)
