"""An event loop whose time stands still until a test moves it."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import pytest

T = TypeVar("T")
TURNS = 20  # of the loop, so that whatever became due has run


class Clockwork(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self.now = 1000.0
        super().__init__()

    def time(self) -> float:
        return self.now


async def advance(seconds: float = 0.0) -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Clockwork)
    loop.now += seconds
    for _ in range(TURNS):
        await asyncio.sleep(0)


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=Clockwork) as runner:
        return runner.run(coroutine)


async def until(condition: Callable[[], object]) -> None:
    """Wait, in real time, for something that another thread or socket is about to do."""
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.01)
    pytest.fail("waited five seconds in vain")
