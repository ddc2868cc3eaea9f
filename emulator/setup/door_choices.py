"""The doors that a house may have: what each is for, and what is in its way on this machine."""

import errno
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator import doors
from emulator.doors import DoorType
from emulator.errors import ConfigError
from emulator.lan import network
from emulator.setup.answers import AnswerRefused, Answers, asked, default, differing, proposals
from emulator.words.text import Text


@dataclass(frozen=True, slots=True)
class AskedKey:
    """A key of a door's section, with the value to show. `is_rare`: hardly anybody changes it."""

    key: str
    value: str
    help: str
    is_rare: bool


@dataclass(frozen=True, slots=True)
class DoorChoice:
    """A door to choose. `is_fixed`: it stays open, as set-up is shown there."""

    name: str
    title: str
    purpose: str
    wanted: bool
    is_fixed: bool
    keys: tuple[AskedKey, ...]
    obstacle: str
    """In words for people; empty if nothing is in its way."""


def page_door() -> tuple[str, DoorType]:
    """Return the door that has the page."""
    return next((name, row) for name, row in doors.rows().items() if row.pages)


def choices(
    answers: Answers, running: Mapping[str, Mapping[str, str]], state_dir: Path, *, page_port: int | None
) -> list[DoorChoice]:
    """Return every door; `running` are those of the program that runs now, whose ports are its own.

    `page_port` is the port of the page on which set-up is shown, which stays open; None in a terminal.
    """
    found = []
    for name, row in doors.rows().items():
        is_fixed = page_port is not None and row.pages is not None
        given = {"port": str(page_port)} if is_fixed else answers.doors.get(name, {})
        proposed = proposals(name, row, os.environ)
        values = {key: given.get(key, proposed.get(key, default(row, key))) for key in asked(row)}
        shown = [AskedKey(key, value, _help(row, key), key == "port") for key, value in values.items()]
        # The page in a terminal, too: the PIN that was asked for is typed there.
        is_proposed = row.is_default or row.pages is not None or bool(proposed)
        wanted = is_fixed or (name in answers.doors if answers.doors else is_proposed)
        values = {one.key: one.value for one in shown if one.value}
        own = is_fixed or running.get(name, {}).get("port") == values.get("port")
        obstacle = _missing(row, values) or row.lacks(state_dir)
        if not (obstacle or is_fixed or (name in running and own)):
            obstacle = _taken(row, values)
        found.append(DoorChoice(name, row.title, row.purpose, wanted, is_fixed, tuple(shown), obstacle))
    return found


def chosen(given: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Return the chosen doors with their keys, in the order of the doors; AnswerRefused for an impossible value."""
    found = {}
    for name, row in doors.rows().items():
        if name in given:
            values = {key: given[name].get(key, "").strip() or default(row, key) for key in asked(row)}
            _check(row, values)
            found[name] = values
    if not found:
        raise AnswerRefused(Text("Choose at least one: without any, nothing can reach the alarm."))
    return found


def check_ports(chosen: Mapping[str, Mapping[str, str]]) -> None:
    """Raise AnswerRefused for a port that two doors want."""
    owners: dict[str, str] = {}
    for name, values in chosen.items():
        port, title = values.get("port", "").lstrip("0"), doors.row(name).title
        if port and (other := owners.setdefault(port, title)) != title:
            raise AnswerRefused(
                Text("{door}: {port} is already the port of “{other}”.", door=title, port=port, other=other)
            )


def _check(row: DoorType, values: Mapping[str, str]) -> None:
    try:
        row.require(row.settings.model_validate(differing(row, values)))
    except ConfigError as error:
        raise AnswerRefused(Text("{door}: {why}", door=row.title, why=error.problems[0].what)) from None
    except ValueError as error:  # of pydantic
        first: Any = getattr(error, "errors", lambda: [{"loc": [""], "msg": "", "type": ""}])()[0]
        key, why = str(first["loc"][-1]), str(first["msg"])
        if first["type"] == "missing":
            why = Text("this is missing")
        elif first["type"] == "value_error":
            why = str(first["ctx"]["error"])  # with its memory, where it is a Text
        elif key == "port":
            wrong = Text("{door}, port {port}: use a number from 1 to 65535.", door=row.title, port=values[key])
            raise AnswerRefused(wrong) from None
        raise AnswerRefused(Text("{door}, {key}: {why}", door=row.title, key=key, why=why)) from None


def _missing(row: DoorType, values: Mapping[str, str]) -> str:
    """Return which library is missing; empty if none is, as far as that is known without all keys."""
    with suppress(ValueError):
        try:
            row.require(row.settings.model_validate(dict(values)))
        except ConfigError as error:
            return error.problems[0].what
    return ""


def _taken(row: DoorType, values: Mapping[str, str]) -> str:
    """Return what is in the way of its ports."""
    if os.environ.get("LISTEN_FDS"):
        return ""  # systemd has opened them for us
    with suppress(ValueError):
        for port in row.ports(row.settings.model_validate(dict(values))):
            try:
                network.listener("", port.number).close()
            except OSError as error:
                number = str(port.number)
                if error.errno in (errno.EACCES, errno.EPERM):
                    return Text(
                        "This program may not open port {port}. As a service it may, with the units of {command}.",
                        port=number,
                        command="emulator init --systemd",
                    )
                return Text("Another program has port {port}: {remedy}.", port=number, remedy=port.if_taken)
    return ""


def _help(row: DoorType, key: str) -> str:
    return row.settings.model_fields[key].description or ""
