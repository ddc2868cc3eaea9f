"""Another time zone for this process, for a moment."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def living_in(name: str) -> Iterator[None]:
    """Have all local times be those of this zone."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = name
    time.tzset()
    try:
        yield
    finally:
        os.environ.pop("TZ")
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()
