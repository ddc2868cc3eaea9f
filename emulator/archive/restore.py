"""Put a backup back. It is checked and written beside before anything is touched; what was there is put aside."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from emulator.archive import journal_copy
from emulator.archive.bundle import Bundle
from emulator.archive.journal_copy import Inventory
from emulator.errors import ConfigError, Hindered, Problem
from emulator.setup import place
from emulator.setup.answers import AnswerRefused
from emulator.store import private, salvage
from emulator.store.journal_file import FILE
from emulator.system import kept

ASIDE = "before-restore-"
"""Beginning of the name of a folder in the state folder with the state that was there. None is ever deleted."""

STATE = (*(FILE + end for end in salvage.WITH), kept.FILE, salvage.COPY)
"""Files of a state. Locks, journals that were put aside, and what a running program announces stay."""

_NEW = "restore.new"
"""Folder in which the new state is written."""

STATE_ONLY = "with --state-only the settings here stay as they are, and the rest is restored"


class Ready(NamedTuple):
    """A backup that was checked: its journal for a later world, and what that holds."""

    bundle: Bundle
    journal: bytes
    inventory: Inventory


class Done(NamedTuple):
    """The places of what was there before: a folder with the state, a copy of the settings; None if there was none."""

    state: Path | None
    settings: Path | None


def ready(bundle: Bundle) -> Ready:
    """Check the journal of a backup, and return it as it is put back; BackupUnfit if it cannot be used."""
    with journal_copy.restored(bundle.journal) as db:
        journal_copy.make_late(db, bundle.made.at)
        return Ready(bundle, journal_copy.content(db), journal_copy.inventory(db))


def put_back(checked: Ready, state_dir: Path, settings: Path | None, now: float) -> Done:
    """Replace the state, and the settings unless `settings` is None. The caller holds the folder's lock.

    Raises ConfigError if the settings cannot be used or written here, and Hindered for the disk: nothing has changed
    then, or the text says what has.
    """
    with _written(checked, state_dir) as new:
        if settings is None or not checked.bundle.settings:
            return Done(_exchange(new, state_dir, now), None)
        aside: list[Path | None] = []
        source = place.in_force(settings)
        try:
            backup = place.replace(
                settings,
                place.read(source),
                checked.bundle.settings,
                now,
                source=source,
                spare=state_dir,
                # The new settings are written beside by then, so that only their renaming is left.
                just_before=lambda: aside.append(_exchange(new, state_dir, now)),
            )
        except ConfigError as error:
            unfit = [Problem(f"settings of the backup, as {one.where}", one.what) for one in error.problems]
            raise ConfigError([*unfit, Problem("nothing was restored", STATE_ONLY)]) from None
        except AnswerRefused as error:
            if aside:
                raise Hindered(f"the state is restored, but not the settings: {error}") from None
            raise ConfigError([Problem("nothing was restored", f"{error}; {STATE_ONLY}")]) from None
        return Done(aside[0], backup)


@contextmanager
def _written(checked: Ready, state_dir: Path) -> Iterator[Path]:
    """Write the new state into a folder of its own, through to disk, and remove what is left of that in the end."""
    new = state_dir / _NEW
    try:
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        private.give(new, state_dir)
        # Secrets of before go with their journal, also where the backup has none.
        no_secrets = "{}" if os.path.lexists(state_dir / kept.FILE) else ""
        parts = {FILE: checked.journal, kept.FILE: (checked.bundle.secrets or no_secrets).encode()}
        for name, data in parts.items():
            if data:
                with os.fdopen(os.open(new / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                    private.give(file.fileno(), state_dir)
        yield new
    except OSError as error:
        raise Hindered(f"{error.filename or new}: {error.strerror}; nothing was restored") from None
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _exchange(new: Path, state_dir: Path, now: float) -> Path | None:
    """Put the state aside, and the new one into its place; return where the old one is.

    The journal takes the way of one that is saved from damage: if the machine stops meanwhile, the next start of the
    program finds either the old one or the whole new one, and the secrets that belong to it: those in the folder while
    its journal is there, and then those that wait.
    """
    waiting, aside = state_dir / salvage.NEW, None
    try:
        shutil.rmtree(waiting, ignore_errors=True)
        if there := [name for name in STATE if os.path.lexists(state_dir / name)]:
            aside = _folder(state_dir, now)
            for name in there:
                if name == kept.FILE:
                    _copy(state_dir / name, aside / name)
                elif name != FILE:
                    (state_dir / name).rename(aside / name)
        new.rename(waiting)
        if aside and FILE in there:
            (state_dir / FILE).rename(aside / FILE)
        for name in (kept.FILE, FILE):
            if (waiting / name).exists():
                (waiting / name).rename(state_dir / name)
    except OSError as error:
        # Not as an OSError: whoever replaces the settings would take it for one of theirs.
        raise Hindered(f"{error.filename}: {error.strerror}; what was there is in {aside or state_dir}") from None
    shutil.rmtree(waiting, ignore_errors=True)
    return aside


def _copy(file: Path, copy: Path) -> None:
    """Give a file a second name, or copy it where the file system has one for each. A link stays a link."""
    try:
        os.link(file, copy, follow_symlinks=False)
    except OSError:
        shutil.copy2(file, copy, follow_symlinks=False)
        private.give(copy, copy.parent)


def _folder(state_dir: Path, now: float) -> Path:
    """Make a folder for what was there; two restores within a second have one each."""
    at = f"{ASIDE}{datetime.fromtimestamp(now).astimezone():%Y-%m-%d-%H%M%S}"
    for number in range(1, 100):
        folder = state_dir / (at + (f"-{number}" if number > 1 else ""))
        if not os.path.lexists(folder):
            folder.mkdir(mode=0o700)
            private.give(folder, state_dir)
            return folder
    raise FileExistsError(0, "no name is left to put the state aside", str(state_dir))
