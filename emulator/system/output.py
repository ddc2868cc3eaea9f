"""Output of the commands: text for people and JSON for programs. Pure."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from emulator.model import Action, Outcome, PanelState, Result
from emulator.model.activity import EventKind
from emulator.store.activity import LoggedEvent
from emulator.store.journal import Entry
from emulator.store.pairing import User

Paint = Callable[[str], str]
"""Puts a text into its colour, if it has one."""


def table(head: Sequence[str], rows: Sequence[Sequence[str]], paints: Mapping[str, Paint] | None = None) -> str:
    """Return columns as wide as they need to be. Names given by others cannot control the terminal.

    `paints` has the colours of a column, by its head.
    """
    painted = [(paints or {}).get(title, str) for title in head]
    every = [
        ["".join(letter if letter.isprintable() else "?" for letter in cell) for cell in row] for row in (head, *rows)
    ]
    widths = [max(len(row[index]) for row in every) for index in range(len(head))]
    lines = (
        "  ".join(
            paint(cell) + " " * (width - len(cell)) for cell, width, paint in zip(row, widths, painted, strict=True)
        )
        for row in every
    )
    return "\n".join(line.rstrip() for line in lines)


def records(rows: Sequence[Mapping[str, str]]) -> str:
    """Return a table with a column for each key, whether every row has it or not."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    return table([column.upper() for column in columns], [[row.get(column, "") for column in columns] for row in rows])


def moment(epoch_s: float) -> str:
    """Return a time as local date and time."""
    return datetime.fromtimestamp(epoch_s).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def iso(epoch_s: float) -> str:
    """Return a time for programs."""
    return datetime.fromtimestamp(epoch_s).astimezone().isoformat(timespec="seconds")


def as_json(value: Any) -> str:
    """Return indented JSON with letters beyond ASCII as they are."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def fields(state: PanelState) -> dict[str, Any]:
    """Return a panel's state for programs: axes (null is unknown), time of reading (ISO 8601), raw status, request."""
    return {
        "state": str(state.axes),
        "interior": state.axes.interior,
        "perimeter": state.axes.perimeter,
        "annex": state.axes.annex,
        "read_at": iso(state.read_at),
        "raw": state.raw,
        "source": state.source,
        "bypassed": list(state.bypassed),
    }


def panel(name: str, state: PanelState, paint: Paint = str) -> str:
    """Return a line with the panel's state."""
    return f"{name}: {paint(str(state))} (read {moment(state.read_at)})"


def outcome(name: str, action: Action, ended: Outcome, state: PanelState | None, paint: Paint = str) -> str:
    """Return the outcome of a command, and after an unconfirmed one the panel's state."""
    text = f"{name}: {action}: {paint(ended.result)}: {ended.message}"
    return f"{text}\n{panel(name, state)}" if ended.result is Result.UNCONFIRMED and state else text


def journal(
    entries: Sequence[Entry],
    paint: Paint = str,
    events: Sequence[LoggedEvent] = (),
    named: Callable[[str], str] = str,
    most: int | None = None,
) -> str:
    """Return a table of commands, and of what else the alarms' logs tell, newest first; at most so many rows.

    Without commands it is the log alone, with the rows that commands left, too.

    `named` returns what people call an address.
    """
    rows = [(entry.at, _command(entry, named)) for entry in entries]
    others = [one for one in events if one.command is None and one.kind is not EventKind.CHECK] if entries else events
    rows += [(one.at, _logged(one)) for one in others]
    # Commands by their numbers, as they came: the clock may have been set back meanwhile.
    found = (
        [row for _, row in sorted(rows, key=lambda row: row[0], reverse=True)] if events else [row for _, row in rows]
    )
    return table(("TIME", "ALARM", "COMMAND", "ASKED BY", "RESULT", "WHY"), found[:most], {"RESULT": paint})


def _command(entry: Entry, named: Callable[[str], str]) -> tuple[str, ...]:
    return (
        moment(entry.at),
        entry.installation,
        entry.action,
        " ".join(filter(None, (entry.door, entry.peer and named(entry.peer), entry.switch))),
        (entry.result or "under way") + (f", {entry.times:,} times" if entry.times > 1 else ""),
        (entry.message or "")
        + (f" (then the panel said: {entry.settled})" if entry.settled else "")
        + (f" (the last time at {moment(entry.ended_at)})" if entry.times > 1 and entry.ended_at else ""),
    )


def _logged(one: LoggedEvent) -> tuple[str, ...]:
    who = " · ".join(filter(None, (one.user, str(one.means))))
    where = " · ".join(filter(None, (one.zone, one.said)))
    return moment(one.at), one.installation, str(one.kind), who, "seen", where


def client(number: int, user: User) -> dict[str, Any]:
    """Return a client of the Hue bridge for programs, without its key; ISO 8601, the last use to the hour."""
    return {
        "number": number,
        "key": user.short,
        "devicetype": user.devicetype,
        "address": user.peer,
        "created": iso(user.created),
        "used": iso(user.used),
    }


def clients(users: Mapping[int, User]) -> str:
    """Return a table of the clients of the Hue bridge, by number."""
    if not users:
        return "Nobody is paired."
    rows = [
        (str(number), one.short, kind(one), one.peer, moment(one.created), moment(one.used))
        for number, one in users.items()
    ]
    return table(("NUMBER", "KEY", "CLIENT", "ADDRESS", "PAIRED", "LAST USED"), rows)


def kind(user: User) -> str:
    """Return the client's own description of itself, if it gave one."""
    return user.devicetype or "(brought its key along)"
