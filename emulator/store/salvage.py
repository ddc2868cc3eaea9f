"""Recovery of a damaged journal at the start: it is put aside, and its readable rows go into a new one."""

import json
import logging
import shutil
import sqlite3
import time
from collections.abc import Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.errors import Hindered
from emulator.store import journal_file, private
from emulator.store.journal import Journal
from emulator.store.journal_file import FILE
from emulator.words.text import Text, counted

LOG = logging.getLogger(__name__)

ASIDE = "journal.broken-"
"""Beginning of the name of a journal that was put aside; the date follows."""

KEEP_ASIDE = 3
"""Number of journals kept aside: a dying memory card damages one after the other."""

COPY = "identities.json"
"""File in the state folder with a copy of the identities of switches and lights, readable without SQLite."""

COPIED = ("identities", "hue_lights")

MAC_BASE = "mac base"

NEW = "journal.new"
"""Folder in which the new journal is made, so that an interrupted start leaves the old one in place."""

WITH = ("", "-wal", "-shm")

OF_NOBODY = (
    "DELETE FROM last_states WHERE alarm NOT IN (SELECT id FROM alarms)",
    "DELETE FROM spans WHERE alarm NOT IN (SELECT id FROM alarms)",
    "DELETE FROM events WHERE alarm NOT IN (SELECT id FROM alarms)",
    "DELETE FROM notes WHERE name LIKE 'activity %' AND substr(name, 10) NOT IN (SELECT CAST(id AS TEXT) FROM alarms)",
    "UPDATE commands SET alarm = 0 WHERE alarm NOT IN (SELECT id FROM alarms)",
)
"""Statements that detach rows from alarms that could not be read: a new alarm would get the number, and the rows."""


@dataclass(frozen=True, slots=True)
class Salvaged:
    """A recovery: the damage, the place of the damaged journal, and the number of rows saved by table."""

    why: str
    aside: Path
    rows: dict[str, int]
    notes: frozenset[str]

    def __str__(self) -> str:
        switches, clients, commands = (self.rows[table] for table in ("identities", "hue_users", "commands"))
        logins, pins = sum(name.startswith("owa login") for name in self.notes), int("pin" in self.notes)
        parts = (
            # What was saved, and what a person has to do if that is nothing.
            (
                counted("{n} identity of a switch", "{n} identities of switches", switches),
                Text("let Echos and other clients search again"),
            ),
            (
                counted("{n} paired client", "{n} paired clients", clients),
                Text("let apps pair with the Hue bridge again"),
            ),
            (counted("{n} login", "{n} logins", logins), Text("type `emulator login` for `owa`")),
            (counted("{n} PIN", "{n} PINs", pins), Text("type `emulator pin` for the page")),
            (counted("{n} command", "{n} commands", commands), ""),
        )
        saved = tuple(what for what, _ in parts if what.values["n"]) or Text("nothing")
        text = Text(
            "the journal was damaged ({why}). It is put aside as {file}, and another one has begun. Saved: {saved}.",
            why=self.why,
            file=self.aside.name,
            saved=saved,
        )
        missing = tuple(then for what, then in parts if then and not what.values["n"])
        return Text("{text} If you had them before: {missing}.", text=text, missing=missing) if missing else text


def make_sound(folder: Path, now: float) -> Salvaged | None:
    """Put a damaged journal aside and begin another; None if it is whole or missing.

    The caller holds the folder's lock. Hindered when the disk prevents it.
    """
    path = folder / FILE
    try:
        _finish(folder)
        why = journal_file.damage(path) if path.exists() else ""
        if not why or (path.stat().st_size == 0 and not (folder / COPY).exists()):
            return None
        LOG.error("%s is damaged: %s", path, why)
        rows, notes = _save(folder, path)
        aside = _put_aside(path, now)
        _finish(folder)
    except (OSError, sqlite3.Error) as error:
        raise journal_file.refusal(path, error) from None
    return Salvaged(why, aside, rows, notes)


