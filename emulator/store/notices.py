"""Notices to people, numbered in the journal, and how far each target has got with them."""

import threading
from typing import NamedTuple

from emulator.store.journal import Journal

KEEP_NOTICES = 500
"""Notices kept of each kind, urgent and other, for targets that are away; older ones are of no use any more."""

_ENTRY = "SELECT entry FROM notices WHERE id = ?"


class Noted(NamedTuple):
    """A notice. `at` is in epoch seconds; an urgent one neither waits for others nor makes room for them.

    `entry` is the refused command that a person may decide about; 0 where there is nothing to decide.
    """

    at: float
    text: str
    is_urgent: bool
    entry: int = 0


class Notices:
    """The notices of one journal; any thread. Those that the disk refuses are kept in memory until it takes them."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._lock = threading.Lock()
        self._unwritten: list[Noted] = []

    @property
    def behind(self) -> int:
        """Number of notices that are not written down yet."""
        return len(self._unwritten)

    def add(self, notice: Noted) -> None:
        """Take a notice; `write` is next."""
        with self._lock:
            if sum(one.is_urgent == notice.is_urgent for one in self._unwritten) < KEEP_NOTICES:
                self._unwritten.append(notice)

    def write(self) -> None:
        """Write down what is not yet; EmulatorError when that does not work now."""
        with self._lock:
            with self._journal.write() as db:
                db.executemany("INSERT INTO notices (at, text, first, entry) VALUES (?, ?, ?, ?)", self._unwritten)
                for is_urgent in {one.is_urgent for one in self._unwritten}:
                    db.execute(
                        "DELETE FROM notices WHERE first = ? AND id <= "
                        "(SELECT id FROM notices WHERE first = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
                        (is_urgent, is_urgent, KEEP_NOTICES),
                    )
            self._unwritten.clear()

    def last(self) -> int:
        """Return the number of the newest, 0 where there was never one."""
        [(number,)] = self._journal.rows("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'notices'")
        return int(number)

    def after(self, number: int, *, urgent: bool = False) -> list[tuple[int, float, str]]:
        """Return number, time and text of the urgent or the other notices after this one, oldest first."""
        with self._lock:
            query = "SELECT id, at, text FROM notices WHERE id > ? AND first = ? ORDER BY id"
            found = [(one, at, text) for one, at, text in self._journal.rows(query, number, urgent)]
            if self._unwritten:
                # They will have these numbers: nothing else writes notices.
                numbered = enumerate(self._unwritten, self.last() + 1)
                found += [(one, at, text) for one, (at, text, kind, _) in numbered if one > number and kind == urgent]
            return found

    def entry(self, number: int) -> int:
        """Return the command that a notice lets a person decide about; 0 where there is none."""
        with self._lock:
            unwritten = number - self.last() - 1
            if 0 <= unwritten < len(self._unwritten):
                return self._unwritten[unwritten].entry
        return next((int(entry) for (entry,) in self._journal.rows(_ENTRY, number)), 0)

    def position(self, target: str, *, urgent: bool = False) -> int:
        """Return the number of the last notice that a target has got; a new target begins now."""
        kept = self._journal.recall(_position(target, urgent))
        if kept is None:
            kept = self._journal.recall(_position(target, False)) or str(self.last())
            self.reached(target, int(kept), urgent=urgent)
        return int(kept)

    def reached(self, target: str, number: int, *, urgent: bool = False) -> None:
        """Note that a target has got everything up to this number."""
        self._journal.note(_position(target, urgent), str(number))


def _position(target: str, urgent: bool) -> str:
    return f"notified first {target}" if urgent else f"notified {target}"
