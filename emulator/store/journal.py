"""The program's memory, in SQLite in the state folder: commands and outcomes, the last state, and what others keep."""

import sqlite3
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from emulator.errors import EmulatorError
from emulator.model import Axes, Command, Interior, Origin, Outcome, PanelState, Result
from emulator.store import journal_file, noise, tables
from emulator.store.noise import NOTHING_SENT, Kind, Noise

FILE = "journal.sqlite3"

SIMULATED_PANEL, TOLD_OF_SILENCE = "simulated panel: ", "told of silence "
"""Notes that begin like this belong to the simulated alarm of a name, and to an alarm by its number here."""

TYPED_S = 600.0
"""No command that a person types takes longer."""

BUSY_MS = 1_500
"""How long one process waits for another (`emulator arm` beside `emulator run`) to finish its write: shorter than doors
wait for a command to be taken, so that one that cannot be written down is refused and not answered with a success."""


_OWNER = """alarm, alarms.name, is_named, alarms.name || ' (' || iif(cloud = '', 'earlier', cloud)
    || iif(number = '', '', ' …' || substr(number, -3)) || ')'"""
"""Of each command: its alarm, that one's name, whether it is its name now, and what it is called if it is not."""


_NAMED = "SELECT id FROM alarms WHERE name = ? AND is_named ORDER BY id DESC LIMIT 1"
"""The alarm of a name, for who has not said which alarms are meant."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A journalled command. Times are epoch seconds; `result` is None while it is under way.

    `installation` is the alarm's name now. Of one that the name meant before, such as the demo, it says so.

    `settled` is the panel's state that was read after an unconfirmed end. What changed nothing and came again and again
    is one entry: it came so many `times`, first at `at` and last at `ended_at`.
    """

    id: int
    at: float
    installation: str
    action: str
    door: str
    peer: str
    switch: str
    ended_at: float | None
    result: str | None
    message: str | None
    settled_at: float | None
    settled: str | None
    times: int = 1

    def as_dict(self) -> dict[str, str | float | None]:
        """For `--json`."""
        return asdict(self)


