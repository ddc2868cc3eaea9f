"""The filters of the journal: what they let through, and what they offer."""

import pytest

from emulator.model import Result
from emulator.store.journal import Entry
from emulator.views.lookup import OUTCOMES, JournalFilter, people

PEER = "10.0.0.9"


def entry(result: str | None = "rejected") -> Entry:
    return Entry(1, 100.0, "home", "arm night", "wemo", PEER, "Night", None, result, None, None, None)


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (JournalFilter(), True),
        (JournalFilter(alarm="home", who="wemo", outcome="refused"), True),
        (JournalFilter(who=PEER), True),
        (JournalFilter(alarm="shop"), False),
        (JournalFilter(who="hue"), False),
        (JournalFilter(outcome="done"), False),
        (JournalFilter(outcome="rejected"), False),  # the journal's word, not the page's
    ],
)
def test_an_entry_fits_what_is_wanted(wanted: JournalFilter, fits: bool) -> None:
    assert wanted.fits(entry()) == fits


def test_every_result_has_an_outcome_that_can_be_chosen() -> None:
    for result in (*Result, None):
        assert any(JournalFilter(outcome=word).has_outcome(result) for word in OUTCOMES)


def test_a_result_of_another_version_is_found_by_itself() -> None:
    assert JournalFilter(outcome="vanished").fits(entry("vanished"))


def test_who_asked_is_offered_and_who_is_chosen() -> None:
    named = {"wemo": "WeMo", PEER: "Echo"}
    assert people([entry(), entry()], "10.0.0.8", lambda bare: named.get(bare, bare)) == {
        "wemo": "WeMo",
        PEER: "Echo",
        "10.0.0.8": "10.0.0.8",
    }
    assert people([], "", str) == {}
