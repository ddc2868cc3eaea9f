"""The activity log of each alarm, as far as it was read: its events, and which of them are commands of ours."""

import json
import math
from collections.abc import Collection, Iterable
from dataclasses import asdict, astuple, dataclass

from emulator.model import Result
from emulator.model.activity import AlarmEvent, EventKind, Means
from emulator.store.journal import Journal

KEEP_EVENTS = 2_000
"""Events kept of each alarm: a year of most houses, and many times what one answer of a cloud brings."""

APART_S = 900.0
"""Most between our command and its row in the log: clocks of clouds are minutes off."""

SEEN_WITHIN_S, ZONES_APART_S, HALF_HOUR_S = 7200.0, 450.0, 1800.0
"""Most from our command to the read that brings its row, and between their minutes, if this machine lives in another
time zone than the house. Zones differ by whole half hours."""

MOST_COMMANDS = 200
"""Commands among which that of a row is looked for."""

BY_HAND = (Means.KEYPAD, Means.REMOTE, Means.PANEL)
"""Means that are not the network: no command of ours comes that way."""

_DONE = (Result.CONFIRMED, Result.UNCONFIRMED)
_OURS = {
    EventKind.ARMED: (_DONE, "arm %{part}%"),
    EventKind.DISARMED: (_DONE, "disarm%"),
    EventKind.ARMING_FAILED: ((Result.REJECTED, Result.UNCONFIRMED), "arm %{part}%"),
}
"""Event → results of the commands that leave its row, and their form."""

MEMORY = "activity "
"""Beginning of the name of an alarm's LogMemory."""


@dataclass(frozen=True, slots=True)
class LogMemory:
    """Memory of an alarm's log. `read_at` is when it was read last.

    `alarm_at` is when the alarm went off that goes on, `lost_at` when the power went of whose return nobody heard yet.
    """

    read_at: float | None = None
    alarm_at: float | None = None
    lost_at: float | None = None

    @classmethod
    def load(cls, journal: Journal, installation: str) -> "LogMemory":
        """Return what was noted; nothing if it cannot be parsed."""
        try:
            found = cls(**json.loads(journal.recall(f"{MEMORY}{journal.alarm(installation)}") or "{}"))
            return found if all(math.isfinite(at or 0) for at in astuple(found)) else cls()
        except (ValueError, TypeError, OverflowError, RecursionError):
            return cls()

    def save(self, journal: Journal, installation: str) -> None:
        """Note it; EmulatorError when it cannot be."""
        journal.note(f"{MEMORY}{journal.alarm(installation)}", json.dumps(asdict(self)))


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event as it is kept. `at` is by the cloud's clock, but not later than it was `seen_at` (epoch seconds).

    `command` is the journal's number of our command that it is the row of.
    """

    id: int
    installation: str
    seen_at: float
    at: float
    kind: EventKind
    type: str
    means: Means
    user: str
    zone: str
    said: str
    command: int | None = None

    def as_dict(self) -> dict[str, str | float | None]:
        """Return the fields for `--json`."""
        return asdict(self)


def known(journal: Journal, installation: str, keys: Collection[str]) -> dict[str, float]:
    """Return which of these events are kept, each with its time."""
    marks = ", ".join("?" * len(keys))
    query = f"SELECT key, at FROM events WHERE alarm = ? AND key IN ({marks})"  # noqa: S608  # question marks
    return dict(journal.rows(query, journal.alarm(installation), *keys))


def keep(journal: Journal, installation: str, events: Iterable[AlarmEvent], now: float) -> None:
    """Write down new events, oldest first; each that may be one of our commands is matched to it."""
    alarm = journal.alarm(installation)
    with journal.write() as db:
        for event in events:
            at = min(event.at, now)
            row = (alarm, now, event.key, at, event.kind, event.type, event.means, event.user, event.zone, event.said)
            db.execute(
                "INSERT OR IGNORE INTO events (alarm, seen_at, key, at, kind, type, means, user, zone, said, command) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*row, _own_command(journal, alarm, event, now)),
            )
        db.execute(
            "DELETE FROM events WHERE alarm = ? AND id <= "
            "(SELECT id FROM events WHERE alarm = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
            (alarm, alarm, KEEP_EVENTS),
        )


def _own_command(journal: Journal, alarm: int, event: AlarmEvent, now: float) -> int | None:
    """Return the number of our command that left this row; None if it is a person's.

    The nearest that has no row of this type yet: a sum of modes has a row for each. What was undone since is not done
    by it again.
    """
    results, form = _OURS.get(event.kind, ((), ""))
    if not results or event.user or event.means in BY_HAND:
        return None
    query = (
        "SELECT id, ended_at FROM commands WHERE alarm = ? AND result IN (?, ?) AND action LIKE ? AND ended_at >= ? "
        "AND NOT EXISTS (SELECT 1 FROM events WHERE events.command = commands.id AND (events.type = ? OR events.at < "
        "(SELECT max(at) FROM events WHERE alarm = commands.alarm AND kind IN (?, ?) AND kind != ? AND at <= ?))) "
        "ORDER BY id DESC LIMIT ?"
    )
    earliest = min(event.at - APART_S, now - SEEN_WITHIN_S)
    undone = (event.type, EventKind.ARMED, EventKind.DISARMED, event.kind, event.at)
    rows = journal.rows(query, alarm, *results, form.format(part=event.part), earliest, *undone, MOST_COMMANDS)
    near = [(abs(event.at - ended), number) for number, ended in rows if abs(event.at - ended) <= APART_S]
    if not near and event.is_own:
        # This machine may live in another time zone than the house: all but the half hours has to fit.
        recent = [(ended, number) for number, ended in rows if 0 <= now - ended <= SEEN_WITHIN_S]
        near = [(rest, number) for ended, number in recent if (rest := _rest(event.at - ended)) <= ZONES_APART_S]
    return min(near)[1] if near else None


def _rest(seconds: float) -> float:
    return abs(seconds - round(seconds / HALF_HOUR_S) * HALF_HOUR_S)


def events(journal: Journal, installation: str | None, limit: int, *, since: float = -math.inf) -> list[LoggedEvent]:
    """Return the newest events of an alarm, or of all that have a name, newest first."""
    query = (
        "SELECT events.id, name, seen_at, at, kind, type, means, user, zone, said, command FROM events "
        "JOIN alarms ON alarms.id = alarm WHERE is_named AND (? IS NULL OR alarm = ?) AND at >= ? "
        "ORDER BY at DESC, events.id DESC LIMIT ?"
    )
    alarm = None if installation is None else journal.alarm(installation)
    return [
        LoggedEvent(number, name, seen_at, at, _kind(kind), code, _means(means), *words)
        for number, name, seen_at, at, kind, code, means, *words in journal.rows(query, alarm, alarm, since, limit)
    ]


def _kind(text: str) -> EventKind:
    return EventKind(text) if text in set(EventKind) else EventKind.OTHER


def _means(text: str) -> Means:
    return Means(text) if text in set(Means) else Means.UNKNOWN
