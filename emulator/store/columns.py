"""Values as columns of the journal hold them. Pure."""

import json

from emulator.model import Axes, Interior
from emulator.words.text import Text, pack


def axes_of(interior: str | None, perimeter: int | None, annex: int | None) -> Axes:
    """Return the axes that three columns hold."""
    return Axes(
        Interior(interior) if interior else None,
        None if perimeter is None else bool(perimeter),
        None if annex is None else bool(annex),
    )


def column_of(names: tuple[str, ...]) -> str | None:
    """Return names as a column holds them; NULL where there are none."""
    return json.dumps(names, ensure_ascii=False) if names else None


def names_of(column: str | None) -> tuple[str, ...]:
    """Return the names that a column holds; none where it cannot be read, which must not hide the other rows."""
    try:
        return tuple(map(str, json.loads(column or "[]")))
    except (ValueError, TypeError, RecursionError):
        return ()


def words_of(message: str) -> str | None:
    """Return what is kept of a message beside its English; None where that is all there is."""
    return pack(message) if isinstance(message, Text) else None
