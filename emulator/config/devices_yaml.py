"""devices.yaml: found, read once, and checked as a whole."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import platformdirs
from pydantic import ValidationError

from emulator import APP_NAME
from emulator.config import yaml_file
from emulator.config.fields import Section
from emulator.config.problems import problem
from emulator.config.yaml_file import YamlFile
from emulator.errors import ConfigError, Problem

FILE, LOCAL = "devices.yaml", "devices.local.yaml"
"""The second wins beside the first: the file of a person whose `devices.yaml` belongs to the project, as in a clone."""

EXAMPLE = "to begin with, type `emulator init`, or `emulator run` for set-up in a browser"

FOLDER = "is a folder: name the file in it"
MADE = "is a folder: Docker makes one for a file that is not there. Remove it, and put your devices.yaml there"

Settings = TypeVar("Settings", bound=Section)


def find(path: Path | None, *more: Path) -> Path:
    """Return the settings file: the one asked for, or the first of ./, the user's and the system's config folder.

    `more` are folders to look into after those.
    """
    if found := look(path, *more):
        return found
    tried = ", ".join(map(str, _places(path, more)))
    raise ConfigError([Problem("no settings file", f"looked for {tried}; name one with --config; {EXAMPLE}")])


def look(path: Path | None, *more: Path) -> Path | None:
    """Return the settings file as `find` does; None if there is none. ConfigError for a folder in its place."""
    places = _places(path, more)
    # Not Path.is_file and is_dir, which raise where a folder may not be entered.
    if found := next(filter(os.path.isfile, places), None):
        return found
    if folder := next(filter(os.path.isdir, places), None):
        is_made = os.access(folder, os.R_OK) and not any(folder.iterdir())
        raise ConfigError([Problem(str(folder), MADE if is_made else FOLDER)])
    return None


def named(path: Path) -> str:
    """Return the file in force for people, with the one beside it that is not read while this one is there."""
    other = path.with_name(FILE)
    return f"{path} (not {other.name} beside it)" if path.name == LOCAL and other.exists() else str(path)


def _places(path: Path | None, more: Iterable[Path]) -> list[Path]:
    if path is not None:
        return [path]
    configs = [platformdirs.user_config_path(APP_NAME), platformdirs.site_config_path(APP_NAME)]
    return [Path(LOCAL), Path(FILE), *(folder / FILE for folder in (*configs, *more))]


def load(path: Path, settings: type[Settings], contradictions: Callable[[YamlFile], Iterable[Problem]]) -> Settings:
    """Read a settings file and check it as a whole; ConfigError lists everything that is wrong with it."""
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
        found = settings.model_validate(file.content)
    except ValidationError as error:
        # A list of which no item is right also counts as too short; that says nothing new.
        wrong = [one for one in error.errors() if one["type"] != "too_short" or not one["input"]]
        problems = [problem(file, one, settings) for one in wrong]
        raise ConfigError([*file.problems, *problems, *contradictions(file)]) from None
    if problems := [*file.problems, *contradictions(file)]:
        raise ConfigError(problems)
    return found
