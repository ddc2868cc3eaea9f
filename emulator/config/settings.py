"""What devices.yaml may say: frozen, validated sections."""

import ipaddress
import re
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from emulator.model import ARM_MODES_HELP, ARM_WORDS, ArmMode, Narrowing

LANGUAGES = {"ES": "es", "IT": "it", "FR": "fr", "GB": "en", "PT": "pt"}
"""Countries of the ws.do API and their languages (API document, "Known supported countries")."""

OWA_LANGUAGES = LANGUAGES | {"IE": "en", "BR": "pt", "CL": "es", "AR": "es", "PE": "es"}
"""Countries of the OWA API and their languages (verisure-owa.md §1.1)."""

POLL_EVERY_S = {"owa": 120.0, "wsdo": 60.0, "simulator": 5.0}
"""How often the state is read, unless `poll_every` says otherwise (verisure-owa.md §7, verisure-wsdo.md §4)."""

POLL_AT_LEAST_S = {"owa": 60.0, "wsdo": 20.0, "simulator": 0.0}
"""The shortest intervals that clients of the real servers lived with (same sections)."""

REREAD_AFTER_S = {"owa": 15.0}
"""Where polls are rare, the state is read once more that soon after a command (verisure-owa.md §7)."""

NAME_LIMIT = 60
"""Characters of a spoken name; longer ones are cut or refused by clients."""

SUFFIX_LIMIT = 16
"""Characters of `doors.hue.suffix`; a light's whole name has 32 (lan-emulation.md §3.4)."""

UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def _single(value: Any) -> Any:
    # Their content is not quoted: it may be what nobody should see.
    if isinstance(value, dict | list):
        raise ValueError("takes a single value, not a list or a mapping")
    return value


def _seconds(value: Any) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h)", str(value))
    if not match or not float(match[1]):
        raise ValueError(f"{value!r} is not a duration; write it with its unit, such as 120s or 2m")
    return float(match[1]) * UNITS_S[match[2]]


def _within(least: str, most: str) -> AfterValidator:
    """Bounds of a duration. (Those of `Field` come before the validator of the type, which drops them.)"""

    def check(seconds: float) -> float:
        if not _seconds(least) <= seconds <= _seconds(most):
            raise ValueError(f"{seconds:g}s is not possible: use {least} to {most}")
        return seconds

    return AfterValidator(check)


def _word(value: Any) -> str:
    return str(_single(value)).strip()


def _spoken(value: str) -> str:
    if not value.isprintable():
        raise ValueError("holds what cannot be spoken, such as a line break; use letters, digits and blanks")
    return value


Duration = Annotated[
    float,
    PlainValidator(lambda value: _seconds(_single(value))),
    WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?\s*(ms|s|m|h)$"}),
]
Digits = Annotated[
    str,
    BeforeValidator(_word),
    Field(pattern=r"^\d*$"),
    WithJsonSchema({"type": ["string", "integer"], "pattern": r"^\d*$"}),
]
Mode = Annotated[
    ArmMode,
    PlainValidator(lambda value: ArmMode.parse(_word(value))),
    WithJsonSchema(
        {"type": "string", "description": ARM_MODES_HELP, "pattern": f"^({'|'.join(ARM_WORDS)})([ +]+\\w+)*$"}
    ),
]
Port = Annotated[int, Field(ge=1, le=65535)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_spoken)]


