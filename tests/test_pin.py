"""The PIN: what opens, what locks, and what a restart changes about that: nothing."""

import pytest

from emulator.errors import EmulatorError
from emulator.journal import Journal
from emulator.pin import LOCK_S, TRIES, TRIES_OF_ALL, Pin, PinRefused, set_pin
from tests.fakes import FakeClock

RIGHT, WRONG, PEER = "2580", "0000", "192.168.7.9"


@pytest.fixture
def pin(journal: Journal, clock: FakeClock) -> Pin:
    set_pin(journal, RIGHT)
    return Pin(journal, clock.time)


def miss(pin: Pin, times: int, peer: str = PEER) -> str:
    said = ""
    for _ in range(times):
        with pytest.raises(PinRefused) as refused:
            pin.check(WRONG, peer)
        said = str(refused.value)
    return said


@pytest.mark.parametrize("text", ["123", "1234567890123", "12a4", "", " 1234", "1234\n", "١٢٣٤"])
def test_a_pin_is_4_to_12_digits(journal: Journal, text: str) -> None:
    with pytest.raises(ValueError, match="4 to 12 digits"):
        set_pin(journal, text)
    assert not Pin(journal, lambda: 0.0).is_set


def test_the_right_one_opens_as_often_as_you_like(pin: Pin) -> None:
    assert pin.is_set
    for _ in range(2 * TRIES):
        pin.check(RIGHT, PEER)


def test_a_right_one_forgives_the_wrong_ones_before(pin: Pin) -> None:
    for _ in range(3):
        miss(pin, TRIES - 1)
        pin.check(RIGHT, PEER)


def test_the_fifth_wrong_one_locks_for_a_quarter_of_an_hour(pin: Pin, clock: FakeClock) -> None:
    assert miss(pin, TRIES) == "wrong PIN; no more tries for 15 min"
    clock.now += LOCK_S - 1
    with pytest.raises(PinRefused, match="too many wrong PINs"):
        pin.check(RIGHT, PEER)
    clock.now += 1
    pin.check(RIGHT, PEER)


def test_trying_while_locked_makes_it_no_longer(pin: Pin, clock: FakeClock) -> None:
    miss(pin, TRIES)
    clock.now += LOCK_S - 1
    miss(pin, 3)
    clock.now += 1
    pin.check(RIGHT, PEER)


def test_a_restart_is_no_way_round(pin: Pin, journal: Journal, clock: FakeClock) -> None:
    miss(pin, TRIES - 1)
    again = Pin(journal, clock.time)
    assert "no more tries" in miss(again, 1)
    with pytest.raises(PinRefused, match="too many"):
        Pin(journal, clock.time).check(RIGHT, PEER)


def test_a_clock_that_is_set_back_is_none_either(pin: Pin, clock: FakeClock) -> None:
    miss(pin, TRIES)
    clock.now -= 86_400
    with pytest.raises(PinRefused, match="too many"):
        pin.check(RIGHT, PEER)


def test_many_peers_have_few_tries_together(pin: Pin, clock: FakeClock) -> None:
    for number in range(TRIES_OF_ALL):
        miss(pin, 1, f"192.168.7.{number}")
    with pytest.raises(PinRefused, match="too many"):
        pin.check(RIGHT, "192.168.7.200")
    clock.now += LOCK_S
    pin.check(RIGHT, "192.168.7.200")


def test_the_lock_is_told_once(journal: Journal, clock: FakeClock) -> None:
    told: list[str] = []
    set_pin(journal, RIGHT)
    miss(Pin(journal, clock.time, told.append), TRIES + 3)
    assert told == [PEER]


def test_a_lock_of_all_is_told_too(journal: Journal, clock: FakeClock) -> None:
    """Who changes the address before it is locked would else guess for days, unheard."""
    told: list[str] = []
    set_pin(journal, RIGHT)
    pin = Pin(journal, clock.time, told.append)
    for number in range(1, TRIES_OF_ALL):
        assert miss(pin, 1, f"192.168.7.{number}") != "wrong PIN; no more tries for 15 min"
    assert told == []
    assert miss(pin, 1, PEER + "9") == "wrong PIN; no more tries for 15 min"
    assert told == [PEER + "9"]


def test_without_a_pin_nothing_opens(journal: Journal) -> None:
    pin = Pin(journal, lambda: 0.0)
    for tried in ("", RIGHT):
        with pytest.raises(PinRefused, match="no PIN is set; type `emulator pin`"):
            pin.check(tried, PEER)


def test_a_new_pin_ends_the_lock_and_the_old_one(pin: Pin, journal: Journal) -> None:
    miss(pin, TRIES)
    set_pin(journal, "13579")
    with pytest.raises(PinRefused, match="wrong PIN; 4 more tries"):
        pin.check(RIGHT, PEER)
    pin.check("13579", PEER)
    set_pin(journal, None)
    assert not pin.is_set


def test_what_is_kept_is_no_pin_and_never_twice_the_same(pin: Pin, journal: Journal) -> None:
    first = journal.recall("pin")
    set_pin(journal, RIGHT)
    second = journal.recall("pin")
    assert first
    assert second
    assert RIGHT not in first
    assert first != second
    pin.check(RIGHT, PEER)


def test_a_try_that_cannot_be_written_down_opens_nothing(pin: Pin, journal: Journal) -> None:
    journal.rows("PRAGMA query_only = ON")
    with pytest.raises(EmulatorError, match="cannot be written"):
        pin.check(RIGHT, PEER)


@pytest.mark.parametrize("tried", ["\ud800", "2580 ", "é" * 40, "\x00"])
def test_anything_may_be_tried(pin: Pin, tried: str) -> None:
    with pytest.raises(PinRefused):
        pin.check(tried, PEER)
