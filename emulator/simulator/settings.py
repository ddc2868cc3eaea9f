"""What may be set on the control page, and how each value is read."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from emulator.simulator.panel.panel import SLOWEST_ANSWER_S

Reader = Callable[[str, Any], bool | float | str]

LONGEST_NAMES = 200
"""Letters of a setting that holds names."""

FLAGS = {"true": True, "1": True, "on": True, "yes": True, "false": False, "0": False, "off": False, "no": False}


def flag(key: str, value: Any) -> bool:
    """A yes or no; ValueError says what would be right."""
    found = FLAGS.get(str(value).lower())
    if found is None:
        raise ValueError(f"{key} is {value!r}; use true or false")
    return found


def number(low: float, high: float) -> Callable[[str, Any], float]:
    """A reader of numbers between two bounds."""

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
    """A reader of whole numbers between two bounds."""

    def read(key: str, value: Any) -> int:
        found = number(low, high)(key, value)
        if not found.is_integer():
            raise ValueError(f"{key} is {value!r}; use a whole number from {low} to {high}")
        return int(found)

    return read


def names(key: str, value: Any) -> str:
    """Names of fields, parted by blanks; none where there are no such."""
    found = str(value).split()
    if not all(re.fullmatch(r"\w+", one) for one in found) or len(str(value)) > LONGEST_NAMES:
        raise ValueError(f"{key} is {value!r}; use names of fields, parted by blanks, or nothing")
    return " ".join(found)


HOUSE: Mapping[str, Reader] = {"answer_after": number(0, SLOWEST_ANSWER_S)}

_FLOODS: Mapping[str, Reader] = {
    "flood_limit": whole(0, 1000),  # off to practically off
    "flood_window": number(1, 60),  # seconds: below one says nothing, above a minute is no flood
    "flood_ban": number(1, 3600),  # seconds: up to an hour
}
WSDO: Mapping[str, Reader] = {
    "letter_a": flag,
    "zero_after_arm": flag,
    "steering": flag,
    "session_idle": number(1, 86_400),  # a second to a day
    **_FLOODS,
}
OWA: Mapping[str, Reader] = {
    "token_life": number(1, 86_400),  # a second to a day
    "capabilities_life": number(1, 86_400),
    "status_lag": number(0, 3600),  # seconds: up to an hour
    "allow_forcing": flag,
    "exceptions_wait": flag,
    "zones_by_number": flag,
    "no_capabilities": flag,
    "lacks": names,
    "steering": flag,
    "terms_missing": flag,
    "tells_tries": flag,
    "otp_tokens": flag,
    "refresh_crash": flag,
    "refresh_grace": flag,
    **_FLOODS,
}
