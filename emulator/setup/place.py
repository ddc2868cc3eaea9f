"""The place of devices.yaml: read as text, and replaced at once after the program's own check, with a backup beside."""

import os
import shutil
import tempfile
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import platformdirs

from emulator import APP_NAME
from emulator.app.settings import Settings
from emulator.config.devices_yaml import FILE
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
            place.parent.mkdir(parents=True, exist_ok=True)
            if os.access(place.parent, os.W_OK):
                return place
    raise AnswerRefused(Text("{file} cannot be written: choose another place with --config", file=str(places[0])))


def read(path: Path) -> str:
    """Return the file as text, empty where there is none; AnswerRefused if it cannot be read."""
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeError) as error:
        raise AnswerRefused(Text("{file} cannot be read: {why}", file=str(path), why=_why(error))) from None


def replace(path: Path, was: str, text: str, now: float) -> Path | None:
    """Replace the file, if it still says what it was; return its backup, None for a new one and where nothing changes.

    The text is checked as `emulator run` would. Raises ConfigError, with what is wrong, and AnswerRefused.
    """
    real = path.resolve()
    if read(real) != was:
        raise AnswerRefused(Text("{file} was changed meanwhile, by hand or elsewhere: begin anew", file=str(path)))
    if text == was:
        return None
    text = text.replace("\n", "\r\n") if "\r\n" in was else text
    try:
        made = _written(real, text)
        try:
            _check(made, path)
            backup = _backup(real, now) if was else None
            made.replace(real)
        finally:
            made.unlink(missing_ok=True)
    except OSError as error:
        raise AnswerRefused(Text("{file} cannot be written: {why}", file=str(path), why=_why(error))) from None
    return backup


def check(path: Path, text: str) -> None:
    """Check a text as the settings of `path`, without a change there; ConfigError lists what is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / FILE
        made.write_text(text, encoding="utf-8", newline="")
        _check(made, path)


def _check(made: Path, path: Path) -> None:
    try:
        Settings.load(made)
    except ConfigError as error:
        where = [Problem(one.where.replace(str(made), str(path)), one.what) for one in error.problems]
        raise ConfigError(where) from None


def _written(real: Path, text: str) -> Path:
    """Write the text into a file beside the real one, through to disk, with the rights of that one."""
    descriptor, name = tempfile.mkstemp(prefix=f".{real.name}.", dir=real.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    made = Path(name)
    made.chmod(real.stat().st_mode & 0o777 if real.exists() else MODE)
    return made


def _backup(real: Path, now: float) -> Path:
    at = datetime.fromtimestamp(now).astimezone()
    for number in range(1, 100):
        backup = real.with_name(f"{real.name}.{at:%Y-%m-%d-%H%M%S}" + (f"-{number}" if number > 1 else "") + ".bak")
        with suppress(FileExistsError), backup.open("xb") as file:
            file.write(real.read_bytes())
            shutil.copymode(real, backup)
            return backup
    raise FileExistsError(f"{real.name}: no name is left for a backup")


def _why(error: Exception) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else Text("it is not in UTF-8")
