"""Persons behind the changes of a panel, by the alarm's own log. Pure."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from emulator.model import Axes, Interior
from emulator.model.activity import EventKind
from emulator.store.activity import LoggedEvent
from emulator.store.history import Span

BEFORE_S, AFTER_S = 1200.0, 900.0
"""Time around a change that a poll has found in which its row may be: polls are minutes apart, and clocks wrong."""

CHANGES = (EventKind.ARMED, EventKind.DISARMED)


def movers(spans: Sequence[Span], found: Iterable[LoggedEvent]) -> dict[float, LoggedEvent]:
    """Return the event behind each change of the panel that was no command of ours, by `since` of the span."""
    left = sorted((one for one in found if one.kind in CHANGES and one.command is None), key=lambda one: one.at)
    moved: dict[float, LoggedEvent] = {}
    for before, span in pairwise(spans):
        if span.command is not None:
            continue
        kind = EventKind.ARMED if _more_is_on(before.axes, span.axes) else EventKind.DISARMED
        near = [one for one in left if one.kind is kind and span.since - BEFORE_S <= one.at <= span.since + AFTER_S]
        if near:
            best = max(near, key=lambda one: (one.at <= span.since + 1, -abs(one.at - span.since)))
            moved[span.since] = best
            # A sum has a row for each part; and what came before this is behind no later change.
            left = [one for one in left if one.at > best.at]
    return moved


def _more_is_on(before: Axes, axes: Axes) -> bool:
    """Return whether an axis came on, or may have: a main alarm that is unknown now counts, an annex does not."""
    main = ((before.interior, axes.interior), (before.perimeter, axes.perimeter))
    return any(
        new not in (old, Interior.OFF, False) for old, new in (*main, (before.annex is True, axes.annex is True))
    )
