"""Settings that the control page may change, and readers of their values."""

import re
from collections.abc import Callable, Mapping
from dataclasses import field, fields
from typing import Any

Reader = Callable[[str, Any], bool | float | str]
"""Name and value of a setting → the value to set. ValueError says what would be right."""

NAMES_LIMIT = 200
"""Characters of a setting that holds names."""

FLAGS = {"true": True, "1": True, "on": True, "yes": True, "false": False, "0": False, "off": False, "no": False}


def setting(default: bool | float | str, read: Reader, label: str = "") -> Any:
    """Declare a field of a face's options. `label` names its button; a number has none."""
    return field(default=default, metadata={"read": read, "label": label})


def readers(options: Any) -> Mapping[str, Reader]:
    """Return how each field of a face's options is read."""
    return {one.name: one.metadata["read"] for one in fields(options)}


def labels(options: Any) -> Mapping[str, str]:
    """Return the label of each field of a face's options."""
    return {one.name: one.metadata["label"] for one in fields(options)}


def flag(key: str, value: Any) -> bool:
    """Read a yes or no."""
    found = FLAGS.get(str(value).lower())
    if found is None:
        raise ValueError(f"{key} is {value!r}; use true or false")
    return found


def number(low: float, high: float) -> Callable[[str, Any], float]:
    """Return a reader of numbers between two bounds."""

    def read(key: str, value: Any) -> float:
        try:
            found = float(value)
        except (TypeError, ValueError):
            found = float("nan")
        if not low <= found <= high:
            raise ValueError(f"{key} is {value!r}; use a number from {low:g} to {high:g}")
        return found

    return read


def whole(low: int, high: int) -> Callable[[str, Any], int]:
    """Return a reader of whole numbers between two bounds."""

    def read(key: str, value: Any) -> int:
        found = number(low, high)(key, value)
        if not found.is_integer():
            raise ValueError(f"{key} is {value!r}; use a whole number from {low} to {high}")
        return int(found)

    return read


def names(key: str, value: Any) -> str:
    """Read names of fields, separated by blanks; there may be none."""
    found = str(value).split()
    if not all(re.fullmatch(r"\w+", one) for one in found) or len(str(value)) > NAMES_LIMIT:
        raise ValueError(f"{key} is {value!r}; use names of fields, parted by blanks, or nothing")
    return " ".join(found)


LIFE = number(1, 86_400)
"""Seconds that a session or a token lives: a second to a day."""

FLOOD_LIMIT = whole(0, 1000)
"""Requests: off to practically off."""

FLOOD_WINDOW = number(1, 60)
"""Seconds: less than one says nothing, more than a minute is no flood."""

FLOOD_BAN = number(1, 3600)
"""Seconds: up to an hour."""

CLOCK_OFF = number(-7200, 7200)
"""Seconds: minutes are usual, and two hours are the zone of a machine that was never told where it stands."""
