"""Write the files in pins/ anew: the newest versions that pyproject.toml allows, with the hash of each file.

`make pins` runs it, with `uv` on the PATH, which asks the package index. pip reads the files; some build on others:

    slim.txt    what the program needs
    full.txt    and the extras of a home
    build.txt   what builds the wheel
    dev.txt     all of these, and what the checks need
    docs.txt    what makes the site of the pages in docs/
    pip.txt     pip itself
    tools.txt   what makes pins and a release, and checks what is shipped beside the program
    wheels.txt  the wheels for Linux that the index has for full.txt, by their names
"""

import re
import subprocess
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).parents[1]
PINS = ROOT / "pins"
OLDEST = "3.11"
"""The lowest Python of `requires-python`: what is pinned serves each one since."""

HOME = ("homekit", "mdns", "mqtt", "notify")
"""Extras that a home installs."""

HEADER = "# Written by `make pins`.\n"
IMPLIED = ("implementation_name == 'cpython'", "platform_python_implementation != 'PyPy'", "sys_platform == 'linux'")
"""What a marker repeats of `environments` in pyproject.toml."""

FOR_LINUX = re.compile(r"-(any|[^-]*linux[^-]*_(aarch64|armv6l|armv7l|x86_64))\.whl$")
"""Wheels that a home may install: for every machine, or for a Linux of these."""


def resolved(*chosen: str, within: Path, pylock: bool = False) -> str:
    """Return what uv resolves: requirements with hashes, or a pylock.toml, which has the names of the files.

    `chosen` are its options and sources; the versions of the file `within` are kept to.
    """
    form = ["--format", "pylock.toml"] if pylock else ["--generate-hashes", "--no-annotate"]
    command = ["uv", "pip", "compile", "--quiet", "--no-header", "--universal", "--python-version", OLDEST]
    command += [*form, "--constraints", str(within), *chosen]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def pins(text: str) -> list[str]:
    """Return the pins of resolved requirements, each with its hashes, without what their markers repeat."""
    found = []
    for block in re.split(r"\n(?=\S)", text.strip()):
        pin, _, hashes = block.partition(" \\\n")
        name, _, marker = pin.partition(" ; ")
        left = " and ".join(clause for clause in marker.split(" and ") if clause not in IMPLIED)
        found.append(f"{name} ; {left} \\\n{hashes}" if left else f"{name} \\\n{hashes}")
    return found


def wheels(pylock: str) -> list[str]:
    """Return the names of the files of a pylock.toml that a Linux may install."""
    packages = tomllib.loads(pylock)["packages"]
    names = (PurePosixPath(wheel["url"]).name for package in packages for wheel in package.get("wheels", ()))
    return sorted(name for name in names if FOR_LINUX.search(name))


def write(name: str, lines: Iterable[str], *, on_top_of: Iterable[str] = ()) -> None:
    """Write one of the files, which says which of the others belong to it."""
    also = [f"--requirement {other}" for other in on_top_of]
    (PINS / name).write_text(HEADER + "\n".join([*also, *lines]) + "\n")


def main() -> None:
    """Resolve everything once, so that all files have the same versions; then write what each one is for."""
    extras = [f"--extra={extra}" for extra in HOME]
    with tempfile.TemporaryDirectory() as folder:
        every = Path(folder) / "every.txt"
        every.touch()
        dev = resolved("pyproject.toml", *extras, "--extra=dev", "--group=build", within=every)
        every.write_text(dev)
        slim = pins(resolved("pyproject.toml", within=every))
        full = pins(resolved("pyproject.toml", *extras, within=every))
        builders = resolved("--group=build", within=every)
        files = wheels(resolved("pyproject.toml", *extras, within=every, pylock=True))
        every.write_text(builders)
        build = pins(builders)
        tools = pins(resolved("--group=tools", "--group=build", within=every))
        pip = pins(resolved("--group=pip", within=every))
        site = pins(resolved("--group=docs", within=every))
    PINS.mkdir(exist_ok=True)
    write("slim.txt", slim)
    write("full.txt", [pin for pin in full if pin not in slim], on_top_of=["slim.txt"])
    write("build.txt", build)
    write("dev.txt", [pin for pin in pins(dev) if pin not in full + build], on_top_of=["full.txt", "build.txt"])
    write("docs.txt", site)
    write("pip.txt", pip)
    write("tools.txt", [pin for pin in tools if pin not in build], on_top_of=["build.txt"])
    write("wheels.txt", files)


if __name__ == "__main__":
    main()
