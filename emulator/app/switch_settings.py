"""Sections of devices.yaml about a switch: its arm mode, and who may disarm with it."""

import ipaddress
import re
from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from emulator import clouds
from emulator.alarm.switch import Narrowing
from emulator.config.fields import Mode, Name, Port, Section, word
from emulator.model import ARM_MODES_HELP

NAME_LIMIT = 60
"""Characters of a spoken name; longer ones are cut or refused by clients."""

NOBODY = "is empty: name those who may, or leave the key out, and `off: disarm` too if nobody may"
"""Error text of an empty list of those who may disarm."""


def _minutes(value: Any) -> tuple[int, int]:
    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)\s*-\s*([01]?\d|2[0-3]):([0-5]\d)", word(value))
    if not match:
        raise ValueError(f"{value!r} is no time of day; write it as 07:00-22:30")
    hours = [int(text) for text in match.groups()]
    begin, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
    if begin == end:
        raise ValueError(f"{value!r} has no length; leave the key out for always")
    return begin, end


def _networks(value: Any) -> tuple[ipaddress.IPv4Network, ...]:
    listed = value if isinstance(value, list) else [value]
    if not listed:
        raise ValueError(NOBODY)
    try:
        return tuple(ipaddress.IPv4Network(word(one)) for one in listed)
    except ValueError as error:
        raise ValueError(f"{error}; write addresses as 192.168.1.20, networks as 192.168.1.0/24") from None


class DisarmSettings(
    Section,
    json_schema_extra={
        "description": "Who may disarm with a switch, and when. "
        "An empty list is a slip, or means nobody: never everybody."
    },
):
    """Restrictions on disarming with a switch. An empty list is a slip, or means nobody: never everybody."""

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, data: Any) -> Any:
        if not data or (isinstance(data, dict) and any(value in (None, []) for value in data.values())):
            raise ValueError(NOBODY)
        return data

    from_: Annotated[
        tuple[ipaddress.IPv4Network, ...],
        PlainValidator(_networks),
        WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
    ] = Field(
        default=(),
        alias="from",
        description="addresses or networks, such as [192.168.1.20, 192.168.1.64/26]; left out: the whole LAN",
    )
    doors: tuple[str, ...] = ()
    between: Annotated[
        tuple[int, int] | None,
        PlainValidator(_minutes),
        WithJsonSchema({"type": "string", "pattern": r"^\d?\d:\d\d\s*-\s*\d?\d:\d\d$"}),
    ] = Field(default=None, description="hours of local time, such as 07:00-22:30; left out: always")

    @property
    def narrowing(self) -> Narrowing:
        """The rule as the policy takes it."""
        return Narrowing(self.from_, frozenset(self.doors), self.between)


class SwitchSettings(Section):
    """A virtual device."""

    name: Name = Field(max_length=NAME_LIMIT, description="what you say to the voice assistant")
    installation: str = Field(default="", description="which alarm; left out: the only one")
    on: Mode = Field(description=f"the arm mode: {ARM_MODES_HELP}")
    off: Literal["disarm"] | None = Field(
        default=None, description="`disarm`; left out: this switch only arms, and an off changes nothing"
    )
    disarm: DisarmSettings | None = None
    force: bool = Field(
        default=False,
        description=f"only {clouds.names(lambda row: row.forces)}; `true`: arms past open windows and leaves them "
        "unguarded",
    )
    port: Port | None = None
    doors: tuple[str, ...] | None = None

    def is_at(self, door: str) -> bool:
        """Return whether a door shows it, if that door is open."""
        return self.doors is None or door in self.doors

    @property
    def narrowing(self) -> Narrowing:
        """Restrictions on who may disarm with it, and when."""
        return self.disarm.narrowing if self.disarm else Narrowing()
