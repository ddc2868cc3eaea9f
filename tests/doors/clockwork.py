"""An event loop whose time stands still until a test moves it."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from tests.support.patience import LOOK_EVERY_S, PATIENCE_S

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
    ends = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < ends, "waited in vain"
        await asyncio.sleep(LOOK_EVERY_S)
