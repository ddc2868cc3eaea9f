"""Check that this machine has what the doors of a house need besides their settings."""

from collections.abc import Mapping
from typing import Any

from emulator import doors
from emulator.errors import ConfigError, Problem


def require(opened: Mapping[str, Any]) -> None:
    """Check each of these doors, by their sections; ConfigError lists all that is missing."""
    problems: list[Problem] = []
    for name, section in opened.items():
        try:
            doors.row(name).require(section)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
