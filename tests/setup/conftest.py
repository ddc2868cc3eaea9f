"""Benches, closed after each test."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.setup.house import House, Open
from tests.setup.rig import Bench

Make = Callable[..., Bench]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Yield what makes a bench; its arguments are those of Bench."""
    with ExitStack() as stack:

        def made(**how: Any) -> Bench:
            found = Bench(tmp_path, **how)
            stack.callback(found.close)
            return found

        yield made


@pytest.fixture
def house(make: Make) -> Open:
    """Return what opens a house; its arguments are those of House, and of Bench."""
    return lambda is_over=False, **how: House(make(**how), is_over=is_over)
