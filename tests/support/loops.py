"""A guard for tests of the loop: nothing may block it."""

import threading
from collections.abc import Iterator
from functools import cache

import pytest
from blockbuster import BlockBuster, BlockBusterFunction


@cache
def the_guard() -> BlockBuster:
    """Make it once: it wraps some sixty functions."""
    guard = BlockBuster("emulator")
    # Coverage itself takes a lock wherever it enters a file: what waits for another thread is looked at instead.
    del guard.functions["threading.Lock.acquire"]
    guard.functions["threading.Condition.wait"] = BlockBusterFunction(
        threading.Condition,
        "wait",
        scanned_modules="emulator",
        # A pool that looks for an idle thread waits for no time at all.
        can_block_functions=[("concurrent/futures/thread.py", ["_adjust_thread_count"])],
    )
    return guard


@pytest.fixture(autouse=True)
def nothing_blocks_a_loop() -> Iterator[None]:
    the_guard().activate()
    yield
    the_guard().deactivate()
