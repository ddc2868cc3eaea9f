"""The lock on the state folder: one running program at a time."""

import errno
import fcntl
import logging
import os
import pwd
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
            why = f"{error.strerror}; {remedy(state_dir, path, error) or 'choose a folder with --state-dir'}"
            raise ConfigError([Problem(str(path), why)]) from None
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


def remedy(state_dir: Path, path: Path, error: OSError) -> str:
    """Return what opens a file in the state folder that another user has made; empty where that is not the trouble."""
    if error.errno not in (errno.EACCES, errno.EPERM):
        return ""
    try:
        keeper = state_dir.stat().st_uid
        owner = path.stat().st_uid if path.exists() else keeper
    except OSError:
        return ""  # not even the folder may be entered
    if os.geteuid() in (0, owner):
        return ""
    if keeper == os.geteuid():
        # What root has made there: a backup that it put back, or a start by mistake.
        return f"it belongs to {_user(owner)}: sudo chown -R {_user(keeper)} {state_dir}"
    return f"it belongs to {_user(owner)}: type this as that user, or choose a folder with --state-dir"


def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


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
