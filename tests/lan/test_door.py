"""The life of a door."""

import threading

import pytest

from emulator.lan.door import Life
from tests.support.patience import PATIENCE_S, until


class Notes:
    """A life, and what it called in which thread."""

    def __init__(self, look_s: float = 60.0) -> None:
        self.calls: list[tuple[str, str]] = []
        self.fails = False
        self.looked = threading.Event()
        self.life = Life(
            "looking",
            opening=lambda: self.note("open"),
            look=self.look,
            closing=lambda: self.note("close"),
            look_s=look_s,
        )

    def note(self, what: str) -> None:
        self.calls.append((what, threading.current_thread().name))

    def look(self) -> None:
        self.note("look")
        self.looked.set()
        if self.fails:
            raise OSError("no interfaces today")


def test_each_life_is_opened_looked_after_and_closed_once() -> None:
    notes, me = Notes(), threading.current_thread().name
    notes.life.stop()
    for _ in range(2):
        notes.life.start()
        notes.life.start()
        assert "looking" in {thread.name for thread in threading.enumerate()}
        notes.life.stop()
        notes.life.stop()
        assert "looking" not in {thread.name for thread in threading.enumerate()}
    assert notes.calls == 2 * [("open", me), ("look", "looking"), ("close", me)]


def test_it_looks_again_on_a_thread_of_its_own_whatever_a_look_met(caplog: pytest.LogCaptureFixture) -> None:
    notes = Notes(look_s=0.01)
    notes.fails = True
    notes.life.start()
    until(lambda: notes.calls.count(("look", "looking")) > 1)
    notes.life.stop()
    assert "a look failed" in caplog.text
    assert notes.calls[-1][0] == "close"


def test_where_no_thread_can_be_started_what_was_opened_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    notes = Notes()
    monkeypatch.setattr(threading.Thread, "start", start)
    with pytest.raises(RuntimeError):
        notes.life.start()
    notes.life.stop()
    assert [call for call, _ in notes.calls] == ["open", "close"]


def test_who_hurries_it_gets_a_look_at_once() -> None:
    notes = Notes(look_s=3600.0)
    notes.life.hurry()
    notes.life.start()
    notes.looked.clear()
    for _ in range(2):
        notes.life.hurry()
        until(notes.looked.is_set)
        notes.looked.clear()
    notes.life.stop()
    notes.life.hurry()
    assert notes.calls.count(("look", "looking")) == 3


def test_it_says_that_it_is_stopping_until_it_starts_again() -> None:
    seen: list[bool] = []
    life = Life("x", opening=lambda: None, look=lambda: seen.append(life.is_stopping), closing=lambda: None)
    life.start()
    life.stop()
    assert life.is_stopping
    life.start()
    life.stop()
    assert seen == [False, False]


def test_a_start_waits_for_the_first_look_no_longer_than_it_may() -> None:
    go_on = threading.Event()
    seen: list[str] = []

    def look() -> None:
        go_on.wait(PATIENCE_S)
        seen.append("looked")

    life = Life("x", opening=lambda: None, look=look, closing=lambda: None, first_look_s=0.0)
    life.start()
    assert seen == []
    go_on.set()
    until(lambda: seen)
    life.stop()
