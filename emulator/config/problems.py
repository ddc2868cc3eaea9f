"""Mistakes in devices.yaml: the place of each, and what would be right."""

import difflib
from typing import Any, get_args, get_origin

from pydantic_core import ErrorDetails

from emulator.config.fields import Section
from emulator.config.yaml_file import YamlFile
from emulator.errors import Problem

RIGHT = {
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
"""Type of a pydantic error → what would be right, in words for the author of the file."""


def problem(file: YamlFile, details: ErrorDetails, settings: type[Section]) -> Problem:
    """Return a mistake that pydantic found in `settings`, in words for the author of the file."""
    path = tuple(part for part in details["loc"] if part != "[key]")
    kind, context = details["type"], details.get("ctx", {})
    section = _section(path, settings)
    if kind == "extra_forbidden":
        return Problem(file.where(path), _unknown_key(str(path[-1]), section))
    field = section.model_fields.get(str(path[-1])) if path else None
    if kind == "missing" and field:
        return Problem(file.where(path), f"is missing: {field.description}")
    if kind == "value_error":
        return Problem(file.where(path), str(context["error"]))
    if kind == "too_short" and field and field.is_required():
        return Problem(file.where(path), f"needs {field.description}")
    single = isinstance(details["input"], str) and "@" not in details["input"] and "://" not in details["input"]
    # Only a single value is quoted: a whole section, and an address, may hold secrets.
    value = f"{details['input']!r} is not possible: " if single else ""
    if kind == "literal_error":
        return Problem(file.where(path), f"{value}use {context['expected']}")
    if kind == "string_pattern_mismatch":
        right = field.description if field else "use letters, digits, - and _, beginning with a letter"
        return Problem(file.where(path), f"{value}{right}")
    return Problem(file.where(path), f"{value}{RIGHT.get(kind, details['msg'])}")


def _unknown_key(key: str, section: type[Section]) -> str:
    if key in ("user", "password", "pwd"):
        return f"secrets never stand in this file; put them in the environment: {section.secrets}"
    known = list(section.model_fields)
    close = difflib.get_close_matches(key, known, n=1)
    return f"unknown key; did you mean {close[0]!r}?" if close else f"unknown key; known here: {', '.join(known)}"


def _section(path: tuple[str | int, ...], settings: type[Section]) -> type[Section]:
    """Return the section whose key `path` ends in."""
    section, keys = settings, iter(path[:-1])
    for key in keys:
        field = section.model_fields.get(str(key))
        if field and (below := _below(field.annotation)):
            section = below
            if get_origin(field.annotation) is dict:
                next(keys, None)  # a name that the user chose, perhaps one of ours
    return section


def _below(annotation: Any) -> type[Section] | None:
    """Return the section that a field may hold, alone or in a collection."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next(filter(None, map(_below, get_args(annotation))), None)
