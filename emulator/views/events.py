"""The list of what happened below the picture, and in the journal. Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from emulator.store.journal import Entry
from emulator.views import askers
from emulator.words import dates, spoken
from emulator.words.text import Text, counted

MARKS = {None: "pending", "confirmed": "done", "unconfirmed": "unsure"} | dict.fromkeys(
    ("rejected", "failed", "refused"), "failed"
)
"""Shape of a command's mark by its result; all others changed nothing and have a small one."""


@dataclass(frozen=True, slots=True)
class Event:
    """A row of the list. `at` is epoch seconds; `why` explains the result, and a length of time is empty or a text."""

    at: float
    shape: str
    what: str
    who: str
    result: str
    why: str
    took: str


def listed(
    entries: Iterable[Entry], seen: Sequence[Event], limit: int, named: Callable[[str], str] = str
) -> list[Event]:
    """Return the newest events, newest first: commands, and what was `seen` besides.

    `named` names doors and addresses.
    """
    newest = sorted(entries, key=_stands_at, reverse=True)[:limit]
    found = [event(entry, named) for entry in newest] + [*seen]
    return sorted(found, key=lambda event: event.at, reverse=True)[:limit]


def _stands_at(entry: Entry) -> float:
    """Return where a command stands in the list: one that was repeated, where it came last."""
    return entry.at if entry.times == 1 else entry.ended_at or entry.at


def event(entry: Entry, named: Callable[[str], str] = str) -> Event:
    """Return the row of a command."""
    is_one, ended = entry.times == 1, entry.ended_at or entry.at
    is_timed = entry.ended_at and is_one and entry.result != "refused"
    took = spoken.length(max(0.0, ended - entry.at)) if is_timed else ""
    why, result = spoken.with_names(entry.message or "", named), askers.result(entry.result)
    if entry.settled:
        why = Text("{why}; then the panel said: {state}", why=why, state=spoken.settled(entry.settled))
    if not is_one:
        result = counted("{result} {n} time", "{result} {n} times", entry.times, result=result)
        why = Text("{why}; the first time at {time}", why=why, time=dates.clock(entry.at))
    at, shape = _stands_at(entry), MARKS.get(entry.result, "nothing")
    return Event(at, shape, askers.asked(entry.action, entry.past), spoken.who(entry, named), result, why, took)
