"""The devices of the house, which the journal knows by their addresses, with the names that people give them. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address

MOST_SHOWN = 30
"""Devices without a name that are offered, the latest first."""


@dataclass(frozen=True, slots=True)
class NamedDevice:
    """A device that has asked for something; `name` is empty where it has none, `is_here` for the reader's own."""

    address: str
    name: str
    is_here: bool


def devices(known: Mapping[str, str], peers: Iterable[str], here: str) -> list[NamedDevice]:
    """Return the devices with a name, and those of `peers` without; the reader's own, `here`, first.

    `known` is address → name; `peers` were heard of lately, the latest first.
    """
    names = {peer: name for peer, name in known.items() if _is_address(peer)}
    others = [one for one in dict.fromkeys(filter(_is_address, (here, *peers))) if one not in names][:MOST_SHOWN]
    found = [NamedDevice(one, names.get(one, ""), one == here) for one in (*names, *others)]
    return sorted(found, key=lambda one: (not one.is_here, not one.name, one.name.casefold()))


def _is_address(peer: str) -> bool:
    try:
        return bool(ip_address(peer))
    except ValueError:
        return False
