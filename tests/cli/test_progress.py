"""The progress of a command, on a terminal and elsewhere."""

import io
import logging
import sys
import threading

import pytest

from emulator.cli import progress
from emulator.cli.progress import ERASE, Progress, waiting
from tests.support.fakes import FakeClock
from tests.support.patience import PATIENCE_S


class Terminal(io.StringIO):
    """A terminal that remembers what was written to it."""

    encoding = "utf-8"

    def __init__(self) -> None:
        super().__init__()
        self.drawn = threading.Event()

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if ERASE in text:
            self.drawn.set()
        return super().write(text)


class Ascii(Terminal):
    """One that has no other letters."""

    encoding = "ascii"


def shown(terminal: Terminal) -> str:
    """Return the last picture of the line."""
    return terminal.getvalue().rpartition(ERASE)[2]


def test_a_terminal_has_one_line_with_the_seconds(clock: FakeClock) -> None:
    terminal = Terminal()
    line = Progress("the cloud is asked", terminal, clock.monotonic, moves=True)
    line.draw()
    assert shown(terminal)[1:] == " the cloud is asked … 0 s"
    clock.sleep(2)
    line.step("the panel is asked")
    assert shown(terminal)[1:] == " the panel is asked … 2 s"
    line.step("accepted")
    clock.sleep(16)
    before = shown(terminal)
    line.draw()
    assert shown(terminal)[1:] == " the panel is asked … accepted … 18 s"
    assert shown(terminal)[0] != before[0]
    line.end("done")
    line.draw()
    assert shown(terminal) == "the panel is asked … accepted … done after 18 s\n"
    assert terminal.getvalue().count("\n") == 1


def test_a_terminal_without_unicode(clock: FakeClock) -> None:
    terminal = Ascii()
    line = Progress("the cloud is asked", terminal, clock.monotonic, moves=True)
    for picture in "|/-\\|":
        line.draw()
        assert shown(terminal) == f"{picture} the cloud is asked ... 0 s"


def test_a_narrow_terminal_shows_the_end(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    terminal = Terminal()
    Progress("the cloud is asked", terminal, clock.monotonic, moves=True).step("the panel is asked")
    assert shown(terminal)[2:] == "el is asked … 0 s"


def test_a_pipe_has_a_line_for_each_step(clock: FakeClock) -> None:
    pipe = io.StringIO()
    with Progress("the cloud is asked", pipe, clock.monotonic).drawn() as line:
        line.draw()
        assert pipe.getvalue() == ""
        line.step("the panel is asked")
        clock.sleep(18)
        line.end("done")
    assert pipe.getvalue() == "the panel is asked\ndone after 18 s\n"


def test_a_pipe_has_no_end_of_what_it_has_no_step_of(clock: FakeClock) -> None:
    pipe = io.StringIO()
    Progress("the running program has it", pipe, clock.monotonic).end("done")
    assert pipe.getvalue() == ""


@pytest.mark.parametrize(("term", "moves"), [("xterm", True), ("dumb", False), (None, False)])
def test_only_on_a_terminal_that_can(term: str | None, moves: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TERM", raising=False)
    if term:
        monkeypatch.setenv("TERM", term)
    assert progress.can_move(Terminal()) is moves
    assert not progress.can_move(io.StringIO())


def test_it_moves_by_itself_and_leaves_nothing(clock: FakeClock) -> None:
    terminal = Terminal()
    with Progress("searching", terminal, clock.monotonic, moves=True).drawn():
        assert terminal.drawn.wait(PATIENCE_S)
    assert "searching … 0 s" in terminal.getvalue()
    assert shown(terminal) == ""


def test_the_log_has_lines_of_its_own(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    handler = logging.StreamHandler(terminal)
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [handler])
    with Progress("searching", terminal, clock.monotonic, moves=True).drawn() as line:
        line.draw()
        logging.getLogger("test").warning("a word")
        assert terminal.getvalue().endswith(f"{ERASE}a word\n")
    assert not handler.filters


def test_a_terminal_that_is_gone_ends_no_command(clock: FakeClock) -> None:
    gone = Terminal()
    line = Progress("searching", gone, clock.monotonic, moves=True)
    gone.close()
    line.step("accepted")
    line.end("done")


def test_a_stream_that_was_closed_at_the_start_ends_no_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    with progress.waiting("the cloud is asked", quiet=False) as line:
        line.step("accepted")


def test_programs_are_shown_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with waiting("searching", quiet=True) as line:
        line.step("accepted")
        line.end("done")
    assert terminal.getvalue() == ""
    with waiting("searching", quiet=False) as line:
        line.end("done")
    assert terminal.getvalue() == f"{ERASE}searching … done after 0 s\n"
