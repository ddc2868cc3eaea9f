"""Distinguish a command for one switch from "turn everything off". Pure (lan-emulation.md §4.8)."""

from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from enum import Enum

SWEEP_S = 2.0
"""Time without another switch after which a command is no part of a sweep. Clients send one switch after the other, and
an Echo reads each back up to three times within one to two seconds (§4.3)."""

REPEATED_S = 6.0
"""Time after the last new switch in which a repeated one puts the end off: three tries, as clients make."""

SWEEP_SWITCHES = 3
"""Different switches that make a sweep; no person names as many at once (§4.8)."""

OFTEN, OFTEN_S = 5, 600.0
"""Offs of a switch in that time which count against the offs of other peers. No person says "turn everything off" as
often; a peer that does could otherwise keep the others from ever turning anything off."""


class Guard(Enum):
    """Commands of a door that may be part of a sweep: none where the settings allow sweeps, both for lamps."""

    NONE = ()
    OFFS = (False,)
    BOTH = (False, True)


@dataclass(slots=True, eq=False)
class Run:
    """Commands in one direction, no two switches more than SWEEP_S apart; `ends` and `newest` in monotonic seconds.

    `newest` is the time of the last switch that was new. Until `shown`, a swept switch may show what was asked for.
    `peers` are those that asked, by switch.
    """

    ends: float
    newest: float = 0.0
    swept: bool = False
    shown: float = 0.0
    peers: dict[str, set[str]] = field(default_factory=dict)


class Sweeps:
    """Find sweeps among commands for single switches, which clients send switch by switch.

    It looks at runs rather than at a window: a client that sends one switch after the other, each with its read-backs,
    may need more than the window for all, and a run always contains what falls into one window. The caller carries
    a command out only when its runs have ended without a sweep, and takes a switch out of its runs when its command is
    withdrawn. Each peer has runs of its own; offs of all peers count together as well, since several Echos share the
    switches of a house. Not locked.
    """

    def __init__(self, switches: int) -> None:
        # Of two switches, both are all of them. Both on is an alarm of two parts; both off has no use but a sweep.
        self._least = {True: SWEEP_SWITCHES, False: min(SWEEP_SWITCHES, max(switches, 2))}
        self._switches = switches
        self._runs: dict[tuple[str, bool], Run] = {}
        self._counted: dict[tuple[str, str], list[float]] = {}

    def possible(self, on: bool) -> bool:
        """Return whether there are enough switches for a sweep at all."""
        return self._switches >= self._least[on]

    def is_over(self, now: float) -> bool:
        """Return whether no run goes on: what comes next cannot be part of one."""
        return all(run.ends <= now for run in self._runs.values())

    def add(self, peer: str, on: bool, switches: Set[str], now: float, *, at_once: bool = False) -> tuple[Run, ...]:
        """Note that a peer asks for these switches, `at_once` as by one word; return the runs that this belongs to."""
        self._runs = {key: run for key, run in self._runs.items() if now < run.ends}
        own = self._join((peer, on), peer, switches, now, at_once)
        if own.swept:
            own.ends = now + SWEEP_S  # it goes on for as long as its peer repeats it
        counted = () if on else self._count(peer, switches, now)
        return (own, self._join(("", False), peer, counted, now, at_once)) if counted else (own,)

    def _join(self, key: tuple[str, bool], peer: str, switches: Iterable[str], now: float, at_once: bool) -> Run:
        run = self._runs.setdefault(key, Run(now))
        for switch in switches:
            if switch not in run.peers:
                run.newest = now
            run.peers.setdefault(switch, set()).add(peer)
        # A repeated switch counts too: it may be the first of a sweep, or its client reads back that nothing changed.
        # Not for ever: a client that goes on repeating itself must not put its command off for ever.
        run.ends = min(now + SWEEP_S, run.newest + REPEATED_S)
        if not run.swept and (at_once or len(run.peers) >= self._least[key[1]]):
            run.swept, run.shown = True, now + SWEEP_S
        return run

    def _count(self, peer: str, switches: Iterable[str], now: float) -> list[str]:
        """Return the switches whose off counts together with those of other peers."""
        self._counted = {pair: times for pair, times in self._counted.items() if now - times[-1] < OFTEN_S}
        house, found = self._runs.get(("", False)), []
        for switch in switches:
            if not (house and peer in house.peers.get(switch, ())):
                times = [at for at in self._counted.get((peer, switch), ()) if now - at < OFTEN_S]
                if len(times) >= OFTEN:
                    continue
                self._counted[peer, switch] = [*times, now]
            found.append(switch)
        return found
