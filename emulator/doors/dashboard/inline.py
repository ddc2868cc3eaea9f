"""Files that a page brings along in itself, where nothing else of ours may arrive; its policy names their hashes."""

import base64
import hashlib
from functools import cache
from pathlib import Path

STATIC = Path(__file__).parent / "static"


@cache
def inline(name: str) -> tuple[str, str]:
    """Return the text of a file in `static`, and the source that lets it in (Content Security Policy, level 2)."""
    text = (STATIC / name).read_text()
    return text, f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
