"""No page of the real catalogues has a word of English left: each is compared with the same page in English."""

from collections.abc import Callable
from pathlib import Path

import pytest

from emulator.words.language import language
from tests.browser.eyes import ALIKE, english_left
from tests.doors.dashboard.rig import Rig
from tests.doors.dashboard.test_marks import SITUATIONS


@pytest.mark.sampled
@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda one: one.__name__)
def test_no_english_is_left(tmp_path: Path, situation: Callable[[Rig], bytes]) -> None:
    pages = {}
    for tag in ("en", *ALIKE):
        rig = Rig(tmp_path / tag, language=language(tag))
        rig.settle()
        pages[tag] = situation(rig).decode()
        rig.journal.close()
    for tag in ALIKE:
        assert english_left(pages[tag], pages["en"], tag) == set()
