"""The picture of an alarm: a day or a week, with a lane for each axis, and a mark for each command. Pure.

Bands are the states of the panel.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from emulator.model import Interior
from emulator.store.history import Span
from emulator.store.journal import Entry
from emulator.views import askers
from emulator.views.cards import AXES, OFF, SWITCHED
from emulator.views.events import MARKS
from emulator.words import dates, spoken
from emulator.words.text import Text, counted

DAY_S, HOUR_S = 86_400.0, 3600.0

TICK_HOURS = (1, 3, 24)
"""Hours between the ticks: the least with which the labels fit."""

LABELS = 8
"""Labels of the scale that fit a phone."""

LEAST_S = 60.0
"""Least time that is drawn, on the first day."""

THINNEST_PERCENT = 0.4
"""Least width of a band; a narrower one could not be seen."""

WORD_PERCENT = 13.0
"""Width that the word in a band needs on a phone."""

EDGE_PERCENT = 4.0
"""Width at either end without a label of the scale, which would be cut."""

NEARLY_ALL = 0.99
"""Share of the time from which on the summary counts all of it as known."""

KINDS = {True: "on", False: "off", None: "unknown"}
"""Pattern of a band by what an axis is."""


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
    """The whole picture, from `start` on (epoch seconds), and the same in a sentence.

    `is_whole` is False while the program has not watched the alarm for so long.
    """

    days: int
    start: float
    is_whole: bool
    lanes: tuple[Lane, ...]
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    summary: str


Place = Callable[[float], float]


def draw(
    spans: Sequence[Span],
    entries: Iterable[Entry],
    now: float,
    days: int,
    first: float | None = None,
    more: Callable[[float, float, Place], Iterable[Mark]] = lambda _start, _now, _place: (),
) -> Picture:
    """Draw the last `days` until `now`, in local time. A time without a known state stays empty.

    `first` is when the alarm was first read: the picture of a first day begins there. `more` returns further marks.
    """
    start = max(now - days * DAY_S, min(first, now - LEAST_S) if first is not None else 0.0)

    def place(moment: float) -> float:
        return round(min(max((moment - start) / (now - start), 0.0), 1.0) * 100, 2)

    axes = ["interior", "perimeter"] + ["annex"] * any(span.axes.annex for span in spans)
    lanes = tuple(_lane(axis, spans, place) for axis in axes)
    marks = [Mark(place(entry.at), _sign(entry, days), _title(entry)) for entry in entries if start <= entry.at <= now]
    marks += more(start, now, place)
    is_whole = start <= now - days * DAY_S
    return Picture(days, start, is_whole, lanes, tuple(marks), _ticks(start, now, place), _summary(spans, start, now))


def _sign(entry: Entry, days: int) -> str:
    sign = MARKS.get(entry.result, "nothing")
    # A week has too many marks for all to be read: what went well makes room for what did not.
    return "dot" if days > 1 and sign in ("done", "nothing") else sign


def _title(entry: Entry) -> str:
    time, what, result = dates.clock(entry.at), askers.asked(entry.action, entry.past), askers.result(entry.result)
    title = Text("{time} {action}: {result}", time=time, action=what, result=result)
    if entry.times == 1:
        return title
    until = dates.clock(entry.ended_at or entry.at)
    return counted(
        "{command}, {n} time until {time}", "{command}, {n} times until {time}", entry.times, command=title, time=until
    )


def _lane(axis: str, spans: Sequence[Span], place: Place) -> Lane:
    """Draw an axis: spans that follow each other without a gap and are alike on it are one band."""
    merged: list[tuple[Interior | bool | None, float, float]] = []
    for span in spans:
        stands: Interior | bool | None = getattr(span.axes, axis)
        if merged and merged[-1][0] == stands and span.since <= merged[-1][2]:
            merged[-1] = (stands, merged[-1][1], span.until)
        else:
            merged.append((stands, span.since, span.until))
    return Lane(AXES[axis], tuple(_band(axis, stands, since, until, place) for stands, since, until in merged))


def _band(axis: str, stands: Interior | bool | None, since: float, until: float, place: Place) -> Band:
    left, right = place(since), place(until)
    width = round(max(right - left, THINNEST_PERCENT), 2)
    kind, word = (
        (stands.value, spoken.INTERIOR[stands]) if isinstance(stands, Interior) else (KINDS[stands], SWITCHED[stands])
    )
    is_off = kind == Interior.OFF
    begin, end = dates.clock(since), dates.clock(until)
    title = Text(
        "{axis} {state}, {begin} to {end}", axis=AXES[axis], state=OFF if is_off else word, begin=begin, end=end
    )
    return Band(round(min(left, 100 - width), 2), width, kind, "" if is_off or width < WORD_PERCENT else word, title)


def _ticks(start: float, now: float, place: Place) -> tuple[Tick, ...]:
    span_h = (now - start) / HOUR_S
    hours = next(hours for hours in TICK_HOURS if span_h / hours <= LABELS)
    first = dates.local(start).replace(minute=0, second=0, microsecond=0).timestamp()
    ticks = []
    # Hour by hour in real time: on the wall one is missing or comes twice when summer time begins or ends.
    for number in range(1, math.ceil(span_h) + 1):
        moment = dates.local(first + number * HOUR_S)
        at = place(moment.timestamp())
        if moment.hour % hours == 0 and EDGE_PERCENT <= at <= 100 - EDGE_PERCENT:
            ticks.append(Tick(at, dates.weekday(moment) if hours >= 24 else f"{moment:%H:%M}"))
    return tuple(ticks)


def _summary(spans: Sequence[Span], start: float, now: float) -> str:
    lengths = [(span, min(span.until, now) - max(span.since, start)) for span in spans if span.until >= start]
    if not lengths:
        return Text("Nothing is known of this time.")
    armed_s = sum(length_s for span, length_s in lengths if span.axes.armed)
    known_s = sum(length_s for _, length_s in lengths)
    last = lengths[-1][0]
    armed, state, since = spoken.length(armed_s), spoken.axes(last.axes), dates.since(last.since, now)
    if known_s > NEARLY_ALL * (now - start):
        span = spoken.length(now - start)
        return Text(
            "Armed for {armed} of the last {span}; {state} since {since}.",
            armed=armed,
            span=span,
            state=state,
            since=since,
        )
    known = spoken.length(known_s)
    return Text(
        "Armed for {armed} of the {known} that are known; {state} since {since}.",
        armed=armed,
        known=known,
        state=state,
        since=since,
    )
