"""Shared by the tests of the store: a file from before the versions, switches, and lights that were there before."""

from emulator.model import ArmMode
from emulator.store.identities import Identity, Wanted, identities
from emulator.store.journal import Journal

MODES = ("total", "day", "night", "perimeter")
LARGE = 353_724_929
"""As ids were before they had to fit."""

BEFORE = """
CREATE TABLE commands (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, installation TEXT NOT NULL, action TEXT NOT NULL,
    door TEXT NOT NULL, peer TEXT NOT NULL, switch TEXT NOT NULL,
    ended_at REAL, result TEXT, message TEXT, settled_at REAL, settled TEXT
) STRICT;
CREATE TABLE states (
    installation TEXT PRIMARY KEY, interior TEXT, perimeter INTEGER, annex INTEGER,
    read_at REAL NOT NULL, raw TEXT NOT NULL, source TEXT NOT NULL
) STRICT;
CREATE TABLE spans (
    id INTEGER PRIMARY KEY, installation TEXT NOT NULL, interior TEXT, perimeter INTEGER, annex INTEGER,
    since REAL NOT NULL, until REAL NOT NULL, command INTEGER
) STRICT;
CREATE INDEX spans_by_time ON spans (installation, until);
CREATE TABLE identities (
    key INTEGER PRIMARY KEY AUTOINCREMENT, installation TEXT NOT NULL, mode TEXT NOT NULL, name TEXT NOT NULL,
    serial TEXT NOT NULL UNIQUE, mac TEXT NOT NULL UNIQUE, port INTEGER NOT NULL
) STRICT;
CREATE TABLE hue_lights (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL, shape TEXT NOT NULL, unique_id TEXT NOT NULL UNIQUE, UNIQUE (key, shape)
) STRICT;
CREATE TABLE hue_users (
    name TEXT PRIMARY KEY, peer TEXT NOT NULL, devicetype TEXT NOT NULL, created REAL NOT NULL, used REAL NOT NULL
) STRICT;
CREATE TABLE notices (id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, text TEXT NOT NULL) STRICT;
CREATE TABLE notes (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

INSERT INTO commands (id, at, installation, action, door, peer, switch, ended_at, result, message) VALUES
    (1, 10.0, 'home', 'arm night', 'wemo', '10.0.0.9', 'Night', 14.0, 'confirmed', 'done'),
    (2, 20.0, 'home', 'disarm', 'hue', '10.0.0.9', 'Night', 20.0, 'ignored', 'swept'),
    (3, 30.0, 'home', 'arm night', 'wemo', '10.0.0.9', 'Night', 34.0, 'unconfirmed', 'lost');
INSERT INTO states VALUES ('home', 'night', 1, NULL, 40.0, 'C', 'ACT_V2');
INSERT INTO spans VALUES (1, 'home', 'night', 1, NULL, 14.0, 40.0, 1);
INSERT INTO notices VALUES (1, 35.0, 'Alarm: a command is not confirmed');
INSERT INTO notes VALUES ('pin', 'x');
"""
"""The file of the first commits, which had no version, and a few rows."""


def known(journal: Journal, *names: str, modes: tuple[str, ...] = MODES) -> list[Identity]:
    wanted = [Wanted("home", ArmMode.parse(mode), name) for mode, name in zip(modes, names or modes, strict=True)]
    return identities(journal, wanted, 49151)


def given(journal: Journal, ids: range | tuple[int, ...], key: str = "gone", shape: str = "plug") -> None:
    """Lights of switches that were there before."""
    with journal.write() as db:
        for one in ids:
            values = (one, f"{key} {one}" if key == "gone" else key, shape, f"02:{one}")
            db.execute("INSERT INTO hue_lights (id, key, shape, unique_id) VALUES (?, ?, ?, ?)", values)
