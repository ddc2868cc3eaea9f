"""Names, in a sentence, of modes, axes, states, actions, results and times. Pure.

The bare words (`str(mode)`, `str(axes)`) are those of settings, API, log and journal; these are for people.
"""

from collections.abc import Callable, Sequence
from itertools import product, starmap
from typing import Any, Protocol

from emulator.model import DISARMS, Action, Arm, ArmMode, Axes, Interior, PanelState, Result
from emulator.words.text import Text, counted, sense

INTERIOR = {
    Interior.OFF: sense("interior", "off"),
    Interior.DAY: sense("mode", "day"),
    Interior.NIGHT: sense("mode", "night"),
    Interior.TOTAL: sense("mode", "total"),
}
PERIMETER, ANNEX = sense("mode", "perimeter"), sense("mode", "annex")

RESULTS = {
    Result.CONFIRMED: sense("result", "done"),
    Result.REJECTED: sense("result", "refused"),
    Result.FAILED: sense("result", "failed"),
    Result.UNCONFIRMED: sense("result", "not sure"),
    Result.SUPERSEDED: sense("result", "changed nothing"),
    Result.IGNORED: sense("result", "changed nothing"),
    Result.REFUSED: sense("result", "refused"),
}
"""One word for each end of a command, the same wherever a person reads it."""

UNDER_WAY = sense("result", "under way")

POSITIONS = {
    str(axes): axes for axes in starmap(Axes, product((*Interior, None), (False, True, None), (False, True, None)))
}
"""Position of the panel by its bare words, as in the journal; of several that read alike, any."""


def mode(mode: ArmMode) -> str:
    """Name an arm mode: "night + perimeter"."""
    parts = [INTERIOR[mode.interior]] if mode.interior else []
    return _sum(parts + [PERIMETER] * mode.perimeter + [ANNEX] * mode.annex)


def axes(axes: Axes) -> str:
    """Name a position of the panel: "night + perimeter", "disarmed"."""
    parts = [INTERIOR[axes.interior]] if axes.interior not in (None, Interior.OFF) else []
    parts += [PERIMETER] * (axes.perimeter is True) + [ANNEX] * (axes.annex is True)
    if parts:
        return _sum(parts)
    if axes.interior is Interior.OFF and axes.perimeter is False:
        return Text("disarmed") if axes.annex is False else Text("disarmed, annex unknown")
    return Text("armed, mode unknown")


def state(state: PanelState) -> str:
    """Name a state of the panel, with the zones that are open and not guarded."""
    said = axes(state.axes)
    if state.bypassed:
        return Text("{state}; open and not guarded: {zones}", state=said, zones=state.bypassed)
    return said


def action(action: Action) -> str:
    """Name an action: "arm night", "disarm annex"."""
    if isinstance(action, Arm):
        return Text("arm {mode}", mode=mode(action.mode))
    return {DISARMS["main"]: Text("disarm"), DISARMS["annex"]: Text("disarm annex")}.get(action, Text("disarm all"))


def parse_action(text: str) -> Action | None:
    """Return the action that a journal row or the API names; None if it names none, as "press the link button"."""
    try:
        if text.startswith("arm "):
            return Arm(ArmMode.parse(text.removeprefix("arm ")))
    except ValueError:
        return None
    return next((one for one in DISARMS.values() if str(one) == text), None)


def without(zones: Sequence[str]) -> str:
    """Name the decision to arm past open windows: "Arm without the kitchen". Of more than two it gives the number."""
    if len(zones) == 1:
        return Text("Arm without {zone}", zone=zones[0])
    if len(zones) == 2:
        return Text("Arm without {first} and {second}", first=zones[0], second=zones[1])
    return counted("Arm without {n} open window", "Arm without {n} open windows", len(zones))


def settled(text: str) -> str:
    """Name the position that the journal has for an unconfirmed command; one of another version is itself."""
    return axes(POSITIONS[text]) if text in POSITIONS else text


class Sourced(Protocol):
    """Something with its source, as an origin has it, or a row of the journal."""

    @property
    def door(self) -> str: ...
    @property
    def peer(self) -> str: ...
    @property
    def switch(self) -> str: ...


def who(asked: Sourced, named: Callable[[str], str] = str) -> str:
    """Name who asked for something: "Night alarm · WeMo · Ana's phone". What is empty is left out.

    `named` returns what people call a door or an address.
    """
    return _listed([part for part in (asked.switch, named(asked.door), named(asked.peer)) if part])


def with_names(text: str, named: Callable[[str], str]) -> str:
    """Return a sentence with names in place of its addresses: of its values `peer` and `peers`, however deep."""
    if not isinstance(text, Text):
        return text
    values = {name: _named(value, named, address=name in ("peer", "peers")) for name, value in text.values.items()}
    return Text.make(text.template, values, many=text.many, context=text.context)


def _named(value: Any, named: Callable[[str], str], *, address: bool) -> Any:
    if isinstance(value, tuple):
        return tuple(_named(one, named, address=address) for one in value)
    if isinstance(value, Text):
        return with_names(value, named)
    return named(value) if address and isinstance(value, str) else value


def length(seconds: float) -> str:
    """Name a span of time in its two largest units at most: "3 h 20 min"."""
    if seconds < 60:
        return Text("{s} s", s=round(seconds))
    hours, minutes = divmod(round(seconds / 60), 60)
    if hours >= 48:
        return counted("{n} day", "{n} days", hours // 24)
    if hours and minutes:
        return Text("{h} h {min} min", h=hours, min=minutes)
    return Text("{h} h", h=hours) if hours else Text("{min} min", min=minutes)


def either(parts: Sequence[str]) -> str:
    """Name alternatives: "day or night"."""
    return Text("{first} or {rest}", first=parts[0], rest=either(parts[1:])) if len(parts) > 1 else parts[0]


def _listed(parts: list[str]) -> str:
    """Join parts by dots; one alone is itself."""
    if len(parts) < 2:
        return parts[0] if parts else ""
    return Text("{first} · {rest}", first=parts[0], rest=_listed(parts[1:]))


def _sum(parts: list[Text]) -> str:
    """Join the parts of a mode."""
    if len(parts) == 1:
        return parts[0]
    return Text("{first} + {rest}", first=parts[0], rest=_sum(parts[1:]))
