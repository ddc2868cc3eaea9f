"""The journal's file: reasons why it cannot be opened, its damage, and a check that it is still the one we opened."""

import errno
import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from emulator.errors import ConfigError, EmulatorError, Hindered, Problem
from emulator.words.text import Text

FILE = "journal.sqlite3"

DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

ELSEWHERE = frozenset(
    {errno.EACCES, errno.EPERM, errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG}
)
"""Errors that only another folder, or other rights to it, can cure; all others may pass."""


def is_damage(error: BaseException) -> bool:
    """Return whether SQLite reports the file itself as bad, and not the disk below it."""
    return _code(error) in DAMAGED


def _code(error: BaseException) -> int | None:
    """Return SQLite's number for an error, if it is one of its own."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def refusal(path: Path, error: OSError | sqlite3.Error, *, read_only: bool = False) -> EmulatorError:
    """Return the error to raise when the journal cannot be opened."""
    if read_only and isinstance(error, FileNotFoundError):
        problem = "there is no journal yet; name the state folder of `emulator run` with --state-dir"
        return ConfigError([Problem(str(path), problem)])
    if is_damage(error):
        return Hindered(f"{path}: the journal is damaged ({error}); `emulator run` puts it aside when it starts")
    if _is_elsewhere(path, error):
        problem = f"cannot keep the journal here ({error}); choose a writable folder with --state-dir"
        return ConfigError([Problem(str(path), problem)])
    return Hindered(f"{path}: the journal cannot be opened ({error}): is the disk full?")


def _is_elsewhere(path: Path, error: OSError | sqlite3.Error) -> bool:
    if isinstance(error, OSError):
        return error.errno in ELSEWHERE
    if _code(error) == sqlite3.SQLITE_ERROR:
        return True  # the query makes no sense for this file
    # SQLite does not say why it cannot open a file: derive it from the rights.
    return path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK)


def damage(path: Path) -> str:
    """Return SQLite's description of the damage, read anew from the disk; empty when the file is whole.

    Raises sqlite3.Error when it cannot be checked.
    """
    try:
        # Through SQLite: a file that is opened otherwise takes the locks of this process with it when it is closed.
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)) as db:
            if not db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                return "it is empty"
            said = str(db.execute("PRAGMA quick_check(1)").fetchone()[0])
    except sqlite3.DatabaseError as error:
        # SQLite reports a corrupt header as an error of the query.
        if is_damage(error) or _code(error) == sqlite3.SQLITE_ERROR:
            return str(error)
        raise
    return "" if said == "ok" else said.splitlines()[-1]


class Opened:
    """The file as it was opened: SQLite goes on writing to one that was deleted or overwritten, from its cache."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._inode = path.stat().st_ino
        self._lock = threading.Lock()
        self._whole_at: tuple[int, int] | None = None
        self._damage = ""

    def check(self) -> None:
        """Raise EmulatorError if a write would be lost with the file; only a restart helps."""
        with self._lock:
            try:
                found = self._path.stat()
            except OSError as error:
                raise _unwritable(f"{self._path}: {error.strerror}") from None
            if found.st_ino != self._inode:
                raise _unwritable(Text("{file} was replaced", file=str(self._path)))
            # The file itself only changes at a checkpoint of the WAL, which is rare, and when another program
            # overwrites it.
            written_at = found.st_mtime_ns, found.st_size
            if not self._damage and written_at != self._whole_at:
                try:
                    self._damage = damage(self._path)
                except sqlite3.Error:
                    # Locked, or no descriptor is left: the write that follows reports that.
                    return
                self._whole_at = written_at
            if self._damage:
                raise _unwritable(Text("{file} is damaged: {damage}", file=str(self._path), damage=self._damage))


def _unwritable(why: str) -> EmulatorError:
    return EmulatorError(Text("the journal cannot be written ({why}): restart the program", why=why))
