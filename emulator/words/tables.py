"""Tables with sentences for people, as TOML beside the code that reads them.

Every text at a key `says`, or below one, is a sentence.
"""

import tomllib
from collections.abc import Iterator
from importlib.resources import files
from typing import IO, Any

from emulator.words.text import Text


def read_table(package: str, name: str) -> dict[str, Any]:
    """Return a table, its sentences as Texts."""
    found: dict[str, Any] = _told(tomllib.loads(files(package).joinpath(name).read_text(encoding="utf-8")))
    return found


def _told(value: Any, *, said: bool = False) -> Any:
    if isinstance(value, dict):
        return {key: _told(one, said=said or key == "says") for key, one in value.items()}
    return Text.make(value, {}) if said and isinstance(value, str) else value


def extract(file: IO[bytes], *_keywords: object, **_options: object) -> Iterator[tuple[int, None, str, list[str]]]:
    """Yield the sentences of a table for the catalogues, as Babel wants them."""
    waiting: list[Any] = [_told(tomllib.load(file))]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Text):
            yield 1, None, value, []
        elif isinstance(value, dict):
            waiting.extend(value.values())
