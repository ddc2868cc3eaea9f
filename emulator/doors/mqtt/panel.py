"""The words of an alarm panel, as Home Assistant has them; pure (mqtt.md §4)."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from emulator.alarm.hub import View
from emulator.model import DISARMED, Action, Arm, ArmMode, Axes, Disarm, Interior

DISARM = "DISARM"
"""The command that disarms, which needs the PIN."""

UNKNOWN = "None"
"""The payload by which Home Assistant shows a state as unknown; an empty one is ignored."""


class PanelWord(StrEnum):
    """The stable states of an alarm panel."""

    DISARMED = "disarmed"
    HOME = "armed_home"
    AWAY = "armed_away"
    NIGHT = "armed_night"
    CUSTOM = "armed_custom_bypass"


INTERIORS = {Interior.DAY: PanelWord.HOME, Interior.TOTAL: PanelWord.AWAY, Interior.NIGHT: PanelWord.NIGHT}
"""Interior that is armed → state, whatever the perimeter and the annex are."""

ARMS = {f"ARM_{word.removeprefix('armed_').upper()}": word for word in PanelWord if word is not PanelWord.DISARMED}
"""Command → the state that it leads to."""


def stable(axes: Axes) -> str:
    """Return the state for a position of the panel. Unknown never reads as disarmed."""
    if axes.interior in INTERIORS:
        return INTERIORS[axes.interior]
    if axes.interior is Interior.OFF and (axes.perimeter or axes.annex):
        return PanelWord.CUSTOM
    return PanelWord.DISARMED if axes == DISARMED else UNKNOWN


def shown(view: View) -> str:
    """Return the state of an alarm: that it has gone off, the last one that was read, or on its way to another."""
    if view.target is None or view.target == view.axes or view.triggered is not None:
        return stable(view.axes) if view.triggered is None else "triggered"
    return "arming" if _adds(view.axes, view.target) else "disarming"


def _adds(axes: Axes, target: Axes) -> bool:
    """Return whether something is armed at `target` that is not at `axes`."""
    is_interior = target.interior not in (None, Interior.OFF, axes.interior)
    return is_interior or bool(target.perimeter and not axes.perimeter) or bool(target.annex and not axes.annex)


def arms(modes: Iterable[ArmMode]) -> Mapping[str, ArmMode]:
    """Return the commands that these modes make possible, each with the least of them that leads there."""
    found: dict[str, ArmMode] = {}
    for mode in sorted(dict.fromkeys(modes), key=lambda one: len(one.parts())):
        state = stable(DISARMED.after(Arm(mode)))
        found.setdefault(next(command for command, word in ARMS.items() if word == state), mode)
    return found


def action(command: str, possible: Mapping[str, ArmMode], *positions: Axes) -> Action | None:
    """Return the action of a command where the panel stands, and will stand, there; None if it is not possible."""
    if command == DISARM:
        return Disarm.of_all(*positions)
    return Arm(possible[command]) if command in possible else None
