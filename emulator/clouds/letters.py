"""Letters of a panel's state that both APIs share. Pure.

Facts: verisure-owa.md §4.3, and verisure-wsdo.md §3.
"""

from emulator.model import Axes, Interior

LETTERS = {
    "E": Axes(Interior.OFF, perimeter=True, annex=False),
    "P": Axes(Interior.DAY, perimeter=False, annex=False),
    "B": Axes(Interior.DAY, perimeter=True, annex=False),
    "Q": Axes(Interior.NIGHT, perimeter=False, annex=False),
    "C": Axes(Interior.NIGHT, perimeter=True, annex=False),
    "T": Axes(Interior.TOTAL, perimeter=False, annex=False),
    "X": Axes(Interior.OFF, perimeter=False, annex=True),
    "R": Axes(Interior.DAY, perimeter=False, annex=True),
    "S": Axes(Interior.NIGHT, perimeter=False, annex=True),
    "O": Axes(Interior.TOTAL, perimeter=False, annex=True),
}
"""Letter → axes. B, C, P and Q were seen on ws.do; the others only on OWA, which kept the letters."""
