"""The journal in a backup: copied in one moment, without secrets unless asked for, and made fit for a later world."""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from emulator.archive.bundle import BackupUnfit
from emulator.errors import ConfigError, EmulatorError, Hindered, Problem
from emulator.model import Result
from emulator.store import journal_file, tables
from emulator.store.columns import words_of
from emulator.store.database import BUSY_MS
from emulator.words.text import Text

PLAIN_TABLES = frozenset(
    {"alarms", "commands", "events", "hue_lights", "identities", "last_states", "notes", "notices", "spans"}
)
"""Tables that hold no secret. Of every other one a backup without secrets has no row: the keys of paired clients."""

PLAIN_NOTES = (
    "mac base",
    "mqtt: ",
    "names of addresses",
    "owa ban ",
    "owa unsupported ",
    "setup: refused logins",
    "simulated panel: ",
    "simulator port: ",
    tables.WRITER,
)
"""Beginnings of the notes that hold no secret and last. What is not listed counts as a secret, as the tokens of logins,
the PIN, hashes of refused passwords and the keys of HomeKit are."""

PASSING_NOTES = (
    "activity ",
    "hue button",
    "notified ",
    "told of silence ",
    "told that the settings are gone",
    "tried to write",
    "wemo subscriptions",
)
"""Beginnings of the notes about a moment that is over when a backup is put back; the next start makes them anew.

Without them no old notice is delivered, and no alarm of long ago goes on.
"""

STRANGE = "holds a database that is no journal of this program"

READ_ONLY = (
    "is on a read-only disk, and its last entries are in a file beside it: copy the folder to where it can be written, "
    "and name the copy with --state-dir"
)

UNFINISHED = Text("it was under way when the backup was made; it is not sent again")


@dataclass(frozen=True, slots=True)
class Inventory:
    """The content of a journal, for people: name and number of each alarm, and numbers of things."""

    alarms: tuple[tuple[str, str], ...]
    switches: int
    clients: int
    commands: int
    logins: int
    has_pin: bool

    def __str__(self) -> str:
        """Return it for people."""
        alarms = [f"{name} (…{number[-3:]})" if number else name for name, number in self.alarms]
        parts = [f"alarms: {', '.join(alarms) or 'none'}", f"switches: {self.switches}"]
        parts += [f"paired Hue clients: {self.clients}"] if self.clients else []
        parts += [f"logins: {self.logins}"] if self.logins else []
        parts += ["a PIN"] if self.has_pin else []
        return "; ".join([*parts, f"commands in the journal: {self.commands}"])

    def is_of_others(self, other: "Inventory") -> bool:
        """Return whether both have alarms, and none in common; by their names where a number is not known."""
        pairs = [(one, two) for one in self.alarms for two in other.alarms]
        return bool(pairs) and not any(
            one[1] == two[1] if one[1] and two[1] else one[0] == two[0] for one, two in pairs
        )


def copied(folder: Path) -> sqlite3.Connection:
    """Return a copy of the journal in memory, of one moment; whoever writes to the journal meanwhile is not held up.

    It is migrated to today's tables. Raises ConfigError, and Hindered if the journal is damaged.
    """
    path = folder / journal_file.FILE
    copy = sqlite3.connect(":memory:", isolation_level=None)
    try:
        path.stat()
        uri = f"{path.absolute().as_uri()}?{_mode(path)}"
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as db:
            db.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
            db.execute("PRAGMA query_only = ON")
            tables.check(db, str(path))
            db.backup(copy)
        _check(copy, str(path))
    except (OSError, sqlite3.Error) as error:
        copy.close()
        if isinstance(error, sqlite3.Error) and _is_read_only(path) and not journal_file.is_damage(error):
            raise ConfigError([Problem(str(path), READ_ONLY)]) from None
        raise journal_file.refusal(path, error, read_only=True) from None
    except BackupUnfit as error:
        copy.close()
        raise Hindered(f"{path} {error}: restart the program, which saves what can be read of it") from None
    except EmulatorError:
        copy.close()
        raise
    return copy


def _mode(path: Path) -> str:
    """Return how SQLite opens a journal: on a read-only disk it cannot make the files that a reader needs, too."""
    log = path.with_name(f"{path.name}-wal")
    if _is_read_only(path) and not (log.exists() and log.stat().st_size):
        return "mode=ro&immutable=1"
    # Not `mode=ro`, which cannot remove the WAL that SQLite makes for a reader.
    return "mode=rw"


