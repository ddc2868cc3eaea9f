"""May this peer do this now? Pure: addresses, headers and moments in, an answer out (lan-emulation.md §1.7, §4.8)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from urllib.parse import urlsplit

from emulator.model import Narrowing, Origin

LOOPBACK = IPv4Network("127.0.0.0/8")
REMEMBERED = 64  # peers, and spellings of a host: those of a home are the same all day


def is_local(peer: str, network: IPv4Network) -> bool:
    """Whether `peer` lives in the network of the interface it came in by, or on this host."""
    return is_within(peer, network) or is_within(peer, LOOPBACK)


@lru_cache(maxsize=REMEMBERED)
def is_within(peer: str, network: IPv4Network) -> bool:
    """Whether `peer` is an address of a network."""
    try:
        return IPv4Address(peer) in network
    except AddressValueError:
        return False


SAFE_METHODS = frozenset({"GET", "HEAD"})
"""What these load changes nothing, so that a link on another page may lead here."""


def why_not_enter(peer: str, method: str, headers: Mapping[str, str], ours: Collection[str]) -> str:
    """Why a request must not be served; empty when it may. `headers` has those that were sent, in lower case.

    `ours` are the names of this host. Every server asks this, so that a page of somebody else's has no way in.
    """
    if "host" in headers and not may_name(headers["host"], ours, peer):
        return "by a name that is not our address"
    # Old browsers send a form without Origin, and the page that it is on as Referer.
    pages = [headers.get("origin"), (headers.get("referer") or None) if method not in SAFE_METHODS else None]
    if not all(may_act_from(page, ours, peer) for page in pages if page is not None):
        return "from a web page that is not ours"
    return ""


def may_name(host: str, ours: Collection[str], peer: str) -> bool:
    """Whether a Host header names us by address. A name that DNS could point at us is refused: DNS rebinding.

    What means the machine of whoever says it, such as localhost, is us only for a peer on this machine.
    """
    name = _hostname(f"//{host}")
    if name == "localhost" or is_within(name, LOOPBACK):
        return is_within(peer, LOOPBACK) and (name == "localhost" or name in ours)
    return name in ours


def may_act_from(page: str, ours: Collection[str], peer: str) -> bool:
    """Whether the page that a browser says a request comes from (Origin, Referer) is one of ours."""
    return may_name(_authority(page), ours, peer)


def _authority(url: str) -> str:
    """The authority of an http URL; empty when there is none, as in `Origin: null`."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return parts.netloc if parts.scheme in ("http", "https") else ""


@lru_cache(maxsize=REMEMBERED)
def _hostname(authority: str) -> str:
    """The host of `//host:port` in lower case; empty when it is not one."""
    try:
        parts = urlsplit(authority)
        _ = parts.port  # raises on a port that is no number
    except ValueError:
        return ""
    plain = parts.username is None and not parts.path and not parts.query and not parts.fragment
    return (parts.hostname or "") if plain else ""


def why_not_disarm(narrowing: Narrowing, origin: Origin, minute: int) -> str:
    """Why a switch may not disarm for whoever asks, at this minute of the day; empty when it may."""
    if narrowing.doors and origin.door not in narrowing.doors:
        return f"it may disarm only through {' and '.join(sorted(narrowing.doors))}"
    if narrowing.networks and not any(is_within(origin.peer, network) for network in narrowing.networks):
        return f"it may not disarm for {origin.peer or 'an unknown address'}"
    if narrowing.between and not _is_between(minute, *narrowing.between):
        begin, end = (f"{moment // 60:02}:{moment % 60:02}" for moment in narrowing.between)
        return f"it may disarm only from {begin} to {end}"
    return ""


def _is_between(minute: int, begin: int, end: int) -> bool:
    return begin <= minute < end if begin < end else minute >= begin or minute < end


SWEEP_S = 2.0
"""Seconds without another light: then a command is no part of "turn off all the lights"."""

REPEATED_S = 6.0
"""Seconds after the last new light in which one that is repeated puts the end off: three tries, as clients make."""

SWEEP_LIGHTS = 3
"""Different lights; nobody names as many at once (lan-emulation.md §4.8)."""


@dataclass(slots=True)
class Run:
    """Commands in one direction, no two lights more than SWEEP_S apart; `ends` and `newest` in monotonic seconds.

    `newest` is when the last light came in that was new; `shown` is until when a swept light may show what was asked
    for; `told` are the lights that are in the journal.
    """

    ends: float
    newest: float = 0.0
    swept: bool = False
    shown: float = 0.0
    lights: set[int] = field(default_factory=set)
    told: set[int] = field(default_factory=set)


class Sweeps:
    """Tells a command for one light from "turn off all the lights", which an Echo sends light by light.

    It looks at runs rather than at a window: a client that sends one light after the other, each with its read-backs,
    may need more than the window for all, and a run always contains what falls into one window. Whoever asks carries
    a command out only when its run has ended without a sweep, and takes a light out of its run when its command is
    withdrawn. Offs count together, whoever sends them: several Echos share the lights of a house. Not locked.
    """

    def __init__(self, lights: int) -> None:
        # Of two lights, both are all of them. Both on is an alarm of two parts; both off has no use but a sweep.
        self._least = {True: SWEEP_LIGHTS, False: min(SWEEP_LIGHTS, max(lights, 2))}
        self._lights = lights
        self._runs: dict[tuple[str, bool], Run] = {}

    def possible(self, on: bool) -> bool:
        """Whether there are enough lights for a sweep at all."""
        return self._lights >= self._least[on]

    def add(self, peer: str, on: bool, lights: Collection[int], now: float, *, all_at_once: bool = False) -> Run:
        """A peer asks for these lights; the run that this belongs to."""
        self._runs = {key: run for key, run in self._runs.items() if now < run.ends}
        run = self._runs.setdefault((peer if on else "", on), Run(now))
        if not run.lights.issuperset(lights):
            run.newest = now
        # A repeated light counts too: it may be the first of a sweep, or of whoever reads back that nothing changed.
        # Not for ever: a client that goes on repeating itself must not put its command off for ever.
        run.ends = now + SWEEP_S if run.swept else min(now + SWEEP_S, run.newest + REPEATED_S)
        run.lights.update(lights)
        if not run.swept and (all_at_once or len(run.lights) >= self._least[on]):
            run.swept, run.shown = True, now + SWEEP_S
        return run
