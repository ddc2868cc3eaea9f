"""Who makes way."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.lan.fair import gives_way


@pytest.mark.parametrize(
    ("held", "giver"),
    [
        ({}, None),
        ({"other": 1}, None),
        ({"other": 2}, "other"),
        ({"other": 2, "me": 1}, "me"),
        ({"other": 9, "me": 2, "third": 10}, "third"),
        ({"me": 5}, "me"),
        ({"me": 5, "other": 5}, "me"),
    ],
)
def test_whoever_holds_most_makes_way(held: Mapping[str, int], giver: str | None) -> None:
    assert gives_way("me", held) == giver


@given(st.dictionaries(st.sampled_from("abcd"), st.integers(1, 20)))
def test_nobody_is_brought_below_whom_it_makes_way_for(held: dict[str, int]) -> None:
    giver = gives_way("a", held)
    if giver not in (None, "a"):
        assert held[giver] - 1 >= held.get("a", 0) + 1
        assert held[giver] == max(held.values())
