"""The journal's tables: the schema of today, and the migrations to it from every earlier one."""

import sqlite3
from collections.abc import Sequence

from emulator import __version__
from emulator.errors import ConfigError, Problem

FIRST = (
    # The schema of files from before the versions. Their version reads 0, as that of a new file does.
    """CREATE TABLE IF NOT EXISTS commands (
        id INTEGER PRIMARY KEY, at REAL NOT NULL, installation TEXT NOT NULL, action TEXT NOT NULL,
        door TEXT NOT NULL, peer TEXT NOT NULL, switch TEXT NOT NULL,
        ended_at REAL, result TEXT, message TEXT, settled_at REAL, settled TEXT
    ) STRICT""",
    """CREATE TABLE IF NOT EXISTS states (
        installation TEXT PRIMARY KEY, interior TEXT, perimeter INTEGER, annex INTEGER,
        read_at REAL NOT NULL, raw TEXT NOT NULL, source TEXT NOT NULL
    ) STRICT""",
    """CREATE TABLE IF NOT EXISTS spans (
        id INTEGER PRIMARY KEY, installation TEXT NOT NULL, interior TEXT, perimeter INTEGER, annex INTEGER,
        since REAL NOT NULL, until REAL NOT NULL, command INTEGER
    ) STRICT""",
    "CREATE INDEX IF NOT EXISTS spans_by_time ON spans (installation, until)",
    """CREATE TABLE IF NOT EXISTS identities (
        key INTEGER PRIMARY KEY AUTOINCREMENT, installation TEXT NOT NULL, mode TEXT NOT NULL, name TEXT NOT NULL,
        serial TEXT NOT NULL UNIQUE, mac TEXT NOT NULL UNIQUE, port INTEGER NOT NULL
    ) STRICT""",
    """CREATE TABLE IF NOT EXISTS hue_lights (
        id INTEGER PRIMARY KEY, key TEXT NOT NULL, shape TEXT NOT NULL, unique_id TEXT NOT NULL UNIQUE,
        UNIQUE (key, shape)
    ) STRICT""",
    """CREATE TABLE IF NOT EXISTS hue_users (
        name TEXT PRIMARY KEY, peer TEXT NOT NULL, devicetype TEXT NOT NULL, created REAL NOT NULL, used REAL NOT NULL
    ) STRICT""",
    """CREATE TABLE IF NOT EXISTS notices (
        id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, text TEXT NOT NULL
    ) STRICT""",
    "CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
)

NOTICES = ("ALTER TABLE notices ADD COLUMN first INTEGER NOT NULL DEFAULT 0",)

NOISE = (
    # `noise` marks commands that changed nothing, which have a bound of their own; `ended_at` is the last of `times`.
    "ALTER TABLE commands ADD COLUMN times INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE commands ADD COLUMN noise INTEGER NOT NULL DEFAULT 0",
    "UPDATE commands SET noise = 1 WHERE result IN ('ignored', 'refused', 'superseded')",
    "CREATE INDEX commands_that_changed_nothing ON commands (id) WHERE noise = 1",
)

ALARMS = (
    # The alarms that rows belong to; `is_named` while the settings mean this one by `name`. See keys.py.
    """CREATE TABLE alarms (
        id INTEGER PRIMARY KEY AUTOINCREMENT, cloud TEXT NOT NULL, host TEXT NOT NULL, number TEXT NOT NULL,
        account TEXT NOT NULL, name TEXT NOT NULL, is_named INTEGER NOT NULL DEFAULT 1
    ) STRICT""",
    """INSERT INTO alarms (cloud, host, number, account, name) SELECT '', '', '', '', installation FROM (
        SELECT installation FROM commands UNION SELECT installation FROM states UNION SELECT installation FROM spans
    ) WHERE installation != ''""",
    "ALTER TABLE commands ADD COLUMN alarm INTEGER NOT NULL DEFAULT 0",
    "UPDATE commands SET alarm = coalesce((SELECT id FROM alarms WHERE name = installation), 0)",
    "ALTER TABLE spans ADD COLUMN alarm INTEGER NOT NULL DEFAULT 0",
    "UPDATE spans SET alarm = coalesce((SELECT id FROM alarms WHERE name = installation), 0)",
    "DROP INDEX spans_by_time",
    "CREATE INDEX spans_by_time ON spans (alarm, until)",
    """CREATE TABLE last_states (
        alarm INTEGER PRIMARY KEY, interior TEXT, perimeter INTEGER, annex INTEGER,
        read_at REAL NOT NULL, raw TEXT NOT NULL, source TEXT NOT NULL
    ) STRICT""",
    """INSERT INTO last_states SELECT id, interior, perimeter, annex, read_at, raw, source
        FROM states JOIN alarms ON name = installation""",
    "DROP TABLE states",
)

