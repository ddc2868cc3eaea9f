"""The arm modes of an alarm, as far as its cloud tells them. Pure.

Facts: verisure-owa.md §3.3 and §3.4.
"""

from collections.abc import Mapping
from enum import Enum

from emulator.alarm.cloud import Details
from emulator.model import ARM_WORDS, ArmMode, Interior

NAMES = {"day": "ARMDAY", "night": "ARMNIGHT", "perimeter": "PERI", "annex": "ARMANNEX"}
"""Word of a mode → capability that names it."""

PARTIAL = "SDVECU"
"""Begin of the type of panels that arm in part by day alone, whatever their capabilities name (§3.3)."""


class Fit(Enum):
    """An alarm has a mode, or may have it: capabilities are no oracle (§3.3)."""

    FITTED = "fitted"
    POSSIBLE = "possible"


def modes(details: Details | None, *, simulated: bool = False) -> Mapping[ArmMode, Fit]:
    """Return the modes that an alarm has or may have, in their usual order; `details` is None where nothing is told."""
    fitted = _fitted(details, simulated=simulated)
    words = sorted(ARM_WORDS, key=lambda word: word != "total")
    single = {ArmMode.parse(word): Fit.FITTED if word in fitted else Fit.POSSIBLE for word in words}
    outside = ArmMode(perimeter=True)
    both = {ArmMode(interior, perimeter=True): single[outside] for interior in (Interior.TOTAL, Interior.NIGHT)}
    return single | both


def _fitted(details: Details | None, *, simulated: bool) -> set[str]:
    if simulated:
        return set(ARM_WORDS) - {"annex"}
    if details and details.panel.upper().startswith(PARTIAL):
        return {"total", "day"} | ({"perimeter"} if NAMES["perimeter"] in details.fitted else set())
    if details is None or not details.fitted & {*NAMES.values()}:
        return {"total", "day", "night"}
    return {"total"} | {word for word, name in NAMES.items() if name in details.fitted}
