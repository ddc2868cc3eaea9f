"""The lock on the state folder: one running program at a time."""

import fcntl
import logging
from pathlib import Path
from typing import IO

from emulator.errors import ConfigError, Hindered, Problem
from emulator.store import private
from emulator.store.journal_file import ELSEWHERE

LOG = logging.getLogger(__name__)

LOCK = "run.lock"
"""In the state folder; held for as long as the program runs."""


def acquire(state_dir: Path) -> IO[str]:
    """Lock the state folder: two programs on one journal would both answer for the same switches."""
    path = state_dir / LOCK
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = private.open_lock(path)
        private.close_files(state_dir)
        open_to_others = private.openness(state_dir)
    except OSError as error:
        if error.errno in ELSEWHERE:
            raise ConfigError([Problem(str(path), f"{error.strerror}; choose a folder with --state-dir")]) from None
        raise Hindered(f"{path}: {error.strerror}") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        problem = "another `emulator run` uses this state folder; stop it, or choose another with --state-dir"
        raise ConfigError([Problem(str(state_dir), problem)]) from None
    if open_to_others:
        LOG.warning("%s: %s; mend that: %s", state_dir, open_to_others, private.remedy(state_dir))
    return lock


def is_running(state_dir: Path) -> bool:
    """Return whether an `emulator run` uses this state folder."""
    try:
        with (state_dir / LOCK).open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
