"""Values in the answer of a cloud, whatever its shape. Pure."""

from collections.abc import Mapping
from typing import Any

BRIEF = 300
"""Characters of a cloud's words in a sentence of ours; the longest known have 200. More is a page of some server."""


def mapping(value: Any) -> Mapping[str, Any]:
    """Return an object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def rows(value: Any) -> list[Mapping[str, Any]]:
    """Return the objects of a list; none of anything else."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def items(content: Any, key: str) -> list[Mapping[str, Any]]:
    """Return the objects of a list within an object; none if it is missing or null."""
    return rows(mapping(content).get(key))


def text(content: Any, key: str) -> str:
    """Return a value as text; empty if it is missing, null or not a single value."""
    value = mapping(content).get(key)
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return ""
    # JSON can hold half a surrogate pair, which neither the journal nor a terminal takes.
    return str(value).strip().encode(errors="replace").decode()


def brief(words: str) -> str:
    """Return the words of a cloud as a sentence quotes them: the beginning, where they are endless."""
    return words if len(words) <= BRIEF else f"{words[: BRIEF - 1]}…"
