"""Turns: one at a time, in the order of asking, and nobody waits for somebody who waits."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

import pytest

from emulator.lan.turns import Turns
from tests.support.patience import STOP_S

LONG_S = 600.0
"""Patience that never ends within a test."""


@pytest.fixture
def turns() -> Turns:
    return Turns(patience_s=LONG_S)


class Threads:
    """Threads that are inside, or wait to be, until told."""

    def __init__(self, turns: Turns, executor: ThreadPoolExecutor) -> None:
        self._turns, self._executor = turns, executor
        self.came: list[str] = []
        self.may_go: dict[str, threading.Event] = {}

    def send(self, name: str, at: Callable[[], object] = lambda: None) -> Future[None]:
        """One more, which does something first when it is inside."""
        self.may_go[name] = threading.Event()

        def go() -> None:
            with self._turns.take():
                self.came.append(name)
                at()
                assert self.may_go[name].wait(STOP_S)

        return self._executor.submit(go)

    def have_come(self, number: int) -> bool:
        return len(self.came) >= number

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something that another thread does."""
        pause = threading.Event()
        for _ in range(10_000):
            if condition():
                return
            pause.wait(0.001)
        raise AssertionError("it does not happen")


def waiting(turns: Turns) -> int:
    return len(turns._waiting)


def are_waiting(turns: Turns, number: int) -> bool:
    return waiting(turns) == number


def test_in_the_order_of_asking(turns: Turns) -> None:
    with ThreadPoolExecutor(4) as executor:
        threads = Threads(turns, executor)
        threads.send("first")
        threads.until(lambda: threads.came == ["first"])
        for number, name in enumerate(("second", "third", "fourth"), 1):
            threads.send(name)
            threads.until(partial(are_waiting, turns, number))
        assert threads.came == ["first"]
        for number, name in enumerate(("first", "second", "third", "fourth"), 1):
            threads.may_go[name].set()
            threads.until(partial(threads.have_come, min(4, number + 1)))
    assert threads.came == ["first", "second", "third", "fourth"]


def test_who_waits_lets_others_compute_and_takes_his_turn_after_them(turns: Turns) -> None:
    with ThreadPoolExecutor(2) as executor:
        threads = Threads(turns, executor)
        waited_for = threading.Event()

        def wait() -> None:
            with turns.pass_on():
                assert waited_for.wait(STOP_S)
            threads.came.append("first again")

        threads.send("first", wait)
        threads.send("second")
        threads.until(lambda: threads.came == ["first", "second"])
        waited_for.set()
        threads.until(lambda: waiting(turns) == 1)
        assert threads.came == ["first", "second"]
        threads.may_go["second"].set()
        threads.until(lambda: threads.came == ["first", "second", "first again"])
        threads.may_go["first"].set()


def test_nobody_is_held_up_for_ever() -> None:
    turns = Turns(patience_s=0.0)
    with ThreadPoolExecutor(2) as executor:
        threads = Threads(turns, executor)
        hung = threads.send("hung")
        threads.until(lambda: threads.came == ["hung"])
        threads.send("other")
        threads.until(lambda: threads.came == ["hung", "other"])
        assert not hung.done()
        threads.may_go["other"].set()
        threads.may_go["hung"].set()
    with turns.take():
        assert waiting(turns) == 0


def test_a_thread_that_takes_no_turns_may_pass_none_on(turns: Turns) -> None:
    with turns.pass_on():
        pass
    with turns.take(), turns.pass_on(), turns.take():
        pass


def test_a_turn_within_a_turn_is_the_same(turns: Turns) -> None:
    with turns.take(), turns.take():
        pass
    with ThreadPoolExecutor(1) as executor:
        threads = Threads(turns, executor)
        threads.send("other")
        threads.until(lambda: threads.came == ["other"])
        threads.may_go["other"].set()