class Section(BaseModel):
    """A mapping in the file; a key without a value counts as left out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, data: Any) -> Any:
        if data is None:
            return {}
        return {key: value for key, value in data.items() if value is not None} if isinstance(data, dict) else data


class Timeouts(Section):
    """How long to wait for the far side."""

    request: Annotated[Duration, _within("1s", "2m")] = Field(
        default=20.0, description="for a whole request, from the look-up to the last byte, 1s to 2m; 6s is too short"
    )
    command: Annotated[Duration, _within("5s", "10m")] = Field(
        default=90.0,
        description="for the panel to carry out a command, 5s to 10m; it usually takes 15s to 25s",
    )


class InstallationSettings(Section):
    """One alarm contract and how to reach it."""

    cloud: Literal["simulator", "owa", "wsdo"] = Field(
        description="`owa` for the API of today's app, `wsdo` for the XML API before it, or `simulator`"
    )
    country: Literal["ES", "FR", "IT", "GB", "PT", "IE", "BR", "CL", "AR", "PE"] = Field(
        default="ES", description="ES, FR, IT, GB or PT; with `cloud: owa` also IE, BR, CL, AR or PE"
    )
    lang: str = Field(default="", pattern=r"^([a-z]{2})?$", description="two small letters; left out: the country's")
    url: str = Field(default="", description="another endpoint, https only outside the house; left out: the country's")
    number: Digits = Field(default="", description="digits, as the app shows them; left out: the only one")
    panel: str = Field(default="", description="panel type such as SDVFAST; left out: what the cloud says")
    callby: str = Field(
        default="AND_61",
        pattern=r"^(AND|IPH)_\d+$",
        description="the app that we call `wsdo` as, such as AND_61 or IPH_61",
    )
    poll_every: Annotated[Duration, _within("1ms", "24h")] = Field(
        default=0.0,
        description="how often the state is read; left out: 120s for `owa` (60s at least), 60s for `wsdo` (20s at "
        "least), 5s for the simulator; 24h at most",
    )
    timeouts: Timeouts = Field(default=Timeouts(), description="how long to wait for the cloud")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.url and self.cloud == "simulator":
            raise ValueError("`url` goes with `cloud: owa` or `wsdo`; the simulator brings its own")
        if self.cloud != "owa" and self.country not in LANGUAGES:
            raise ValueError(f"country: {self.country} is only known to `cloud: owa`; wsdo has {', '.join(LANGUAGES)}")
        if "@" in self.url:
            raise ValueError("url: user and password never stand in it; they come from the environment")
        if self.url and not _safe(self.url):
            raise ValueError(f"url {self.url!r}: use https://…; plain http:// only to an address in the house")
        least_s = POLL_AT_LEAST_S[self.cloud]
        if 0 < self.poll_every < least_s and not _at_home(self.url):
            raise ValueError(f"poll_every: the cloud blocks who asks more often than every {least_s:g}s")
        return self

    @property
    def language(self) -> str:
        """`lang`, or the country's."""
        return self.lang or OWA_LANGUAGES[self.country]

    @property
    def poll_every_s(self) -> float:
        """`poll_every`, or the cloud's own pace."""
        return self.poll_every or POLL_EVERY_S[self.cloud]

    @property
    def reread_after_s(self) -> float | None:
        """How soon after a command the state is read once more; None where polls are frequent anyway."""
        return REREAD_AFTER_S.get(self.cloud)


def _minutes(value: Any) -> tuple[int, int]:
    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)\s*-\s*([01]?\d|2[0-3]):([0-5]\d)", _word(value))
    if not match:
        raise ValueError(f"{value!r} is no time of day; write it as 07:00-22:30")
    hours = [int(text) for text in match.groups()]
    begin, end = hours[0] * 60 + hours[1], hours[2] * 60 + hours[3]
    if begin == end:
        raise ValueError(f"{value!r} has no length; leave the key out for always")
    return begin, end


NOBODY = "is empty: name those who may, or leave the key out, and `off: disarm` too if nobody may"


def _networks(value: Any) -> tuple[ipaddress.IPv4Network, ...]:
    listed = value if isinstance(value, list) else [value]
    if not listed:
        raise ValueError(NOBODY)
    try:
        return tuple(ipaddress.IPv4Network(_word(one)) for one in listed)
    except ValueError as error:
        raise ValueError(f"{error}; write addresses as 192.168.1.20, networks as 192.168.1.0/24") from None


class DisarmSettings(Section):
    """Who may disarm with a switch, and when. An empty list is a slip, or means nobody: never everybody."""

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
    doors: tuple[Literal["wemo", "hue", "dashboard"], ...] = Field(
        default=(), description="some of [wemo, hue, dashboard]; left out: every door"
    )
    between: Annotated[
        tuple[int, int] | None,
        PlainValidator(_minutes),
        WithJsonSchema({"type": "string", "pattern": r"^\d?\d:\d\d\s*-\s*\d?\d:\d\d$"}),
    ] = Field(default=None, description="hours of local time, such as 07:00-22:30; left out: always")

    @property
    def narrowing(self) -> Narrowing:
        """As the policy has it."""
        return Narrowing(self.from_, frozenset(self.doors), self.between)


class SwitchSettings(Section):
    """A virtual device."""

    name: Name = Field(max_length=NAME_LIMIT, description="what you say to the voice assistant")
    installation: str = Field(default="", description="which alarm; left out: the only one")
    on: Mode = Field(description=f"the arm mode: {ARM_MODES_HELP}")
    off: Literal["disarm"] | None = Field(
        default=None, description="`disarm`; left out: this switch only arms, and an off changes nothing"
    )
    disarm: DisarmSettings | None = Field(
        default=None, description="narrows `off: disarm`; what it refuses is answered politely, and changes nothing"
    )
    force: bool = Field(
        default=False, description="only `owa`; `true`: arms past open windows and leaves them unguarded"
    )
    port: Port | None = Field(default=None, description="TCP port of the WeMo door; left out: chosen once and kept")
    doors: tuple[Literal["wemo", "hue"], ...] | None = Field(
        default=None, description="`[wemo]`, `[hue]` or both; left out: every door that there is"
    )

    @property
    def narrowing(self) -> Narrowing:
        """Who may disarm with it, and when."""
        return self.disarm.narrowing if self.disarm else Narrowing()


