"""The unit that runs this installation with systemd: written by `emulator init --systemd`, with the next commands.

Typed by a person it is for that person: program, settings and state are where they are, and every command goes on
working without sudo. Typed by root it is for a user whom systemd makes, who may enter no home.
"""

import os
import pwd
import shlex
import shutil
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import platformdirs

from emulator import APP_NAME, doors
from emulator.cli.context import Context
from emulator.clock import Clock
from emulator.config import devices_yaml
from emulator.errors import ConfigError, Hindered, Problem
from emulator.setup import place
from emulator.system import shipped, unit
from emulator.system.lock import is_running
from emulator.system.unit import SERVICE, SOCKET, SystemdService

UNITS = Path("/etc/systemd/system")
SETTINGS = Path("/etc/verisure-emulator") / devices_yaml.FILE
STATE = Path("/var/lib/verisure-emulator")
"""Folder that systemd makes for a user of its own: `StateDirectory` of the shipped unit."""

CLOSED = tuple(map(Path, ("/home", "/root", "/run/user", "/tmp", "/var/tmp")))  # noqa: S108  nothing is written there
"""Folders that the shipped unit keeps from its user, or has anew at each start."""

ENTER = stat.S_IXOTH
"""Right that any other user needs in a folder above the program."""

PRIVILEGED = 1024
"""Ports below it are opened by systemd."""


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine as the command sees it. `user` is None for root."""

    user: str | None
    python: Path
    units: Path = UNITS
    settings: Path = SETTINGS

    @classmethod
    def here(cls) -> "Machine":
        """Return this one."""
        number = os.geteuid()
        try:
            name = pwd.getpwuid(number).pw_name
        except KeyError:
            name = str(number)
        return cls(name if number else None, Path(os.path.normpath(sys.executable)))

    @property
    def command(self) -> tuple[str, ...]:
        """The program."""
        script = self.python.with_name("emulator")
        return (str(script),) if script.is_file() else (str(self.python), "-m", "emulator")


def write(here: Context, machine: Machine, clock: Clock) -> Iterator[str]:
    """Write the units; yield what to say, line by line. Raises ConfigError and Hindered."""
    found = devices_yaml.look(here.config, here.state_dir)
    config, made = (_of_a_person if machine.user else _of_root)(here, machine, found)
    named = (str(path) for path in (machine.python, config, here.state_dir.absolute()) if path)
    if unfit := [path for path in named if not path.isprintable() or "\\/" in f"{path}/"]:
        # A line of a unit ends at a line feed, and goes on after a backslash.
        raise ConfigError([Problem(repr(unfit[0]), "a unit of systemd cannot name that: rename the folder")])
    folder = platformdirs.user_config_path(APP_NAME) if machine.user else machine.units
    files = {SERVICE: made}
    if ports := _privileged(here) if found else []:
        files[SOCKET] = unit.socket(shipped.text(SOCKET), ports)
    for name, text in files.items():
        if copy := _put(folder / name, text, clock):
            yield f"The one before is kept: {copy}"
        yield f"Written: {folder / name}"
    who = machine.user or "a user that systemd makes for it"
    yield f"It runs {' '.join(machine.command)} as {who}, from the start of this machine on."
    yield f"Settings: {config or 'none yet'}; state: {here.state_dir if machine.user else STATE}"
    yield "Now type:"
    if is_running(here.state_dir):
        yield "  (stop the program that runs now: two on one state folder are one too many)"
    sudo = "sudo " if machine.user else ""
    if machine.user:
        paths = shlex.join(str(folder / name) for name in files)
        yield f"  sudo cp --backup=numbered {paths} {machine.units}/"
    yield f"  {sudo}systemctl daemon-reload"
    yield f"  {sudo}systemctl enable --now {' '.join(reversed(files))}"
    yield f"  {sudo}journalctl --unit {SERVICE} --follow"
    if not found:
        yield "The last one shows the address of set-up, and its code."


def _of_a_person(here: Context, machine: Machine, found: Path | None) -> tuple[Path, str]:
    """Return the settings file, and the unit of the person who types."""
    config = (found or place.new(here.config, here.state_dir)).absolute()
    state_dir = here.state_dir.absolute()
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    writes = dict.fromkeys((state_dir, config.parent))
    # What is found in this folder may be the project's own file, beside which set-up writes another one.
    is_here = here.config is None and found is not None and not found.is_absolute()
    where = {"folder": config.parent} if is_here else {"config": config}
    service = SystemdService(machine.command, **where, makes_code=found is not None and _makes_code(here))
    return config, service.unit_of(shipped.text(SERVICE), machine.user or "", state_dir, writes)


def _of_root(here: Context, machine: Machine, found: Path | None) -> tuple[Path | None, str]:
    """Return the settings file, and the unit of a user that systemd makes."""
    if not (_is_open(machine.python) and _is_open(machine.python.resolve())):
        who = os.environ.get("SUDO_USER", "")
        instead = f"type this as {who}, without sudo" if who else "install the program in a folder such as /opt"
        raise ConfigError([Problem(str(machine.python), f"a service of the system cannot enter there: {instead}")])
    config = here.config.absolute() if here.config else machine.settings if machine.settings.is_file() else None
    service = SystemdService(machine.command, config, makes_code=found is not None and _makes_code(here))
    return config, service.unit(shipped.text(SERVICE))


def _is_open(path: Path) -> bool:
    """Return whether any user of this machine may enter the folder of a file."""
    if any(path.is_relative_to(closed) for closed in CLOSED):
        return False
    return all(parent.stat().st_mode & ENTER for parent in path.parents)


def _privileged(here: Context) -> list[int]:
    opened = here.load().doors.opened.items()
    numbers = [port.number for name, section in opened for port in doors.row(name).ports(section)]
    return [number for number in numbers if number < PRIVILEGED]


def _makes_code(here: Context) -> bool:
    return any(doors.row(name).makes_code for name in here.load().doors.opened)


def _put(path: Path, text: str, clock: Clock) -> Path | None:
    """Write a unit; return the copy of one that was there and said something else."""
    copy = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.read_text(encoding="utf-8") != text:
            at = datetime.fromtimestamp(clock.time()).astimezone()
            copy = path.with_name(f"{path.name}.{at:%Y-%m-%d-%H%M%S}.bak")
            shutil.copy2(path, copy)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o644)
    except OSError as error:
        raise Hindered(f"{path}: {error.strerror}") from None
    return copy
