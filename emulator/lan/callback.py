"""The terms of a SUBSCRIBE: its duration, and the address for its events. Pure (lan-emulation.md §1.7, §2.8)."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import IPv4Address
from urllib.parse import urlsplit

from emulator.errors import ProtocolError
from emulator.lan.network import Place

MAX_CALLBACK = 1024
"""Bytes of the CALLBACK header; known clients use about 90, CallStranger many (§1.7)."""

SHORTEST_S, USUAL_S, LONGEST_S = 60, 1800, 7200
"""Granted; SmartThings asks for 5400, `infinite` gets the longest."""

_TIMEOUT = re.compile(r"(?:second-)?([0-9]{1,9}|infinite)", re.IGNORECASE)
_URL = re.compile(r"<([!-;=?-~]+)>")


@dataclass(frozen=True, slots=True)
class Callback:
    """Address for a subscriber's events: literal, its own or of its network segment."""

    host: str
    port: int
    path: str


@dataclass(frozen=True, slots=True)
class Here:
    """The places that are served, and every address of this host, served or not."""

    places: tuple[Place, ...] = ()
    addresses: frozenset[str] = frozenset()

    def admits(self, host: str, peer: str, place: Place) -> bool:
        """Return whether the events that `peer` subscribed to at a place may be brought to `host`.

        To the peer itself, or to another host of the same segment: a hub may have two addresses. Never to us, where
        an event would come from an address that is trusted; another address of this machine is for its own hubs only.
        """
        if host == peer:
            return True
        address, network = IPv4Address(host), place.network
        ends = (network.network_address, network.broadcast_address) if network.prefixlen < 31 else ()
        if address not in network or address in ends or address.is_loopback or address.is_multicast:
            return False
        served = {each for one in self.places for each in (one.host, one.advertised)}
        if host in served | {place.host, place.advertised}:
            return False
        return host not in self.addresses or peer in self.addresses

    def source(self, callback: Callback, peer: str, local: str) -> str | None:
        """Return the address to bring an event from: the one subscribed at while it is ours, or its successor.

        None while no place leads to the subscriber, or when its address has become ours: a hub beside us has subscribed
        at an address that still is.
        """
        is_beside = local in self.addresses or IPv4Address(callback.host).is_loopback
        if callback.host in self.addresses and not is_beside:
            return None
        usable = [place for place in self.places if _leads_to(place, callback.host, peer)]
        usable = [place for place in usable if self.admits(callback.host, peer, place)]
        found: Sequence[Place] = [place for place in usable if place.host == local] or usable
        return found[0].host if found else None


def _leads_to(place: Place, host: str, peer: str) -> bool:
    """Return whether a place is on the segment of a subscriber, or on its machine."""
    address = IPv4Address(host)
    return address in place.network or (host == peer and address.is_loopback)


def granted(header: str) -> int:
    """Return the seconds that a TIMEOUT header gets: `Second-N`, a bare number and `infinite` are known."""
    found = _TIMEOUT.fullmatch(header.strip())
    if not found:
        return USUAL_S
    return LONGEST_S if found[1].lower() == "infinite" else min(max(int(found[1]), SHORTEST_S), LONGEST_S)


def acceptable(header: str, peer: str, place: Place, here: Here) -> Callback:
    """Return the first URL of a CALLBACK header that leads where it may; ProtocolError if none does (§1.7)."""
    if len(header) <= MAX_CALLBACK:
        for url in _URL.findall(header):
            with suppress(ValueError):
                parts = urlsplit(url)
                port = 80 if parts.port is None else parts.port
                host = str(IPv4Address(parts.hostname or ""))
                if parts.scheme == "http" and parts.username is None and port and here.admits(host, peer, place):
                    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
                    return Callback(host, port, path)
    raise ProtocolError("CALLBACK has no http URL on the subscriber's segment", HTTPStatus.PRECONDITION_FAILED)
