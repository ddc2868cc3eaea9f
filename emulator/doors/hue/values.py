"""Parameters in the body of a request: parse them, check them. Pure (lan-emulation.md §3.3, §3.5)."""

import json
import math
from collections.abc import Callable, Collection

from emulator.doors.hue.bridge import Json
from emulator.doors.hue.lights import FULL
from emulator.doors.hue.messages import LONGEST_WORD, ApiRequest, HueError

SWITCHED = frozenset({"on", "alert", "transitiontime", "effect"})
"""Parameters of every light. All but `on` say how a change looks, or blink, and change nothing."""

DIMMED = SWITCHED | {"bri", "bri_inc", "hue_inc", "sat_inc", "ct_inc", "xy_inc"}
COLOURED = DIMMED | {"hue", "sat", "xy", "ct"}
GROUPED = COLOURED | {"scene"}


def parse(request: ApiRequest) -> dict[str, object]:
    """Return the parameters in the body, at least one, whatever its content type: Echos call it a form (§3.3)."""
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        raise HueError(2, request.address) from None
    if not isinstance(body, dict):
        raise HueError(2, request.address)
    if not body:
        raise HueError(5, request.address)
    return body


def check(request: ApiRequest, settable: Collection[str]) -> tuple[list[Json], dict[str, Json]]:
    """Return the errors of a new state, and its valid parameters."""
    errors: list[Json] = []
    valid: dict[str, Json] = {}
    for name, value in parse(request).items():
        address = f"{request.address}/{name[:LONGEST_WORD]}"
        if name not in settable:
            errors.append(HueError(6, address, name).entry)
        elif not VALUES.get(name, _is_number)(value):
            errors.append(HueError(7, address, value, name).entry)
        else:
            valid[name] = value
    return errors, valid


def _is_number(value: object) -> bool:
    """Return whether it is finite: Python's reader takes NaN and 1e999 too, which no client could read back."""
    return type(value) is int or (type(value) is float and math.isfinite(value))


def _is_brightness(value: object) -> bool:
    """Return whether it is in range. Never 0: a client that reads that back takes the light for broken (§3.5)."""
    return type(value) is int and 1 <= value <= FULL


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_is_number, value))


VALUES: dict[str, Callable[[object], bool]] = {
    "on": lambda value: isinstance(value, bool),
    "bri": _is_brightness,
    **dict.fromkeys(("alert", "effect"), _is_text),
    "scene": lambda _value: False,  # there is none: refused so, a Logitech POP turns its lights one by one
    **dict.fromkeys(("xy", "xy_inc"), _is_pair),
}
"""Parameter → check of its value. Every other one takes any number, as it changes nothing."""
