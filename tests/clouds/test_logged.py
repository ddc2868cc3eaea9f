"""Rows of an activity log become events: kinds, means, names, times."""

import pytest

from emulator.clouds import logged
from emulator.clouds.logged import LoggedRow
from emulator.clouds.wsdo.log import KINDS as OLDER
from emulator.model.activity import NAME_CHARS, WORDS_CHARS, EventKind, Means

NOW = 1_700_000_000.0


def row(kind: str = "1", **more: str) -> LoggedRow:
    return LoggedRow(("1", kind), kind, "2026-11-27 18:03:00", **more)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("31", EventKind.ARMED),
        ("32", EventKind.DISARMED),
        ("540", EventKind.ARMING_FAILED),
        ("13", EventKind.ALARM),
        ("14", EventKind.ALARM),
        ("331", EventKind.RESOLVED),
        ("24", EventKind.TAMPER),
        ("25", EventKind.MAINS_LOST),
        ("26", EventKind.MAINS_BACK),
        ("27", EventKind.CHECK),
        ("324", EventKind.OTHER),
        ("", EventKind.OTHER),
        ("alarm", EventKind.OTHER),
    ],
)
def test_kinds(code: str, kind: EventKind) -> None:
    assert logged.event(row(code), "me", NOW).kind is kind


def test_one_code_means_another_thing_to_clients_of_the_older_api() -> None:
    assert logged.event(row("24"), "me", NOW, OLDER).kind is EventKind.ALARM


@pytest.mark.parametrize(
    ("more", "means"),
    [
        ({"source": "Android"}, Means.APP),
        ({"source": "iOS"}, Means.APP),
        ({"source": "Web"}, Means.WEB),
        ({"source": "ROUTINES"}, Means.ROUTINE),
        ({"source": "Fridge"}, Means.UNKNOWN),
        ({"interface": "02"}, Means.KEYPAD),
        ({"device": "VK"}, Means.KEYPAD),
        ({"tag": "Grandma"}, Means.REMOTE),
        ({}, Means.PANEL),
    ],
)
def test_means_are_told_only_as_far_as_they_are_known(more: dict[str, str], means: Means) -> None:
    assert logged.event(row(**more), "me", NOW).means is means
    assert logged.event(row("13"), "me", NOW).means is Means.UNKNOWN


def test_the_login_of_the_account_is_no_name() -> None:
    """In Spain it is the number of an identity card."""
    ours = logged.event(row(user="12345678Z"), "12345678z", NOW)
    assert (ours.user, ours.is_own) == ("", True)
    hers = logged.event(row(user="Ana"), "12345678z", NOW)
    assert (hers.user, hers.is_own) == ("Ana", False)


def test_long_texts_are_cut_and_stay_on_one_line() -> None:
    found = logged.event(row(user="A" * 999, said="B\n" * 999, zone="C" * 999), "me", NOW)
    assert (len(found.user), len(found.zone), len(found.said)) == (NAME_CHARS, NAME_CHARS, WORDS_CHARS)
    assert "\n" not in found.said


@pytest.mark.parametrize("time", ["", "yesterday", "2026-13-45 99:00:00", "0000-00-00 00:00:00", "991399999999"])
def test_an_unreadable_time_is_now(time: str) -> None:
    assert logged.event(LoggedRow(("1",), "1", time), "me", NOW).at == NOW


def test_both_ways_to_write_a_time() -> None:
    one, other = LoggedRow(("1",), "1", "2026-11-27 18:03:00"), LoggedRow(("1",), "1", "261127180300")
    assert logged.event(one, "me", NOW).at == logged.event(other, "me", NOW).at != NOW


def test_only_the_newest_are_looked_at() -> None:
    some = [
        logged.event(LoggedRow((str(n),), "1", f"2026-11-{1 + n // 10:02} 18:0{n % 10}:00"), "me", NOW)
        for n in range(250)
    ]
    found = logged.newest(reversed(some))
    assert list(found) == sorted(some, key=lambda one: -one.at)[: logged.MOST_ROWS]
