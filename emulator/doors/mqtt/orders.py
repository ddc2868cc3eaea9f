"""Payloads of commands, from bytes; pure (mqtt.md §3)."""

import json
from dataclasses import dataclass, field

from emulator.errors import ProtocolError

PAYLOAD_LIMIT = 1024
"""Bytes of a command. The longest that makes sense has some 60."""

PRESS = "PRESS"
"""The payload of a button."""


@dataclass(frozen=True, slots=True)
class PanelOrder:
    """A command to an alarm: an action of an alarm panel, and the code that was typed, which is never shown."""

    action: str
    code: str = field(default="", repr=False)


def parse(payload: bytes) -> PanelOrder:
    """Return the command in a payload: a bare word, or an object with `action` and perhaps `code`. ProtocolError.

    Errors never quote the payload: it may hold a code.
    """
    text = word(payload)
    if not text.startswith("{"):
        return PanelOrder(text.upper())
    try:
        parts = json.loads(text)
    except (ValueError, RecursionError):
        raise ProtocolError("it begins like JSON, and is none") from None
    action, code = parts.pop("action", None), parts.pop("code", None)
    if not isinstance(action, str):
        raise ProtocolError('it has no "action", such as "ARM_NIGHT"')
    if parts:
        raise ProtocolError('it has other keys than "action" and "code"')
    if not isinstance(code, str | None):
        raise ProtocolError('its "code" is no text: write it in quotation marks')
    return PanelOrder(action.strip().upper(), code or "")


def turned(payload: bytes) -> bool:
    """Return whether a switch is turned on or off. ProtocolError."""
    found = {"ON": True, "OFF": False}.get(word(payload).upper())
    if found is None:
        raise ProtocolError("it is neither ON nor OFF")
    return found


def pressed(payload: bytes) -> None:
    """Return if a button was pressed. ProtocolError."""
    if word(payload).upper() != PRESS:
        raise ProtocolError(f"it is not {PRESS}")


def word(payload: bytes) -> str:
    """Return a payload as text without blanks around it. ProtocolError."""
    if len(payload) > PAYLOAD_LIMIT:
        raise ProtocolError(f"it is longer than {PAYLOAD_LIMIT} bytes")
    try:
        return payload.decode().strip()
    except UnicodeDecodeError:
        raise ProtocolError("it is not UTF-8") from None
