"""Where the panel stood and when, as spans of time that the panel itself vouches for; kept in the journal."""

from dataclasses import dataclass

from emulator.model import Axes, PanelState
from emulator.store.journal import Journal, axes_of

KEEP_SPANS = 10_000
"""Some years of a house that arms and disarms a few times a day; below 1 MB."""

STRETCH_S = 300.0
"""How often a span that lasts is written longer: polls come every minute, and a memory card wears out."""

QUIET_S, QUIET_POLLS = 900.0, 3
"""Without news for that long, and for that many polls, nobody knows where the panel stood: a gap."""


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
    """Write down what the panel said: the span goes on, or a new one begins."""
    axes = state.axes
    query = "SELECT id, interior, perimeter, annex, until FROM spans WHERE alarm = ? ORDER BY id DESC LIMIT 1"
    alarm = journal.alarm(installation)
    last = next(iter(journal.rows(query, alarm)), None)
    known = last is not None and 0 <= now - float(str(last[4])) <= quiet_s
    same = last is not None and axes_of(*last[1:4]) == axes
    if last is not None and known and same and now - float(str(last[4])) < STRETCH_S:
        return
    with journal.write() as db:
        if last is not None and known:
            db.execute("UPDATE spans SET until = ? WHERE id = ?", (now, last[0]))
        if not (known and same):
            done = db.execute(
                "INSERT INTO spans (alarm, installation, interior, perimeter, annex, since, until, command) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (alarm, installation, axes.interior, axes.perimeter, axes.annex, now, now, command),
            )
            db.execute("DELETE FROM spans WHERE id <= ?", ((done.lastrowid or 0) - KEEP_SPANS,))


def spans(journal: Journal, installation: str, since: float) -> list[Span]:
    """What is known of the time from `since` on, oldest first."""
    query = (
        "SELECT interior, perimeter, annex, since, until, command FROM spans WHERE alarm = ? AND until >= ? ORDER BY id"
    )
    return [
        Span(
            installation,
            axes_of(*row[:3]),
            float(str(row[3])),
            float(str(row[4])),
            None if row[5] is None else int(str(row[5])),
        )
        for row in journal.rows(query, journal.alarm(installation), since)
    ]
