"""Payloads of commands, from bytes; pure (mqtt.md §3)."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from emulator.errors import ProtocolError
from emulator.words.text import Text

PAYLOAD_LIMIT = 1024
"""Bytes of a command. The longest that makes sense has some 60."""

RIGHT = Text('as JSON it takes "action" and perhaps "code", both in quotation marks, and "at", a number; nothing else')

ON, OFF, PRESS = "ON", "OFF", "PRESS"
"""The commands to a switch, and the payload of a button."""


class PanelOrder(BaseModel):
    """A command to an alarm: an action of an alarm panel, and the code that was typed, which is never shown.

    `at` is when it was asked for, in epoch seconds by the sender's clock; None if it does not say.
    """

    model_config = ConfigDict(strict=True, extra="forbid")

    action: Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True)]
    code: str | None = Field(default=None, repr=False)
    at: float | None = None


def parse(payload: bytes) -> PanelOrder:
    """Return the command in a payload: a bare word, or a JSON object. ProtocolError.

    Errors never quote the payload: it may hold a code.
    """
    text = word(payload)
    try:
        return PanelOrder.model_validate_json(text) if text.startswith("{") else PanelOrder(action=text)
    except ValidationError:
        raise ProtocolError(RIGHT) from None


def turned(order: PanelOrder) -> bool:
    """Return whether a switch is turned on or off. ProtocolError."""
    if order.action not in (ON, OFF):
        raise ProtocolError(Text("it is neither ON nor OFF"))
    return order.action == ON


def pressed(payload: bytes) -> None:
    """Return if a button was pressed. ProtocolError."""
    if word(payload).upper() != PRESS:
        raise ProtocolError(Text("it is not {word}", word=PRESS))


def word(payload: bytes) -> str:
    """Return a payload as text without blanks around it. ProtocolError."""
    if len(payload) > PAYLOAD_LIMIT:
        raise ProtocolError(Text("it is longer than {bytes} bytes", bytes=str(PAYLOAD_LIMIT)))
    try:
        return payload.decode().strip()
    except UnicodeDecodeError:
        raise ProtocolError(Text("it is not UTF-8")) from None
