"""The stop of a command by a signal, at any step of its wait; and the end of its terminal."""

import errno
import itertools
import os
import sys
import threading
from types import FrameType
from typing import Any

import pytest

from emulator.app.reload import ReloadDesk
from emulator.cli import terminal
from emulator.cli.run import hang_up
from emulator.cli.stop import Stop
from emulator.cli.terminal import Terminal
from tests.support.patience import STOP_S


def is_interrupted_at(step: int) -> bool:
    """Stop a wait at one of its steps, as a handler does; return whether it has so many."""
    stop, left = Stop(), step

    def trace(frame: FrameType, _event: str, _arg: Any) -> Any:
        nonlocal left
        frame.f_trace_opcodes = True
        left -= 1
        if left == 0:
            stop.set()
        return trace

    def wait() -> None:
        sys.settrace(trace)
        stop.wait(0)

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    waiting.join(STOP_S)
    assert not waiting.is_alive(), f"it waits for itself, at step {step}"
    assert left > 0 or (stop.is_set() and stop.wait() and stop.wait())
    return left <= 0


def test_a_handler_may_interrupt_any_step_of_a_wait() -> None:
    """`threading.Event` would wait for ever for the lock that the interrupted wait has."""
    steps = sum(1 for _ in itertools.takewhile(is_interrupted_at, itertools.count(1)))
    assert steps > 10


class Shut(Terminal):
    """A terminal that a person may close."""

    def __init__(self) -> None:
        super().__init__()
        self.closed = self.left = False

    @property
    def is_closed(self) -> bool:
        return self.closed

    def leave(self) -> None:
        self.left = True


def test_a_closed_terminal_stops_and_else_the_settings_are_taken() -> None:
    """It stops whatever goes on, such as set-up, which never looks at what the desk is asked for."""
    seen, stop, desk = Shut(), Stop(), ReloadDesk()
    hang_up(seen, stop, desk)
    assert len(desk.wait(0)) == 1
    assert not stop.is_set()
    seen.closed = True
    hang_up(seen, stop, desk)
    assert seen.left
    assert stop.is_set()
    assert desk.wait(STOP_S) == []


def test_what_cannot_be_said_any_more_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the signal somebody wants the program to go on, as with `disown`."""

    class Dead:
        def write(self, _text: str) -> int:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    seen = Shut()
    monkeypatch.setattr(sys, "stdout", Dead())
    with pytest.raises(OSError, match="Input/output"):
        seen.echo("Ready")  # a disk that is broken
    seen.closed = True
    seen.echo("Ready")
    assert seen.left


@pytest.mark.parametrize(("code", "is_there"), [(errno.ENXIO, False), (errno.EIO, False), (errno.EMFILE, True)])
def test_a_lack_of_files_is_no_end_of_the_terminal(monkeypatch: pytest.MonkeyPatch, code: int, is_there: bool) -> None:
    def fail(*_: object) -> int:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", fail)
        found = terminal._is_there()
    assert found is is_there
