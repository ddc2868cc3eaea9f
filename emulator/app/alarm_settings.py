"""Sections of devices.yaml about an alarm: which cloud it has, and how long to wait for it."""

import ipaddress
from collections.abc import MutableMapping
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, model_validator

from emulator import clouds
from emulator.clouds import Provider, either
from emulator.clouds.account import Reach
from emulator.clouds.vault import Vault
from emulator.config.fields import Digits, Duration, Section, within
from emulator.errors import ConfigError, Problem


class Timeouts(Section, json_schema_extra={"description": "How long to wait for the far side."}):
    """Time limits for the far side."""

    request: Annotated[Duration, within("1s", "2m")] = Field(
        default=20.0, description="for a whole request, from the look-up to the last byte, 1s to 2m; 6s is too short"
    )
    command: Annotated[Duration, within("5s", "10m")] = Field(
        default=90.0, description="for the panel to carry out a command, 5s to 10m; it usually takes 15s to 25s"
    )


def _clouds_help() -> str:
    known = [f"`{name}`{row.title and f' for {row.title}'}" for name, row in clouds.rows().items()]
    return f"{', '.join(known[:-1])}, or {known[-1]}"


def _countries_help() -> str:
    rows = clouds.rows()
    usual = next(row.countries for row in rows.values() if row.simulated)
    more = {name: [one for one in row.countries if one not in usual] for name, row in rows.items()}
    also = [
        f"; with `cloud: {name}` {'also ' if usual.keys() <= rows[name].countries.keys() else ''}{either(found)}"
        for name, found in more.items()
        if found
    ]
    return either(list(usual)) + "".join(also)


def _polling_help() -> str:
    paces = {name: row.polling for name, row in clouds.rows().items() if not row.simulated}
    real = [f"{pace.every_s:g}s for `{name}` ({pace.at_least_s:g}s at least)" for name, pace in paces.items()]
    others = [f"{row.polling.every_s:g}s for the {name}" for name, row in clouds.rows().items() if row.simulated]
    return ", ".join(real + others)


class InstallationSettings(Section):
    """One alarm contract and how to reach it."""

    cloud: Literal[tuple(clouds.CLOUDS)] = Field(description=_clouds_help())  # type: ignore[valid-type]  # a table
    country: Literal[tuple(clouds.countries())] = Field(  # type: ignore[valid-type]  # likewise
        default="ES", description=_countries_help()
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
        default=0.0, description=f"how often the state is read; left out: {_polling_help()}; 24h at most"
    )
    timeouts: Timeouts = Field(default=Timeouts(), description="how long to wait for the cloud")

    @model_validator(mode="after")
    def _check(self) -> Self:
        row = self.row
        if self.url and row.simulated:
            real = clouds.names(lambda one: not one.simulated, "cloud: ")
            raise ValueError(f"`url` goes with {real}; the simulator brings its own")
        if self.country not in row.countries:
            knowing = clouds.names(lambda one: self.country in one.countries, "cloud: ")
            known = ", ".join(row.countries)
            raise ValueError(f"country: {self.country} is only known to {knowing}; {row.api} has {known}")
        if "@" in self.url:
            raise ValueError("url: user and password never stand in it; they come from the environment")
        if self.url and not _safe(self.url):
            raise ValueError(f"url {self.url!r}: use https://…; plain http:// only to an address in the house")
        least_s = row.polling.at_least_s
        if 0 < self.poll_every < least_s and not _at_home(self.url):
            raise ValueError(f"poll_every: the cloud blocks who asks more often than every {least_s:g}s")
        return self

    @property
    def row(self) -> Provider:
        """The row of its cloud."""
        return clouds.row(self.cloud)

    @property
    def language(self) -> str:
        """`lang`, or the country's."""
        return self.lang or self.row.countries[self.country].lang

    @property
    def endpoint(self) -> str:
        """`url`, or the country's; empty for a simulated alarm."""
        return self.url or self.row.url(self.country)

    @property
    def poll_every_s(self) -> float:
        """`poll_every`, or the cloud's own pace."""
        return self.poll_every or self.row.polling.every_s

    def reach(self, url: str, vault: Vault, shared: MutableMapping[Any, Any]) -> Reach:
        """Return how its cloud is reached at `url`; see Reach."""
        timeouts, spacing_s = self.timeouts, self.row.polling.spacing_s
        return Reach(url, timeouts.request, timeouts.command, spacing_s, vault, shared)


def account_at(country: str, url: str) -> InstallationSettings:
    """Return the settings of an account that no file describes yet, for `emulator login`. Raises ConfigError."""
    cloud = next(name for name in clouds.enrolling() if country in clouds.countries(name))
    try:
        return InstallationSettings.model_validate({"cloud": cloud, "country": country, "url": url})
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
