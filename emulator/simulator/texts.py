"""Texts of the back-end, by language: those of the API document and verisure-wsdo.md §2.3 if known, else our own."""

import tomllib
from pathlib import Path

from emulator.model import Axes, Interior

LANGUAGES = {"ES": "es", "IT": "it", "FR": "fr", "GB": "en", "PT": "pt"}
"""Country → language; any other pair is ERR 60057 (verisure-wsdo.md §1.2)."""

BANNER = (
    "Estamos mejorando nuestros servicios. Por favor intentelo de nuevo mas tarde. "
    "Gracias por confiar en Securitas Direct"
)
"""The text of BLOQ: Spanish in every country, and never a sign of trouble (verisure-wsdo.md §2.1)."""

TEXTS: dict[str, dict[str, str]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
"""Language → name of a text → the text."""


def standing(axes: Axes, texts: dict[str, str]) -> str:
    """Return the state of the panel in words; "outside" stands in the text exactly when the perimeter is armed."""
    words = []
    if axes.interior not in (None, Interior.OFF):
        words.append(texts[str(axes.interior)] + (texts["and outside"] if axes.perimeter else ""))
    elif axes.perimeter:
        words.append(texts["perimeter"])
    if axes.annex:
        words.append(texts["annex"])
    return ". ".join(words) or texts["off"]


ALIASES = {
    "armed_total": "row armed",
    "armed_day": "day",
    "armed_night": "night",
    "armed_perimeter": "perimeter",
    "armed_annex": "annex",
    "armed_with_exceptions": "row armed",
    "disarmed_main": "row disarmed",
    "disarmed_perimeter": "row disarmed",
    "disarmed_annex": "annex disarmed",
    "check": "row check",
    "alarm": "row alarm",
    "photo_alarm": "row alarm",
    "resolved": "row resolved",
    "tamper": "row tamper",
    "sabotage": "row tamper",
    "mains_lost": "row mains lost",
    "mains_back": "row mains back",
}
"""The label of a log row → the text of its alias; every other row is a refusal."""


def row_alias(label: str, texts: dict[str, str]) -> str:
    """Return the alias of a log row."""
    return texts[ALIASES.get(label, "row refused")]


STEERING = "\x9b2J\r\u202e"
"""Clears a terminal, returns to the start of the line, and reverses the direction of the rest. XML can carry it."""
