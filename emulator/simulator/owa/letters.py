"""Letters that stand for the state of a panel (verisure-owa.md §4.3). Pure."""

from emulator.model import Axes, Interior
from emulator.simulator.faults import Faults

LETTERS = {
    (Interior.OFF, False, False): ("D", "alarm-manager.inactive_alarm"),
    (Interior.OFF, True, False): ("E", "alarm-manager.status_panel.active_perimetral_alarm_msg"),
    (Interior.DAY, False, False): ("P", "alarm-manager.active_partial_day_alarm"),
    (Interior.DAY, True, False): ("B", "alarm-manager.active_partial_day_plus_perimeter"),
    (Interior.NIGHT, False, False): ("Q", "alarm-manager.active_partial_night_alarm"),
    (Interior.NIGHT, True, False): ("C", "alarm-manager.active_partial_night_plus_perimeter"),
    (Interior.TOTAL, False, False): ("T", "alarm-manager.status.active_alarm_msg"),
    (Interior.TOTAL, True, False): ("A", "alarm-manager.active_perimeter_plus_alarm"),
    (Interior.OFF, False, True): ("X", "alarm-manager.status.active_alarm_msg"),
    (Interior.DAY, False, True): ("R", "alarm-manager.status.active_alarm_msg"),
    (Interior.NIGHT, False, True): ("S", "alarm-manager.active_partial_night_plus_annex"),
    (Interior.TOTAL, False, True): ("O", "alarm-manager.status.active_alarm_msg"),
}
"""Interior, perimeter, annex → letter and the message of a poll, as captured. None is known for perimeter and annex
together."""

UNKNOWN = ("N", "alarm-manager.status.active_alarm_msg")

LETTER_FAULTS = {"letter_n": "N", "letter_unknown": "Z", "letter_empty": "", "letter_word": "ARMED_TOTAL"}
"""Kind of a fault → the letter that it reports."""


def letter(axes: Axes) -> tuple[str, str]:
    """Return the letter of a panel in this state, and the message of a poll."""
    return LETTERS.get((axes.interior or Interior.OFF, bool(axes.perimeter), bool(axes.annex)), UNKNOWN)


def reported(right: str, faults: Faults, request: str) -> str:
    """Return the `right` letter, or another one if a fault says so."""
    struck = [other for kind, other in LETTER_FAULTS.items() if faults.strike(kind, request)]
    return struck[-1] if struck else right
