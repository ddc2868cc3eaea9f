"""QR codes of the setup code: for the page as a path, for the terminal as blocks. Pure; segno does the work."""

from typing import NamedTuple

import segno

QUIET_MODULES = 4
"""Width of the empty margin that scanners need."""

BLOCKS = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
"""Upper and lower module of a character cell, dark or not: light is drawn, since most terminals are dark."""


class QrPicture(NamedTuple):
    """A QR code as an SVG path, in a square of `side` units."""

    path: str
    side: int


def _rows(text: str) -> list[list[bool]]:
    code = segno.make_qr(text, error="m")
    return [[bool(module) for module in row] for row in code.matrix_iter(border=QUIET_MODULES)]


def picture(text: str) -> QrPicture:
    """Return the code of a text; each row is a run of squares."""
    rows = _rows(text)
    path = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dark in enumerate(row) if dark)
    return QrPicture(path, len(rows))


def terminal(text: str) -> str:
    """Return the code of a text in lines of half blocks, to be scanned from the screen."""
    rows = _rows(text)
    rows += [[False] * len(rows[0])] * (len(rows) % 2)
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return "\n".join("".join(BLOCKS[cell] for cell in zip(upper, lower, strict=True)) for upper, lower in pairs)
