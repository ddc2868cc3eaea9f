"""The past of an alarm: states, as spans of time that the panel itself vouches for, and its last command."""

import math
from collections.abc import Iterable
from dataclasses import astuple, dataclass

from emulator.model import Axes, PanelState
from emulator.store.columns import axes_of
from emulator.store.journal import Entry, Journal

KEEP_SPANS = 10_000
"""Some years of a house that arms and disarms a few times a day; below 1 MB."""

STRETCH_S = 300.0
"""Interval at which a lasting span is written longer: polls come every minute, and a memory card wears out."""

QUIET_S, QUIET_POLLS = 900.0, 3
"""Silence, in time and in polls, after which the state in between counts as unknown: a gap."""


@dataclass(frozen=True, slots=True)
class Span:
    """The panel stood at `axes` from `since` until `until` (epoch seconds).

    `command` is the journal's number of our command that brought it there; None when it moved by itself.
    """

    installation: str
    axes: Axes
    since: float
    until: float
    command: int | None = None


def keep(
    journal: Journal, installation: str, state: PanelState, now: float, quiet_s: float, command: int | None
) -> None:
    """Write down a reading of the panel: extend the last span, or begin another."""
    query = "SELECT id, until, interior, perimeter, annex FROM spans WHERE alarm = ? ORDER BY id DESC LIMIT 1"
    alarm = journal.alarm(installation)
    last, until, *axes = next(iter(journal.rows(query, alarm)), (None, -math.inf, None, None, None))
    is_recent = 0 <= now - until <= quiet_s
    goes_on = is_recent and axes_of(*axes) == state.axes
    if goes_on and now - until < STRETCH_S:
        return
    with journal.write() as db:
        if is_recent:
            db.execute("UPDATE spans SET until = ? WHERE id = ?", (now, last))
        if not goes_on:
            done = db.execute(
                "INSERT INTO spans (alarm, installation, interior, perimeter, annex, since, until, command) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (alarm, installation, *astuple(state.axes), now, now, command),
            )
            db.execute("DELETE FROM spans WHERE id <= ?", ((done.lastrowid or 0) - KEEP_SPANS,))


def spans(journal: Journal, installation: str, since: float) -> list[Span]:
    """Return the spans known from `since` on, oldest first."""
    query = (
        "SELECT interior, perimeter, annex, since, until, command FROM spans WHERE alarm = ? AND until >= ? ORDER BY id"
    )
    return [
        Span(installation, axes_of(*axes), began, until, command)
        for *axes, began, until, command in journal.rows(query, journal.alarm(installation), since)
    ]


def last_change(journal: Journal, installation: str) -> float | None:
    """Return when the panel came to where it was read last, in epoch seconds; None if it never was."""
    query = "SELECT since FROM spans WHERE alarm = ? ORDER BY id DESC LIMIT 1"
    return next((since for (since,) in journal.rows(query, journal.alarm(installation))), None)


def first_known(journal: Journal, installation: str) -> float | None:
    """Return since when states of an alarm are known, in epoch seconds; None if it was never read."""
    query = "SELECT since FROM spans WHERE alarm = ? ORDER BY id LIMIT 1"
    return next((since for (since,) in journal.rows(query, journal.alarm(installation))), None)


def newest_ended(entries: Iterable[Entry], installation: str) -> Entry | None:
    """Return the command of an alarm that ended last: not always the newest, as a bridge holds some back."""
    ended = (entry for entry in entries if entry.installation == installation and entry.ended_at)
    return max(ended, key=lambda entry: entry.ended_at or 0.0, default=None)
