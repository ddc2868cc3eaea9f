"""Positions of the panel in HomeKit's words: stay, away, night, disarmed. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from emulator.model import ArmMode, Axes, Interior
from emulator.words.text import sense

STAY, AWAY, NIGHT, DISARMED, TRIGGERED = range(5)
"""Values of SecuritySystemCurrentState; SecuritySystemTargetState has the first four."""

WORDS = {STAY: "stay", AWAY: "away", NIGHT: "night", DISARMED: "disarmed"}
"""Names of the values for the library."""

SHOWN = {
    STAY: sense("Home app", "stay"),
    AWAY: sense("Home app", "away"),
    NIGHT: sense("Home app", "night"),
    DISARMED: sense("Home app", "disarmed"),
    TRIGGERED: sense("Home app", "alarm went off"),
}
"""The same for people."""

USUAL = {
    STAY: (ArmMode(Interior.DAY),),
    AWAY: (ArmMode(Interior.TOTAL), ArmMode(Interior.TOTAL, perimeter=True)),
    NIGHT: (ArmMode(Interior.NIGHT),),
}
"""Arm modes that a word means where the settings do not say, the usual one first."""

OF_INTERIOR = {Interior.DAY: STAY, Interior.TOTAL: AWAY, Interior.NIGHT: NIGHT}


def modes(chosen: Mapping[int, ArmMode | None], fitted: Iterable[ArmMode]) -> dict[int, ArmMode]:
    """Return the arm mode of each word that is offered.

    What the settings choose is offered; of the usual modes those that are `fitted`, as the switches name them. Where
    that leaves nothing, Stay is the first that is fitted.
    """
    known = list(fitted)
    found: dict[int, ArmMode] = {}
    for word, usual in USUAL.items():
        mode = chosen.get(word) or next((one for one in usual if one in known), None)
        if mode:
            found[word] = mode
    return found or {STAY: known[0] if known else USUAL[STAY][0]}


@dataclass(frozen=True, slots=True)
class SecurityState:
    """State of a SecuritySystem: `current` differs from `target` while something is under way."""

    current: int
    target: int


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words that one alarm offers, with their arm modes."""

    modes: Mapping[int, ArmMode]

    def standing(self, axes: Axes, target: Axes | None) -> SecurityState | None:
        """Return the state to show; None while nobody knows whether the house is armed."""
        current = self.word(axes)
        if current is None:
            return None
        if target is None:
            return SecurityState(current, current)
        # A target of which no part is known to be on is that of a disarm.
        wanted = self.word(target)
        return SecurityState(current, DISARMED if wanted is None else wanted)

    def word(self, axes: Axes) -> int | None:
        """Return the word for a position, armed in one way or another unless all is known to be off; None if unclear.

        An armed position without a word of its own is Stay: perimeter only, and what is armed elsewhere and not
        offered here. Target and current state share these words, so that such a position never shows as a change.
        """
        if not axes.armed:
            return DISARMED
        fits = [word for word, mode in self.modes.items() if axes.has(mode)]
        if fits:
            return max(fits, key=lambda word: len(self.modes[word].parts()))
        usual = OF_INTERIOR.get(axes.interior or Interior.OFF)
        if usual in self.modes:
            return usual
        is_on = usual is not None or axes.perimeter or axes.annex
        return min(self.modes) if is_on else None


def speakable(name: str) -> str:
    """Return a name as HomeKit takes one: letters, digits, blanks and apostrophes, the first and the last no sign."""
    plain = "".join(letter if letter.isalnum() or letter in " '" else " " for letter in name)
    return " ".join(plain.split()).strip("' ") or "Alarm"
