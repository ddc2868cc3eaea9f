"""The extras of this installation: which is missing, and the command that adds it here.

A clone, pipx, a virtual environment and the image each have another one. No command asks a package index for this
program: what stands there under its name need not be ours.
"""

import json
import logging
import os
import re
import shlex
import sys
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from emulator import APP_NAME
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

IMAGE = "EMULATOR_IMAGE"
"""Variable that our container images set: nothing can be installed in one, as it is made anew at each start."""

PIPX_GLOBAL = Path("/opt/pipx")
"""Folder of what `pipx install --global` installs."""

CLONE = Path(__file__).parents[2]
"""Folder of the clone, if the program runs from one."""


def missing(extra: str, *modules: str) -> str:
    """Return what to say of an extra of which one of these modules is not installed; empty if all are."""
    if all(find_spec(module) for module in modules):
        return ""
    return InstalledAs.here().lacks(extra)


def broken(extra: str, module: str) -> str:
    """Return the same of an extra whose module cannot be imported, for whatever reason."""
    try:
        import_module(module)
    except Exception as error:
        if not isinstance(error, ModuleNotFoundError):
            LOG.error("the library %s is damaged, or too old: %s: %s", module, type(error).__name__, error)
        return InstalledAs.here().lacks(extra)
    return ""


@dataclass(frozen=True, slots=True)
class InstalledAs:
    """An installation of the program: into which Python environment it went, and from what."""

    python: Path
    """The interpreter, in the environment that the program is installed in."""
    clone: Path | None = None
    """Folder from which an editable installation runs."""
    requires: tuple[str, ...] = ()
    """Requirements of the program, as its metadata has them."""
    folder: Path = Path("/")
    """Folder in which a person types the command: what is below it is named from there."""
    is_image: bool = False
    is_owner: bool = True
    """False if the environment belongs to root alone."""

    @classmethod
    def here(cls, environ: Mapping[str, str] = os.environ) -> "InstalledAs":
        """Return this installation."""
        clone: Path | None = CLONE if (CLONE / "pyproject.toml").is_file() else None
        requires: tuple[str, ...] = ()
        place, folder = CLONE, Path("/")
        with suppress(metadata.PackageNotFoundError, OSError, ValueError):
            found = metadata.distribution(APP_NAME)
            requires, place = tuple(found.requires or ()), Path(str(found.locate_file("")))
            clone = edited(found.read_text("direct_url.json"))
        with suppress(OSError):  # it was removed
            folder = Path.cwd()
        is_owner = os.geteuid() == 0 or place.stat().st_uid != 0
        return cls(Path(sys.executable), clone, requires, folder, bool(environ.get(IMAGE)), is_owner)

    def lacks(self, extra: str) -> str:
        """Return what to say where an extra is missing, with the command that adds it."""
        if self.is_image:
            return Text(
                "needs the extra {extra}, which this image does not have: take the one called “full”", extra=extra
            )
        return Text(
            "needs the extra {extra}, which is not installed; on the machine of the program type: {command}",
            extra=extra,
            command=self.adding(extra),
        )

    def adding(self, extra: str) -> str:
        """Return the command that adds an extra."""
        sudo = [] if self.is_owner else ["sudo"]
        environment = self.python.parents[1]
        if (environment / "pipx_metadata.json").is_file():
            widely = ["--global"] if environment.is_relative_to(PIPX_GLOBAL) else []
            return shlex.join([*sudo, "pipx", "inject", *widely, environment.name, *self._libraries(extra)])
        # Outside a virtual environment, a command called pip may be that of another Python.
        is_virtual = (environment / "pyvenv.cfg").is_file()
        if is_virtual and self.python.with_name("pip").is_file():
            pip = [self._named(self.python.with_name("pip")), "install"]
        elif is_virtual:
            pip = ["uv", "pip", "install", "--python", self._named(self.python)]
        else:
            pip = [str(self.python), "-m", "pip", "install"]
        return shlex.join([*sudo, *pip, *self._what(extra)])

    def _what(self, extra: str) -> list[str]:
        if self.clone is None:
            return self._libraries(extra)
        return ["--editable", f"{'.' if self.clone == self.folder else self.clone}[{extra}]"]

    def _libraries(self, extra: str) -> list[str]:
        """Return the requirements of an extra, without the condition that they are of it."""
        of_it = re.compile(rf"\s*;\s*extra\s*==\s*['\"]{re.escape(extra)}['\"]\s*$")
        return [of_it.sub("", line) for line in self.requires if of_it.search(line)]

    def _named(self, path: Path) -> str:
        is_below = self.folder != Path("/") and path.is_relative_to(self.folder)
        return str(path.relative_to(self.folder) if is_below else path)


def edited(direct_url: str | None) -> Path | None:
    """Return the folder of an editable installation by its direct_url.json (PEP 610); None for any other."""
    found = json.loads(direct_url or "{}")
    if not found.get("dir_info", {}).get("editable"):
        return None
    return Path(urllib.request.url2pathname(urlsplit(found["url"]).path))
