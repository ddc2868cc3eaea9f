"""Build what a release consists of into dist/, and try it: `make release`.

Sdist and wheel are made of the last commit and of nothing else, with its time as the time of every file, and twice, to
the same bytes. Each is installed into empty environments with the pinned libraries, by the oldest Python that the
project serves and by the newest that is here. The list of what the full image holds (an SBOM in the form of CycloneDX)
and the checksums lie beside them.

--untagged skips what only matters for a version that is published: its section in CHANGELOG.md.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"
TOOLS = ROOT / ".venv-tools" / "bin"
OLDEST = (3, 11)
NEWEST = 19
"""Minor versions of Python that are looked for end here."""

QUIET = ("--quiet", "--disable-pip-version-check")
PINNED = ("--no-deps", "--require-hashes", "--requirement")


def said(*command: str | Path) -> str:
    """Run a command at the top of the project, and return what it prints."""
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def version(source: Path) -> str:
    """Return the version that the source has."""
    found = re.search(r'^__version__ = "(.+)"$', (source / "emulator/__init__.py").read_text(), re.MULTILINE)
    if not found:
        sys.exit("emulator/__init__.py has no __version__")
    return found[1]


def build(folder: Path) -> dict[str, bytes]:
    """Build the last commit in a folder; return name → bytes of sdist and wheel."""
    source = folder / "source"
    source.mkdir(parents=True)
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    subprocess.run(["tar", "--extract", "--directory", source], input=archive, check=True)
    command = [TOOLS / "python", "-m", "hatchling", "build", "--directory", folder / "made"]
    subprocess.run(command, cwd=source, check=True, stdout=subprocess.DEVNULL)
    return {path.name: path.read_bytes() for path in (folder / "made").iterdir()}


def pythons() -> list[str]:
    """Return the oldest Python that the project serves, and the newest that is here."""
    homes = [Path(folder) for folder in os.environ["PATH"].split(":")]
    homes += sorted(Path.home().glob(".pyenv/versions/*/bin"))
    here = [
        next((str(home / name) for home in homes if usable(home / name)), None)
        for name in (f"python3.{minor}" for minor in range(OLDEST[1], NEWEST))
    ]
    if here[0] is None:
        sys.exit(f"there is no python{OLDEST[0]}.{OLDEST[1]} on the PATH, the oldest that the project serves")
    return list(dict.fromkeys([here[0], next(one for one in reversed(here) if one)]))


def usable(python: Path) -> bool:
    """Return whether this is a Python that can make environments; pyenv has names on the PATH that are none."""
    return python.exists() and not subprocess.run([python, "-c", "import ensurepip"], capture_output=True).returncode


def tried(file: Path, python: str, folder: Path) -> Path:
    """Install a file as a user would, but pinned, and start it; return the Python of its environment."""
    subprocess.run([python, "-m", "venv", folder], check=True)
    inside = folder / "bin" / "python"
    pip = [inside, "-m", "pip", "install", *QUIET]
    subprocess.run([*pip, *PINNED, ROOT / "pins/full.txt"], check=True)
    if file.suffix == ".gz":
        subprocess.run([*pip, *PINNED, ROOT / "pins/build.txt"], check=True)
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", file], check=True)
    subprocess.run([inside, "-m", "pip", "check"], check=True)
    # Elsewhere, so that what it starts is what was installed.
    for word in ("--version", "--help"):
        out = None if word == "--version" else subprocess.DEVNULL
        subprocess.run([folder / "bin/emulator", word], cwd=folder, check=True, stdout=out)
    return inside


def inventory(number: str, python: str, folder: Path) -> str:
    """Return the SBOM of the program with all extras of a home, as JSON."""
    subprocess.run([python, "-m", "venv", folder], check=True)
    inside = folder / "bin" / "python"
    subprocess.run([inside, "-m", "pip", "install", *QUIET, *PINNED, ROOT / "pins/full.txt"], check=True)
    subprocess.run([inside, "-m", "pip", "uninstall", "--quiet", "--yes", "pip"], check=True)
    project = folder / "pyproject.toml"
    text = (ROOT / "pyproject.toml").read_text()
    project.write_text(text.replace('dynamic = ["version"]', f'version = "{number}"'))
    made = said(TOOLS / "cyclonedx-py", "environment", "--output-reproducible", "--pyproject", project, inside)
    if json.loads(made)["metadata"]["component"].get("version") != number:
        sys.exit("the SBOM does not have the version: does pyproject.toml still say that it is dynamic?")
    return made + "\n"


def main(*, tagged: bool) -> None:
    """Make and try it all; end with a message where something does not hold."""
    number = version(ROOT)
    if said("git", "status", "--porcelain"):
        sys.exit("there are changes that are in no commit: a release is made of the last one")
    if tagged and not re.search(
        rf"^## {re.escape(number)} - \d{{4}}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text(), re.M
    ):
        sys.exit(f"CHANGELOG.md has no section '## {number} - YYYY-MM-DD'")
    os.umask(0o022)
    # Whatever stands there already: the builder and the SBOM take their times from it.
    os.environ["SOURCE_DATE_EPOCH"] = said("git", "log", "-1", "--format=%ct")
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made, again = build(folder / "once"), build(folder / "twice")
        if made != again:
            sys.exit(f"two builds of the same commit differ: {[one for one in made if made[one] != again.get(one)]}")
        for file, content in made.items():
            (DIST / file).write_bytes(content)
        files = sorted(DIST.iterdir())
        subprocess.run([TOOLS / "twine", "check", "--strict", *files], check=True)
        for python in pythons():
            for file in files:
                tried(file, python, folder / f"{Path(python).name}{file.suffix}")
        (DIST / f"verisure_emulator-{number}.cdx.json").write_text(inventory(number, pythons()[0], folder / "sbom"))
    sums = "".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in sorted(DIST.iterdir()))
    (DIST / "SHA256SUMS").write_text(sums)
    print(sums, end="")


if __name__ == "__main__":
    main(tagged="--untagged" not in sys.argv[1:])
