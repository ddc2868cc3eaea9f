"""Set-up of logging: one handler, levels, redaction, and repair of what fauxmo does at import."""

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote, quote_plus

from emulator.system import systemd

LEVELS = ("debug", "info", "warning", "error")

QUIET = ("urllib3", "fauxmo", "asyncio", "waitress", "werkzeug", "apprise", "zeroconf")
"""Loggers limited to warnings: their debug output holds URLs and bodies."""

DISTURBED = (None, "fauxmo")
"""Loggers that `import fauxmo` changes: it calls basicConfig, and adds a SysLogHandler with an open socket to its own
(lan-emulation.md §6.1)."""

HIDDEN = "•••"
SHORTEST_SECRET_CHARS = 4
"""Length below which a text is not hidden: that would garble the log without protecting anything."""

PRIORITIES = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}
"""Syslog priority of each level, for the journal (sd-daemon(3))."""

# Tokens of the OWA API: a JWT begins with the base64 of `{"`.
_TOKENS = re.compile(r"\beyJ[\w-]{6,}(?:\.[\w-]*)*")
_PARAMETERS = re.compile(r"\b((?:pwd|password|hash|ID|user)=)[^&\s'\"]+")


class Redactor(logging.Formatter):
    """Formats a record with its traceback, and hides secrets: a safety net below code that logs none.

    `for_journal` omits the date, which the journal has, and gives the level as the journal's priority.
    """

    def __init__(self, *, for_journal: bool = False) -> None:
        if for_journal:
            super().__init__("%(message)s")
        else:
            super().__init__("%(asctime)s %(levelname)-7s %(message)s", "%Y-%m-%d %H:%M:%S")
        self._for_journal = for_journal
        self._secrets: set[str] = set()

    def conceal(self, secret: str) -> None:
        """Hide this text from now on, also in the form that it has in a URL or a repr."""
        if len(secret) >= SHORTEST_SECRET_CHARS:
            self._secrets |= {secret, quote(secret, safe=""), quote_plus(secret), repr(secret)[1:-1]}

    def format(self, record: logging.LogRecord) -> str:
        """Return the line to write."""
        text = _TOKENS.sub(HIDDEN, _PARAMETERS.sub(rf"\1{HIDDEN}", super().format(record)))
        # Longest first: one secret may be the beginning of another.
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        if not self._for_journal:
            return text
        # The journal takes each line as a record of its own.
        priority = PRIORITIES.get(record.levelno, PRIORITIES[logging.INFO])
        return "\n".join(f"<{priority}>{line}" for line in text.splitlines())


def setup(level: str) -> Redactor:
    """Log to standard error; return the redactor, which is given secrets as they become known."""
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
    """Import fauxmo inside: restore handlers and levels afterwards, and close the handlers added meanwhile."""
    before = [(logger, logger.handlers[:], logger.level) for logger in map(logging.getLogger, DISTURBED)]
    try:
        yield
    finally:
        for logger, handlers, level in before:
            for handler in [handler for handler in logger.handlers if handler not in handlers]:
                logger.removeHandler(handler)
                handler.close()
            logger.setLevel(level)
