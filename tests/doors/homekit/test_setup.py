"""The setup code: made once and kept, never a trivial one, and gone with a reset."""

import logging
from collections.abc import Callable

import pytest

from emulator.doors.homekit import setup
from emulator.doors.homekit.setup import TRIVIAL, KeptBridge, Setup
from emulator.errors import EmulatorError
from emulator.store.journal import Journal

MADE = Setup("03145154", "1AB2")


def test_the_qr_code_says_what_the_library_says() -> None:
    """Checked against the library's own for this code and category."""
    assert MADE.uri == "X-HM://0023ISYWY1AB2"
    assert MADE.spoken == "031-45-154"


def test_no_code_is_trivial() -> None:
    drawn = iter([11111111, 12345678, 0, 87654321, 3145154])
    assert setup.make(lambda _: next(drawn)).code == "03145154"
    assert {len(code) for code in TRIVIAL} == {8}
    assert len(TRIVIAL) == 12


def test_code_and_id_are_made_once(open_journal: Callable[[], Journal]) -> None:
    first = setup.open_kept(open_journal())
    assert setup.open_kept(open_journal()) == first == setup.known(open_journal())
    setup.keep(open_journal(), first.setup, {"mac": "AA"})
    assert setup.known(open_journal()) == KeptBridge(first.setup, {"mac": "AA"})


def test_a_reset_makes_another_that_the_old_one_cannot_overwrite(journal: Journal) -> None:
    old = setup.open_kept(journal)
    setup.keep(journal, old.setup, {"mac": "AA"})
    new = setup.reset(journal)
    assert new.setup.code != old.setup.code
    assert new.state == {}
    with pytest.raises(EmulatorError, match="was reset"):
        setup.keep(journal, old.setup, {"mac": "AA"})
    assert setup.known(journal) == new


def test_nothing_was_made_before_the_first_run(journal: Journal) -> None:
    assert setup.known(journal) is None


def test_neither_code_nor_keys_are_shown_by_accident(journal: Journal, caplog: pytest.LogCaptureFixture) -> None:
    kept = setup.open_kept(journal)
    setup.keep(journal, kept.setup, {"private_key": "c0ffee"})
    with caplog.at_level(logging.DEBUG):
        logging.getLogger().info("%s %r", setup.known(journal), setup.known(journal))
    assert kept.setup.code not in caplog.text
    assert "c0ffee" not in caplog.text


def test_the_paired_controllers_are_listed_with_their_rights() -> None:
    state = {
        "paired_clients": {"A": "00", "B": "01"},
        "client_properties": {"A": {"permissions": 1}, "B": {"permissions": 0}},
    }
    assert KeptBridge(MADE, state).controllers == [("A", True), ("B", False)]
