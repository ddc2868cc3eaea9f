"""Since when a message may have waited: a pause tells, or a mark that has come back."""

from emulator.clock import Moment
from emulator.lan.arrivals import IDLE_S, LOST_S, MARK_S, Arrivals


def at(seconds: float) -> Moment:
    return Moment(seconds, seconds)


class Flood:
    """Messages that come without a pause, from 0 on; the server gives marks back when the test says so."""

    def __init__(self) -> None:
        self.arrivals = Arrivals(at(-9.0), iter("abc").__next__)
        self.now = 0.0
        self.sent: list[tuple[float, str]] = []

    def until(self, end: float) -> float:
        """Let messages come until then; return since when the last may have waited."""
        since = at(self.now)
        while self.now <= end:
            since = self.arrivals.since(at(self.now))
            if mark := self.arrivals.mark(at(self.now)):
                self.sent.append((self.now, mark))
            self.arrivals.done(at(self.now))
            self.now += IDLE_S / 2
        return since.monotonic


def test_after_a_pause_nothing_has_waited() -> None:
    flood = Flood()
    assert flood.until(3.0) == 0.0
    assert flood.arrivals.since(at(3.0 + IDLE_S)) == at(3.0 + IDLE_S)
    assert flood.sent == []


def test_what_comes_after_a_mark_was_sent_after_it() -> None:
    flood = Flood()
    assert flood.until(MARK_S + 1) == 0.0
    assert flood.sent == [(MARK_S, "a")]
    assert not flood.arrivals.is_mark(b"b")
    assert flood.arrivals.is_mark(b"a")
    assert flood.until(2 * MARK_S - 1) == MARK_S
    assert not flood.arrivals.is_mark(b"a")
    assert flood.until(2 * MARK_S) == MARK_S
    assert flood.sent[1:] == [(2 * MARK_S, "b")]


def test_a_mark_that_waits_behind_a_flood_tells_how_long_that_is() -> None:
    flood = Flood()
    flood.until(40.0)
    assert flood.sent == [(MARK_S, "a")]
    assert flood.arrivals.is_mark(b"a")
    assert flood.until(40.5) == MARK_S


def test_one_that_does_not_come_back_is_sent_anew_and_changes_nothing() -> None:
    flood = Flood()
    assert flood.until(MARK_S + LOST_S) == 0.0
    assert flood.sent == [(MARK_S, "a"), (MARK_S + LOST_S, "b")]
    assert not flood.arrivals.is_mark(b"a")


def test_one_that_comes_back_after_a_pause_makes_nothing_older() -> None:
    flood = Flood()
    flood.until(MARK_S)
    later = at(MARK_S + 10)
    assert flood.arrivals.since(later) == later
    assert flood.arrivals.is_mark(b"a")
    flood.arrivals.done(later)
    assert flood.arrivals.since(later) == later


def test_nothing_is_a_mark_before_one_was_sent() -> None:
    assert not Flood().arrivals.is_mark(b"")
