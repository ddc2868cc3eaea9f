"""Sentences that can be said in another language later. Pure."""

import json
from collections.abc import Mapping
from typing import Any

Value = "str | int | float | tuple[str, ...]"
"""Type of the values that fill a sentence; a `str` that is a Text is translated with the sentence."""


class Text(str):
    """A sentence for people: a `str` in English that remembers its template and values.

    It passes through log, API and journal as the English that it is. `Language.say` makes it again in another language,
    and the values that are texts with it. Only `str()` keeps that memory: `+`, `%`, f-strings and slices lose it, so a
    sentence about a sentence is a Text with a value: `Text("cannot tell: {why}", why=str(error))`.

    Numbers are grouped as the language does it. One that is a name, such as a port, is passed as a `str`.
    """

    __slots__ = ("context", "many", "template", "values")

    template: str
    """English with a `{name}` for each value: the catalogue's key."""
    values: Mapping[str, Any]
    many: str
    """Template for any other number than one; empty where nothing is counted."""
    context: str
    """Sense of a word that is translated in more than one way."""

    def __new__(cls, template: str, /, **values: Any) -> "Text":
        """Make a sentence. `template` is a literal, so that it can be found for the catalogue."""
        return cls.make(template, values)

    @classmethod
    def make(cls, template: str, values: Mapping[str, Any], *, many: str = "", context: str = "") -> "Text":
        """Make a sentence of its parts; see `counted` and `sense`."""
        english = many if many and values["n"] != 1 else template
        self = super().__new__(cls, english.format(**{name: grouped(value, ",") for name, value in values.items()}))
        self.template, self.values, self.many, self.context = template, values, many, context
        return self

    def __str__(self) -> str:
        """Return itself, where `str` would return bare English: `str(error)` stays translatable."""
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return unpack, (pack(self),)


def counted(one: str, many: str, n: int, /, **values: Any) -> Text:
    """Make a sentence that depends on a number: `counted("{n} window", "{n} windows", 3)`."""
    return Text.make(one, {"n": n, **values}, many=many)


def sense(context: str, template: str, /, **values: Any) -> Text:
    """Make a sentence whose English alone does not tell its sense: `sense("switch", "off")`."""
    return Text.make(template, values, context=context)


def grouped(value: Any, separator: str) -> Any:
    """Return a value as it stands in a sentence: numbers in groups of three digits, several values with commas."""
    if isinstance(value, tuple):
        return ", ".join(str(grouped(one, separator)) for one in value)
    return f"{value:,}".replace(",", separator) if isinstance(value, int) and not isinstance(value, bool) else value


def pack(text: str) -> str:
    """Return a text as JSON, to be kept with its memory."""
    return json.dumps(_packed(text), ensure_ascii=False)


def unpack(packed: str) -> str:
    """Return the text that was packed; raise ValueError where it cannot be read."""
    try:
        found = _unpacked(json.loads(packed))
        if not isinstance(found, str):
            raise TypeError(found)
    except (KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"not a packed text: {error!r}") from None
    return found


def _packed(value: Any) -> Any:
    if isinstance(value, Text):
        values = {name: _packed(one) for name, one in value.values.items()}
        return {"t": value.template, "v": values, "m": value.many, "c": value.context}
    return [_packed(one) for one in value] if isinstance(value, tuple) else value


def _unpacked(value: Any) -> Any:
    if isinstance(value, dict):
        values = {name: _unpacked(one) for name, one in value["v"].items()}
        # In English it could pass, and fail in another language.
        if not isinstance(value["c"], str) or (value["m"] and not isinstance(values["n"], int)):
            raise TypeError(value)
        return Text.make(value["t"], values, many=value["m"], context=value["c"])
    return tuple(map(_unpacked, value)) if isinstance(value, list) else value
