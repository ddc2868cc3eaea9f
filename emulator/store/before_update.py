"""Copies of the journal from before its tables were migrated, so that an update of the program can be taken back."""

import errno
import logging
import os
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from emulator.store import tables

LOG = logging.getLogger(__name__)

NAME = "journal.version-"
"""Beginning of the name of a copy; the version of its tables follows."""

KEPT = 3
"""Number of copies kept: who goes back goes back one update, or two."""

ROOM = 3
"""Free room on the disk with which one is made, in sizes of the journal: for copy, migration, and what follows."""


def keep(db: sqlite3.Connection, path: Path) -> None:
    """Copy a journal that is about to be migrated. Without room for that it is migrated all the same.

    A house without its switches would be worse than one that cannot go back.
    """
    if tables.version(db) >= len(tables.VERSIONS) or not db.execute("SELECT 1 FROM sqlite_master").fetchone():
        return
    kept = path.with_name(f"{NAME}{tables.version(db)}")
    new = kept.with_name(f"{kept.name}.new")
    try:
        if shutil.disk_usage(path.parent).free < ROOM * path.stat().st_size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        new.unlink(missing_ok=True)
        new.touch(mode=0o600)
        with closing(sqlite3.connect(new)) as copy:
            db.backup(copy)
        new.replace(kept)
    except (OSError, sqlite3.Error) as error:
        LOG.warning("the journal is migrated without a copy of it from before: %s", error)
        with suppress(OSError):
            new.unlink(missing_ok=True)
    with suppress(OSError):
        for old in copies(path.parent)[:-KEPT]:
            old.unlink(missing_ok=True)


def copies(folder: Path) -> list[Path]:
    """Return the copies, oldest first."""
    return sorted(folder.glob(f"{NAME}*"), key=lambda path: path.stat().st_mtime)
