"""An event loop whose time stands still until a test moves it."""

import asyncio
import inspect
import time
from collections.abc import Callable, Collection, Coroutine
from functools import update_wrapper
from typing import Any, ParamSpec, TypeVar

from tests.support.patience import LOOK_EVERY_S, PATIENCE_S

T = TypeVar("T")
P = ParamSpec("P")
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


def as_test(call: Callable[P, None], test: Callable[..., object], given: Collection[str]) -> Callable[P, None]:
    """Have pytest take `call` for `test`, whose `given` arguments are not fixtures."""
    signature = inspect.signature(test)
    fixtures = [each for name, each in signature.parameters.items() if name not in given]
    update_wrapper(call, test)
    call.__signature__ = signature.replace(parameters=fixtures)  # type: ignore[attr-defined]  # read by inspect
    return call


async def until(condition: Callable[[], object]) -> None:
    """Wait, in real time, for something that another thread or socket is about to do."""
    ends = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < ends, "waited in vain"
        await asyncio.sleep(LOOK_EVERY_S)
