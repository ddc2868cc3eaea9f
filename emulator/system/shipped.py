"""The files that come with the program: in a wheel beside its code, in a clone where they are kept."""

from pathlib import Path

FILES = {
    # Name → its place in a clone.
    "devices.yaml": "devices.yaml",
    "compose.yaml": "compose.yaml",
    "verisure-emulator.service": "packaging/verisure-emulator.service",
    "verisure-emulator.socket": "packaging/verisure-emulator.socket",
}

PACKAGE = Path(__file__).parents[1]
FOLDER = PACKAGE / "shipped"
"""Folder of these files in a wheel; pyproject.toml puts them there."""


def text(name: str) -> str:
    """Return the text of such a file."""
    installed = FOLDER / name
    return (installed if installed.is_file() else PACKAGE.parent / FILES[name]).read_text(encoding="utf-8")
