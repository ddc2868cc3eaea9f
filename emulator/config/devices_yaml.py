"""devices.yaml: found, read once, and checked as a whole."""

import os
from pathlib import Path

import platformdirs
from pydantic import ValidationError

from emulator.config import yaml_file
from emulator.config.problems import contradictions, problem
from emulator.config.settings import InstallationSettings, Settings
from emulator.errors import ConfigError, Problem

APP_NAME = "verisure-emulator"
FILE = "devices.yaml"
EXAMPLE = "to begin with, copy devices.yaml of the project"


def find(path: Path | None) -> Path:
    """The settings file: the one asked for, or the first of ./, the user's and the system's config folder."""
    places = [
        Path(FILE),
        platformdirs.user_config_path(APP_NAME) / FILE,
        platformdirs.site_config_path(APP_NAME) / FILE,
    ]
    if path is not None:
        places = [path]
    for place in places:
        if os.path.isfile(place):  # noqa: PTH113  # is_file raises where a folder may not be entered
            return place
    tried = ", ".join(map(str, places))
    raise ConfigError([Problem("no settings file", f"looked for {tried}; name one with --config; {EXAMPLE}")])


def load(path: Path) -> Settings:
    """Read and check a settings file; ConfigError lists everything that is wrong with it."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError([Problem(str(path), f"cannot be read: {error}")]) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError([Problem(f"{path}:{line}", "holds a letter that is not UTF-8; save it as UTF-8")]) from None
    file = yaml_file.read(str(path), text)
    if not isinstance(file.content, dict):
        raise ConfigError([Problem(str(path), f"has no settings; {EXAMPLE}")])
    try:
        settings = Settings.model_validate(file.content)
    except ValidationError as error:
        # A list of which no item is right also counts as too short; that says nothing new.
        wrong = [one for one in error.errors() if one["type"] != "too_short" or not one["input"]]
        raise ConfigError(file.problems + [problem(file, one) for one in wrong] + contradictions(file)) from None
    if problems := file.problems + contradictions(file):
        raise ConfigError(problems)
    return settings


def account_at(country: str, url: str) -> InstallationSettings:
    """The settings of an OWA account that no file describes yet. ConfigError names what is wrong."""
    try:
        return InstallationSettings.model_validate({"cloud": "owa", "country": country, "url": url})
    except ValidationError as error:
        raise ConfigError(
            [Problem("--url", one["msg"].removeprefix("Value error, ")) for one in error.errors()]
        ) from None