class Journal:
    """One file, one connection, usable from every thread. Written through to disk before a call returns.

    `read_only` makes no file and no table, for who only wants to know what is there.
    """

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        self._lock = threading.Lock()
        self._noise = Noise()
        self._alarms: dict[str, int] = {}
        self._file: journal_file.Opened | None = None
        self.writes = 0
        """How often something was to be written."""
        self.trouble = ""
        """Why the last write failed; empty when it did not."""
        path = folder / FILE
        try:
            if read_only:
                path.stat()
                self._db = _look(path)
                return
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)
            self._db = _open(path)
            self._file = journal_file.Opened(path)
        except (OSError, sqlite3.Error) as error:
            raise journal_file.refusal(path, error, read_only=read_only) from None

    def close(self) -> None:
        """Close the file; may be called twice."""
        if self._noise.unwritten:
            self._write_counts()
        with self._lock:
            self._db.close()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction; EmulatorError when it cannot be written."""
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
                    self._noise.write(self._db)
                self._noise.written()
            except sqlite3.Error as error:
                self.trouble = f"the journal cannot be written ({error}): is the disk full?"
                raise EmulatorError(self.trouble) from None
            self.trouble = ""

    def _check_file(self) -> None:
        if self._file:
            self._file.check()

    @property
    def is_gone(self) -> bool:
        """Whether the file was deleted, replaced or overwritten; only a restart makes another."""
        try:
            self._check_file()
        except EmulatorError:
            return True
        return False

    def rows(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """What a query finds."""
        with self._lock:
            try:
                return self._db.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise EmulatorError(f"the journal cannot be read ({error})") from None

    # -- alarms ---------------------------------------------------------------------------------------------

    def use(self, alarms: Mapping[str, int]) -> None:
        """Mean these alarms by these names from now on; see keys.py."""
        with self._lock:
            self._alarms |= alarms

    def alarm(self, name: str) -> int:
        """The number of an alarm in this file, which what is kept of it belongs to."""
        if name in self._alarms:
            return self._alarms[name]
        found = self.rows(_NAMED, name)
        if found:
            return int(str(found[0][0]))
        with self.write() as db:
            return self._alarm(db, name)

    def _alarm(self, db: sqlite3.Connection, name: str) -> int:
        if not name or name in self._alarms:
            return self._alarms.get(name, 0)
        if (row := db.execute(_NAMED, (name,)).fetchone()) is not None:
            return int(row[0])
        # Nobody has said what it is, as in a file of before: whoever has the name at the next start takes it over.
        values = ("", "", "", "", name)
        done = db.execute("INSERT INTO alarms (cloud, host, number, account, name) VALUES (?, ?, ?, ?, ?)", values)
        return done.lastrowid or 0

    # -- commands -------------------------------------------------------------------------------------------

    def begin(self, installation: str, command: Command, at: float) -> int:
        """Write a command down before anything is sent; its number."""
        origin = command.origin
        row = (at, installation, str(command.action), origin.door, origin.peer, origin.switch)
        with self.write() as db:
            done = db.execute(
                "INSERT INTO commands (at, installation, action, door, peer, switch, alarm) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (*row, self._alarm(db, installation)),
            )
            noise.forget_old(db, done.lastrowid or 0)
            return done.lastrowid or 0

    def refuse(self, origin: Origin, asked: str, reason: str, at: float, installation: str = "") -> bool:
        """Write down what a door did not let through, and why; whether that is new, and not only counted."""
        return self._turn_away(noise.kind_of(installation, asked, origin, Outcome(Result.REFUSED, reason)), at)[1]

    def did(self, origin: Origin, asked: str, how: str, at: float) -> None:
        """Write down what a door did for a peer and no alarm heard of; it has no more room than what is refused."""
        self._turn_away(noise.kind_of("", asked, origin, Outcome(Result.CONFIRMED, how)), at)

    def turn_away(self, installation: str, command: Command, outcome: Outcome, at: float) -> int:
        """Write down a command that is not even tried, and why: the number of its row, which may be that of the same.

        What a peer repeats within the hour is only counted, in memory, and costs no write.
        """
        return self._turn_away(noise.kind_of(installation, str(command.action), command.origin, outcome), at)[0]

    def _turn_away(self, kind: Kind, at: float) -> tuple[int, bool]:
        with self._lock:
            if row := self._noise.again(kind, at) or self._noise.again(kind := self._noise.room_for(kind, at), at):
                number, is_due = row.id, row.is_due(at)
        if row:
            if is_due:
                self._write_counts()
            return number, False
        with self.write() as db:
            number = noise.insert(db, kind, self._alarm(db, kind.installation), at)
        with self._lock:
            self._noise.begin(kind, number, at, at)
        return number, True

    def _write_counts(self) -> None:
        # What cannot be written now is written with the next that can.
        with suppress(EmulatorError), self.write():
            pass

    def end(self, entry: int, outcome: Outcome, at: float) -> None:
        """Write down how a command ended; where nothing was sent, again and again, on one row."""
        with self.write() as db:
            if outcome.result in NOTHING_SENT:
                self._noise.end(db, entry, outcome, at)
            else:
                db.execute(
                    "UPDATE commands SET ended_at = ?, result = ?, message = ? WHERE id = ?",
                    (at, outcome.result, outcome.message, entry),
                )

    def recover(self, at: float) -> int:
        """Close the commands that an earlier run left without an outcome as unconfirmed; how many.

        Those that somebody types at this moment end by themselves.
        """
        message = "the program stopped while this was under way; it is not sent again"
        with self.write() as db:
            return db.execute(
                "UPDATE commands SET ended_at = ?, result = ?, message = ? "
                "WHERE result IS NULL AND NOT (door = 'cli' AND at > ?)",
                (at, Result.UNCONFIRMED, message, at - TYPED_S),
            ).rowcount

    def unsettled(self, installation: str) -> list[int]:
        """Unconfirmed commands after which the panel has not been read yet."""
        query = "SELECT id FROM commands WHERE alarm = ? AND result = ? AND settled_at IS NULL"
        return [int(str(row[0])) for row in self.rows(query, self.alarm(installation), Result.UNCONFIRMED)]

    def settle(self, entries: Iterable[int], state: PanelState, at: float) -> None:
        """Write down what the panel said after unconfirmed commands."""
        with self.write() as db:
            for entry in entries:
                db.execute("UPDATE commands SET settled_at = ?, settled = ? WHERE id = ?", (at, str(state.axes), entry))

    def commands(self, limit: int, before: int | None = None, *, quiet: bool | None = None) -> list[Entry]:
        """The newest commands, newest first; those with a smaller number than `before`, if there is one.

        `quiet` chooses those that changed nothing, or the others.
        """
        fields = ", ".join(f"commands.{field}" for field in Entry.__slots__)
        query = f"SELECT {_OWNER}, {fields} FROM commands LEFT JOIN alarms ON alarms.id = alarm "  # noqa: S608  # constants
        query += "WHERE (? IS NULL OR commands.id < ?) AND (? IS NULL OR noise = ?) ORDER BY commands.id DESC LIMIT ?"
        rows = self.rows(query, before, before, quiet, quiet, limit)
        with self._lock:
            counted = {row.id: row for row in self._noise.unwritten}
            names = {alarm: name for name, alarm in self._alarms.items()}
        entries = []
        for alarm, name, is_named, other, *row in rows:
            entry = Entry(*row)  # type: ignore[arg-type]  # the STRICT table has these types
            if alarm in names:
                entry = replace(entry, installation=names[alarm])
            elif alarm:
                entry = replace(entry, installation=str(name if is_named and name not in self._alarms else other))
            if count := counted.get(entry.id):
                entry = replace(entry, times=count.times, ended_at=count.last)
            entries.append(entry)
        return entries

    def counts(self, since: float) -> dict[tuple[str, str, str], int]:
        """How many commands have ended since then, by installation, door and result."""
        query = "SELECT installation, door, result, sum(times) FROM commands WHERE ended_at >= ? GROUP BY 1, 2, 3"
        found = Counter({(str(row[0]), str(row[1]), str(row[2])): int(str(row[3])) for row in self.rows(query, since)})
        with self._lock:
            for row in self._noise.unwritten:
                found[row.kind.installation, row.kind.door, row.kind.result] += row.times - row.written
        return dict(found)

    # -- state ----------------------------------------------------------------------------------------------

    def save_state(self, installation: str, state: PanelState) -> None:
        """Keep the last state over a restart."""
        axes = state.axes
        with self.write() as db:
            db.execute(
                "INSERT OR REPLACE INTO last_states VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    self._alarm(db, installation),
                    axes.interior,
                    axes.perimeter,
                    axes.annex,
                    state.read_at,
                    state.raw,
                    state.source,
                ),
            )

    def load_state(self, installation: str) -> PanelState | None:
        """The state that was saved last."""
        query = "SELECT interior, perimeter, annex, read_at, raw, source FROM last_states WHERE alarm = ?"
        for interior, perimeter, annex, read_at, raw, source in self.rows(query, self.alarm(installation)):
            return PanelState(axes_of(interior, perimeter, annex), float(str(read_at)), str(raw), str(source))
        return None

    # -- notes ----------------------------------------------------------------------------------------------

    def note(self, name: str, value: str | None) -> None:
        """Keep a small text under a name; None forgets it."""
        with self.write() as db:
            if value is None:
                db.execute("DELETE FROM notes WHERE name = ?", (name,))
            else:
                db.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, value))

    def recall(self, name: str) -> str | None:
        """The text kept under a name."""
        rows = self.rows("SELECT value FROM notes WHERE name = ?", name)
        return str(rows[0][0]) if rows else None

    def recall_all(self, beginning: str) -> list[str]:
        """The texts kept under all names that begin like this, in the order of the names."""
        query = "SELECT value FROM notes WHERE substr(name, 1, ?) = ? ORDER BY name"
        return [str(value) for (value,) in self.rows(query, len(beginning), beginning)]


def axes_of(interior: object, perimeter: object, annex: object) -> Axes:
    """The axes as their columns hold them."""
    return Axes(
        Interior(str(interior)) if interior else None,
        None if perimeter is None else bool(perimeter),
        None if annex is None else bool(annex),
    )


def _open(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    try:
        db.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        db.execute("PRAGMA journal_mode = WAL")
        # A power cut must not forget a command that was sent.
        db.execute("PRAGMA synchronous = FULL")
        tables.migrate(db, str(path))
    except (sqlite3.Error, EmulatorError):
        db.close()
        raise
    return db


def _look(path: Path) -> sqlite3.Connection:
    # Not `mode=ro`: that cannot take away the WAL that SQLite makes for a reader, too.
    uri = f"{path.absolute().as_uri()}?mode=rw"
    db = sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None)
    try:
        db.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        tables.check(db, str(path))
        if tables.version(db) < len(tables.VERSIONS):
            db = _today(db, path)
        db.execute("PRAGMA query_only = ON")
    except (sqlite3.Error, EmulatorError):
        db.close()
        raise
    return db


def _today(db: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    """A copy of an older file in memory, in today's shape: whoever only looks changes no file."""
    copy = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
    with closing(db):
        db.backup(copy)
    tables.migrate(copy, str(path))
    return copy
