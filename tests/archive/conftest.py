"""A house with a state of its own."""

from pathlib import Path

import pytest

from tests.archive.rig import House


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A state folder with something of everything."""
    made = House(tmp_path / "house")
    made.fill()
    return made
