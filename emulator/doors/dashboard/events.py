"""The list under the picture: commands, refusals, and moves of the panel that no command of ours explains."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from emulator.doors.dashboard.timeline import MARKS, clock, length
from emulator.store.history import Span
from emulator.store.journal import Entry


@dataclass(frozen=True, slots=True)
class Event:
    """A row of the list. `at` is epoch seconds; `why` explains the result."""

    at: float
    shape: str
    what: str
    who: str
    result: str
    why: str
    took: str


def listed(entries: Iterable[Entry], spans: Sequence[Span], limit: int) -> list[Event]:
    """Return the newest events, newest first."""
    found = [_command(entry) for entry in entries] + [_move(span) for span in spans[1:] if span.command is None]
    return sorted(found, key=lambda event: event.at, reverse=True)[:limit]


def _command(entry: Entry) -> Event:
    is_one, ended = entry.times == 1, entry.ended_at or entry.at
    took = length(max(0.0, ended - entry.at)) if entry.ended_at and is_one and entry.result != "refused" else ""
    why = entry.message or ""
    if entry.settled:
        why += f"; then the panel said: {entry.settled}"
    who = " · ".join(filter(None, (entry.switch, entry.door, entry.peer)))
    result = entry.result or "under way"
    if not is_one:
        # It stands in the list where it came last.
        result, why = f"{result} {entry.times:,} times", f"{why}; the first time at {clock(entry.at)}"
    shape = MARKS.get(entry.result, "nothing")
    return Event(entry.at if is_one else ended, shape, entry.action, who, result, why, took)


def _move(span: Span) -> Event:
    return Event(span.since, "moved", f"panel is {span.axes}", "not by a command from here", "seen", "", "")
