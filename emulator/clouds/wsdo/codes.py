"""Meaning of the panel's answers: STATUS letters, codes of the activity log, and localised texts. Pure.

Facts: verisure-wsdo.md §2.2, §3 and §8.3.
"""

import re
import unicodedata

from emulator.clouds.letters import LETTERS
from emulator.model import DISARMED, ArmMode, Axes, Interior

STATUS = LETTERS | {
    "0": DISARMED,
    "1": Axes(Interior.TOTAL, perimeter=False, annex=False),
    "3": Axes(Interior.OFF, perimeter=True, annex=False),
    "4": Axes(Interior.TOTAL, perimeter=True, annex=False),
    "A": Axes(Interior.TOTAL, perimeter=None, annex=False),
}
"""STATUS → axes (verisure-wsdo.md §3). A is ambiguous, see `read_status`."""

LOG_CHANGES: dict[str, ArmMode | None] = {
    "1": None,
    "32": None,
    "2": ArmMode(Interior.TOTAL),
    "31": ArmMode(Interior.TOTAL),
    "40": ArmMode(perimeter=True),
    "204": ArmMode(perimeter=True),
    "46": ArmMode(Interior.NIGHT),
    "203": ArmMode(Interior.NIGHT),
    "202": ArmMode(Interior.DAY),
    "311": ArmMode(Interior.DAY),
}
"""Code in the activity log → arm mode that it sets; None is a disarm of interior and perimeter (§2.2)."""

LOG_OWN = {"ARM": "31", "ARMDAY": "311", "ARMNIGHT": "46", "PERI": "40", "DARM": "32"}
"""Request → code of the row that it leaves (§2.2); the codes of the annex are not known."""

LOG_STATUS_CHECK = "27"
"""Code of the row that EST writes (§2.2)."""

LOG_SILENT = frozenset({LOG_STATUS_CHECK, "13", "14", "16", "24", "25", "26", "29", "241", "331", "501", "502", "3121"})
"""Codes that do not move the axes: alarms, photos, mains, status checks (§2.2)."""

LOG_MOVING = frozenset(
    "37 107 531 537 540 546 700 701 720 721 800 801 802 820 821 822 823 824 850".split()  # noqa: SIM905  # a list of 19
)
"""Codes of the successor API for moves of the axes, or attempts at one; it is not known exactly which (§2.2)."""

_DISARMED_TEXT = re.compile(r"desconect|deactivat|desactiv|disattiv|disinser|desativ|deslig")
_ARMED_TEXT = re.compile(r"\b(conect|activ|attiv|ativ|inseri|ligad|armed)")
_INTERIOR_TEXT = {
    Interior.DAY: re.compile(r"\b(dia|day|jour|giorno)\b"),
    Interior.NIGHT: re.compile(r"\b(noche|night|nuit|notte|noite)\b"),
    Interior.TOTAL: re.compile(r"\b(total\w*|todos los dispositivos|all of your|tous les|tutti i|todos os)\b"),
}
_PERIMETER_TEXT = re.compile(r"exterior|exterieur|estern|outside|perim")
_ANNEX_TEXT = re.compile(r"anex|annex|secundari|secondari|secondair|secondary")
_SENTENCE = re.compile(r"[.;!]\s+")


def mentions(message: str) -> ArmMode | None:
    """Return the arm mode in a localised text; an empty mode for a disarmed text, None if it is unclear."""
    sentences = [_mentioned(sentence) for sentence in _SENTENCE.split(plain(message))]
    told = [mode for mode in sentences if mode is not None]
    # "The alarm is off. The annex is on": one mode for both sentences would be wrong about one.
    return told[0] if len(told) == 1 else None


def _mentioned(text: str) -> ArmMode | None:
    if _DISARMED_TEXT.search(text):
        return ArmMode()
    interiors = [mode for mode, pattern in _INTERIOR_TEXT.items() if pattern.search(text)]
    perimeter, annex = bool(_PERIMETER_TEXT.search(text)), bool(_ANNEX_TEXT.search(text))
    if len(interiors) > 1 or not (interiors or perimeter or annex):
        return None
    return ArmMode(interiors[0] if interiors else None, perimeter=perimeter, annex=annex)


def read_status(status: str, message: str) -> Axes:
    """Return the axes by EST2: by the letter, and by the text if that is ambiguous (verisure-wsdo.md §3, §8.3)."""
    said = mentions(message)
    if status == "A" and said and said.perimeter:
        return Axes(Interior.TOTAL, perimeter=True, annex=False)
    # Some servers say 0 beside an armed text, even one of unclear mode: that is never off.
    doubtful = status == "0" and (said not in (None, ArmMode()) or _ARMED_TEXT.search(plain(message)))
    if status in STATUS and not doubtful:
        return STATUS[status]
    if said is None or (said == ArmMode() and status != "D"):
        return Axes()
    if said == ArmMode():
        return DISARMED
    return Axes(said.interior, said.perimeter or None, said.annex or None)


def read_outcome(status: str | None, message: str, expected: Axes) -> Axes | None:
    """Return the axes after an arm or disarm, from its X2 answer; None if the answer does not say and EST must.

    0 is a state on some servers and a plain "done" on others (API document's samples, verisure-wsdo.md §8.3). So it
    counts only if the text agrees with the aim of the request.
    """
    if status not in (None, "", "0"):
        return read_status(status, message)
    said = mentions(message)
    return expected if said is not None and said == _mode(expected) else None


def _mode(axes: Axes) -> ArmMode | None:
    if None in (axes.interior, axes.perimeter, axes.annex):
        return None
    interior = None if axes.interior is Interior.OFF else axes.interior
    return ArmMode(interior, perimeter=bool(axes.perimeter), annex=bool(axes.annex))


def plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))
