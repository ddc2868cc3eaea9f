"""Tell people that the program could not start: after a power cut nobody looks, and nothing arms any more."""

import logging
import sys
from contextlib import closing

from emulator.app.notify import tell_at_the_end
from emulator.app.targets import patient_target
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
    clock = SystemClock()
    try:
        targets = credentials.targets(here.environment)
        for target in targets:
            here.redactor.conceal(target)
        with lock.acquire(here.state_dir), closing(Journal(here.state_dir)) as journal:
            if targets and lost.is_news(journal, clock.time(), lost.WRONG):
                told = Notice.SETTINGS, Text("program"), lost.wrong(names, str(error))
                tell_at_the_end(journal, targets, clock, patient_target, told, SEND_S)
    except EmulatorError as problem:
        # Another one runs, for one, and then the alarm is armed as ever.
        LOG.info("people are not told: %s", problem)
