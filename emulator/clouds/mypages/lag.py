"""Records of the state, in which the cloud may be behind what the panel has told of a command. Pure.

Facts: verisure-mypages.md §9.
"""

from emulator.clouds.mypages.provider import LAG_S

Record = tuple[str, str]
"""State and date, as the cloud has them."""

NEVER: Record = ("", "")
"""A record that was not read yet."""


class RecordLag:
    """Judges whether a record is from before a command. Times are monotonic seconds.

    `doubtful` is set while the last record that was believed may be from before one all the same.
    """

    def __init__(self, now: float) -> None:
        self.doubtful = False
        self._began = now
        self._seen = NEVER
        self._told, self._told_at = "", float("-inf")
        self._told_date = ""
        self._lost_at = float("-inf")
        self._came = True
        self._owed: set[str] = set()

    def proves(self, now: float) -> bool:
        """Return whether the last record is beyond doubt, which none is shortly after the start or a command's loss.

        Another process may have sent a command before.
        """
        return not self.doubtful and now - max(self._began, self._lost_at) >= LAG_S

    def note(self, status: str, now: float) -> None:
        """Note the state that the panel has told. The record of the one before may still come."""
        if now - self._told_at >= LAG_S:
            self._owed.clear()
        elif not self._came:
            self._owed.add(self._told)
        self._told, self._told_at, self._told_date = status, now, ""
        self._came = self.doubtful = False

    def lost(self, now: float) -> None:
        """Note that the end of a command is unknown: the record from before it is no news of it."""
        self._lost_at = now

    def is_of_told(self, record: Record, now: float) -> bool:
        """Return whether a record is of what the panel has told last: it keeps the state, and the date it came with."""
        _, date = record
        if now - self._told_at < LAG_S or not self._told_date:
            self._told_date = date
        return record == (self._told, self._told_date)

    def is_behind(self, record: Record, now: float) -> bool:
        """Return whether this record is older than what the panel has told last; it is remembered."""
        before, self._seen = self._seen, record
        self.doubtful = False
        if before in (record, NEVER) and now - self._lost_at < LAG_S:
            return True
        if now - self._told_at >= LAG_S:
            return False
        status, _ = record
        if status == self._told:
            self._came = True
            return False
        if record == before:
            return True
        if before == NEVER or status in self._owed:
            self._owed.discard(status)
            return True
        self.doubtful = not self._came
        return False
