"""What tests of doors share: nothing may block a loop."""

from collections.abc import Iterator

import pytest
from blockbuster import blockbuster_ctx


@pytest.fixture(autouse=True)
def nothing_blocks_a_loop() -> Iterator[None]:
    with blockbuster_ctx("emulator"):
        yield
