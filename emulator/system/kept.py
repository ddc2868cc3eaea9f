"""Secrets that set-up keeps in the state folder, for whoever sets no environment: read behind it, never shown.

A JSON file for its owner alone: the name of the variable that it stands for → its value.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from emulator.errors import Hindered
from emulator.store import journal_file, private, salvage

FILE = "secrets.json"

WORDS = ("USER", "PASSWORD")
FORMS = ("", "_FILE")


def environment(state_dir: Path, environ: Mapping[str, str] = os.environ) -> Mapping[str, str]:
    """Return the environment, with what is kept where it sets nothing of the kind.

    User and password come from the same place: with one of them in the environment, neither is taken from the file.
    """
    return {name: value for name, value in read(state_dir).items() if not _is_set(name, environ)} | dict(environ)


def _is_set(name: str, environ: Mapping[str, str]) -> bool:
    prefix, _, word = name.rpartition("_")
    together = WORDS if word in WORDS else (word,)
    names = [f"{owner}_{each}" for owner in (prefix, "VERISURE") for each in together]
    return any(environ.get(f"{each}{form}") for each in names for form in FORMS)


def read(state_dir: Path) -> dict[str, str]:
    """Return what is kept, by variable; Hindered if the file is there and cannot be read."""
    file = _file(state_dir)
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise Hindered(f"{file}: {error.strerror}") from None
    except ValueError:
        # Not quoted: it may hold secrets all the same.
        raise Hindered(f"{file} is damaged: remove it, and run set-up again") from None
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def change(state_dir: Path, changes: Mapping[str, str | None]) -> None:
    """Keep these too, or forget those that are None; Hindered if that cannot be written."""
    if not changes:
        return
    after: dict[str, str | None] = {**read(state_dir), **changes}
    kept, file = {name: value for name, value in after.items() if value is not None}, _file(state_dir)
    try:
        if kept:
            private.write(file, json.dumps(kept))
        else:
            file.unlink(missing_ok=True)
    except OSError as error:
        raise Hindered(f"{file}: {error.strerror}") from None


def _file(state_dir: Path) -> Path:
    """Return the file in force: where a restore was stopped midway, that beside the journal which has to be moved yet.

    The next start moves both to their places, and reads the secrets before that.
    """
    waiting, journal = state_dir / salvage.NEW / FILE, state_dir / journal_file.FILE
    # Not Path.exists, which raises where the folder may not be entered.
    return waiting if os.path.lexists(waiting) and not os.path.lexists(journal) else state_dir / FILE
