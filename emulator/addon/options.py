"""The options of the add-on, which go by the names of what they set: variables, doors, and keys of doors. Pure.

`verisure_user` is VERISURE_USER, `hue` is that door, `hue_port` its key. What is left out sets nothing.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from emulator import doors
from emulator.doors import DoorType
from emulator.errors import ConfigError, Problem
from emulator.setup import door_choices
from emulator.setup.answers import asked, default, proposals

Options = Mapping[str, Any]
Doors = Mapping[str, Mapping[str, str]]

NOTIFY = "VERISURE_NOTIFY"


def read(text: str) -> Options:
    """Return the options that are set; ConfigError for no JSON object, which is not quoted: it may hold secrets."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ConfigError([Problem("options of the add-on", "cannot be read; save them once more")])
    return {str(name): value for name, value in found.items() if value not in (None, "")}


def names() -> set[str]:
    """Return the name of every option."""
    return {
        "log_level",
        "interfaces",
        *map(str.lower, _variables()),
        # What makes code has a program of its own, which the add-on's image lacks.
        *(name for name, row in doors.rows().items() if row.pages is None and not row.makes_code),
        *(f"{name}_{key}" for name, row in doors.rows().items() for key in asked(row)),
    }


def environment(options: Options) -> dict[str, str]:
    """Return the variables to set. Secrets go this way alone: devices.yaml never holds one."""
    return {name: str(options[name.lower()]) for name in _variables() if name.lower() in options}


def arguments(options: Options) -> list[str]:
    """Return the arguments of `emulator run`."""
    page, _ = door_choices.page_door()
    found = [("--log-level", options.get("log_level")), ("--page-port", options.get(f"{page}_port"))]
    found += [("--interface", name) for name in str(options.get("interfaces", "")).replace(",", " ").split()]
    return [word for name, value in found if value for word in (name, str(value))]


def wants_broker(options: Options) -> bool:
    """Return whether the broker of the house is of use: its door is not switched off, and no option names another."""
    return any(
        options.get(name, True) and not any(one.lower() in options for one in _own(name, row))
        for name, row in doors.rows().items()
        if _needed(row)
    )


def opened(was: Doors, options: Options, environ: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return the doors of devices.yaml, which were such, with what the options say. The page stays open."""
    found = {}
    for name, row in doors.rows().items():
        given = {key: str(options[f"{name}_{key}"]) for key in asked(row) if f"{name}_{key}" in options}
        is_wanted = name in was if row.pages else options.get(name, name in was)
        if is_wanted:
            usual = {key: default(row, key) for key in asked(row)}
            found[name] = usual | proposals(name, row, environ) | dict(was.get(name, {})) | given
    return found


def _variables() -> list[str]:
    found = [one for name, row in doors.rows().items() for one in _own(name, row)]
    return list(dict.fromkeys([*found, NOTIFY]))


def _own(name: str, row: DoorType) -> Iterator[str]:
    """Yield the variables of a door."""
    yield from row.settings.secrets.split(", ")
    yield from (f"{name}_{key}".upper() for key in _needed(row))


def _needed(row: DoorType) -> list[str]:
    return [key for key in asked(row) if not default(row, key)]
