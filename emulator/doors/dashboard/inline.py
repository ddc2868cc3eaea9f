"""Files that a page brings along in itself, where nothing else of ours may arrive; its policy names their hashes."""

from functools import cache
from pathlib import Path

from emulator.lan.headers import inline_source

STATIC = Path(__file__).parent / "static"


@cache
def inline(name: str) -> tuple[str, str]:
    """Return the text of a file in `static`, and the source that lets it in."""
    text = (STATIC / name).read_text()
    return text, inline_source(text)
