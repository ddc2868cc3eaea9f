"""What this program does to logging: one handler, levels, redaction, and undoing what fauxmo does at import."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote, quote_plus

LEVELS = ("debug", "info", "warning", "error")

# Their debug output holds URLs and bodies; ours says what matters.
QUIET = ("urllib3", "fauxmo", "asyncio", "waitress", "werkzeug")

# `import fauxmo` calls basicConfig and hangs a SysLogHandler, with an open socket, on its own logger (style.md §4.7).
DISTURBED = (None, "fauxmo")

HIDDEN = "•••"
SHORTEST_SECRET = 4
"""Hiding every occurrence of a shorter text would garble the log without protecting anything."""

_PARAMETERS = re.compile(r"\b((?:pwd|password|hash|ID|user)=)[^&\s'\"]+")


class Redactor(logging.Formatter):
    """Formats a record, traceback and all, and hides what nobody should read: a net below code that logs no secret."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s", "%Y-%m-%d %H:%M:%S")
        self._secrets: set[str] = set()

    def conceal(self, secret: str) -> None:
        """Hide this text from now on, also as a URL or a repr has it."""
        if len(secret) >= SHORTEST_SECRET:
            self._secrets |= {secret, quote(secret, safe=""), quote_plus(secret), repr(secret)[1:-1]}

    def format(self, record: logging.LogRecord) -> str:
        """The line to write."""
        text = _PARAMETERS.sub(rf"\1{HIDDEN}", super().format(record))
        # Longest first: one secret may be the beginning of another.
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        return text


def setup(level: str) -> Redactor:
    """Log to standard error; the redactor learns secrets as they become known."""
    redactor = Redactor()
    handler = logging.StreamHandler()
    handler.setFormatter(redactor)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    return redactor


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
