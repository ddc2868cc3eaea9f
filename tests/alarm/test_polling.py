"""The next poll after each event, and the time for which a read stays fresh."""

import pytest

from emulator.alarm.polling import ASKED_EVERY_S, BACKOFF_LIMIT_S, FRESH_S, LOGIN_LOOK_S, PollEvent, PollSchedule
from emulator.clock import Moment

EVERY_S, SOON_S, NOW = 60.0, 15.0, 1000.0


TABLE = {
    # PollEvent → the pause, the failures after one before, whether the last read is fresh, and the gaps.
    PollEvent.POLLED: (EVERY_S, 1, True, 0),
    PollEvent.SILENCE: (2 * EVERY_S, 2, True, 0),
    PollEvent.LOGIN_NEEDED: (LOGIN_LOOK_S, 1, True, 0),
    PollEvent.CONFIRMED: (SOON_S, 1, True, 0),
    PollEvent.FAILED: (0.0, 1, False, 0),
    PollEvent.GAP: (0.0, 1, False, 1),
}


@pytest.mark.parametrize("event", PollEvent)
def test_what_each_event_does_to_the_next_poll(event: PollEvent) -> None:
    polling, now = PollSchedule(EVERY_S, SOON_S, NOW), Moment(NOW, NOW)
    polling.read(now)
    polling.saw(PollEvent.SILENCE, NOW)
    polling.saw(event, NOW)
    assert (polling.due_at - NOW, polling.failures, polling.is_fresh(now), polling.gaps) == TABLE[event]


def test_the_first_poll_is_due_at_once_and_nothing_is_fresh_before() -> None:
    polling = PollSchedule(EVERY_S, None, NOW)
    assert (polling.due_at, polling.read_at, polling.is_fresh(Moment(NOW, NOW))) == (NOW, None, False)


def test_pauses_double_up_to_the_limit_and_news_ends_them() -> None:
    polling = PollSchedule(EVERY_S, None, NOW)
    pauses = []
    for _ in range(20):
        polling.saw(PollEvent.SILENCE, NOW)
        pauses.append(polling.due_at - NOW)
    assert pauses == [60, 120, 240, 480] + [BACKOFF_LIMIT_S] * 16
    assert polling.read(Moment(NOW, NOW))
    assert not polling.read(Moment(NOW, NOW))
    polling.saw(PollEvent.SILENCE, NOW)
    assert polling.due_at - NOW == EVERY_S


def test_an_interval_above_the_limit_is_no_shorter_in_an_outage() -> None:
    polling = PollSchedule(2 * BACKOFF_LIMIT_S, None, NOW)
    polling.saw(PollEvent.SILENCE, NOW)
    assert polling.due_at - NOW == 2 * BACKOFF_LIMIT_S


def test_a_command_puts_no_poll_off() -> None:
    polling = PollSchedule(EVERY_S, None, NOW)
    polling.saw(PollEvent.CONFIRMED, NOW)
    assert polling.due_at == NOW
    polling.saw(PollEvent.POLLED, NOW)
    polling.saw(PollEvent.CONFIRMED, NOW + EVERY_S / 2)
    assert polling.due_at == NOW + EVERY_S


@pytest.mark.parametrize("event", [PollEvent.POLLED, PollEvent.SILENCE, PollEvent.LOGIN_NEEDED])
def test_a_poll_with_a_gap_in_it_is_due_again_at_once(event: PollEvent) -> None:
    polling = PollSchedule(EVERY_S, None, NOW)
    gaps = polling.gaps
    polling.saw(PollEvent.GAP, NOW)
    polling.saw(event, NOW, gaps)
    assert (polling.due_at, polling.failures) == (NOW, event is PollEvent.SILENCE)


@pytest.mark.parametrize(
    ("monotonic_s", "wall_s", "fresh"),
    [(0, 0, True), (FRESH_S, FRESH_S, True), (FRESH_S + 1, 0, False), (0, FRESH_S + 1, False), (1, -1, False)],
)
def test_a_read_is_fresh_by_both_clocks(monotonic_s: float, wall_s: float, fresh: bool) -> None:
    polling = PollSchedule(EVERY_S, None, NOW)
    polling.read(Moment(NOW, 5.0))
    assert polling.is_fresh(Moment(NOW + monotonic_s, 5.0 + wall_s)) is fresh
    assert polling.read_at == 5.0


def test_who_asks_gets_a_poll_at_once_but_not_again_and_again() -> None:
    polling = PollSchedule(EVERY_S, None, NOW)
    polling.saw(PollEvent.POLLED, NOW)
    polling.ask(NOW + 1)
    assert polling.due_at == NOW + 1
    polling.saw(PollEvent.POLLED, NOW + 2)
    for later_s in (2.0, 5.0, ASKED_EVERY_S + 0.9):
        polling.ask(NOW + later_s)
        assert polling.due_at == NOW + 2 + EVERY_S
    polling.ask(NOW + 1 + ASKED_EVERY_S)
    assert polling.due_at == NOW + 1 + ASKED_EVERY_S


def test_asking_puts_off_nothing_that_is_due_before() -> None:
    polling = PollSchedule(EVERY_S, None, NOW)
    polling.ask(NOW + 5)
    assert polling.due_at == NOW


def test_asking_cuts_a_back_off_short_and_does_not_end_it() -> None:
    polling = PollSchedule(EVERY_S, None, NOW)
    for _ in range(4):
        polling.saw(PollEvent.SILENCE, NOW)
    polling.ask(NOW + 1)
    assert (polling.due_at, polling.failures) == (NOW + 1, 4)
    polling.saw(PollEvent.SILENCE, NOW + 1)
    assert polling.due_at == NOW + 1 + BACKOFF_LIMIT_S
