"""What changed nothing and comes again and again: counted on one row of the journal, so that it washes nothing out.

Counts live here and are written with whatever is written next: a repetition costs no write of its own.
"""

import sqlite3
from dataclasses import dataclass, field
from typing import NamedTuple

from emulator.model import Origin, Outcome, Result

KEEP_COMMANDS, KEEP_NOISE = 10_000, 2_000
"""Some years of a busy house, about 3 MB; and apart from them what changed nothing, which a peer may do for free."""

FORGET_EVERY = 64
"""Rows until the old ones are looked for, which reads as many as are kept."""

NOTHING_SENT = {Result.IGNORED: True, Result.REFUSED: True, Result.SUPERSEDED: True, Result.FAILED: False}
"""Ends that are counted where they come again and again, and whether the first of them may be forgotten as noise."""

AGAIN_S = 3600.0
"""The same within that time is counted on its row: a flood is one, what happens every evening is one each."""

DAY_S = 86_400.0
"""A row tells of one day at most; and a peer gets so many in that time …"""

PEER_ROWS = 50
"""… a few sweeps over every switch of a big house. What else it asks for is counted on one row more."""

WRITE_S = 10.0
"""How much of a count a power cut may cost, while nothing else is written."""

MOST_ROWS = 2000
"""Rows that are still counted on; with all of them some 600 kB."""

OTHERS = "other requests"
WHY_OTHERS = "this peer asked for so many different things that changed nothing that the rest is only counted"

OTHERS_DONE = "unpair others"
WHY_OTHERS_DONE = "this peer asked for so many different things that what was done for it from here on is only counted"


class Kind(NamedTuple):
    """What has to be the same to be counted on one row."""

    installation: str
    action: str
    door: str
    peer: str
    switch: str
    result: str
    reason: str


@dataclass(slots=True)
class Row:
    """A row of the journal that is counted on. Times are epoch seconds; `written` is the count that the file has."""

    id: int
    kind: Kind
    began: float
    last: float
    wrote: float
    times: int = 1
    written: int = 1
    is_noise: bool = True

    def goes_on(self, at: float) -> bool:
        """Whether what happens now may be counted on it."""
        return 0 <= at - self.last <= AGAIN_S and at - self.began <= DAY_S

    def is_due(self, at: float) -> bool:
        """Whether its count should be written by itself."""
        return not 0 <= at - self.wrote < WRITE_S


@dataclass(slots=True)
class Noise:
    """The rows of one journal that are still counted on. Not locked: its owner does that."""

    rows: dict[Kind, Row] = field(default_factory=dict)

    def again(self, kind: Kind, at: float) -> Row | None:
        """Count it on its row; None when there is no recent one."""
        row = self.rows.get(kind)
        if row is None or not row.goes_on(at):
            return None
        row.times += 1
        row.last = at
        return row

    def room_for(self, kind: Kind, at: float) -> Kind:
        """What a new row is to say: the very thing, or only that the peer has asked for more than it has rows for."""
        mine = (row for row in self.rows.values() if row.is_noise and row.kind.peer == kind.peer)
        if sum(at - row.began <= DAY_S for row in mine) < PEER_ROWS:
            return kind
        if kind.result == Result.CONFIRMED:
            return Kind("", OTHERS_DONE, kind.door, kind.peer, "", Result.CONFIRMED, WHY_OTHERS_DONE)
        return Kind("", OTHERS, kind.door, kind.peer, "", Result.IGNORED, WHY_OTHERS)

    def begin(self, kind: Kind, number: int, began: float, at: float, *, is_noise: bool = True) -> None:
        """Count on this row from now on."""
        self.rows.pop(kind, None)
        self.rows[kind] = Row(number, kind, began, at, at, is_noise=is_noise)
        if len(self.rows) > MOST_ROWS:
            del self.rows[next(iter(self.rows))]

    def end(self, db: sqlite3.Connection, entry: int, outcome: Outcome, at: float) -> None:
        """Write down that a command ended without anything being sent, inside `Journal.write`.

        Its row takes over the count of the same before: its number is known to who asked, and the newest is not reused.
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
            # Otherwise an earlier try to write this very end failed.
            db.execute("DELETE FROM commands WHERE id = ?", (row.id,))
            row.id, began, is_noise = entry, row.began, row.is_noise
        db.execute(
            "UPDATE commands SET installation = ?, action = ?, door = ?, peer = ?, switch = ?, result = ?, "
            "message = ?, alarm = iif(? = '', 0, alarm), at = ?, ended_at = ?, noise = ?, times = ? WHERE id = ?",
            (*kind, kind.installation, began, at, is_noise, row.times if row else 1, entry),
        )

    def write(self, db: sqlite3.Connection) -> None:
        """Write the counts, inside `Journal.write`; `written` is next."""
        for row in self.unwritten:
            values = (row.times, row.last, row.id)
            if not db.execute("UPDATE commands SET times = ?, ended_at = ? WHERE id = ?", values).rowcount:
                # Forgotten meanwhile, as others made more noise: the next one begins anew.
                del self.rows[row.kind]

    @property
    def unwritten(self) -> list[Row]:
        """Those whose count the file does not have yet."""
        return [row for row in self.rows.values() if row.times != row.written]

    def written(self) -> None:
        """The file has them all."""
        for row in self.unwritten:
            row.written, row.wrote = row.times, row.last


def kind_of(installation: str, action: str, origin: Origin, outcome: Outcome) -> Kind:
    """What has to be the same for a request to be counted with others."""
    return Kind(installation, action, origin.door, origin.peer, origin.switch, str(outcome.result), outcome.message)


def insert(db: sqlite3.Connection, kind: Kind, alarm: int, at: float) -> int:
    """Write a new row, inside `Journal.write`; its number."""
    done = db.execute(
        "INSERT INTO commands (installation, action, door, peer, switch, result, message, alarm, at, ended_at, noise) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
        (*kind, alarm, at, at),
    )
    forget_old(db, done.lastrowid or 0)
    return done.lastrowid or 0


def forget_old(db: sqlite3.Connection, newest: int) -> None:
    """Delete the oldest rows now and then, inside `Journal.write`; never what is under way or has to be settled."""
    if newest % FORGET_EVERY:
        return
    for noise, keep in ((True, KEEP_NOISE), (False, KEEP_COMMANDS)):
        db.execute(
            "DELETE FROM commands WHERE noise = ? AND result IS NOT NULL AND (result != ? OR settled_at IS NOT NULL) "
            "AND id <= (SELECT id FROM commands WHERE noise = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
            (noise, Result.UNCONFIRMED, noise, keep),
        )