class WemoSettings(Section):
    """The WeMo door."""

    first_port: Port = Field(default=49151, description="switches get this TCP port and those after it, and keep them")
    allow_sweep: bool = Field(default=False, description="`true`: turning all switches off within seconds may disarm")


class HueSettings(Section):
    """The Hue bridge."""

    port: Port = Field(default=80, description="TCP port; apps find any, Echos only ever ask port 80")
    light: Literal["plug", "onoff", "dimmable", "extended"] = Field(
        default="plug",
        description="what a switch looks like: `plug`, `onoff`, `dimmable` or `extended`; a change makes new lights",
    )
    pairing: Literal["open", "button"] = Field(
        default="open",
        description="`open`: every client on the LAN may pair, as Echos need it; `button`: only after `emulator pair`",
    )
    suffix: str = Field(
        default="",
        max_length=SUFFIX_LIMIT,
        description="added to each name, such as `plug`, for Echos that see both doors",
    )
    ascii: bool = Field(default=True, description="`Día` becomes `Dia`: Echos garble accents on this door")
    allow_sweep: bool = Field(
        default=False, description="`true`: “turn off all the lights” may disarm, “turn on all the lights” may arm"
    )
    mdns: bool = Field(default=False, description="`true`: announced by mDNS too; needs the extra `mdns`")

    @field_validator("suffix")
    @classmethod
    def _can_be_said(cls, value: str) -> str:
        return _spoken(value)


class DashboardSettings(Section):
    """The page for people."""

    port: Port = Field(default=8099, description="TCP port of the page and of the local API")


class DoorsSettings(Section):
    """What speaks to the LAN."""

    wemo: WemoSettings | None = Field(default=None, description="each switch as a WeMo socket")
    hue: HueSettings | None = Field(default=None, description="the switches as plugs on a Hue bridge")
    dashboard: DashboardSettings | None = Field(default=None, description="the page, and the local API")

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, data: Any) -> Any:
        # Naming a door without settings opens it with its defaults.
        if isinstance(data, dict):
            return {key: {} if value is None else value for key, value in data.items()}
        return {} if data is None else data


class NotifySettings(Section):
    """What people are told without having asked; where to is in the environment: VERISURE_NOTIFY."""

    silent_after: Annotated[Duration, _within("1m", "168h")] = Field(
        default=900.0, description="no news from the cloud for that long is told; 1m to 168h"
    )
    disarmed: bool = Field(default=True, description="`false`: disarms through this program are not told")


class LanSettings(Section):
    """Where the doors stand."""

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

    installations: dict[Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")], InstallationSettings] = Field(
        min_length=1,
        description="at least one alarm, each under a name of yours",
        json_schema_extra={"additionalProperties": False},
    )
    switches: tuple[SwitchSettings, ...] = Field(
        min_length=1, description="at least one switch: what the smart home sees"
    )
    doors: DoorsSettings = Field(
        default=DoorsSettings(wemo=WemoSettings()),
        description="what speaks to the LAN: each door that is named here; left out: `wemo` alone",
    )
    lan: LanSettings = Field(default=LanSettings(), description="where the doors stand")
    notify: NotifySettings = Field(
        default=NotifySettings(), description="what you are told without asking; where to is in VERISURE_NOTIFY"
    )
    reply_within: Annotated[Duration, _within("1ms", "10s")] = Field(
        default=0.8,
        description="how long a switch waits for the cloud before it answers; from 1s on openHAB asks the next switch",
    )
    while_pending: Literal["target", "last"] = Field(
        default="target",
        description="what a switch shows while a command is under way: the `target`, or what was `last` read",
    )

    def installation_of(self, switch: SwitchSettings) -> str:
        """The name of a switch's installation."""
        return switch.installation or next(iter(self.installations))


def schema() -> dict[str, Any]:
    """The JSON Schema of devices.yaml, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Settings.model_json_schema()}


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _at_home(url: str) -> bool:
    """Whether a URL leads to this machine or this LAN."""
    try:
        return ipaddress.ip_address(_host(url)).is_private
    except ValueError:
        return _host(url) == "localhost"


def _safe(url: str) -> bool:
    return bool(_host(url)) and (url.startswith("https://") or (url.startswith("http://") and _at_home(url)))