def _is_read_only(path: Path) -> bool:
    return bool(os.statvfs(path).f_flag & os.ST_RDONLY)


@contextmanager
def restored(data: bytes) -> Iterator[sqlite3.Connection]:
    """Open the journal of a backup in memory, migrated to today's tables; BackupUnfit if it cannot be used."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        try:
            if not data:
                raise BackupUnfit(STRANGE)
            db.deserialize(data)
            if said := tables.newer(db):
                raise BackupUnfit(f"{said}: update this program first")
            _check(db, "the journal in it")
        except ConfigError as error:
            raise BackupUnfit("; ".join(one.what for one in error.problems)) from None
        except sqlite3.Error as error:
            raise BackupUnfit(f"holds a damaged journal ({error})") from None
        yield db


def content(db: sqlite3.Connection) -> bytes:
    """Return a database as the bytes of a file, without what was deleted from it."""
    db.execute("VACUUM")
    return db.serialize()


def strip(db: sqlite3.Connection) -> None:
    """Delete everything that opens something."""
    for table in _tables(db) - PLAIN_TABLES:
        db.execute(f"DELETE FROM {table}")  # noqa: S608  # of our own schema
    _forget(db, [name for name in _notes(db) if not name.startswith(PLAIN_NOTES)])


def make_late(db: sqlite3.Connection, made_at: float) -> None:
    """Make a journal fit for a world that has gone on: nothing in it is under way, waits, or is the last state."""
    _forget(db, [name for name in _notes(db) if name.startswith(PASSING_NOTES)])
    db.execute("DELETE FROM last_states")
    db.execute(
        "UPDATE commands SET ended_at = ?, result = ?, message = ?, words = ? WHERE result IS NULL",
        (made_at, Result.UNCONFIRMED, UNFINISHED, words_of(UNFINISHED)),
    )
    # Where the panel stands now tells nothing about them.
    query = "UPDATE commands SET settled_at = ? WHERE result = ? AND settled_at IS NULL"
    db.execute(query, (made_at, Result.UNCONFIRMED))


def inventory(db: sqlite3.Connection) -> Inventory:
    """Count what a journal holds."""
    alarms = db.execute("SELECT name, number FROM alarms WHERE is_named ORDER BY id").fetchall()
    switches, clients, commands = (
        int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608  # constants
        for table in ("identities", "hue_users", "commands")
    )
    notes = _notes(db)
    return Inventory(
        tuple((str(name), str(number)) for name, number in alarms),
        switches,
        clients,
        commands,
        logins=sum(name.startswith("owa login ") for name in notes),
        has_pin="pin" in notes,
    )


def _check(db: sqlite3.Connection, name: str) -> None:
    """Migrate a copy; BackupUnfit unless it is whole and has our tables, and nothing that would act by itself."""
    db.execute("PRAGMA trusted_schema = OFF")
    said = str(db.execute("PRAGMA integrity_check(1)").fetchone()[0])
    if said != "ok":
        raise BackupUnfit(f"holds a damaged journal ({said})")
    kinds = {kind for (kind,) in db.execute("SELECT type FROM sqlite_master")}
    if not kinds or kinds - {"table", "index"}:
        raise BackupUnfit(STRANGE)
    tables.migrate(db, name)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
        tables.migrate(fresh, name)
        if _schema(db) != _schema(fresh):
            raise BackupUnfit(STRANGE)


def _schema(db: sqlite3.Connection) -> list[tuple[object, ...]]:
    names = db.execute("SELECT type, name, tbl_name FROM sqlite_master ORDER BY 1, 2").fetchall()
    columns = [
        (name, *row) for _, name, _ in names for row in db.execute("SELECT * FROM pragma_table_xinfo(?)", (name,))
    ]
    return [*names, *columns]


def _tables(db: sqlite3.Connection) -> set[str]:
    return {str(name) for (name,) in db.execute("SELECT name FROM sqlite_master WHERE sql LIKE '%STRICT%'")}


def _notes(db: sqlite3.Connection) -> Sequence[str]:
    return [str(name) for (name,) in db.execute("SELECT name FROM notes")]


def _forget(db: sqlite3.Connection, names: Sequence[str]) -> None:
    db.executemany("DELETE FROM notes WHERE name = ?", [(name,) for name in names])
