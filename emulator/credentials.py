"""User and password of each account, from the environment or from files that it names."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from emulator.config import Settings
from emulator.errors import ConfigError, Problem


@dataclass(frozen=True, slots=True)
class Credentials:
    """User and password of an account. Never shown."""

    user: str
    password: str = field(repr=False)


def read(settings: Settings, environ: Mapping[str, str] = os.environ) -> dict[str, Credentials]:
    """User and password of every installation that has an account; ConfigError lists all that is missing.

    VERISURE_<INSTALLATION>_USER goes before VERISURE_USER; `…_FILE` names a file that holds the value.
    """
    found: dict[str, Credentials] = {}
    problems: list[Problem] = []
    for name, installation in settings.installations.items():
        if installation.cloud == "simulator":
            continue
        own = re.sub(r"[^A-Z0-9]", "_", name.upper())
        values = [_secret(environ, own, word, name, problems) for word in ("USER", "PASSWORD")]
        found[name] = Credentials(*values)
    if problems:
        # Several installations may need the same variable.
        raise ConfigError(list(dict.fromkeys(problems)))
    return found


def _secret(environ: Mapping[str, str], own: str, word: str, name: str, problems: list[Problem]) -> str:
    for variable in (f"VERISURE_{own}_{word}", f"VERISURE_{word}"):
        file = environ.get(f"{variable}_FILE", "")
        if environ.get(variable) and file:
            problems.append(Problem(f"environment: {variable}", f"both it and {variable}_FILE are set; keep one"))
        if environ.get(variable):
            return environ[variable]
        if file:
            try:
                secret = Path(file).read_text(encoding="utf-8").rstrip("\r\n")
            except OSError as error:
                problems.append(Problem(f"environment: {variable}_FILE", f"cannot be read: {error}"))
                return ""
            except UnicodeDecodeError:
                # Its text quotes a byte of the secret.
                problems.append(Problem(f"environment: {variable}_FILE", f"cannot be read: {file} is not in UTF-8"))
                return ""
            if not secret:
                problems.append(Problem(f"environment: {variable}_FILE", f"{file} is empty; write the value into it"))
            return secret
    what = f"is not set; installation {name!r} needs it (or VERISURE_{word}_FILE, or VERISURE_{own}_{word})"
    problems.append(Problem(f"environment: VERISURE_{word}", what))
    return ""
