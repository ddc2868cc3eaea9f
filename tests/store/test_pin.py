"""The PIN: what opens, what locks, and what a restart changes about that: nothing."""

import json

import pytest

from emulator.doors.dashboard.bodies import PIN_SHAPE
from emulator.errors import EmulatorError
from emulator.store.journal import Journal
from emulator.store.pin import (
    DAY_S,
    KNOWN_S,
    LOCK_S,
    MAX_KNOWN,
    SHAPE,
    TOLD_AFTER,
    TOLD_AGAIN_S,
    TRIES,
    TRIES_OF_ALL,
    WAY_OUT,
    Pin,
    PinRefused,
    set_pin,
)
from tests.support.fakes import FakeClock

RIGHT, WRONG, PEER, OWNER = "2580", "0000", "192.168.7.9", "192.168.7.2"


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
    assert miss(pin, TRIES) == f"wrong PIN; no more tries for 15 min; {WAY_OUT}"
    assert miss(pin, 1) == f"too many wrong PINs: locked for 15 min after the last one; {WAY_OUT}"
    assert "`emulator pin`" in WAY_OUT
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


def strangers(pin: Pin, times: int, first: int = 100) -> None:
    """Wrong tries, each from another address."""
    for number in range(times):
        miss(pin, 1, f"192.168.{number // 100}.{first + number % 100}")


# -- who knows it -----------------------------------------------------------------------------------------------------


def test_who_gave_the_right_one_is_locked_out_by_nobody_else(pin: Pin, journal: Journal, clock: FakeClock) -> None:
    pin.check(RIGHT, OWNER)
    for _ in range(3):
        strangers(pin, TRIES_OF_ALL)
        with pytest.raises(PinRefused, match="too many"):
            pin.check(RIGHT, "192.168.7.200")
        pin.check(RIGHT, OWNER)
        Pin(journal, clock.time).check(RIGHT, OWNER)
        clock.now += KNOWN_S / 2


def test_who_gave_it_has_no_more_tries_than_others(pin: Pin) -> None:
    pin.check(RIGHT, OWNER)
    strangers(pin, TRIES_OF_ALL)
    assert miss(pin, TRIES, OWNER).startswith("wrong PIN; no more tries")
    with pytest.raises(PinRefused, match="too many"):
        pin.check(RIGHT, OWNER)


def test_slips_of_who_knows_it_take_no_try_from_others(pin: Pin) -> None:
    pin.check(RIGHT, OWNER)
    miss(pin, TRIES, OWNER)
    strangers(pin, TRIES_OF_ALL - 1)
    pin.check(RIGHT, PEER)


def test_after_a_month_he_is_a_stranger(pin: Pin, clock: FakeClock) -> None:
    pin.check(RIGHT, OWNER)
    clock.now += KNOWN_S
    strangers(pin, TRIES_OF_ALL)
    with pytest.raises(PinRefused, match="too many"):
        pin.check(RIGHT, OWNER)


def test_who_knew_the_old_one_is_a_stranger(pin: Pin, journal: Journal) -> None:
    pin.check(RIGHT, OWNER)
    pin.set("135790")
    strangers(pin, TRIES_OF_ALL)
    with pytest.raises(PinRefused, match="too many"):
        pin.check("135790", OWNER)
    assert str(journal.recall("pin: tries")).count(OWNER) == 0


def test_those_who_know_it_are_bounded_and_the_latest_stay(pin: Pin, journal: Journal) -> None:
    for number in range(MAX_KNOWN + 2):
        pin.check(RIGHT, f"10.0.0.{number}")
        pin.check(RIGHT, OWNER)
    kept = str(journal.recall("pin: tries"))
    assert OWNER in kept
    assert '"10.0.0.1"' not in kept
    assert kept.count("10.0.0.") == MAX_KNOWN - 1


# -- who is told ------------------------------------------------------------------------------------------------------


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def telling(journal: Journal, clock: FakeClock, told: list[str]) -> Pin:
    set_pin(journal, RIGHT)
    return Pin(journal, clock.time, told.append)


def test_sixteen_from_four_addresses_are_told(telling: Pin, told: list[str]) -> None:
    """None of the four is locked: who changes the address in time would else guess for weeks, unheard."""
    for number in range(4):
        miss(telling, TRIES - 1, f"192.168.7.{number}")
    assert told == ["5 wrong PINs within a day, the last from 192.168.7.1"]


def test_few_over_a_day_are_told_and_over_restarts(journal: Journal, clock: FakeClock, told: list[str]) -> None:
    set_pin(journal, RIGHT)
    for _ in range(TOLD_AFTER):
        assert told == []
        miss(Pin(journal, clock.time, told.append), 1)
        clock.now += DAY_S / TOLD_AFTER - 1
    assert len(told) == 1


def test_a_slip_of_a_finger_each_day_is_not_told(telling: Pin, clock: FakeClock, told: list[str]) -> None:
    for _ in range(2 * TOLD_AFTER):
        miss(telling, 1)
        clock.now += DAY_S / (TOLD_AFTER - 1)
    assert told == []


def test_a_lock_is_told_once(telling: Pin, told: list[str]) -> None:
    miss(telling, TRIES + 3)
    assert told == [f"5 wrong PINs within a day, the last from {PEER}; {PEER} is locked for 15 min"]


def test_a_lock_of_all_strangers_is_told_too(telling: Pin, told: list[str]) -> None:
    strangers(telling, TRIES_OF_ALL)
    assert len(told) == 2
    assert "every address that has not given the right one in 30 days is locked" in told[1]


def test_who_goes_on_guessing_is_told_of_rarely(telling: Pin, clock: FakeClock, told: list[str]) -> None:
    hours = 24
    for _ in range(hours):
        miss(telling, TRIES)
        clock.now += 3600
    # Of the tries and of the lock, each at most once in that time.
    assert len(told) <= 2 * hours * 3600 / TOLD_AGAIN_S
    assert told[-1].startswith(f"{19 * TRIES} wrong PINs within a day")


def test_an_empty_one_is_no_try(telling: Pin, told: list[str]) -> None:
    for _ in range(2 * TRIES_OF_ALL):
        with pytest.raises(PinRefused, match="this needs the PIN") as refused:
            telling.check("", PEER)
        assert not refused.value.tried
    assert told == []
    telling.check(RIGHT, PEER)


def test_the_api_asks_for_the_same_shape() -> None:
    assert f"^{SHAPE.pattern}$" == PIN_SHAPE


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
    assert {RIGHT, RIGHT.encode().hex()}.isdisjoint(json.loads(first).values())
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
