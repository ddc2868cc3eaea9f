"""Repetitions of requests that changed nothing: counted on one row of the journal, so that they evict nothing.

Counts are kept in memory and written with the next transaction: a repetition costs no write of its own.
"""

import sqlite3
from dataclasses import dataclass, field
from typing import NamedTuple

from emulator.model import Origin, Outcome, Result
from emulator.store.columns import words_of
from emulator.words.text import Text

KEEP_COMMANDS, KEEP_NOISE = 10_000, 2_000
"""Rows of commands, some years of a busy house in about 3 MB; and of those that changed nothing, which cost a peer
nothing and have a bound of their own."""

FORGET_EVERY = 64
"""Number of rows between two deletions of old ones, each of which reads as many as are kept."""

NOTHING_SENT = {Result.IGNORED: True, Result.REFUSED: True, Result.SUPERSEDED: True, Result.FAILED: False}
"""Results whose repetitions are counted, and whether the first of them may be deleted as noise."""

AGAIN_S = 3600.0
"""Time within which a repetition is counted on the same row: a flood is one row, a daily request one a day."""

DAY_S = 86_400.0
"""Longest time that one row covers, and the time in which a peer gets PEER_ROWS."""

PEER_ROWS = 50
"""Rows of a peer: a few sweeps over every switch of a big house. Its other requests are counted on one row more."""

WRITE_S = 10.0
"""Interval at which a count is written while nothing else is: a power cut loses no more."""

MOST_ROWS = 2000
"""Rows in memory; all of them take some 600 kB."""

OTHERS = "other requests"
WHY_OTHERS = Text("this peer asked for so many different things that changed nothing that the rest is only counted")

OTHERS_DONE = "unpair others"
WHY_OTHERS_DONE = Text(
    "this peer asked for so many different things that what was done for it from here on is only counted"
)


class Kind(NamedTuple):
    """The fields in which two requests must agree to be counted on one row."""

    installation: str
    action: str
    door: str
    peer: str
    switch: str
    result: str
    reason: str
    needs_login: bool = False


@dataclass(slots=True)
class Tally:
    """A row of the journal with its count. Times are epoch seconds; `written` is the count that the file has."""

    id: int
    kind: Kind
    began: float
    last: float
    wrote: float
    times: int = 1
    written: int = 1
    is_noise: bool = True

    def goes_on(self, at: float) -> bool:
        """Return whether a repetition at that time may be counted on it."""
        return 0 <= at - self.last <= AGAIN_S and at - self.began <= DAY_S

    def is_due(self, at: float) -> bool:
        """Return whether its count should be written by itself."""
        return not 0 <= at - self.wrote < WRITE_S


