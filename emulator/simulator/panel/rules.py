"""Rules by which a panel refuses a request. Pure."""

from emulator.model import Axes
from emulator.simulator.panel.actions import Move
from emulator.simulator.panel.equipment import Equipment
from emulator.simulator.panel.operation import PanelRefusal


def refusal(move: Move, axes: Axes, equipment: Equipment, *, window_open: bool) -> PanelRefusal | None:
    """Return why the panel does not make `move` from `axes`; None if it does.

    Interior modes exclude each other; perimeter and annex add up (verisure-wsdo.md §5).
    """
    if not equipment.has(move.mode) or (move.annex is False and not equipment.annex):
        return PanelRefusal.NOT_FITTED
    if axes.interior not in move.starts or (move.idle and axes.armed):
        return PanelRefusal.WRONG_STATE if move.wrong_state else PanelRefusal.OTHER_MODE
    news = move.arms and not axes.has(move.mode)
    return PanelRefusal.OPEN_WINDOW if news and window_open and not move.forced else None
