"""A devices.yaml that has gone, while the state folder knows a real alarm: it is said wherever people look."""

import logging
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from emulator.cli.context import Context
from emulator.cli.first_run import told
from emulator.setup import lost
from emulator.setup.set_up import TARGETS
from emulator.setup.web.first_run import FirstRun, create_app
from emulator.store import keys
from emulator.store.journal import Journal
from emulator.store.keys import Key
from emulator.store.notices import Notices
from emulator.system import kept
from emulator.system.logs import Redactor
from tests.setup.browser import Browser
from tests.setup.conftest import Make
from tests.setup.house import House

REAL = Key("owa", "owa.example", "123", "account")
DEMO = Key("simulator", "", "", "", simulated=True)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal(tmp_path)) as opened:
        yield opened


def test_a_demo_and_a_new_house_have_lost_nothing(journal: Journal) -> None:
    assert lost.alarms(journal) == ()
    keys.bind(journal, {"home": DEMO})
    assert lost.alarms(journal) == ()
    assert lost.trouble("devices.yaml", ()) == ""


def test_a_real_alarm_is_known_by_its_last_name(journal: Journal) -> None:
    keys.bind(journal, {"demo": DEMO, "home": REAL})
    keys.bind(journal, {"casa": REAL})
    assert lost.alarms(journal) == ("casa",)
    assert "nothing here arms casa" in lost.trouble("devices.yaml", lost.alarms(journal))


def test_a_demo_in_the_place_of_a_real_alarm_is_noticed(journal: Journal, tmp_path: Path) -> None:
    """Of the same name, too: the look is before the program names its own."""
    assert lost.before(tmp_path / "none") == ()
    keys.bind(journal, {"home": REAL})
    known = lost.before(tmp_path)
    assert "nothing here arms home any more" in lost.replaced(known, [])
    assert not lost.replaced(known, ["cottage"])
    keys.bind(journal, {"home": DEMO})
    assert not lost.replaced(lost.before(tmp_path), [])


def test_each_page_of_set_up_says_so(make: Make) -> None:
    house = House(make())
    trouble = lost.trouble("devices.yaml", ("home",))
    app = create_app(house.desk, lambda: "", lambda: False, trouble)
    browser = Browser(app).get()
    assert trouble[1:] in browser.text
    assert trouble[1:] in browser.form(code=str(house.code)).text
    assert "are gone" not in house.claimed().text


@dataclass
class Start:
    """The part of a first run that tells people."""

    journal: Journal
    trouble: str


@pytest.mark.parametrize("target", ["json://127.0.0.1:9", ""])
def test_people_are_told_once_a_day(
    journal: Journal, tmp_path: Path, caplog: pytest.LogCaptureFixture, target: str
) -> None:
    kept.change(tmp_path, {TARGETS: target or None})
    here = Context(tmp_path / "devices.yaml", tmp_path, Redactor())
    start = cast(FirstRun, Start(journal, lost.trouble("devices.yaml", ("home",))))
    for _ in range(2):
        with told(start, here):
            pass
    said = [text for _, _, text in Notices(journal).after(0, urgent=True)]
    assert len(said) == bool(target)
    assert all(
        text.startswith("Alarm: settings were changed\nprogram: the settings (devices.yaml) are gone") for text in said
    )
    assert [one.levelno for one in caplog.records if "are gone" in one.message] == [logging.ERROR] * 2


def test_after_a_day_they_are_told_again(journal: Journal) -> None:
    day = lost.TELL_AGAIN_S
    assert [lost.is_news(journal, now) for now in (1e9, 1e9 + 60, 1e9 + day, 1e9 + day - 60)] == [
        True,
        False,
        True,
        True,
    ]


def test_a_note_that_cannot_be_read_keeps_no_program_from_starting(journal: Journal) -> None:
    journal.note(lost.GONE, "\0½")
    assert lost.is_news(journal, 1e9)
    assert not lost.is_news(journal, 1e9 + 60)
