"""What the tests of the door share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doors.matter.rig import House, a_house
from tests.support.loops import nothing_blocks_a_loop

__all__ = ["nothing_blocks_a_loop"]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A door whose bridge is up, and disarmed."""
    with a_house(tmp_path) as made:
        yield made
