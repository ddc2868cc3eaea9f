"""Keys of alarms in the journal: cloud, host and number of the installation, never the name alone.

The name in devices.yaml only selects one of the kept alarms. A change of cloud, host or number under a name makes an
alarm that was never read. A new name, or the number that had been left out, keeps the alarm.
"""

import sqlite3
from collections.abc import Container, Mapping
from dataclasses import dataclass, replace

from emulator.store.journal import Journal

SIMULATED_PANEL, TOLD_OF_SILENCE = "simulated panel: ", "told of silence "
"""Beginnings of notes: of the simulated alarm of a name, and of an alarm by its number in the journal."""


@dataclass(frozen=True, slots=True)
class Key:
    """Identity of an alarm. `number` is empty until the account's list tells it; then `account` says whose it is.

    `account` is a digest of the user's name. `simulated` is set for an alarm that this program simulates; no row keeps
    it, since it follows from `cloud`.
    """

    cloud: str
    host: str
    number: str
    account: str
    simulated: bool = False


def bind(journal: Journal, wanted: Mapping[str, Key]) -> None:
    """Bind the names in the settings to alarms, from now on."""
    with journal.write() as db:
        found: dict[str, int] = {}
        # Alarms with a number first, so that one without a number takes none of theirs.
        for name, key in sorted(wanted.items(), key=lambda item: not item[1].number):
            alarm = found[name] = (
                _known(db, name, key, found.values()) or _adopted(db, name, key) or _new(db, name, key)
            )
            db.execute(
                "UPDATE alarms SET cloud = ?, host = ?, number = iif(? = '', number, ?), account = ? WHERE id = ?",
                (key.cloud, key.host, key.number, key.number, key.account, alarm),
            )
            # From before there were keys.
            db.execute(
                "UPDATE OR REPLACE notes SET name = ? WHERE name = ?",
                (f"{TOLD_OF_SILENCE}{alarm}", f"{TOLD_OF_SILENCE}{name}"),
            )
        _name(db, found)
    journal.use(found)


def learn(journal: Journal, name: str, number: str) -> None:
    """Note the number that the account's list gives for an alarm, before anything is written about it."""
    alarm = journal.alarm(name)
    [row] = journal.rows("SELECT cloud, host, number, account FROM alarms WHERE id = ?", alarm)
    before = Key(*row)
    if before.number == number:
        return
    key = replace(before, number=number)
    with journal.write() as db:
        other = _exact(db, key)
        if before.number:
            # The list has changed: this is not the alarm that it was the last time.
            other = other or _new(db, name, key)
        elif other:
            # Rows of commands that failed before the number was known.
            for table in ("commands", "spans", "events", "last_states"):
                db.execute(f"UPDATE OR IGNORE {table} SET alarm = ? WHERE alarm = ?", (other, alarm))  # noqa: S608  # constants
            db.execute("DELETE FROM last_states WHERE alarm = ?", (alarm,))
            db.execute("DELETE FROM alarms WHERE id = ?", (alarm,))
        else:
            db.execute("UPDATE alarms SET number = ? WHERE id = ?", (number, alarm))
        found = {name: other or alarm}
        _name(db, found)
    journal.use(found)


def _known(db: sqlite3.Connection, name: str, key: Key, taken: Container[int]) -> int:
    """Return the alarm of that key; 0 when there is none."""
    if key.number:
        if exact := _exact(db, key):
            return exact
        # It was left out until now, and never learned.
        return _one(db, "cloud = ? AND host = ? AND number = '' AND account = ? AND name = ?", key, key.account, name)
    same = _one(db, "cloud = ? AND host = ? AND account = ? AND name = ?", key, key.account, name)
    if same and same not in taken:
        return same
    # Renamed: where the number can be left out the account has but one alarm.
    query = "SELECT id FROM alarms WHERE cloud = ? AND host = ? AND account = ?"
    mine = [row[0] for row in db.execute(query, (key.cloud, key.host, key.account))]
    return int(mine[0]) if len(mine) == 1 and mine[0] not in taken else 0


def _exact(db: sqlite3.Connection, key: Key) -> int:
    return _one(db, "cloud = ? AND host = ? AND number = ?", key, key.number)


def _one(db: sqlite3.Connection, where: str, key: Key, *values: str) -> int:
    query = f"SELECT id FROM alarms WHERE {where} ORDER BY is_named DESC, id DESC LIMIT 1"  # noqa: S608  # constants
    row = db.execute(query, (key.cloud, key.host, *values)).fetchone()
    return int(row[0]) if row else 0


def _adopted(db: sqlite3.Connection, name: str, key: Key) -> int:
    """Return the alarm of that name from before there were keys; 0 when there is none, or not for this one.

    A user's history must not vanish, so the rows go to the alarm that has the name at the first start. But a simulated
    alarm adopts none if none was simulated under that name before: the rows are a real one's, and wait for it. If one
    was, a real alarm starts unread: the last state may be the demo's, and the next poll tells the truth.
    """
    row = db.execute("SELECT id FROM alarms WHERE cloud = '' AND name = ? ORDER BY id LIMIT 1", (name,)).fetchone()
    was_simulated = db.execute("SELECT 1 FROM notes WHERE name = ?", (SIMULATED_PANEL + name,)).fetchone() is not None
    if row is None or (key.simulated and not was_simulated):
        return 0
    if was_simulated and not key.simulated:
        db.execute("DELETE FROM last_states WHERE alarm = ?", (row[0],))
    return int(row[0])


def _new(db: sqlite3.Connection, name: str, key: Key) -> int:
    values = (key.cloud, key.host, key.number, key.account, name)
    done = db.execute("INSERT INTO alarms (cloud, host, number, account, name) VALUES (?, ?, ?, ?, ?)", values)
    return done.lastrowid or 0


def _name(db: sqlite3.Connection, found: Mapping[str, int]) -> None:
    """Write down the alarms that have these names now."""
    db.executemany("UPDATE alarms SET is_named = 0 WHERE name = ?", [(name,) for name in found])
    db.executemany("UPDATE alarms SET name = ?, is_named = 1 WHERE id = ?", list(found.items()))
