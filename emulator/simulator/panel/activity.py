"""The activity log: the rows that requests leave behind."""

from dataclasses import asdict, dataclass, field
from typing import Any

from emulator.model import Interior
from emulator.simulator.panel.actions import Request, move_of

LOG_ROWS = 500
"""Rows kept: some weeks of a busy house, and a bound on the saved state."""

FIRST_SIGNAL = 9_400_000_000
"""First idsignal, so that it has the ten digits of a real one."""

KEYPAD = ""
"""Source of a row that was made at the keypad (verisure-wsdo.md §2.1)."""

KEYPAD_DEVICE = "VK"
"""Device type of a keypad, as the successor reports it (verisure-wsdo.md §2.1)."""


@dataclass(frozen=True, slots=True)
class RowTypes:
    """Type codes of one event: requested remotely, done at the keypad, and refused."""

    remote: int
    keypad: int
    refused: int


# verisure-wsdo.md §2.2. The refusals are seen only in the successor (verisure-owa.md §8). Guessed: 537 (interior and
# exterior) for a refused total, and 37, 107 and 501 for the annex.
ROW_TYPES = {
    "armed_total": RowTypes(31, 2, 537),
    "armed_day": RowTypes(311, 202, 531),
    "armed_night": RowTypes(46, 203, 546),
    "armed_perimeter": RowTypes(40, 204, 540),
    "armed_annex": RowTypes(37, 37, 501),
    "armed_with_exceptions": RowTypes(850, 850, 501),
    "disarmed_main": RowTypes(32, 1, 501),
    "disarmed_perimeter": RowTypes(820, 820, 501),
    "disarmed_annex": RowTypes(107, 107, 501),
    "check": RowTypes(27, 27, 502),
}

INCIDENTS = {
    "alarm": 13,
    "photo_alarm": 14,
    "resolved": 331,
    "tamper": 24,
    "sabotage": 241,
    "mains_lost": 25,
    "mains_back": 26,
}
"""Incident → type of its row (verisure-wsdo.md §2.2, verisure-owa.md §8)."""

UNKNOWN_TYPE = 9999
"""Type of a row that no client knows."""


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """One row of the activity log. `label` is a key of ROW_TYPES, such a key after `refused_`, or one of INCIDENTS.

    `said` replaces the text that belongs to the label.
    """

    type: int
    at: float
    label: str
    source: str
    user: str
    idsignal: str
    device: str
    zone: str = ""
    said: str = ""


@dataclass(slots=True)
class Activity:
    """The activity log, newest first."""

    rows: list[ActivityRow] = field(default_factory=list)
    signals: int = 0

    def note(
        self, request: Request, at: float, *, source: str, user: str, refused: bool, bypassed: bool = False
    ) -> None:
        """Add a row for each axis that `request` names, and one if windows were bypassed."""
        for label in [*_labels(request), *["armed_with_exceptions"] * bypassed]:
            types = ROW_TYPES[label]
            code = types.refused if refused else types.remote if source != KEYPAD else types.keypad
            self.signals += 1
            signal, device = str(FIRST_SIGNAL + self.signals), KEYPAD_DEVICE if source == KEYPAD else ""
            self.rows.insert(
                0, ActivityRow(code, at, f"refused_{label}" if refused else label, source, user, signal, device)
            )
        del self.rows[LOG_ROWS:]

    def happen(self, incident: str, at: float, zone: str) -> None:
        """Add the row of an incident."""
        self.signals += 1
        signal = str(FIRST_SIGNAL + self.signals)
        self.rows.insert(0, ActivityRow(INCIDENTS[incident], at, incident, "", "", signal, "", zone))
        del self.rows[LOG_ROWS:]

    def dump(self) -> dict[str, Any]:
        """Return the log as `load` reads it."""
        return {"signals": self.signals, "rows": [asdict(row) for row in self.rows]}

    @classmethod
    def load(cls, saved: dict[str, Any]) -> "Activity":
        """Return the log that `dump` saved. Raise KeyError, TypeError or ValueError for anything else."""
        return cls([ActivityRow(**row) for row in saved["rows"]][:LOG_ROWS], int(saved["signals"]))


def _labels(request: Request) -> list[str]:
    move = move_of(request)
    if move is None:
        return ["check"]
    main = move.interior is Interior.OFF
    return [
        *(f"armed_{part}" for part in move.mode.parts()),
        *["disarmed_main"] * main,
        *["disarmed_perimeter"] * (move.perimeter is False and not main),
        *["disarmed_annex"] * (move.annex is False),
    ]
