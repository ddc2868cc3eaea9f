"""May this peer do this now? Pure: addresses and headers in, an answer out (lan-emulation.md §1.7)."""

from collections.abc import Collection
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from urllib.parse import urlsplit


def is_local(peer: str, network: IPv4Network) -> bool:
    """Whether `peer` lives in the network of the interface it came in by, or on this host."""
    try:
        address = IPv4Address(peer)
    except AddressValueError:
        return False
    return address.is_loopback or address in network


def may_name(host: str, ours: Collection[str]) -> bool:
    """Whether a Host header names us by address. A name that DNS could point at us is refused: DNS rebinding."""
    return _hostname(f"//{host}") in {"localhost", *ours}


def may_act_from(origin: str, ours: Collection[str]) -> bool:
    """Whether the page that a browser says a request comes from (Origin) is one of ours."""
    return may_name(_authority(origin), ours)


def _authority(url: str) -> str:
    """The authority of an http URL; empty when there is none, as in `Origin: null`."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return parts.netloc if parts.scheme in ("http", "https") else ""


def _hostname(authority: str) -> str:
    """The host of `//host:port` in lower case; empty when it is not one."""
    try:
        parts = urlsplit(authority)
        _ = parts.port  # raises on a port that is no number
    except ValueError:
        return ""
    plain = parts.username is None and not parts.path and not parts.query and not parts.fragment
    return (parts.hostname or "") if plain else ""
