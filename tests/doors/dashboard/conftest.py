from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doors.dashboard.rig import Rig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """Yield an alarm whose panel was read."""
    made = Rig(tmp_path)
    made.settle()
    yield made
    made.journal.close()
