"""The pinned libraries: all that pyproject.toml names, each with hashes, and with wheels for the boards of a home."""

import re
import tomllib
from collections.abc import Iterator

import pytest
from packaging.requirements import Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import canonicalize_name, parse_wheel_filename

from tests.support.lowest import EXTRAS, PYPROJECT

ROOT = PYPROJECT.parent
PINS = ROOT / "pins"
NAMED = tomllib.loads(PYPROJECT.read_text())
SLIM = NAMED["project"]["dependencies"]
FULL = [line for extra in EXTRAS for line in NAMED["project"]["optional-dependencies"][extra]]
PYTHONS = [
    (3, int(line.rpartition(".")[2])) for line in NAMED["project"]["classifiers"] if re.search(r":: 3\.\d+$", line)
]
PIN = re.compile(r"^([a-z0-9-]+)==(\S+)((?: ; .*)? \\(?:\n    --hash=sha256:[0-9a-f]{64}(?: \\)?)+)?$", re.MULTILINE)
GLIBC = range(5, 37)
"""Versions 2.x of the C library that Debian 12 and Raspberry Pi OS of that year serve."""


def pinned(*names: str) -> dict[str, str]:
    """Return name → version of the pins in files of pins/, and in the files that these build on."""
    found: dict[str, str] = {}
    for name in names:
        text = (PINS / name).read_text()
        found |= pinned(*re.findall(r"^--requirement (\S+)$", text, re.MULTILINE))
        for library, version, hashes in PIN.findall(text):
            assert hashes, f"{library} has no hash in {name}"
            found[library] = version
    return found


def fits(python: tuple[int, int], machine: str) -> frozenset[Tag]:
    """Return the tags of the wheels that a Python takes on a Linux of a machine."""
    platforms = [f"manylinux_2_{minor}_{machine}" for minor in reversed(GLIBC)] + [f"manylinux2014_{machine}"]
    both = cpython_tags(python, platforms=platforms), compatible_tags(python, "cp{}{}".format(*python), platforms)
    return frozenset(tag for tags in both for tag in tags)


def without_wheel(python: tuple[int, int], machine: str) -> Iterator[str]:
    """Yield the pinned libraries of a home that would have to be compiled there."""
    tags, wheels = fits(python, machine), (PINS / "wheels.txt").read_text().splitlines()[1:]
    ready = {(name, str(version)) for name, version, _, fit in map(parse_wheel_filename, wheels) if fit & tags}
    yield from (name for name, version in pinned("full.txt").items() if (name, version) not in ready)


@pytest.mark.parametrize(
    ("file", "lines"),
    [
        ("slim.txt", SLIM),
        ("full.txt", SLIM + FULL),
        ("dev.txt", [*SLIM, *FULL, *NAMED["project"]["optional-dependencies"]["dev"]]),
        ("build.txt", NAMED["build-system"]["requires"] + NAMED["dependency-groups"]["build"]),
        ("pip.txt", NAMED["dependency-groups"]["pip"]),
        ("docs.txt", NAMED["dependency-groups"]["docs"]),
        ("tools.txt", NAMED["dependency-groups"]["tools"]),
    ],
)
def test_what_pyproject_names_is_pinned_within_its_bounds(file: str, lines: list[str]) -> None:
    pins = pinned(file)
    for needed in map(Requirement, lines):
        version = pins.get(canonicalize_name(needed.name))
        assert version, f"{needed.name} is not in {file}: make pins"
        assert needed.specifier.contains(version, prereleases=True), f"{needed}, but {file} has {version}: make pins"


def test_no_line_of_the_pins_is_of_another_form() -> None:
    for file in PINS.glob("*.txt"):
        if file.name != "wheels.txt":
            left = PIN.sub("", file.read_text()).splitlines()
            assert all(re.fullmatch(r"|#.*|--requirement \w+\.txt", line) for line in left), file


@pytest.mark.parametrize("machine", ["aarch64", "x86_64"])
@pytest.mark.parametrize("python", PYTHONS)
def test_a_64_bit_board_has_to_compile_nothing(python: tuple[int, int], machine: str) -> None:
    assert not list(without_wheel(python, machine))


def test_the_page_of_boards_says_what_a_32_bit_board_has_to_compile() -> None:
    row = re.search(r"^\| 32 bits: `armv7l`.*$", (ROOT / "docs/boards.md").read_text(), re.MULTILINE)
    for python in PYTHONS:
        assert sorted(without_wheel(python, "armv7l")) == re.findall(r"`([\w-]+)`", row[0])[1:]
