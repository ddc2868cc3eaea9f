"""Tables of bounded size."""

from typing import TypeVar

K = TypeVar("K")
V = TypeVar("V")


def keep(table: dict[K, V], key: K, value: V, most: int) -> V:
    """Store `value` and return it; evict the oldest entry if `most` others are stored."""
    if key not in table and len(table) >= most:
        del table[next(iter(table))]
    table[key] = value
    return value
