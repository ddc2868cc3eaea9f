"""Words for people and JSON for programs: what the commands print. Pure."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from emulator.model import Action, Outcome, PanelState, Result
from emulator.store.journal import Entry
from emulator.store.pairing import User


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as they need to be. What others have named cannot steer the terminal."""
    every = [
        ["".join(letter if letter.isprintable() else "?" for letter in cell) for cell in row] for row in (head, *rows)
    ]
    widths = [max(len(row[index]) for row in every) for index in range(len(head))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in every)
    return "\n".join(line.rstrip() for line in lines)


def records(rows: Sequence[Mapping[str, str]]) -> str:
    """A table with a column for each key, whether every row has it or not."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    return table([column.upper() for column in columns], [[row.get(column, "") for column in columns] for row in rows])


def moment(epoch_s: float) -> str:
    """A time as a clock on the wall shows it."""
    return datetime.fromtimestamp(epoch_s).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def iso(epoch_s: float) -> str:
    """A time for programs."""
    return datetime.fromtimestamp(epoch_s).astimezone().isoformat(timespec="seconds")


def as_json(value: Any) -> str:
    """Indented, with letters as they are."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def fields(state: PanelState) -> dict[str, Any]:
    """A panel's state for programs: axes (null is unknown), when it was read (ISO 8601), raw status, request."""
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


def panel(name: str, state: PanelState) -> str:
    """One line about where the panel stands."""
    return f"{name}: {state} (read {moment(state.read_at)} by {state.source})"


def outcome(name: str, action: Action, ended: Outcome, state: PanelState | None) -> str:
    """How a command ended, and after an unconfirmed one what the panel says."""
    text = f"{name}: {action}: {ended.result}: {ended.message}"
    return f"{text}\n{panel(name, state)}" if ended.result is Result.UNCONFIRMED and state else text


def journal(entries: Sequence[Entry]) -> str:
    """Commands, newest first."""
    rows = [
        (
            moment(entry.at),
            entry.installation,
            entry.action,
            " ".join(filter(None, (entry.door, entry.peer, entry.switch))),
            (entry.result or "under way") + (f", {entry.times:,} times" if entry.times > 1 else ""),
            (entry.message or "")
            + (f" (then the panel said: {entry.settled})" if entry.settled else "")
            + (f" (the last time at {moment(entry.ended_at)})" if entry.times > 1 and entry.ended_at else ""),
        )
        for entry in entries
    ]
    return table(("TIME", "ALARM", "COMMAND", "ASKED BY", "RESULT", "WHY"), rows)


def client(number: int, user: User) -> dict[str, Any]:
    """A client of the Hue bridge for programs, without its key; times are ISO 8601, the last use is to the hour."""
    return {
        "number": number,
        "key": user.short,
        "devicetype": user.devicetype,
        "address": user.peer,
        "created": iso(user.created),
        "used": iso(user.used),
    }


def clients(users: Mapping[int, User]) -> str:
    """The clients of the Hue bridge, by number."""
    if not users:
        return "Nobody is paired."
    rows = [
        (str(number), one.short, kind(one), one.peer, moment(one.created), moment(one.used))
        for number, one in users.items()
    ]
    return table(("NUMBER", "KEY", "CLIENT", "ADDRESS", "PAIRED", "LAST USED"), rows)


def kind(user: User) -> str:
    """What a client says it is, if it has said so."""
    return user.devicetype or "(brought its key along)"
