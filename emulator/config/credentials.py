"""User and password of each account, and the code of each alarm, from the environment or from files that it names."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from emulator.errors import ConfigError, Problem

WORDS = ("USER", "PASSWORD")

CODE = "CODE"
"""Word of the code that a person types to arm and disarm, for the clouds that want it."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """User and password of an account, empty where a login is kept instead, and the alarm's code. Never shown."""

    user: str
    password: str = field(repr=False)
    code: str = field(default="", repr=False)


def read(accounts: Mapping[str, bool], environ: Mapping[str, str] = os.environ) -> dict[str, Credentials]:
    """Return user and password of every account, by installation; ConfigError lists all that is missing.

    `accounts` maps an installation to whether both have to be set: where they may be left out, `emulator login` asks
    for them. VERISURE_<INSTALLATION>_… takes precedence over VERISURE_…, both words from the same place: one account's
    user with another one's password would lock an alarm. VERISURE_CODE is for every alarm that has none of its own.
    `…_FILE` names a file that holds the value.
    """
    problems: list[Problem] = []
    found = {name: _account(environ, name, problems, needed=needed) for name, needed in accounts.items()}
    if problems:
        # Several installations may need the same variable.
        raise ConfigError(list(dict.fromkeys(problems)))
    return found


def targets(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return the Apprise URLs of VERISURE_NOTIFY, which hold secrets; ConfigError if unreadable."""
    problems: list[Problem] = []
    found = _secret(environ, "VERISURE", "NOTIFY", "", problems, needed=False).split()
    if problems:
        raise ConfigError(problems)
    return found


def login(prefix: str, environ: Mapping[str, str] = os.environ, *, meant_for: str = "") -> Credentials:
    """Return <PREFIX>_USER and <PREFIX>_PASSWORD, empty where they are not set; ConfigError where unreadable.

    Where <PREFIX>_BROKER says for which broker they are, another one than that is shown neither.
    """
    problems: list[Problem] = []
    if environ.get(f"{prefix}_BROKER", meant_for) != meant_for:
        return Credentials("", "")
    found = Credentials(*(_secret(environ, prefix, word, "", problems, needed=False) for word in WORDS))
    if problems:
        raise ConfigError(problems)
    return found


def known(name: str, environ: Mapping[str, str] = os.environ) -> Credentials:
    """Return what is set for one installation, empty where nothing is; ConfigError where it cannot be read."""
    problems: list[Problem] = []
    found = _account(environ, name, problems, needed=False)
    if problems:
        raise ConfigError(problems)
    return found


def prefix_of(name: str) -> str:
    """Return the begin of the variables of one installation."""
    return f"VERISURE_{re.sub('[^A-Z0-9]', '_', name.upper())}"


def _account(environ: Mapping[str, str], name: str, problems: list[Problem], *, needed: bool) -> Credentials:
    own = prefix_of(name)
    prefix = own if _has(environ, own, *WORDS) else "VERISURE"
    user, password = (_secret(environ, prefix, word, name, problems, needed) for word in WORDS)
    return Credentials(user, password, _code(environ, own if _has(environ, own, CODE) else "VERISURE", name, problems))


def _has(environ: Mapping[str, str], prefix: str, *words: str) -> bool:
    return any(environ.get(f"{prefix}_{word}{form}") for word in words for form in ("", "_FILE"))


def _code(environ: Mapping[str, str], prefix: str, name: str, problems: list[Problem]) -> str:
    code = _secret(environ, prefix, CODE, name, problems, needed=False).strip()
    if code and not (code.isascii() and code.isdecimal()):
        problems.append(Problem(f"environment: {prefix}_{CODE}", "is not a code: use its digits, and nothing else"))
        return ""
    return code


def _secret(
    environ: Mapping[str, str], prefix: str, word: str, name: str, problems: list[Problem], needed: bool
) -> str:
    variable = f"{prefix}_{word}"
    value, file = environ.get(variable, "").rstrip("\r\n"), environ.get(f"{variable}_FILE", "")
    # What is blank would be refused, and three refusals lock an account.
    value = value if value.strip() else ""
    if value and file:
        problems.append(Problem(f"environment: {variable}", f"both it and {variable}_FILE are set; keep one"))
    if needed and not value and not file:
        what = f"is not set; installation {name!r} needs it (or {variable}_FILE, which names a file that holds it)"
        problems.append(Problem(f"environment: {variable}", what))
    if value != value.encode(errors="replace").decode():
        problems.append(
            Problem(f"environment: {variable}", "is not in UTF-8; write it anew in an editor that uses UTF-8")
        )
    if value or not file:
        return value
    # Neither the path, which may be a secret put in the wrong place, nor the file's bytes are quoted.
    try:
        value = Path(file).read_text(encoding="utf-8-sig").rstrip("\r\n")
    except OSError as error:
        problems.append(Problem(f"environment: {variable}_FILE", f"that file cannot be read: {error.strerror}"))
    except ValueError:
        problems.append(Problem(f"environment: {variable}_FILE", "that file cannot be read: it is not in UTF-8"))
    else:
        if not value.strip():
            problems.append(Problem(f"environment: {variable}_FILE", "that file is empty; write the value into it"))
    return value
