"""What is wrong in devices.yaml, where, and what would be right."""

import difflib
from typing import Any

from pydantic_core import ErrorDetails

from emulator.config.settings import (
    DashboardSettings,
    DisarmSettings,
    DoorsSettings,
    HueSettings,
    InstallationSettings,
    LanSettings,
    NotifySettings,
    Section,
    Settings,
    SwitchSettings,
    Timeouts,
    WemoSettings,
)
from emulator.config.yaml_file import YamlFile
from emulator.errors import Problem

# What pydantic calls a mistake → what would be right, for whoever writes the file.
_RIGHT = {
    "model_type": "takes keys of its own, such as `key: value`",
    "dict_type": "takes keys of its own, such as `key: value`",
    "tuple_type": "takes a list, such as [a, b]",
    "string_type": "takes a single value, not a list or a mapping",
    "int_parsing": "takes a whole number",
    "bool_parsing": "takes true or false",
    "bool_type": "takes true or false",
    "ip_v4_address": "takes an IPv4 address, such as 192.168.1.10",
    "too_short": "needs at least one; leave the key out for the default",
    "string_too_short": "must not be empty",
}


def problem(file: YamlFile, details: ErrorDetails) -> Problem:
    """A mistake that pydantic found, in words for whoever writes the file."""
    path = tuple(part for part in details["loc"] if part != "[key]")
    kind, context = details["type"], details.get("ctx", {})
    if kind == "extra_forbidden":
        return Problem(file.where(path), _unknown_key(str(path[-1]), path))
    field = _section(path).model_fields.get(str(path[-1])) if path else None
    if kind == "missing" and field:
        return Problem(file.where(path), f"is missing: {field.description}")
    if kind == "value_error":
        return Problem(file.where(path), str(context["error"]))
    if kind == "too_short" and field and field.is_required():
        return Problem(file.where(path), f"needs {field.description}")
    single = isinstance(details["input"], str)
    # Only a single value is quoted: a whole section may hold what nobody should see.
    value = f"{details['input']!r} is not possible: " if single else ""
    if kind == "literal_error":
        return Problem(file.where(path), f"{value}use {context['expected']}")
    if kind == "string_pattern_mismatch":
        right = field.description if field else "use letters, digits, - and _, beginning with a letter"
        return Problem(file.where(path), f"{value}{right}")
    return Problem(file.where(path), f"{value}{_RIGHT.get(kind, details['msg'])}")


def _unknown_key(key: str, path: tuple[str | int, ...]) -> str:
    if key in ("user", "password", "pwd"):
        return "secrets never stand in this file; put them in the environment: VERISURE_USER, VERISURE_PASSWORD"
    known = list(_section(path).model_fields)
    close = difflib.get_close_matches(key, known, n=1)
    return f"unknown key; did you mean {close[0]!r}?" if close else f"unknown key; known here: {', '.join(known)}"


def _section(path: tuple[str | int, ...]) -> type[Section]:
    """The section whose key `path` ends in."""
    sections: dict[str, type[Section]] = {
        "installations": InstallationSettings,
        "switches": SwitchSettings,
        "doors": DoorsSettings,
        "lan": LanSettings,
        "notify": NotifySettings,
        "wemo": WemoSettings,
        "hue": HueSettings,
        "dashboard": DashboardSettings,
        "timeouts": Timeouts,
        "disarm": DisarmSettings,
    }
    # The second part below `installations` is a name that the user chose, perhaps one of ours.
    names = [part for index, part in enumerate(path[:-1]) if part in sections and path[:index] != ("installations",)]
    return sections[str(names[-1])] if names else Settings


DOOR_NAMES = {"dashboard": "dashboard", "hue": "Hue bridge"}


def contradictions(file: YamlFile) -> list[Problem]:
    """What does not go together. Read from the text, so that it is found in one go with other mistakes."""
    problems: list[Problem] = []
    names: dict[str, int] = {}
    ports: dict[str, str] = {}
    doors = _under(file.content, "doors")
    for door, default in (("dashboard", DashboardSettings().port), ("hue", HueSettings().port)):
        if door in doors:
            port = _text(_under(doors, door), "port") or str(default)
            if (other := ports.setdefault(port.lstrip("0"), f"the {DOOR_NAMES[door]}")) != f"the {DOOR_NAMES[door]}":
                problems.append(Problem(file.where(("doors", door, "port")), f"{port} is already the port of {other}"))
    known = list(_under(file.content, "installations"))
    listed = file.content.get("switches")
    for index, switch in enumerate(listed if isinstance(listed, list) else []):
        if not isinstance(switch, dict):
            continue
        here = ("switches", index)
        name, port, installation = (_text(switch, key) for key in ("name", "port", "installation"))
        if name and (first := names.setdefault(name.casefold(), index)) != index:
            line = file.lines[("switches", first)]
            problems.append(
                Problem(file.where((*here, "name")), f"{name!r} is also the name of the switch on line {line}")
            )
        if port and (other := ports.setdefault(port.lstrip("0"), repr(name))) != repr(name):
            problems.append(Problem(file.where((*here, "port")), f"{port} is already the port of {other}"))
        if "installation" not in switch and len(known) > 1:
            problems.append(Problem(file.where((*here, "installation")), f"is missing: which of {', '.join(known)}?"))
        shown = switch.get("doors")
        if shown in (["wemo"], ["hue"]) and "doors" in file.content and shown[0] not in doors:
            problem = f"{shown[0]} is not open: add `{shown[0]}:` to `doors`, or leave this out"
            problems.append(Problem(file.where((*here, "doors")), problem))
        if "disarm" in switch and "off" not in switch:
            problems.append(Problem(file.where((*here, "disarm")), "narrows `off: disarm`, which this switch lacks"))
        if _text(switch, "force").lower() in ("true", "yes", "on", "1"):
            alarm = _under(_under(file.content, "installations"), installation or (known or [""])[0])
            if _text(alarm, "cloud") in ("wsdo", "simulator"):
                problems.append(Problem(file.where((*here, "force")), "only `cloud: owa` can arm past open zones"))
        if installation and known and installation not in known:
            problems.append(
                Problem(file.where((*here, "installation")), f"no such installation; there is {', '.join(known)}")
            )
    return problems


def _under(content: Any, key: str) -> dict[str, Any]:
    """The mapping under a key, empty where there is none."""
    found = content.get(key)
    return found if isinstance(found, dict) else {}


def _text(content: dict[str, Any], key: str) -> str:
    """The text under a key, empty where there is none."""
    found = content.get(key)
    return found.strip() if isinstance(found, str) else ""
