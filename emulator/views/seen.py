"""Rows and marks that the alarm's own log adds to the timeline: who moved the panel, when it went off. Pure."""

from collections.abc import Iterable, Sequence

from emulator.model.activity import EventKind
from emulator.store.activity import LoggedEvent
from emulator.store.history import Span
from emulator.views.events import Event
from emulator.views.movers import movers
from emulator.views.timeline import Mark, Place
from emulator.words import dates, happened, spoken
from emulator.words.text import Text

SHAPES = {EventKind.ALARM: "alarm", EventKind.TAMPER: "alarm", EventKind.MAINS_LOST: "unsure"}
"""Kind of an event → its sign; any other has that of a move of the panel."""

QUIET = frozenset({EventKind.CHECK})
"""Events that nobody wants to read of: this program causes some itself."""

SEEN = Text("seen")


def rows(spans: Sequence[Span], events: Iterable[LoggedEvent]) -> list[Event]:
    """Return the moves of the panel that were no command from here, by whom, and what else the log tells.

    A row of the log that belongs to a command or to a move is no row of its own.
    """
    told = [one for one in events if one.command is None and one.kind not in QUIET]
    behind = movers(spans, told)
    moves = [_move(span, behind.get(span.since)) for span in spans[1:] if span.command is None]
    used = {one.id for one in behind.values()}
    return moves + [_row(one) for one in told if one.id not in used]


def others(events: Iterable[LoggedEvent]) -> list[tuple[str, Event]]:
    """Return what the logs tell that is no command of ours, each with its alarm."""
    return [(one.installation, _row(one)) for one in events if one.command is None and one.kind not in QUIET]


def marks(events: Iterable[LoggedEvent], start: float, now: float, place: Place) -> list[Mark]:
    """Return the marks of the alarms in a picture."""
    loud = [one for one in events if one.kind in SHAPES and start <= one.at <= now]
    return [Mark(place(one.at), SHAPES[one.kind], _title(one)) for one in loud]


def _move(span: Span, event: LoggedEvent | None) -> Event:
    who = happened.by(event.user, event.means) if event else ""
    what = Text("panel is {state}", state=spoken.axes(span.axes))
    return Event(
        span.since, "moved", what, who or Text("not by a command from here"), SEEN, event.said if event else "", ""
    )


def _row(one: LoggedEvent) -> Event:
    is_other = one.kind is EventKind.OTHER and one.said
    what = one.said if is_other else happened.KINDS[one.kind]
    who = happened.by(one.user, one.means) or Text("by the alarm's own log")
    return Event(
        one.at,
        SHAPES.get(one.kind, "moved"),
        what,
        who,
        SEEN,
        happened.details(one.zone, "" if is_other else one.said),
        "",
    )


def _title(one: LoggedEvent) -> str:
    return Text("{time} {what}", time=dates.clock(one.at), what=happened.KINDS[one.kind])
