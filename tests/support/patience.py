"""How long a test waits for what is about to happen: by event, and ten times longer than any machine should need."""

import time
from collections.abc import Callable

PATIENCE_S = 60.0

STOP_S = 15.0
"""For whatever has to stop at once: long for a slow machine, and less than the 20 s of a panel."""

LOOK_EVERY_S = 0.01


def until(look: Callable[[], object], what: str = "what was waited for") -> None:
    """Return as soon as it is so."""
    ends = time.monotonic() + PATIENCE_S
    while not look():
        assert time.monotonic() < ends, f"not within {PATIENCE_S:g} s: {what}"
        time.sleep(LOOK_EVERY_S)
