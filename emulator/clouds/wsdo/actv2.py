"""News of the panel from the activity log (ACT_V2), on top of a known state, and the doubt that it leaves. Pure."""

from itertools import takewhile

from emulator.clouds.wsdo import codes, pet
from emulator.model import Arm, Axes, Disarm, PanelState

GAP = "gap"
"""Entry among the doubtful row types for missing rows, or rows that contradict the panel's own answer."""


class Follower:
    """Follower of one log. `doubtful` holds the row types that only the panel can explain; empty if all is clear."""

    def __init__(self) -> None:
        self.doubtful: set[str] = set()
        self._seen: frozenset[tuple[str, ...]] = frozenset()
        self._harmless: set[str] = set()
        self._own = ""

    def begin(self, rows: tuple[pet.LogRow, ...]) -> None:
        """Take all of `rows` for old: the panel is about to tell its state."""
        self._seen = frozenset(row.key for row in rows)

    def expect(self, base: str) -> None:
        """Expect the row of a command of ours that has told the state; rows below it are older than that state."""
        self._own = codes.LOG_OWN.get(base, "")

    def follow(self, rows: tuple[pet.LogRow, ...], known: PanelState) -> tuple[Axes, str] | None:
        """Apply the new ones of `rows` (newest first) to `known`; return the axes, and the raw status they come from.

        None if the log adds nothing to trust: it is empty and was not before, or rows are missing.
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
        """Return the rows above that of our last command; doubt changes as long as that row has not come."""
        own = [place for place, row in enumerate(fresh) if row.type == self._own]
        if self._own and own:
            self._own = ""
            return fresh[: own[-1]]
        if self._own and any(row.type in codes.LOG_CHANGES for row in fresh):
            self.doubtful.add(GAP)
        return fresh

    def _is_new(self, row: pet.LogRow) -> bool:
        """Return whether a row is new: it is old below a known row, or if none is known, below EST's own."""
        return row.key not in self._seen if self._seen else row.type != codes.LOG_STATUS_CHECK

    def explained(self, *, moved: bool) -> None:
        """Note that the panel has told its state; `moved` if that differs from the state by the log."""
        if not moved:
            # A type that moved nothing, and that no source knows to move anything, causes no further question.
            self._harmless |= self.doubtful - codes.LOG_MOVING - {GAP}
        self.doubtful.clear()
        self._own = ""