WORDS = (
    # The message as it can be said in another language; see words/text.py. NULL where there is only the English.
    "ALTER TABLE commands ADD COLUMN words TEXT",
)

LOGIN = (
    # Commands that were not sent for want of a login; until here only the beginning of the message told.
    "ALTER TABLE commands ADD COLUMN needs_login INTEGER NOT NULL DEFAULT 0",
    "UPDATE commands SET needs_login = 1 WHERE result = 'failed' AND message LIKE 'the login needs you: %'",
)

DECISIONS = (
    # Names of zones, as JSON: those that were open when a command ended, and those that a person let it arm past.
    "ALTER TABLE commands ADD COLUMN zones TEXT",
    "ALTER TABLE commands ADD COLUMN past TEXT",
    # The command that a notice asks a person about; 0 where it asks nothing.
    "ALTER TABLE notices ADD COLUMN entry INTEGER NOT NULL DEFAULT 0",
)

EVENTS = (
    # The activity logs of the clouds, as far as they were read; `command` is ours that left the row.
    """CREATE TABLE events (
        id INTEGER PRIMARY KEY AUTOINCREMENT, alarm INTEGER NOT NULL, seen_at REAL NOT NULL, key TEXT NOT NULL,
        at REAL NOT NULL, kind TEXT NOT NULL, type TEXT NOT NULL, means TEXT NOT NULL, user TEXT NOT NULL,
        zone TEXT NOT NULL, said TEXT NOT NULL, command INTEGER, UNIQUE (alarm, key)
    ) STRICT""",
    "CREATE INDEX events_by_time ON events (alarm, at)",
    "CREATE INDEX events_of_commands ON events (command) WHERE command IS NOT NULL",
)

VERSIONS: tuple[Sequence[str], ...] = (FIRST, NOTICES, NOISE, ALARMS, WORDS, LOGIN, DECISIONS, EVENTS)
"""Statements that migrate the file from each version to the next. A released step never changes; append new ones."""

WRITER = "written by"
"""Name of the note of the program that migrated the file to its version."""


def version(db: sqlite3.Connection) -> int:
    """Return the version of a file: the number of steps it has."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def migrate(db: sqlite3.Connection, path: str) -> None:
    """Migrate a file to today's version in one transaction; ConfigError when a newer program has written it."""
    check(db, path)
    if version(db) == len(VERSIONS):
        return
    db.execute("BEGIN IMMEDIATE")
    # Leaving the block commits, or rolls back on an error.
    with db:
        # Another process may have migrated it while this one waited.
        for statement in (one for step in VERSIONS[version(db) :] for one in step):
            db.execute(statement)
        db.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (WRITER, __version__))
        db.execute(f"PRAGMA user_version = {len(VERSIONS)}")


def check(db: sqlite3.Connection, path: str) -> None:
    """Raise ConfigError if a newer program has written the file: the meaning of its rows is unknown here."""
    if said := newer(db):
        raise ConfigError([Problem(path, f"{said}; update it, or choose another folder with --state-dir")])


def newer(db: sqlite3.Connection) -> str:
    """Return which newer program has written the file; empty if this one can read it."""
    if version(db) <= len(VERSIONS):
        return ""
    row = db.execute("SELECT value FROM notes WHERE name = ?", (WRITER,)).fetchone()
    return f"was written by {f'emulator {row[0]}' if row else 'a newer emulator'}, and this is {__version__}"