@dataclass(slots=True)
class Noise:
    """The rows of one journal to which repetitions are still added. Not locked: its owner does that."""

    rows: dict[Kind, Tally] = field(default_factory=dict)

    def again(self, kind: Kind, at: float) -> Tally | None:
        """Count a request on its row; None when there is no recent one."""
        row = self.rows.get(kind)
        if row is None or not row.goes_on(at):
            return None
        row.times += 1
        row.last = at
        return row

    def room_for(self, kind: Kind, at: float) -> Kind:
        """Return the kind for a new row: this one, or the collective one of a peer that has used up its rows."""
        mine = (row for row in self.rows.values() if row.is_noise and row.kind.peer == kind.peer)
        if sum(at - row.began <= DAY_S for row in mine) < PEER_ROWS:
            return kind
        if kind.result == Result.CONFIRMED:
            return Kind("", OTHERS_DONE, kind.door, kind.peer, "", Result.CONFIRMED, WHY_OTHERS_DONE)
        return Kind("", OTHERS, kind.door, kind.peer, "", Result.IGNORED, WHY_OTHERS)

    def begin(self, kind: Kind, number: int, began: float, at: float, *, is_noise: bool = True) -> None:
        """Add repetitions to this row from now on."""
        self.rows.pop(kind, None)
        self.rows[kind] = Tally(number, kind, began, at, at, is_noise=is_noise)
        if len(self.rows) > MOST_ROWS:
            del self.rows[next(iter(self.rows))]

    def end(self, db: sqlite3.Connection, entry: int, outcome: Outcome, at: float) -> None:
        """Write down that a command ended without anything being sent, inside `Journal.write`.

        Its row takes over the count of its earlier repetitions: the client knows its number, and the newest number is
        not reused.
        """
        query = "SELECT at, installation, action, door, peer, switch FROM commands WHERE id = ?"
        if (asked := db.execute(query, (entry,)).fetchone()) is None:
            return
        began, is_noise = float(asked[0]), NOTHING_SENT[outcome.result]
        installation, action, door, peer, switch = asked[1:]
        kind = kind_of(installation, action, Origin(door, peer, switch), outcome)
        row = self.again(kind, at)
        if row is None and is_noise:
            kind = self.room_for(kind, at)
            row = self.again(kind, at)
        if row is None:
            self.begin(kind, entry, began, at, is_noise=is_noise)
        elif row.id != entry:
            # If it is the same row, an earlier attempt to write this end failed.
            db.execute("DELETE FROM commands WHERE id = ?", (row.id,))
            row.id, began, is_noise = entry, row.began, row.is_noise
        db.execute(
            "UPDATE commands SET installation = ?, action = ?, door = ?, peer = ?, switch = ?, result = ?, "
            "message = ?, needs_login = ?, words = ?, alarm = iif(? = '', 0, alarm), at = ?, ended_at = ?, noise = ?, "
            "times = ? WHERE id = ?",
            (*kind, words_of(kind.reason), kind.installation, began, at, is_noise, row.times if row else 1, entry),
        )

    def write(self, db: sqlite3.Connection) -> None:
        """Write the counts, inside `Journal.write`; call `written` after the commit."""
        for row in self.unwritten:
            values = (row.times, row.last, row.id)
            if not db.execute("UPDATE commands SET times = ?, ended_at = ? WHERE id = ?", values).rowcount:
                # The row was deleted meanwhile to make room: the next repetition begins another.
                del self.rows[row.kind]

    @property
    def unwritten(self) -> list[Tally]:
        """The rows whose count the file does not have yet."""
        return [row for row in self.rows.values() if row.times != row.written]

    def written(self) -> None:
        """Note that the file has all counts."""
        for row in self.unwritten:
            row.written, row.wrote = row.times, row.last


def kind_of(installation: str, action: str, origin: Origin, outcome: Outcome) -> Kind:
    """Return the kind of a request."""
    result, message, needs_login = str(outcome.result), outcome.message, outcome.needs_login
    return Kind(installation, action, origin.door, origin.peer, origin.switch, result, message, needs_login)


def insert(db: sqlite3.Connection, kind: Kind, alarm: int, at: float) -> int:
    """Write a new row, inside `Journal.write`; return its number."""
    done = db.execute(
        "INSERT INTO commands (installation, action, door, peer, switch, result, message, needs_login, words, alarm, "
        "at, ended_at, noise) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
        (*kind, words_of(kind.reason), alarm, at, at),
    )
    delete_old(db, done.lastrowid or 0)
    return done.lastrowid or 0


def delete_old(db: sqlite3.Connection, newest: int) -> None:
    """Delete the oldest rows, inside `Journal.write`; never those under way or unsettled."""
    if newest % FORGET_EVERY:
        return
    for noise, keep in ((True, KEEP_NOISE), (False, KEEP_COMMANDS)):
        db.execute(
            "DELETE FROM commands WHERE noise = ? AND result IS NOT NULL AND (result != ? OR settled_at IS NOT NULL) "
            "AND id <= (SELECT id FROM commands WHERE noise = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
            (noise, Result.UNCONFIRMED, noise, keep),
        )
