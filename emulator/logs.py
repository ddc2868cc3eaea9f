"""What this program does to logging."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

# `import fauxmo` calls basicConfig and hangs a SysLogHandler, with an open socket, on its own logger (style.md §4.7).
DISTURBED = (None, "fauxmo")


@contextmanager
def undisturbed() -> Iterator[None]:
    """Import fauxmo inside: afterwards handlers and levels are what they were, and what came in between is closed."""
    before = [(logger, logger.handlers[:], logger.level) for logger in map(logging.getLogger, DISTURBED)]
    try:
        yield
    finally:
        for logger, handlers, level in before:
            for handler in [handler for handler in logger.handlers if handler not in handlers]:
                logger.removeHandler(handler)
                handler.close()
            logger.setLevel(level)
