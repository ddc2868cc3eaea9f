"""The meaning of the patterns and signs that a picture uses, in words. Pure."""

from dataclasses import dataclass

from emulator.model import Interior, Result
from emulator.views.cards import OFF, ON, UNKNOWN
from emulator.views.timeline import Picture
from emulator.words import spoken
from emulator.words.text import Text

PATTERNS = {
    "total": spoken.INTERIOR[Interior.TOTAL],
    "on": ON,
    "night": spoken.INTERIOR[Interior.NIGHT],
    "day": spoken.INTERIOR[Interior.DAY],
    "off": OFF,
    "unknown": UNKNOWN,
}

DONE, NOTHING = spoken.RESULTS[Result.CONFIRMED], spoken.RESULTS[Result.IGNORED]

SIGNS = {
    "done": DONE,
    "failed": Text("{one}, {other}", one=spoken.RESULTS[Result.REJECTED], other=spoken.RESULTS[Result.FAILED]),
    "unsure": spoken.RESULTS[Result.UNCONFIRMED],
    "nothing": NOTHING,
    "dot": Text("{one}, {other}", one=DONE, other=NOTHING),
    "pending": spoken.UNDER_WAY,
    "alarm": Text("the alarm went off"),
}


@dataclass(frozen=True, slots=True)
class Legend:
    """Patterns and signs, each with its words."""

    patterns: tuple[tuple[str, str], ...]
    signs: tuple[tuple[str, str], ...]


def legend(picture: Picture) -> Legend:
    """Return what a reader of this picture needs: nothing that it does not show."""
    bands = {band.kind for lane in picture.lanes for band in lane.bands}
    marks = {mark.kind for mark in picture.marks}
    return Legend(
        tuple((kind, word) for kind, word in PATTERNS.items() if kind in bands),
        tuple((kind, word) for kind, word in SIGNS.items() if kind in marks),
    )
