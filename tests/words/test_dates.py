"""Times as people of each language write them."""

import pytest

from emulator.words.dates import ago, clock, moment, since

pytestmark = pytest.mark.usefixtures("in_madrid")

NOW = 1_795_521_600.0  # Tuesday, 24 November 2026, 13:00 in Madrid
DAY_S = 86_400.0


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "13:00:00"),
        (DAY_S, "Mon 13:00"),
        (6 * DAY_S, "Wed 13:00"),
        (7 * DAY_S, "17 Nov 2026, 13:00"),
        (-DAY_S, "25 Nov 2026, 13:00"),
    ],
)
def test_a_moment_has_as_much_of_its_date_as_it_needs(seconds: float, said: str) -> None:
    assert moment(NOW - seconds, NOW) == said


def test_a_begin_has_no_seconds() -> None:
    assert [since(NOW - days * DAY_S, NOW) for days in (0, 1, 7)] == ["13:00", "Mon 13:00", "17 Nov 2026, 13:00"]


def test_clock_and_age() -> None:
    assert clock(NOW) == "13:00"
    assert [ago(seconds) for seconds in (-1, 200)] == ["0 s ago", "3 min ago"]
