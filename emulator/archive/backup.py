"""Make a backup of a state folder and its settings, while the program runs or not."""

import json
import os
import tempfile
from contextlib import closing
from pathlib import Path

from emulator import __version__
from emulator.archive import bundle, journal_copy
from emulator.archive.bundle import Bundle, Made
from emulator.archive.journal_copy import Inventory
from emulator.errors import ConfigError, Hindered, Problem
from emulator.setup import place
from emulator.system import kept


def collect(
    state_dir: Path, settings: Path | None, *, with_secrets: bool, now: float, host: str
) -> tuple[Bundle, Inventory]:
    """Return the backup, and what its journal holds. Raises ConfigError, Hindered, and AnswerRefused for settings."""
    text = place.read(settings) if settings else ""
    secrets = kept.read(state_dir) if with_secrets else {}
    with closing(journal_copy.copied(state_dir)) as db:
        if not with_secrets:
            journal_copy.strip(db)
        content, counted = journal_copy.content(db), journal_copy.inventory(db)
    made = Made(__version__, now, host, with_secrets)
    return Bundle(made, content, text, json.dumps(secrets) if secrets else ""), counted


def write(path: Path, data: bytes) -> None:
    """Write a new file for its owner alone, through to disk; whole, or not at all. Raises ConfigError and Hindered."""
    if os.path.lexists(path):
        raise ConfigError([Problem(str(path), "is there already, and is not replaced: name another file")])
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        made = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            made.rename(path)
        finally:
            made.unlink(missing_ok=True)
    except OSError as error:
        raise Hindered(f"{path}: {error.strerror}; no backup was made") from None


def read(path: Path) -> bytes:
    """Return the bytes of a backup. Raises ConfigError if it cannot be read, or is too large for one."""
    try:
        with path.open("rb") as file:
            data = file.read(bundle.MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError([Problem(str(path), f"cannot be read: {error.strerror}")]) from None
    if len(data) > bundle.MOST_BYTES:
        raise ConfigError([Problem(str(path), "is no backup: it is too large for one")])
    return data
