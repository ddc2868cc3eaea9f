"""The card of an alarm: where it stands, what is under way, and what can be pressed, in words for people. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median
from typing import Literal

from emulator.model import Arm, ArmMode, Interior
from emulator.store.journal import Entry
from emulator.views import askers
from emulator.views.facts import AlarmFacts
from emulator.words import spoken
from emulator.words.text import Text, sense

Look = Literal["pending", "unknown", "armed", "disarmed"]

USUAL_OF = 9
"""Newest commands of a kind whose median tells how long the next will take: one slow evening does not show in it."""

USUAL_LEAST = 2
"""Fewer of them tell nothing."""

ON, OFF, UNKNOWN = sense("axis", "on"), sense("axis", "off"), sense("axis", "unknown")
SWITCHED = {True: ON, False: OFF, None: UNKNOWN}
AXES = {
    "interior": sense("axis", "interior"),
    "perimeter": sense("axis", "perimeter"),
    "annex": sense("axis", "annex"),
}
UNREAD = Text("not read yet")


@dataclass(frozen=True, slots=True)
class ModeButton:
    """A mode that can be armed. `was` is its state once the page is no longer live."""

    mode: ArmMode
    on: bool | None
    state: str
    was: str


@dataclass(frozen=True, slots=True)
class UnderWay:
    """The command under way: its words, where it leads, when it was asked for, and how long it usually takes."""

    action: str
    target: str
    asked_by: str
    since: float
    usual_s: float | None


@dataclass(frozen=True, slots=True)
class Card:
    """An alarm as the page shows it. `stands` and `stood` introduce its state now, and once that is old."""

    name: str
    look: Look
    is_old: bool
    disarm_first: bool
    standing: str
    stands: str
    stood: str
    axes: tuple[tuple[str, str], ...]
    under_way: UnderWay | None
    read_at: float | None
    open_zones: tuple[str, ...]
    choices: tuple[ModeButton, ...]
    has_annex: bool
    asks_code: bool


def card(one: AlarmFacts, entries: Iterable[Entry], named: Callable[[str], str] = str) -> Card:
    """Return the card of an alarm; `entries` are its newest commands, `named` names a door or an address."""
    state = one.view.state
    look = _look(one)
    annex = one.view.axes.annex is True or any(mode.annex for mode in one.modes)
    return Card(
        name=one.name,
        look=look,
        is_old=one.is_old,
        # While a command is under way, too: what a finger is about to press moves only when the panel has moved.
        disarm_first=one.is_armed,
        standing=spoken.axes(state.axes) if state else UNREAD,
        stands=Text("{alarm} is armed", alarm=one.name) if look == "armed" else one.name,
        stood=_stood(one.name, look, is_read=state is not None),
        axes=_axes(one, annex=annex) if state else (),
        under_way=_under_way(one, entries, named),
        read_at=state.read_at if state else None,
        open_zones=state.bypassed if state else (),
        choices=tuple(_choice(mode, one) for mode in one.modes),
        has_annex=annex,
        asks_code=one.asks_code,
    )


def usual(action: str, entries: Iterable[Entry]) -> float | None:
    """Return how many seconds such a command takes as a rule, by the newest that were done; None if too few were."""
    took = [
        entry.ended_at - entry.at
        for entry in entries
        if entry.action == action and entry.result == "confirmed" and entry.ended_at and entry.times == 1
    ][:USUAL_OF]
    return median(took) if len(took) >= USUAL_LEAST else None


def _look(one: AlarmFacts) -> Look:
    if one.view.target is not None and one.under_way:
        return "pending"
    # As the words say it: armed in a way that is not known, or only the annex is not.
    if one.view.state is None or str(one.view.axes).endswith("unknown"):
        return "unknown"
    return "armed" if one.is_armed else "disarmed"


def _stood(name: str, look: Look, *, is_read: bool) -> str:
    if look == "armed":
        return Text("{alarm} was armed", alarm=name)
    return sense("before a state", "{alarm} was", alarm=name) if is_read else name


def _axes(one: AlarmFacts, *, annex: bool) -> tuple[tuple[str, str], ...]:
    axes = one.view.axes
    interior = spoken.INTERIOR[axes.interior] if axes.interior else UNKNOWN
    found = [
        ("interior", OFF if axes.interior is Interior.OFF else interior),
        ("perimeter", SWITCHED[axes.perimeter]),
    ]
    return tuple((AXES[name], value) for name, value in found + [("annex", SWITCHED[axes.annex])] * annex)


def _choice(mode: ArmMode, one: AlarmFacts) -> ModeButton:
    on = one.view.axes.has(mode)
    if one.under_way and one.view.target is not None and one.under_way.action == str(Arm(mode)):
        return ModeButton(mode, on, spoken.UNDER_WAY, Text("was under way"))
    now = {True: sense("mode", "armed"), False: sense("mode", "not armed"), None: sense("mode", "unknown")}[on]
    was = {True: sense("mode", "was armed"), False: sense("mode", "was off"), None: sense("mode", "unknown")}[on]
    return ModeButton(mode, on, was if one.is_old else now, was)


def _under_way(one: AlarmFacts, entries: Iterable[Entry], named: Callable[[str], str]) -> UnderWay | None:
    first = one.under_way
    if first is None or one.view.target is None:
        return None
    return UnderWay(
        action=askers.asked(first.action, first.past),
        target=spoken.axes(one.view.target),
        asked_by=spoken.who(first, named),
        since=first.at,
        usual_s=usual(first.action, entries),
    )
