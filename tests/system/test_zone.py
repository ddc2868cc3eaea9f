"""The time zone of this machine."""

import pytest

from emulator.system import zone
from tests.support.zone import living_in


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("UTC", True),
        ("", True),
        ("Mars/Phobos", True),
        ("Europe/Madrid", False),
        ("Atlantic/Canary", False),
        ("Europe/London", False),
        ("America/Lima", False),
        ("CET-1CEST,M3.5.0,M10.5.0/3", False),
    ],
)
def test_a_machine_that_lives_in_no_country_is_told_from_others(name: str, plain: bool) -> None:
    with living_in(name):
        assert zone.is_plain_utc() is plain
