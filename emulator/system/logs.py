"""What this program does to logging: one handler, levels, redaction, and undoing what fauxmo does at import."""

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote, quote_plus

from emulator.system import systemd

LEVELS = ("debug", "info", "warning", "error")

# Their debug output holds URLs and bodies; ours says what matters.
QUIET = ("urllib3", "fauxmo", "asyncio", "waitress", "werkzeug", "apprise")

# `import fauxmo` calls basicConfig and hangs a SysLogHandler, with an open socket, on its own
# logger (lan-emulation.md §6.1).
DISTURBED = (None, "fauxmo")

HIDDEN = "•••"
SHORTEST_SECRET = 4
"""Hiding every occurrence of a shorter text would garble the log without protecting anything."""

PRIORITIES = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}
"""The levels as syslog counts them, for the journal (sd-daemon(3))."""

# Tokens of the OWA API: a JWT begins with the base64 of `{"`.
_TOKENS = re.compile(r"\beyJ[\w-]{6,}(?:\.[\w-]*)*")
_PARAMETERS = re.compile(r"\b((?:pwd|password|hash|ID|user)=)[^&\s'\"]+")


class Redactor(logging.Formatter):
    """Formats a record, traceback and all, and hides what nobody should read: a net below code that logs no secret.

    `for_journal` leaves out the date, which the journal has, and gives the level as the priority that it sorts by.
    """

    def __init__(self, *, for_journal: bool = False) -> None:
        if for_journal:
            super().__init__("%(message)s")
        else:
            super().__init__("%(asctime)s %(levelname)-7s %(message)s", "%Y-%m-%d %H:%M:%S")
        self._for_journal = for_journal
        self._secrets: set[str] = set()

    def conceal(self, secret: str) -> None:
        """Hide this text from now on, also as a URL or a repr has it."""
        if len(secret) >= SHORTEST_SECRET:
            self._secrets |= {secret, quote(secret, safe=""), quote_plus(secret), repr(secret)[1:-1]}

    def format(self, record: logging.LogRecord) -> str:
        """The line to write."""
        text = _TOKENS.sub(HIDDEN, _PARAMETERS.sub(rf"\1{HIDDEN}", super().format(record)))
        # Longest first: one secret may be the beginning of another.
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        if not self._for_journal:
            return text
        # To the journal each line is a record of its own.
        priority = PRIORITIES.get(record.levelno, PRIORITIES[logging.INFO])
        return "\n".join(f"<{priority}>{line}" for line in text.splitlines())


def setup(level: str) -> Redactor:
    """Log to standard error; the redactor learns secrets as they become known."""
    redactor = Redactor(for_journal=systemd.is_journal(sys.stderr))
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
