"""What the activity log (ACT_V2) tells of the panel: news on top of a known state, and doubt if it leaves any. Pure."""

from itertools import takewhile

from emulator.clouds.wsdo import codes, pet
from emulator.model import Arm, Axes, Disarm, PanelState

GAP = "gap"
"""Stands among the doubtful row types for rows that are missing, or that contradict what the panel has told."""


class Follower:
    """Follows one log. `doubtful` names the row types that only the panel itself can explain; empty, all is clear."""

    def __init__(self) -> None:
        self.doubtful: set[str] = set()
        self._seen: frozenset[tuple[str, ...]] = frozenset()
        self._harmless: set[str] = set()
        self._own = ""

    def begin(self, rows: tuple[pet.LogRow, ...]) -> None:
        """Take all of `rows` for old: the panel is about to tell where it stands."""
        self._seen = frozenset(row.key for row in rows)

    def expect(self, base: str) -> None:
        """A command of ours has ended and told the state; its own row will come, and what stands below it is older."""
        self._own = codes.LOG_OWN.get(base, "")

    def follow(self, rows: tuple[pet.LogRow, ...], known: PanelState) -> tuple[Axes, str] | None:
        """The axes now, and the raw status that told them, by `rows` (newest first) on top of `known`.

        None when the log adds nothing to trust: it is empty after it was not, or it leaves doubt.
        """
        if not rows and self._seen:
            return None
        fresh = list(takewhile(self._is_new, rows))
        if rows and len(fresh) == len(rows):
            self.doubtful.add(GAP)
        self.begin(rows)
        axes, told = known.axes, known.raw
        for row in reversed(self._newer(fresh)):
            if row.type in codes.LOG_CHANGES:
                mode = codes.LOG_CHANGES[row.type]
                axes, told = axes.after(Disarm() if mode is None else Arm(mode)), row.type
            elif row.type not in codes.LOG_SILENT and row.type not in self._harmless:
                self.doubtful.add(row.type)
        return None if GAP in self.doubtful else (axes, told)

    def _newer(self, fresh: list[pet.LogRow]) -> list[pet.LogRow]:
        """The rows above that of our own last command; doubt while there are changes and that row has not come yet."""
        own = [place for place, row in enumerate(fresh) if row.type == self._own]
        if self._own and own:
            self._own = ""
            return fresh[: own[-1]]
        if self._own and any(row.type in codes.LOG_CHANGES for row in fresh):
            self.doubtful.add(GAP)
        return fresh

    def _is_new(self, row: pet.LogRow) -> bool:
        """Rows below a known one are old, even those that came in late; without any, EST's own row is the mark."""
        return row.key not in self._seen if self._seen else row.type != codes.LOG_STATUS_CHECK

    def explained(self, *, moved: bool) -> None:
        """The panel has told its state; `moved` when that was not where the log had left it."""
        if not moved:
            # What moved nothing, and no source knows to move anything, is not asked about again.
            self._harmless |= self.doubtful - codes.LOG_MOVING - {GAP}
        self.doubtful.clear()
        self._own = ""
