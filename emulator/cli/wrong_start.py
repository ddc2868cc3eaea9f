"""Tell people that the program could not start: after a power cut nobody looks, and nothing arms any more."""

import logging
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import closing

from emulator.app.decision import Decision
from emulator.app.notify import Notifier
from emulator.app.targets import Send, patient_target
from emulator.cli.context import Context
from emulator.clock import SystemClock
from emulator.config import credentials
from emulator.errors import ConfigError, EmulatorError
from emulator.model import Notice
from emulator.setup import lost
from emulator.store.journal import Journal
from emulator.system import lock
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

SEND_S = 10.0
"""For one try at each target: a service manager waits for the end."""


def tell(here: Context, error: ConfigError) -> None:
    """Tell people what is wrong with the settings, once a day at most, and not where one of them reads it."""
    names = () if sys.stderr.isatty() else lost.before(here.state_dir)
    if not names:
        return
    try:
        targets = credentials.targets(here.environment)
        for target in targets:
            here.redactor.conceal(target)
        with lock.acquire(here.state_dir), closing(Journal(here.state_dir)) as journal:
            if targets and lost.is_news(journal, time.time(), lost.WRONG):
                _send(journal, targets, lost.wrong(names, str(error)))
    except EmulatorError as problem:
        # Another one runs, for one, and then the alarm is armed as ever.
        LOG.info("people are not told: %s", problem)


def _send(journal: Journal, targets: Sequence[str], text: str) -> None:
    """Try each target once; what it does not take comes after the next start."""
    tried = threading.Semaphore(0)

    def open_target(url: str) -> Send:
        send = patient_target(url)

        def send_once(message: str, decision: Decision | None = None, /) -> bool:
            try:
                return send(message, decision)
            finally:
                tried.release()

        return send_once

    notifier = Notifier(journal, targets, SystemClock(), open_target)
    notifier.start()
    try:
        notifier.tell(Notice.SETTINGS, Text("program"), text)
        ends = time.monotonic() + SEND_S
        for _ in targets:
            tried.acquire(timeout=max(0.0, ends - time.monotonic()))
    finally:
        notifier.stop()
