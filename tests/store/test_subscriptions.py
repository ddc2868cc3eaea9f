"""Subscriptions in the journal: what comes back, and for how long, whatever was done to the clock."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from emulator.store.journal import Journal
from emulator.store.subscriptions import NOTE, Kept, Subscriptions

ONE = Kept("uuid:1", "key1", "basicevent", "192.168.7.9", "192.168.7.2", "192.168.7.10", 8989, "/x?a=ñ", 300.0, 7)


@pytest.mark.parametrize(
    ("passed_s", "left_s"),
    [
        (0.0, 300.0),
        (100.0, 200.0),
        (299.9, pytest.approx(0.1, abs=0.01)),
        (300.0, None),
        (1e9, None),
        # A clock that was set back, or not set yet after a power cut, gives nobody more than there was.
        (-5.0, 300.0),
        (-1e9, 300.0),
    ],
)
def test_what_is_left_is_counted_by_the_time_of_day(
    open_journal: Callable[[], Journal], passed_s: float, left_s: float | None
) -> None:
    journal, now = open_journal(), 1_700_000_000.0
    Subscriptions(journal, lambda: now).save([ONE])
    found = Subscriptions(journal, lambda: now + passed_s).load()
    assert found == ([] if left_s is None else [replace(ONE, left_s=found[0].left_s)])
    assert [one.left_s for one in found] == ([] if left_s is None else [left_s])


def test_the_last_ones_take_the_place_of_those_before(open_journal: Callable[[], Journal]) -> None:
    journal = open_journal()
    store = Subscriptions(journal)
    assert store.load() == []
    store.save([ONE, replace(ONE, sid="uuid:2")])
    store.save([ONE])
    assert [one.sid for one in store.load()] == ["uuid:1"]
    store.save([])
    assert journal.recall(NOTE) is None


@pytest.mark.parametrize(
    "text",
    ["", "x", "{}", "[]", "[1]", "[0, [[]]]", '["x", []]', "[0, [[1, 2]]]", '{"version": 2}', "null", "[0, null]"],
)
def test_what_another_program_wrote_is_nothing(open_journal: Callable[[], Journal], text: str) -> None:
    journal = open_journal()
    journal.note(NOTE, text)
    assert Subscriptions(journal).load() == []


def test_what_names_no_address_is_nothing(open_journal: Callable[[], Journal]) -> None:
    journal = open_journal()
    Subscriptions(journal).save([replace(ONE, host="evil.example")])
    assert Subscriptions(journal).load() == []
