"""Building blocks for the sections of devices.yaml: fields with their shape, bounds and error texts."""

import re
from typing import Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from emulator.model import ARM_MODES_HELP, ARM_WORDS, ArmMode

UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
"""Units of a duration, in seconds."""


def single(value: Any) -> Any:
    """Return a single value; ValueError for a list or a mapping."""
    # Their content is not quoted: it may be a secret.
    if isinstance(value, dict | list):
        raise ValueError("takes a single value, not a list or a mapping")
    return value


def word(value: Any) -> str:
    """Return a single value as text, without blanks around it."""
    return str(single(value)).strip()


def spoken(value: str) -> str:
    """Return a text that can be spoken; ValueError for one with unprintable characters."""
    if not value.isprintable():
        raise ValueError("holds what cannot be spoken, such as a line break; use letters, digits and blanks")
    return value


def within(least: str, most: str) -> AfterValidator:
    """Return the bounds of a duration. (Bounds of `Field` would be dropped by the validator of the type.)"""

    def check(seconds: float) -> float:
        if not _seconds(least) <= seconds <= _seconds(most):
            raise ValueError(f"{seconds:g}s is not possible: use {least} to {most}")
        return seconds

    return AfterValidator(check)


def _seconds(value: Any) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h)", str(value))
    if not match or not float(match[1]):
        raise ValueError(f"{value!r} is not a duration; write it with its unit, such as 120s or 2m")
    return float(match[1]) * UNITS_S[match[2]]


Duration = Annotated[
    float,
    PlainValidator(lambda value: _seconds(single(value))),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?\s*(ms|s|m|h)$"}),
]
Digits = Annotated[
    str,
    BeforeValidator(word),
    Field(pattern=r"^\d*$"),
    WithJsonSchema({"type": ["string", "integer"], "pattern": r"^\d*$"}),
]
Mode = Annotated[
    ArmMode,
    PlainValidator(lambda value: ArmMode.parse(word(value))),
    WithJsonSchema(
        {"type": "string", "description": ARM_MODES_HELP, "pattern": f"^({'|'.join(ARM_WORDS)})([ +]+\\w+)*$"}
    ),
]
Port = Annotated[int, Field(ge=1, le=65535)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(spoken)]


class Section(BaseModel):
    """A mapping in the file; a key without a value counts as left out.

    Its docstring is its description in the JSON Schema, unless `json_schema_extra` has another one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
    secrets: ClassVar[str] = "VERISURE_USER, VERISURE_PASSWORD"
    """Environment variables for what some people write into it all the same."""

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, data: Any) -> Any:
        if data is None:
            return {}
        return {key: value for key, value in data.items() if value is not None} if isinstance(data, dict) else data
