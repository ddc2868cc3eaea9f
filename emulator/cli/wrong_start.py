"""Tell people that the program could not start: after a power cut nobody looks, and nothing arms any more."""

import logging
import sys
import time
from collections.abc import Mapping
from contextlib import closing, suppress

from emulator.app.notify import Notifier
from emulator.app.targets import Send, key, patient_target, unnotified
from emulator.cli.context import POLL_S, Context
from emulator.clock import SystemClock
from emulator.errors import ConfigError, EmulatorError
from emulator.model import Notice
from emulator.setup import lost
from emulator.store.journal import Journal
from emulator.store.notices import Notices
from emulator.system import lock
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

SEND_S = 5.0
"""For one round of the targets, after which a mended file and the stop of the program are looked for."""

LONGEST_S = 300.0
"""For all rounds: after a power cut, the router is there some minutes later than the program."""


class WrongStart:
    """Tells people what is wrong with the settings, once a day at most, and not where one of them reads it."""

    def __init__(self, here: Context) -> None:
        self._here = here
        self._ends: float | None = None

    def tell(self, error: ConfigError) -> bool:
        """Return whether that is done: somebody was told, nobody is to be, or it was tried for long enough."""
        names = () if sys.stderr.isatty() else lost.before(self._here.state_dir)
        if not names:
            return True
        try:
            urls = self._here.targets()
            with lock.acquire(self._here.state_dir), closing(Journal(self._here.state_dir)) as journal:
                is_done = not urls or _told(journal, _opened(urls), lost.wrong(names, str(error)))
        except EmulatorError as problem:
            # Another one runs, for one, and then the alarm is armed as ever.
            LOG.info("people are not told: %s", problem)
            return True
        now = time.monotonic()
        if not is_done and self._ends is None:
            self._ends = now + LONGEST_S
            LOG.error("not started, and nobody could be told yet, which is tried again: %s", error)
        return is_done or now >= (self._ends or now)


def _opened(urls: list[str]) -> dict[str, Send]:
    """Open the targets; a wrong one may be what keeps the program from starting, and is left out."""
    opened = {}
    for url in urls:
        with suppress(ConfigError):
            opened[url] = patient_target(url)
    return opened


def _told(journal: Journal, targets: Mapping[str, Send], text: str) -> bool:
    """Let each target have what it has not got yet, this text too; return whether one has it in the end."""
    notices = Notices(journal)
    last = notices.last()
    notifier = Notifier(journal, list(targets), SystemClock(), targets.__getitem__)
    if lost.is_news(journal, time.time(), lost.WRONG):
        notifier.tell(Notice.SETTINGS, Text("program"), text)
        last += len(targets) > 0
    notifier.start()
    ends, cannot = time.monotonic() + SEND_S, bool(unnotified(list(targets)))
    have: list[bool] = []
    try:
        while time.monotonic() < ends and not cannot and not (have and all(have)):
            time.sleep(POLL_S)
            have = [notices.last() >= last and _has_all(notices, url) for url in targets]
    finally:
        notifier.stop()
    return cannot or any(have)


def _has_all(notices: Notices, url: str) -> bool:
    return not any(notices.after(notices.position(key(url), urgent=urgent), urgent=urgent) for urgent in (True, False))
