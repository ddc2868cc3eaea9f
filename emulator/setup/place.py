"""The place of devices.yaml: read as text, and replaced at once after the program's own check, with a backup beside."""

import errno
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import IO

import platformdirs

from emulator import APP_NAME
from emulator.app.settings import Settings
from emulator.config.devices_yaml import FILE, LOCAL
from emulator.errors import ConfigError, Problem
from emulator.setup.answers import AnswerRefused
from emulator.words.text import Text

MODE = 0o644
"""Of a new file: it holds no secret, and the program may run as another user."""


def new(chosen: Path | None, state_dir: Path) -> Path:
    """Return where a new file goes: as chosen, or into the user's config folder, or else into the state folder.

    AnswerRefused if nothing can be written there.
    """
    places = [chosen] if chosen else [platformdirs.user_config_path(APP_NAME) / FILE, state_dir / FILE]
    for place in places:
        with suppress(OSError):
            _make(place.parent)
            if os.access(place.parent, os.W_OK):
                return place
    raise AnswerRefused(Text("{file} cannot be written: choose another place with --config", file=str(places[0])))


def own(found: Path, chosen: Path | None) -> Path:
    """Return the file that set-up writes where `found` is in force.

    It is another one only where `found` belongs to the project, which an update replaces: the local one beside it.
    """
    is_shipped = found.name == FILE and (found.parent / "emulator" / "__init__.py").is_file()
    return found.with_name(LOCAL) if is_shipped and chosen is None else found


def in_force(path: Path) -> Path:
    """Return the file to read where set-up writes `path`: until the local one is there, the one beside it."""
    return path.with_name(FILE) if path.name == LOCAL and not path.exists() else path


def read(path: Path) -> str:
    """Return the file as text, empty where there is none; AnswerRefused if it cannot be read."""
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeError) as error:
        raise AnswerRefused(Text("{file} cannot be read: {why}", file=str(path), why=_why(error))) from None


def replace(
    path: Path,
    was: str,
    text: str,
    now: float,
    *,
    source: Path | None = None,
    spare: Path | None = None,
    just_before: Callable[[], None] = lambda: None,
) -> Path | None:
    """Replace the file, if it still says what it was; return its backup, None for a new one and where nothing changes.

    `source` is the file that said so, if it is another one: that stays, and nothing is written where nothing changes.

    The text is checked as `emulator run` would. `just_before` is called once nothing but the disk can prevent it. The
    backup goes into the folder `spare` if the file's own takes none. Raises ConfigError, with what is wrong, and
    AnswerRefused.
    """
    if source not in (None, path):
        was, text = "", text if text != was else ""
    real = path.resolve()
    if read(real) != was:
        raise AnswerRefused(Text("{file} was changed meanwhile, by hand or elsewhere: begin anew", file=str(path)))
    if text == was:
        just_before()
        return None
    check(path, text)
    text = text.replace("\n", "\r\n") if "\r\n" in was else text
    try:
        if was and not os.access(real, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        made = _written(real, text)
        try:
            backup = _backup(real, now, spare or real.parent) if was else None
            just_before()
            _put(made, real, text)
        finally:
            if made:
                made.unlink(missing_ok=True)
    except OSError as error:
        raise AnswerRefused(Text("{file} cannot be written: {why}", file=str(path), why=_why(error))) from None
    return backup


def check(path: Path, text: str) -> Settings:
    """Return a text as the settings of `path`, without a change there; ConfigError lists what is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / FILE
        made.write_text(text, encoding="utf-8", newline="")
        try:
            return Settings.load(made)
        except ConfigError as error:
            where = [Problem(one.where.replace(str(made), str(path)), one.what) for one in error.problems]
            raise ConfigError(where) from None


def _make(folder: Path) -> None:
    """Make a folder, in which others may not write whatever the umask is: they would choose our settings."""
    if not folder.exists():
        _make(folder.parent)
    folder.mkdir(mode=0o755, exist_ok=True)


def _written(real: Path, text: str) -> Path | None:
    """Write the text into a file beside the real one, through to disk, with owner and rights of that one.

    None if the folder takes no other file than the one that there is.
    """
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{real.name}.", dir=real.parent)
    except OSError as error:
        if real.exists() and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return None
        raise
    made = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            _write_through(file, text)
        if real.exists():
            with suppress(OSError):  # where we may not, it is ours
                os.chown(made, real.stat().st_uid, real.stat().st_gid)
        made.chmod(real.stat().st_mode & 0o777 if real.exists() else MODE)
    except OSError:
        made.unlink()
        raise
    return made


def _put(made: Path | None, real: Path, text: str) -> None:
    """Put what was made in the place of the real file; write into that one where it cannot be replaced.

    A file that is mounted by itself, as in a container, is such a one.
    """
    try:
        if made:
            made.replace(real)
            return
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
    with real.open("r+", encoding="utf-8", newline="") as file:
        _write_through(file, text)


def _write_through(file: IO[str], text: str) -> None:
    file.write(text)
    file.truncate()
    file.flush()
    os.fsync(file.fileno())


def _backup(real: Path, now: float, spare: Path) -> Path:
    try:
        return _copied(real, real.parent, now)
    except OSError:
        return _copied(real, spare, now)


def _copied(real: Path, folder: Path, now: float) -> Path:
    at = datetime.fromtimestamp(now).astimezone()
    for number in range(1, 100):
        backup = folder / (f"{real.name}.{at:%Y-%m-%d-%H%M%S}" + (f"-{number}" if number > 1 else "") + ".bak")
        with suppress(FileExistsError), backup.open("xb") as file:
            file.write(real.read_bytes())
            file.flush()
            os.fsync(file.fileno())
            shutil.copymode(real, backup)
            return backup
    raise FileExistsError(f"{real.name}: no name is left for a backup")


def _why(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else Text("it is not in UTF-8")
