"""The timeline of an alarm: a picture of a day or a week, and the list of events below it. Pure.

The picture has a lane for each axis, with bands for the states of the panel, and marks for the commands.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from emulator.model import Interior
from emulator.store.history import Span
from emulator.store.journal import Entry

DAY_S, HOUR_S = 86_400.0, 3600.0

TICK_HOURS = {1: 3, 7: 24}
"""Hours between the ticks of a picture of so many days: eight labels fit a phone."""

THINNEST_PERCENT = 0.4
"""Least width of a band; a narrower one could not be seen."""

WORD_PERCENT = 13.0
"""Width that the word in a band needs on a phone."""

EDGE_PERCENT = 4.0
"""Width at either end without a label of the scale, which would be cut."""

NEARLY_ALL = 0.99
"""Share of the time from which on the summary counts all of it as known."""

MARKS = {None: "pending", "confirmed": "done", "unconfirmed": "unsure"} | dict.fromkeys(
    ("rejected", "failed", "refused"), "failed"
)
"""Shape of a command's mark by its result; all others changed nothing and have a small one."""

AXIS_WORDS = {True: "on", False: "off", None: "unknown"}


@dataclass(frozen=True, slots=True)
class Band:
    """Part of a lane, in per cent of the width. `kind` is its pattern; `word` stands in it where there is room."""

    x: float
    width: float
    kind: str
    word: str
    title: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One axis of the panel over the time."""

    name: str
    bands: tuple[Band, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A command at its moment, in per cent of the width."""

    x: float
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A moment of the scale, in per cent of the width."""

    x: float
    label: str


@dataclass(frozen=True, slots=True)
class Picture:
    """The whole picture, and the same in a sentence."""

    days: int
    lanes: tuple[Lane, ...]
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    summary: str


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


Place = Callable[[float], float]


def draw(spans: Sequence[Span], entries: Iterable[Entry], now: float, days: int) -> Picture:
    """Draw the last `days` until `now`, in local time. A time without a known state stays empty."""
    start = now - days * DAY_S

    def place(moment: float) -> float:
        return round(min(max((moment - start) / (now - start), 0.0), 1.0) * 100, 2)

    axes = ["interior", "perimeter"] + ["annex"] * any(span.axes.annex for span in spans)
    lanes = tuple(_lane(axis, spans, place) for axis in axes)
    marks = [Mark(place(entry.at), _sign(entry, days), _title(entry)) for entry in entries if start <= entry.at <= now]
    return Picture(days, lanes, tuple(marks), _ticks(start, days, place), _summary(spans, start, now))


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
    return Event(
        entry.at if is_one else ended, MARKS.get(entry.result, "nothing"), entry.action, who, result, why, took
    )


def _move(span: Span) -> Event:
    return Event(span.since, "moved", f"panel is {span.axes}", "not by a command from here", "seen", "", "")


def clock(epoch_s: float) -> str:
    """Return the time of day, as the household's clocks show it."""
    return f"{local(epoch_s):%H:%M}"


def local(epoch_s: float) -> datetime:
    """Return a moment in the household's time zone."""
    return datetime.fromtimestamp(epoch_s).astimezone()


def _sign(entry: Entry, days: int) -> str:
    sign = MARKS.get(entry.result, "nothing")
    # A week has too many marks for all to be read: what went well makes room for what did not.
    return "dot" if days > 1 and sign in ("done", "nothing") else sign


def _title(entry: Entry) -> str:
    title = f"{clock(entry.at)} {entry.action}: {entry.result or 'under way'}"
    return f"{title}, {entry.times:,} times until {clock(entry.ended_at or entry.at)}" if entry.times > 1 else title


def _lane(axis: str, spans: Sequence[Span], place: Place) -> Lane:
    """Draw an axis: spans that follow each other without a gap and are alike on it are one band."""
    name = axis.capitalize()
    merged: list[tuple[str, float, float]] = []
    for span in spans:
        stands = getattr(span.axes, axis)
        word = AXIS_WORDS.get(stands, stands)
        if merged and merged[-1][0] == word and span.since <= merged[-1][2]:
            merged[-1] = (word, merged[-1][1], span.until)
        else:
            merged.append((word, span.since, span.until))
    bands = []
    for word, since, until in merged:
        left, right = place(since), place(until)
        width = round(max(right - left, THINNEST_PERCENT), 2)
        shown = word if width >= WORD_PERCENT and word != Interior.OFF else ""
        title = f"{name} {word}, {clock(since)} to {clock(until)}"
        bands.append(Band(round(min(left, 100 - width), 2), width, word, shown, title))
    return Lane(name, tuple(bands))


def _ticks(start: float, days: int, place: Place) -> tuple[Tick, ...]:
    hours = TICK_HOURS[days]
    first = local(start).replace(minute=0, second=0, microsecond=0).timestamp()
    ticks = []
    # Hour by hour in real time: on the wall one is missing or comes twice when summer time begins or ends.
    for number in range(1, days * 24 + 1):
        moment = local(first + number * HOUR_S)
        at = place(moment.timestamp())
        if moment.hour % hours == 0 and EDGE_PERCENT <= at <= 100 - EDGE_PERCENT:
            ticks.append(Tick(at, f"{moment:%a}" if hours >= 24 else f"{moment:%H:%M}"))
    return tuple(ticks)


def _summary(spans: Sequence[Span], start: float, now: float) -> str:
    lengths = [(span, min(span.until, now) - max(span.since, start)) for span in spans if span.until >= start]
    if not lengths:
        return "Nothing is known of this time."
    armed = sum(length_s for span, length_s in lengths if span.axes.armed)
    known = sum(length_s for _, length_s in lengths)
    is_all = known > NEARLY_ALL * (now - start)
    of = f"of the last {length(now - start)}" if is_all else f"of the {length(known)} that are known"
    last = lengths[-1][0]
    return f"Armed for {length(armed)} {of}; {last.axes} since {local(last.since):%a %H:%M}."


def length(seconds: float) -> str:
    """Return a span of time in words, in its two largest units at most."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    if hours >= 48:
        return f"{hours // 24} days"
    return " ".join([f"{hours} h"] * (hours > 0) + [f"{minutes} min"] * (minutes > 0))
