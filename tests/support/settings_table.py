"""The table of docs/settings.md, from the JSON Schema; `python -m tests.support.tables` renews it."""

from collections.abc import Iterator
from typing import Any

from emulator.app import settings

HEAD = "| key | default | meaning |\n|---|---|---|\n"


def rows(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, str, str]]:
    """Yield key, default and meaning of everything that a section and those below it may hold."""
    section = resolved(schema)
    for key, field in section["properties"].items():
        here = f"{path}.{key}".lstrip(".")
        default = "needed" if key in section.get("required", ()) else shown(field)
        yield here, default, field.get("description", "")
        below = resolved(field)
        if "properties" in below:
            yield from rows(below, here)
        for named in below.get("patternProperties", {}).values():
            yield from rows(named, f"{here}.NAME")
        if "properties" in (item := resolved(below.get("items", {}))):
            yield from rows(item, f"{here}[]")


def resolved(field: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a field's value: references followed, null left out."""
    for choice in field.get("anyOf", ()):
        if "$ref" in choice:
            return resolved(choice)
    if "$ref" in field:
        return dict(settings.schema()["$defs"][field["$ref"].rpartition("/")[2]])
    return field


def shown(field: dict[str, Any]) -> str:
    """Return a default as people write it; empty where an absent key has a meaning of its own."""
    default = field.get("default")
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if not default or isinstance(default, dict):
        return ""
    if isinstance(default, float):  # a duration
        return f"`{default / 60:g}m`" if default % 60 == 0 else f"`{default:g}s`"
    return f"`{default}`"


def table() -> str:
    """Return the whole table, as Markdown."""
    lines = (f"| `{key}` | {default} | {meaning} |\n" for key, default, meaning in rows(settings.schema()))
    return HEAD + "".join(lines)