def keep_copy(journal: Journal, folder: Path) -> None:
    """Write the copy of the identities if they have changed.

    And move the WAL into the journal's file, as far as no other process reads it: damage to a file that SQLite still
    has whole in the WAL would not be noticed before the next start.
    """
    journal.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    whole: dict[str, Any] = {
        table: [list(row) for row in journal.rows(f"SELECT * FROM {table} ORDER BY 1")]  # noqa: S608  # constants
        for table in COPIED
    }
    text = json.dumps(whole | {MAC_BASE: journal.recall(MAC_BASE)})
    path = folder / COPY
    with suppress(OSError, ValueError):
        if path.read_text() == text:
            return
    try:
        private.write(path, text)
    except OSError as error:
        raise Hindered(f"{path}: {error.strerror}") from None


def put_aside(folder: Path) -> list[Path]:
    """Return the journals that were put aside, oldest first."""
    found = [path for path in folder.glob(f"{ASIDE}*") if not path.name.endswith(WITH[1:])]
    return sorted(found, key=lambda path: path.stat().st_mtime)


def _save(folder: Path, damaged: Path) -> tuple[dict[str, int], frozenset[str]]:
    """Make the new journal from all rows that can be read."""
    new = folder / NEW
    shutil.rmtree(new, ignore_errors=True)
    with closing(Journal(new)) as fresh, fresh.write() as db:
        tables = [str(name) for (name,) in db.execute("SELECT name FROM sqlite_master WHERE sql LIKE '%STRICT%'")]
        with suppress(sqlite3.Error), closing(_look(damaged)) as old:
            for table in tables:
                _copy_rows(old, db, table)
        for statement in OF_NOBODY:
            db.execute(statement)
        for table, rows in _copied(folder).items():
            _insert(db, table, _columns(db, table), rows)
        counts = {table: int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) for table in tables}  # noqa: S608  # its own
        notes = frozenset(str(name) for (name,) in db.execute("SELECT name FROM notes"))
    return counts, notes


def _look(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    db.text_factory = lambda data: data.decode("utf-8", "replace")
    return db


def _copy_rows(old: sqlite3.Connection, new: sqlite3.Connection, table: str) -> None:
    """Copy a table from either end, up to where the file cannot be read."""
    columns = [name for name in _columns(new, table) if name in set(_columns(old, table))]
    for order in ("", " DESC"):
        # Row by row: the rows before the damage are copied when the error comes.
        with suppress(sqlite3.Error):
            query = f"SELECT {', '.join(columns)} FROM {table} ORDER BY rowid{order}"  # noqa: S608  # of our own schema
            _insert(new, table, columns, old.execute(query))
            return


def _insert(db: sqlite3.Connection, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Insert rows; OSError when the new journal takes no more, which is not a damage of the old one."""
    places = ", ".join("?" * len(columns))
    query = f"INSERT OR IGNORE INTO {table} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608  # of our own schema
    for row in rows:
        try:
            db.execute(query, tuple(row))
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            continue  # a row that the table does not take is none of ours any more
        except sqlite3.Error as error:
            raise OSError(str(error)) from None


def _columns(db: sqlite3.Connection, table: str) -> list[str]:
    return [str(row[1]) for row in db.execute(f"PRAGMA table_info({table})")]


def _copied(folder: Path) -> dict[str, list[list[object]]]:
    """Return the rows that `keep_copy` wrote, by table; none if that file is damaged as well."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        whole = json.loads((folder / COPY).read_text())
        notes = [[MAC_BASE, whole[MAC_BASE]]] if whole[MAC_BASE] else []
        return {table: list(whole[table]) for table in COPIED} | {"notes": notes}
    return {}


def _put_aside(path: Path, now: float) -> Path:
    day = time.strftime("%Y-%m-%d", time.localtime(now))
    names = (path.with_name(f"{ASIDE}{day}{again}") for again in ("", *(f".{number}" for number in range(2, 1000))))
    aside = next(name for name in names if not name.exists())
    for end in reversed(WITH):
        with suppress(FileNotFoundError):
            path.with_name(path.name + end).rename(aside.with_name(aside.name + end))
    for old in put_aside(path.parent)[:-KEEP_ASIDE]:
        for end in WITH:
            old.with_name(old.name + end).unlink(missing_ok=True)
    return aside


def _finish(folder: Path) -> None:
    """Move the new journal to its place, after what belongs to it, unless the old one is still there."""
    new = folder / NEW
    if (new / FILE).exists() and not (folder / FILE).exists():
        for path in sorted(new.iterdir(), key=lambda path: path.name == FILE):
            path.rename(folder / path.name)
    shutil.rmtree(new, ignore_errors=True)
