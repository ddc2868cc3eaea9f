"""The journal: commands and their outcomes, requests that were refused, and the last state of each alarm."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, astuple, dataclass, replace
from pathlib import Path

from emulator.errors import EmulatorError
from emulator.model import Arm, Command, Origin, Outcome, PanelState, Result
from emulator.store import noise
from emulator.store.columns import axes_of, column_of, names_of, words_of
from emulator.store.database import Database
from emulator.store.noise import NOTHING_SENT, Kind, Noise
from emulator.words.text import Text, unpack

TYPED_S = 600.0
"""Longest time that a command typed at the terminal takes."""

_OWNER = """alarm, alarms.name, is_named, alarms.name || ' (' || iif(cloud = '', 'earlier', cloud)
    || iif(number = '', '', ' …' || substr(number, -3)) || ')'"""
"""Columns of a command's alarm: number here, name, whether the name still means it, and the text to show otherwise."""

_NAMED = "SELECT id FROM alarms WHERE name = ? AND is_named ORDER BY id DESC LIMIT 1"
"""Query for the alarm of a name, for callers that have not called `use`."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A journalled command. Times are epoch seconds; `result` is None while it is under way.

    `message` is a Text where the program that ended the command knew it as one.
    `installation` is the alarm's name now. Of an alarm that the name meant before, such as the demo, it says so.

    `settled` is the panel's state that was read after an unconfirmed end. Repetitions of a command that changed nothing
    are one entry: it came `times` times, first at `at` and last at `ended_at`. `needs_login` and `zones` are as in
    Outcome; `past` are the zones that a person let it arm past.
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
    needs_login: bool = False
    zones: tuple[str, ...] = ()
    past: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, str | float | tuple[str, ...] | None]:
        """Return the fields for `--json`."""
        return asdict(self)


class Journal(Database):
    """The journal in the state folder's database."""

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        self._noise = Noise()
        self._alarms: dict[str, int] = {}
        super().__init__(folder, read_only=read_only)

    def close(self) -> None:
        """Write the counts and close the file; may be called twice."""
        if self._noise.unwritten:
            self._write_counts()
        super().close()

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Open a transaction, which takes the counts along; EmulatorError when it cannot be written."""
        with self._lock:
            with super().write() as db:
                yield db
                self._noise.write(db)
            self._noise.written()

    # -- alarms ---------------------------------------------------------------------------------------------

    def use(self, alarms: Mapping[str, int]) -> None:
        """Let these names mean these alarms from now on; see keys.py."""
        with self._lock:
            self._alarms |= alarms

    def alarm(self, name: str) -> int:
        """Return the number of an alarm in this file, under which its rows are kept."""
        if name in self._alarms:
            return self._alarms[name]
        for (found,) in self.rows(_NAMED, name):
            return int(found)
        with self.write() as db:
            return self._alarm(db, name)

    def _alarm(self, db: sqlite3.Connection, name: str) -> int:
        if not name or name in self._alarms:
            return self._alarms.get(name, 0)
        if (row := db.execute(_NAMED, (name,)).fetchone()) is not None:
            return int(row[0])
        # Not known by cloud and number yet, as in an old file: the alarm that has the name at the next start adopts it.
        values = ("", "", "", "", name)
        done = db.execute("INSERT INTO alarms (cloud, host, number, account, name) VALUES (?, ?, ?, ?, ?)", values)
        return done.lastrowid or 0

    # -- commands -------------------------------------------------------------------------------------------

    def begin(self, installation: str, command: Command, at: float) -> int:
        """Write a command down before anything is sent; return its number."""
        origin, action = command.origin, command.action
        past = column_of(action.past) if isinstance(action, Arm) else None
        row = (at, installation, str(action), origin.door, origin.peer, origin.switch, past)
        with self.write() as db:
            done = db.execute(
                "INSERT INTO commands (at, installation, action, door, peer, switch, past, alarm) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (*row, self._alarm(db, installation)),
            )
            noise.delete_old(db, done.lastrowid or 0)
            return done.lastrowid or 0

    def end(self, entry: int, outcome: Outcome, at: float) -> None:
        """Write down the outcome of a command; count repetitions of which nothing was sent on one row."""
        with self.write() as db:
            if outcome.result in NOTHING_SENT:
                self._noise.end(db, entry, outcome, at)
            else:
                db.execute(
                    "UPDATE commands SET ended_at = ?, result = ?, message = ?, words = ?, zones = ? WHERE id = ?",
                    (at, outcome.result, outcome.message, words_of(outcome.message), column_of(outcome.zones), entry),
                )

    def recover(self, at: float) -> int:
        """Close the commands that an earlier run left without an outcome as unconfirmed; return how many.

        Commands typed within TYPED_S are left alone: their own process ends them.
        """
        message = Text("the program stopped while this was under way; it is not sent again")
        with self.write() as db:
            return db.execute(
                "UPDATE commands SET ended_at = ?, result = ?, message = ?, words = ? "
                "WHERE result IS NULL AND NOT (door = 'cli' AND at > ?)",
                (at, Result.UNCONFIRMED, message, words_of(message), at - TYPED_S),
            ).rowcount

    def unsettled(self, installation: str) -> list[int]:
        """Return the unconfirmed commands after which the panel has not been read yet."""
        query = "SELECT id FROM commands WHERE alarm = ? AND result = ? AND settled_at IS NULL"
        return [number for (number,) in self.rows(query, self.alarm(installation), Result.UNCONFIRMED)]

    def settle(self, entries: Iterable[int], state: PanelState, at: float) -> None:
        """Write down the panel's state after unconfirmed commands."""
        with self.write() as db:
            for entry in entries:
                db.execute("UPDATE commands SET settled_at = ?, settled = ? WHERE id = ?", (at, str(state.axes), entry))

    def commands(self, limit: int, before: int | None = None, *, quiet: bool | None = None) -> list[Entry]:
        """Return the newest commands, newest first; only numbers below `before`, if it is given.

        `quiet` selects the commands that changed nothing, or the others.
        """
        fields = ", ".join(f"commands.{field}" for field in Entry.__slots__)
        query = f"SELECT {_OWNER}, words, {fields} FROM commands LEFT JOIN alarms ON alarms.id = alarm "  # noqa: S608  # constants
        query += "WHERE (? IS NULL OR commands.id < ?) AND (? IS NULL OR noise = ?) ORDER BY commands.id DESC LIMIT ?"
        rows = self.rows(query, before, before, quiet, quiet, limit)
        with self._lock:
            counted = {row.id: row for row in self._noise.unwritten}
            names = {alarm: name for name, alarm in self._alarms.items()}
        entries = []
        for alarm, name, is_named, other, words, *row, needs_login, zones, past in rows:
            entry = replace(Entry(*row), needs_login=bool(needs_login), zones=names_of(zones), past=names_of(past))
            if words:
                with suppress(ValueError):
                    entry = replace(entry, message=unpack(words))
            if alarm in names:
                entry = replace(entry, installation=names[alarm])
            elif alarm:
                entry = replace(entry, installation=name if is_named and name not in self._alarms else other)
            if count := counted.get(entry.id):
                entry = replace(entry, times=count.times, ended_at=count.last)
            entries.append(entry)
        return entries

    def counts(self, since: float) -> dict[tuple[str, str, str], int]:
        """Count the commands that have ended since then, by installation, door and result."""
        query = "SELECT installation, door, result, sum(times) FROM commands WHERE ended_at >= ? GROUP BY 1, 2, 3"
        found = Counter({(name, door, result): times for name, door, result, times in self.rows(query, since)})
        with self._lock:
            for row in self._noise.unwritten:
                found[row.kind.installation, row.kind.door, row.kind.result] += row.times - row.written
        return dict(found)

    # -- requests that reach no alarm -----------------------------------------------------------------------

    def refuse(self, origin: Origin, asked: str, reason: str, at: float, installation: str = "") -> bool:
        """Write down what a door refused, and why; return whether that is new, and not only counted."""
        return self._turn_away(noise.kind_of(installation, asked, origin, Outcome(Result.REFUSED, reason)), at)[1]

    def did(self, origin: Origin, asked: str, how: str, at: float) -> None:
        """Write down what a door did for a peer without any alarm; it has no more room than refused requests."""
        self._turn_away(noise.kind_of("", asked, origin, Outcome(Result.CONFIRMED, how)), at)

    def turn_away(self, installation: str, command: Command, outcome: Outcome, at: float) -> int:
        """Write down a command that is not even tried, and why; return the number of its row.

        A repetition within the hour is only counted, in memory, on the row of the first, and costs no write.
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
        # Counts that cannot be written now are written with the next transaction.
        with suppress(EmulatorError), self.write():
            pass

    # -- last state -----------------------------------------------------------------------------------------

    def save_state(self, installation: str, state: PanelState) -> None:
        """Keep the last state over a restart."""
        with self.write() as db:
            db.execute(
                "INSERT OR REPLACE INTO last_states VALUES (?, ?, ?, ?, ?, ?, ?)",
                (self._alarm(db, installation), *astuple(state.axes), state.read_at, state.raw, state.source),
            )

    def load_state(self, installation: str) -> PanelState | None:
        """Return the state that was saved last."""
        query = "SELECT interior, perimeter, annex, read_at, raw, source FROM last_states WHERE alarm = ?"
        for *axes, read_at, raw, source in self.rows(query, self.alarm(installation)):
            return PanelState(axes_of(*axes), read_at, raw, source)
        return None
