"""The list under the picture: commands, refusals, and moves of the panel that no command of ours explains."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from emulator.dashboard.timeline import MARKS, length
from emulator.history import Span
from emulator.journal import Entry


@dataclass(frozen=True, slots=True)
class Event:
    """A row: when (epoch seconds), what, who and how, how it ended, why, and how long it took."""

    at: float
    shape: str
    what: str
    who: str
    result: str
    why: str
    took: str


def listed(entries: Iterable[Entry], spans: Sequence[Span], limit: int) -> list[Event]:
    """The newest events, newest first."""
    moves = [_move(span) for span in spans[1:] if span.command is None]
    everything = [*map(_command, entries), *moves]
    return sorted(everything, key=lambda event: event.at, reverse=True)[:limit]


def _command(entry: Entry) -> Event:
    took = length(max(0.0, entry.ended_at - entry.at)) if entry.ended_at and entry.result != "refused" else ""
    why = entry.message or ""
    if entry.settled:
        why += f"; then the panel said: {entry.settled}"
    who = " · ".join(filter(None, (entry.switch, entry.door, entry.peer)))
    return Event(
        entry.at, MARKS.get(entry.result, "nothing"), entry.action, who, entry.result or "under way", why, took
    )


def _move(span: Span) -> Event:
    return Event(span.since, "moved", f"panel is {span.axes}", "not by a command from here", "seen", "", "")
