from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doors.dashboard.rig import Rig


@pytest.fixture(autouse=True)
def pins_are_quick(quick_hash: None) -> None:
    """Make PIN hashes cheap, as each test sets one."""


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """Yield an alarm whose panel was read."""
    made = Rig(tmp_path)
    made.settle()
    yield made
    made.journal.close()
