"""devices.yaml as a whole: frozen, validated sections, assembled from the rows of the doors."""

import ipaddress
from collections.abc import Mapping
from copy import copy
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field, create_model, model_validator

from emulator import doors
from emulator.app.alarm_settings import InstallationSettings
from emulator.app.contradictions import contradictions
from emulator.app.switch_settings import DisarmSettings, SwitchSettings
from emulator.config import devices_yaml
from emulator.config.fields import Duration, Port, Section, within
from emulator.model import Interior
from emulator.words.language import LANGUAGES, Language, of_house

AnySection = TypeVar("AnySection", bound=Section)

AlarmName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")]


class DoorsSettings(Section, json_schema_extra={"description": "What speaks to the LAN."}):
    """Doors to the LAN."""

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, data: Any) -> Any:
        # Naming a door without settings opens it with its defaults.
        if isinstance(data, dict):
            return {key: {} if value is None else value for key, value in data.items()}
        return {} if data is None else data

    @property
    def opened(self) -> Mapping[str, Any]:
        """The sections of the doors that are named, by door."""
        return {name: section for name, section in self if section is not None}

    @property
    def pairing(self) -> doors.Pairing | None:
        """The pairing mode of the door whose clients pair; None where none is open."""
        modes = [(doors.row(name).pairing, section) for name, section in self.opened.items()]
        return next((mode(section) for mode, section in modes if mode), None)


class NotifySettings(
    Section,
    json_schema_extra={
        "description": "What people are told without having asked; where to is in the environment: VERISURE_NOTIFY."
    },
):
    """Notices to people who have not asked; their targets stand in the environment: VERISURE_NOTIFY."""

    silent_after: Annotated[Duration, within("1m", "168h")] = Field(
        default=900.0, description="no news from the cloud for that long is told; 1m to 168h"
    )
    disarmed: bool = Field(default=True, description="`false`: disarms through this program are not told")


class LanSettings(Section, json_schema_extra={"description": "Where the doors stand."}):
    """Interfaces and address of the doors."""

    interfaces: tuple[str, ...] | None = Field(
        default=None,
        min_length=1,
        description="such as [eth0]; left out: every one with a local address, none of Docker's and no tunnel",
    )
    address: ipaddress.IPv4Address | None = Field(
        default=None, description="the one that clients are told; left out: the interface's own"
    )


class Settings(Section):
    """devices.yaml."""

    installations: dict[AlarmName, InstallationSettings] = Field(
        min_length=1,
        description="at least one alarm, each under a name of yours",
        json_schema_extra={"additionalProperties": False},
    )
    switches: tuple[SwitchSettings, ...]
    doors: DoorsSettings
    lan: LanSettings = Field(default=LanSettings(), description="where the doors stand")
    notify: NotifySettings = Field(
        default=NotifySettings(), description="what you are told without asking; where to is in VERISURE_NOTIFY"
    )
    language: Literal[LANGUAGES] | None = Field(  # type: ignore[valid-type]  # known at run time only
        default=None,
        description="en, es, it, fr, pt, pt-BR, partly sv, nb, da, fi, nl: in notices, apps; left out: the country's",
    )
    reply_within: Annotated[Duration, within("1ms", "10s")] = Field(
        default=0.8,
        description="how long a switch waits for the cloud before it answers; from 1s on openHAB asks the next switch",
    )
    while_pending: Literal["target", "last"] = Field(
        default="target",
        description="what a switch shows while a command is under way: the `target`, or what was `last` read",
    )

    @staticmethod
    def load(path: Path) -> "Settings":
        """Read and check a settings file; ConfigError lists everything that is wrong with it."""
        return devices_yaml.load(path, assembled(), contradictions)

    def installation_of(self, switch: SwitchSettings) -> str:
        """Return the name of a switch's installation."""
        return switch.installation or next(iter(self.installations))

    def partial_of(self, alarm: str) -> Interior:
        """Return the name of an alarm's partial mode, where it has one alone: day if a switch arms that, else night."""
        own = {switch.on.interior for switch in self.switches if self.installation_of(switch) == alarm}
        return Interior.DAY if Interior.DAY in own else Interior.NIGHT

    def of_alarms(self, door: str) -> Mapping[str, Any]:
        """Return the sections that a door has below installations, by the installation's name."""
        found = {name: getattr(one, door, None) for name, one in self.installations.items()}
        return {name: section for name, section in found.items() if section is not None}

    @property
    def spoken(self) -> Language:
        """The language of the house."""
        return of_house(self.language, next(iter(self.installations.values())).country)

    @property
    def accounts(self) -> Mapping[str, bool]:
        """Installations that have an account, and whether its user and password have to be set."""
        return {name: one.row.enrol is None for name, one in self.installations.items() if not one.row.simulated}


def schema() -> dict[str, Any]:
    """Return the JSON Schema of devices.yaml, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **assembled().model_json_schema()}


def assembled() -> type[Settings]:
    """Return the settings with the sections and names of all doors."""
    return _assembled(tuple(doors.DOORS))


@lru_cache(maxsize=1)
def _assembled(names: tuple[str, ...]) -> type[Settings]:
    rows = {name: doors.row(name) for name in names}
    bound = doors.bindable()
    defaults = {name: row.settings() for name, row in rows.items() if row.is_default}
    own_ports = ", ".join(row.title for row in rows.values() if row.first_port)
    every_door = _extended(DoorsSettings, **{name: _optional(row.settings, row.summary) for name, row in rows.items()})
    some = f"some of [{', '.join(names)}]; left out: every door"
    # The names are known at run time only.
    narrowed_to = tuple[Literal[names], ...]  # type: ignore[valid-type]  # names of doors
    alarm = _extended(
        InstallationSettings,
        **{name: _optional(own.settings, own.summary) for name, row in rows.items() if (own := row.of_alarm)},
    )
    disarm = _extended(DisarmSettings, doors=(narrowed_to, Field(default=(), description=some)))
    listed, all_of_them = ", ".join(f"`[{name}]`" for name in bound), "both" if len(bound) == 2 else "several"
    shown_at = tuple[Literal[tuple(bound)], ...]  # type: ignore[misc, valid-type]  # likewise
    switch = _extended(
        SwitchSettings,
        disarm=_optional(disarm, "narrows `off: disarm`; what it refuses is answered politely, and changes nothing"),
        port=_optional(Port, f"TCP port of the {own_ports}; left out: chosen once and kept"),
        doors=_optional(shown_at, f"{listed} or {all_of_them}; left out: every door that there is"),
    )
    alone = " and ".join(f"`{name}`" for name in defaults)
    summary = f"what speaks to the LAN: each door that is named here; left out: {alone} alone"
    sees = Field(min_length=1, description="at least one switch: what the smart home sees")
    return _extended(
        Settings,
        installations=(dict[AlarmName, alarm], copy(Settings.model_fields["installations"])),  # type: ignore[valid-type]  # made above
        switches=(tuple[switch, ...], sees),  # type: ignore[valid-type]  # made above
        doors=(every_door, Field(default=every_door(**defaults), description=summary)),
    )


def _optional(kind: Any, description: str) -> tuple[Any, Any]:
    """Return a field that may be left out."""
    return kind | None, Field(default=None, description=description)


def _extended(base: type[AnySection], **fields: Any) -> type[AnySection]:
    """Return a section with further fields, or with other ones in their place."""
    return create_model(base.__name__, __base__=base, __doc__=base.__doc__, __module__=base.__module__, **fields)
