"""Sections of devices.yaml about an alarm: which cloud it has, and how long to wait for it."""

import ipaddress
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, model_validator

from emulator.config.fields import Digits, Duration, Section, within
from emulator.errors import ConfigError, Problem

LANGUAGES = {"ES": "es", "IT": "it", "FR": "fr", "GB": "en", "PT": "pt"}
"""Countries of the ws.do API and their languages (API document, "Known supported countries")."""

OWA_LANGUAGES = LANGUAGES | {"IE": "en", "BR": "pt", "CL": "es", "AR": "es", "PE": "es"}
"""Countries of the OWA API and their languages (verisure-owa.md §1.1)."""

POLL_EVERY_S = {"owa": 120.0, "wsdo": 60.0, "simulator": 5.0}
"""Seconds between reads of the state by default (verisure-owa.md §7, verisure-wsdo.md §4)."""

POLL_AT_LEAST_S = {"owa": 60.0, "wsdo": 20.0, "simulator": 0.0}
"""The shortest intervals that clients of the real servers lived with (same sections)."""

REREAD_AFTER_S = {"owa": 15.0}
"""Delay of an extra read after a command, in seconds, where polls are rare (verisure-owa.md §7)."""


class Timeouts(Section):
    """Time limits for the far side."""

    request: Annotated[Duration, within("1s", "2m")] = Field(
        default=20.0, description="for a whole request, from the look-up to the last byte, 1s to 2m; 6s is too short"
    )
    command: Annotated[Duration, within("5s", "10m")] = Field(
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
    poll_every: Annotated[Duration, within("1ms", "24h")] = Field(
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
        """Delay of an extra read after a command, in seconds; None where polls are frequent anyway."""
        return REREAD_AFTER_S.get(self.cloud)


def account_at(country: str, url: str) -> InstallationSettings:
    """Return the settings of an OWA account that no file describes yet. ConfigError names what is wrong."""
    try:
        return InstallationSettings.model_validate({"cloud": "owa", "country": country, "url": url})
    except ValidationError as error:
        raise ConfigError(
            [Problem("--url", one["msg"].removeprefix("Value error, ")) for one in error.errors()]
        ) from None


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _at_home(url: str) -> bool:
    """Return whether a URL leads to this machine or this LAN."""
    try:
        return ipaddress.ip_address(_host(url)).is_private
    except ValueError:
        return _host(url) == "localhost"


def _safe(url: str) -> bool:
    return bool(_host(url)) and (url.startswith("https://") or (url.startswith("http://") and _at_home(url)))
