"""The bridge as it is installed: Node.js of this machine, and one file with the bridge and its libraries.

The base program brings neither. `emulator matter install` makes the file, from libraries whose hashes are in
`bridge/package-lock.json`; an image brings it along.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from emulator.errors import EmulatorError
from emulator.system.extras import IMAGE
from emulator.words.text import Text

SOURCE = Path(__file__).with_name("bridge")
"""Folder of the bridge's own code."""

INSTALL = "emulator matter install"
"""Command that installs it."""

NODE, NODE_22 = (20, 19), (22, 13)
"""Lowest version of Node.js that the library runs on, and the lowest 22 (matter.md §3)."""

NODE_ANSWERS_S = 5.0
"""For Node.js to tell its version, on a slow card."""

INSTALL_S = 600.0
"""For npm to fetch 150 MB over a slow line."""

SAID = 500
"""Characters of what a program says of its failure that are shown."""

VARIABLE = "EMULATOR_MATTER"
"""Variable with the folder in which an image keeps the bridge, made of the same source as the program."""

NEEDED = re.compile(r"PATH|HOME|TMPDIR|NODE_EXTRA_CA_CERTS|npm_config_\w+|(https?|no)_proxy", re.IGNORECASE)
"""Variables that npm gets: those of the program's secrets are not for it."""

MADE, MAKING = "made.mjs", "making-"
"""Name of the file until it is whole, and begin of that of the folder in which it is made."""

OPTIONS = ("--max-semi-space-size=1", "--optimize-for-size")
"""They save 30 MB of memory, and the bridge has nothing to hurry for (matter.md §3)."""


class Installed(NamedTuple):
    """The command that runs the bridge, and the environment that it gets: nothing of ours."""

    command: tuple[str, ...]
    environment: Mapping[str, str]


def folder(state_dir: Path) -> Path:
    """Return the folder of the bridge and of its keys."""
    return state_dir.absolute() / "matter"


def name() -> str:
    """Return the file name of the bridge: another one whenever its code or a library changes."""
    parts = sorted(path for path in SOURCE.iterdir() if path.suffix in (".js", ".json") and ".test" not in path.name)
    return f"bridge-{hashlib.sha256(b''.join(path.read_bytes() for path in parts)).hexdigest()[:12]}.mjs"


def find(state_dir: Path, environ: Mapping[str, str] = os.environ) -> Installed:
    """Return how the bridge is run; EmulatorError says what is missing, or too old."""
    node, bridge = place(state_dir, environ)
    _check(node)
    own = {"HOME": str(folder(state_dir)), "MALLOC_ARENA_MAX": "1", "NODE_ENV": "production"}
    return Installed((node, *OPTIONS, str(bridge)), own)


def place(state_dir: Path, environ: Mapping[str, str] = os.environ) -> tuple[str, Path]:
    """Return the paths of Node.js and of the bridge, without a try; EmulatorError says what is missing."""
    node = _node(environ)
    places = [folder(state_dir) / name(), *([Path(environ[VARIABLE]) / MADE] if environ.get(VARIABLE) else [])]
    found = next((path for path in places if path.is_file()), None)
    if found is None:
        raise EmulatorError(
            Text("it is not installed, or is of another version of the program: type {command}", command=INSTALL)
        )
    return node, found


def install(state_dir: Path, say: Callable[[str], object], environ: Mapping[str, str] = os.environ) -> Path:
    """Fetch the libraries, make the one file, and return it. EmulatorError says what failed."""
    node, own = _node(environ), {key: value for key, value in environ.items() if NEEDED.fullmatch(key)}
    _check(node)
    npm = shutil.which("npm", path=environ.get("PATH"))
    if npm is None:
        raise EmulatorError(Text("npm is not installed: on Debian, {command}", command="sudo apt install npm"))
    target = folder(state_dir) / name()
    # It may come before the first run; `parents` alone would let others look into the state folder.
    state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    target.parent.mkdir(mode=0o700, exist_ok=True)
    for left in target.parent.glob(f"{MAKING}*"):  # of an installation that was killed
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=MAKING, dir=target.parent) as made:
        work = Path(made)
        for path in SOURCE.iterdir():
            if path.is_file():
                shutil.copyfile(path, work / path.name)
        say("fetching the libraries of the Matter bridge: some 20 MB, for which it needs 200 MB of disk for a while")
        # Its cache there, too: a user whom systemd makes has no home.
        _run(
            (npm, "ci", "--cache", "cache", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"),
            work,
            own,
        )
        say("making one file of them")
        _run((node, "build.js", MADE), work, own)
        with (work / MADE).open("r+b") as whole:
            os.fsync(whole.fileno())
        (work / MADE).replace(target)
    for old in target.parent.glob("bridge-*.mjs"):
        if old != target:
            old.unlink()
    return target


def _run(command: tuple[str, ...], work: Path, environment: Mapping[str, str]) -> None:
    program = f"{Path(command[0]).name} {command[1]}"
    try:
        done = subprocess.run(  # noqa: S603  the command is our own
            command, cwd=work, env=dict(environment), capture_output=True, text=True, timeout=INSTALL_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EmulatorError(Text("{program} failed: {why}", program=program, why=str(error))) from None
    if done.returncode:
        said = " / ".join((done.stderr or done.stdout).strip().splitlines()[-5:])
        raise EmulatorError(Text("{program} failed: {why}", program=program, why=said[-SAID:]))


def _node(environ: Mapping[str, str]) -> str:
    """Return Node.js; EmulatorError when there is none."""
    node = shutil.which("node", path=environ.get("PATH"))
    if node is None and environ.get(IMAGE):
        raise EmulatorError(Text("this image does not have what it needs: take the one called “matter”"))
    if node is None:
        raise EmulatorError(
            Text("Node.js is not installed: it takes version {wanted} or newer, and npm", wanted=_said(NODE))
        )
    return node


def _check(node: str) -> None:
    """Raise EmulatorError for a Node.js that does not run, or is too old."""
    try:
        said = subprocess.run(  # noqa: S603  the path is what the shell would run
            (node, "--version"), capture_output=True, text=True, timeout=NODE_ANSWERS_S, check=False
        ).stdout.strip()
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EmulatorError(Text("Node.js does not run here: {why}", why=str(error))) from None
    found = re.match(r"v(\d+)\.(\d+)", said)
    version = tuple(map(int, found.groups())) if found else ()
    wanted = NODE_22 if version[:1] == NODE_22[:1] else NODE
    if version < wanted:
        raise EmulatorError(
            Text("Node.js here is {found}, and it takes {wanted} or newer", found=said or "?", wanted=_said(wanted))
        )


def _said(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
