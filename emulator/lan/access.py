"""One gate for all servers: peers, Host and Origin. Pure: addresses and headers in (lan-emulation.md §1.7)."""

from collections.abc import Collection, Mapping
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from urllib.parse import urlsplit

from emulator.words.text import Text

LOOPBACK = IPv4Network("127.0.0.0/8")
REMEMBERED = 64
"""Peers, and spellings of a host: those of a home are the same all day."""


def plain(peer: str) -> str:
    """Return an address as IPv4 where it is one: a socket from systemd may speak both."""
    return peer.removeprefix("::ffff:")


def is_local(peer: str, network: IPv4Network) -> bool:
    """Return whether `peer` is in the network of the interface it came in by, or on this host."""
    return is_within(peer, network) or is_within(peer, LOOPBACK)


@lru_cache(maxsize=REMEMBERED)
def is_within(peer: str, network: IPv4Network) -> bool:
    """Return whether `peer` is an address of a network."""
    try:
        return IPv4Address(peer) in network
    except AddressValueError:
        return False


SAFE_METHODS = frozenset({"GET", "HEAD"})
"""Methods that change nothing, so that a link on another page may lead here."""


MISNAMED = Text("by a name that is not our address")
FOREIGN_PAGE = Text("from a web page that is not ours")


def why_not_enter(peer: str, method: str, headers: Mapping[str, str], ours: Collection[str]) -> str:
    """Return why a request must not be served; empty when it may. `headers` has those sent, in lower case.

    `ours` are the names of this host. Every server asks this, so that no foreign page has a way in.
    """
    if "host" in headers and not may_name(headers["host"], ours, peer):
        return MISNAMED
    # Old browsers send a form without Origin, and the page that it is on as Referer.
    pages = [headers.get("origin"), (headers.get("referer") or None) if method not in SAFE_METHODS else None]
    if not all(may_act_from(page, ours, peer) for page in pages if page is not None):
        return FOREIGN_PAGE
    return ""


def why_not_change(origin: str | None, site: str | None, own: str, *, is_json: bool) -> str:
    """Return why a request that was let in may change nothing; empty when it may. `own` is the origin of our page.

    `origin` and `site` are its headers Origin and Sec-Fetch-Site. Another port of this host is another origin.
    Without both it must be JSON, from a program: before a foreign page's JSON, a browser sends a CORS preflight.
    """
    if origin not in (None, own) or site not in (None, "same-origin"):
        return FOREIGN_PAGE
    if origin is None and site is None and not is_json:
        return Text("a form that does not say which page it comes from; a program sends application/json")
    return ""


def may_name(host: str, ours: Collection[str], peer: str) -> bool:
    """Return whether a Host header names us by address. A name that DNS could point at us is refused: DNS rebinding.

    A name for the speaker's own machine, such as localhost, is us only for a peer on this machine.
    """
    name = _hostname(f"//{host}")
    if name == "localhost" or is_within(name, LOOPBACK):
        return is_within(peer, LOOPBACK) and (name == "localhost" or name in ours)
    return name in ours


def own_names(hostname: str) -> frozenset[str]:
    """Return the names of this machine on its LAN. None is a name of the world's DNS, which an attacker could own."""
    first = hostname.partition(".")[0].lower()
    return frozenset({hostname.lower(), first, f"{first}.local"} if first else ())


def may_act_from(page: str, ours: Collection[str], peer: str) -> bool:
    """Return whether the page that a browser names as the origin (Origin, Referer) is one of ours."""
    return may_name(authority(page), ours, peer)


def authority(url: str) -> str:
    """Return the authority of an http URL; empty when there is none, as in `Origin: null`."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return parts.netloc if parts.scheme in ("http", "https") else ""


@lru_cache(maxsize=REMEMBERED)
def _hostname(authority: str) -> str:
    """Return the host of `//host:port` in lower case; empty when it is not one."""
    try:
        parts = urlsplit(authority)
        _ = parts.port  # raises on a port that is no number
    except ValueError:
        return ""
    plain = parts.username is None and not parts.path and not parts.query and not parts.fragment
    return (parts.hostname or "") if plain else ""
