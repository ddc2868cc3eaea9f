"""The stop of a command by a signal, at any step of its wait; and the end of its terminal."""

import errno
import itertools
import os
import subprocess
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
        self.closed = self.left = self.silent = False

    @property
    def is_closed(self) -> bool:
        return self.closed

    def leave(self) -> None:
        self.left = True

    def fall_silent(self) -> None:
        self.silent = True


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


@pytest.mark.parametrize("code", [errno.EIO, errno.EPIPE, errno.ENOSPC])
def test_what_cannot_be_said_any_more_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, code: int
) -> None:
    """A disk is broken or full, a pipe is not read any more: no reason to leave the house without its switches.

    Where a terminal was closed without the signal, somebody wants the program to go on, as with `disown`.
    """

    class Dead:
        def write(self, _text: str) -> int:
            raise OSError(code, os.strerror(code))

    seen = Shut()
    monkeypatch.setattr(sys, "stdout", Dead())
    seen.echo("Ready")
    assert (seen.silent, seen.left) == (True, False)
    assert os.strerror(code) in caplog.text
    seen.closed = True
    seen.echo("Ready")
    assert seen.left


def test_standard_streams_that_were_closed_are_no_numbers_for_our_files() -> None:
    ours = "import os\nfrom emulator.cli.terminal import hold_standard\nhold_standard()\n"
    seen = "assert [os.readlink(f'/proc/self/fd/{n}') for n in (0, 1, 2)] == ['/dev/null'] * 3"
    shell = 'exec "$@" <&- >&- 2>&-'
    subprocess.run(["/bin/sh", "-c", shell, "sh", sys.executable, "-c", ours + seen], check=True, timeout=STOP_S)


def test_a_pipe_that_nobody_reads_is_left_at_once() -> None:
    ours = "from emulator.cli.terminal import Terminal\nTerminal().echo('Ready')\nTerminal().echo('Stopping.')"
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [sys.executable, "-c", ours], stdout=write, stderr=subprocess.PIPE, check=True, timeout=STOP_S
        )
    finally:
        os.close(write)
    assert done.stderr.count(b"nothing more is written") == 1


@pytest.mark.parametrize(("code", "is_there"), [(errno.ENXIO, False), (errno.EIO, False), (errno.EMFILE, True)])
def test_a_lack_of_files_is_no_end_of_the_terminal(monkeypatch: pytest.MonkeyPatch, code: int, is_there: bool) -> None:
    def fail(*_: object) -> int:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", fail)
        found = terminal._is_there()
    assert found is is_there
