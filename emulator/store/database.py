"""The database of the state folder: transactions, queries, and small texts under a name."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from emulator.errors import EmulatorError
from emulator.store import before_update, journal_file, tables
from emulator.store.journal_file import FILE
from emulator.words.text import Text

BUSY_MS = 1_500
"""Time that one process waits for another (`emulator arm` beside `emulator run`) to finish its write.

Shorter than doors wait for a command to be accepted, so that a command that cannot be written down is refused and not
answered with a success.
"""


class Database:
    """One file and one connection, usable from every thread. Written through to disk before a call returns.

    `read_only` creates no file and no table.
    """

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        self._lock = threading.RLock()
        self.writes = 0
        """Number of transactions that were tried."""
        self.trouble = ""
        """The reason why the last write failed; empty if it succeeded."""
        path = folder / FILE
        try:
            if read_only:
                path.stat()
            else:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                path.touch(mode=0o600)
            self._db = _open(path, read_only=read_only)
            self._file = None if read_only else journal_file.Opened(path)
        except (OSError, sqlite3.Error) as error:
            raise journal_file.refusal(path, error, read_only=read_only) from None

    def close(self) -> None:
        """Close the file; may be called twice."""
        with self._lock:
            self._db.close()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction; EmulatorError when it cannot be written."""
        with self._lock:
            self.writes += 1
            try:
                self._check_file()
            except EmulatorError as error:
                self.trouble = str(error)
                raise
            try:
                self._db.execute("BEGIN IMMEDIATE")
                # Leaving the block commits, or rolls back on an error.
                with self._db:
                    yield self._db
            except sqlite3.Error as error:
                self.trouble = Text("the journal cannot be written ({why}): is the disk full?", why=str(error))
                raise EmulatorError(self.trouble) from None
            self.trouble = ""

    def _check_file(self) -> None:
        if self._file:
            self._file.check()

    @property
    def is_gone(self) -> bool:
        """True if the file was deleted, replaced or overwritten; only a restart creates another."""
        try:
            self._check_file()
        except EmulatorError:
            return True
        return False

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Return the rows that a query finds."""
        with self._lock:
            try:
                return self._db.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise EmulatorError(Text("the journal cannot be read ({why})", why=str(error))) from None

    def note(self, name: str, value: str | None) -> None:
        """Keep a small text under a name; None deletes it."""
        with self.write() as db:
            if value is None:
                db.execute("DELETE FROM notes WHERE name = ?", (name,))
            else:
                db.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, value))

    def recall(self, name: str) -> str | None:
        """Return the text kept under a name."""
        return next((value for (value,) in self.rows("SELECT value FROM notes WHERE name = ?", name)), None)

    def recall_all(self, beginning: str) -> list[str]:
        """Return the texts kept under all names that begin like this, in the order of the names."""
        query = "SELECT value FROM notes WHERE substr(name, 1, ?) = ? ORDER BY name"
        return [value for (value,) in self.rows(query, len(beginning), beginning)]


def _open(path: Path, *, read_only: bool) -> sqlite3.Connection:
    # Not `mode=ro` for a reader: that cannot remove the WAL that SQLite makes for it, too.
    uri = f"{path.absolute().as_uri()}?mode=rw"
    db = sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None)
    try:
        db.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        if read_only:
            tables.check(db, str(path))
            if tables.version(db) < len(tables.VERSIONS):
                db = _migrated_copy(db, path)
            db.execute("PRAGMA query_only = ON")
        else:
            db.execute("PRAGMA journal_mode = WAL")
            # A power cut must not lose a command that was sent.
            db.execute("PRAGMA synchronous = FULL")
            before_update.keep(db, path)
            tables.migrate(db, str(path))
    except (sqlite3.Error, EmulatorError):
        db.close()
        raise
    return db


def _migrated_copy(db: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    """Copy an older file to memory and migrate the copy: a reader changes no file."""
    copy = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    with closing(db):
        db.backup(copy)
    tables.migrate(copy, str(path))
    return copy
