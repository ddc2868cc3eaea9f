"""A start that the settings prevent is told to people: nobody reads the log of a program that came back after a cut."""

from contextlib import closing
from pathlib import Path

import pytest

from emulator.cli import wrong_start
from emulator.cli.context import Context
from emulator.errors import ConfigError, Problem
from emulator.setup.set_up import TARGETS
from emulator.store import keys
from emulator.store.journal import Journal
from emulator.store.keys import Key
from emulator.store.notices import Notices
from emulator.system import kept, lock
from emulator.system.logs import Redactor

REAL = Key("owa", "owa.example", "123", "account")
DEMO = Key("simulator", "", "", "", simulated=True)
WRONG = ConfigError([Problem("devices.yaml:3", "no such mode")])


def house(folder: Path, key: Key, targets: str = "json://127.0.0.1:9") -> Context:
    """Return a state folder that knows an alarm, and the targets of a family."""
    with closing(Journal(folder)) as journal:
        keys.bind(journal, {"home": key})
    kept.change(folder, {TARGETS: targets or None})
    return Context(folder / "devices.yaml", folder, Redactor())


def told(folder: Path) -> list[str]:
    with closing(Journal(folder)) as journal:
        return [text for _, _, text in Notices(journal).after(0)]


def test_people_are_told_once_a_day_and_what_no_target_took_is_kept(tmp_path: Path) -> None:
    here = house(tmp_path, REAL)
    for _ in range(2):
        wrong_start.tell(here, WRONG)
    assert told(tmp_path) == [
        "Alarm: changed settings are not taken\n"
        "program: nothing here arms home until that is mended: devices.yaml:3: no such mode"
    ]


def test_nobody_is_told_of_a_demo_or_has_no_target(tmp_path: Path) -> None:
    wrong_start.tell(house(tmp_path, DEMO), WRONG)
    assert told(tmp_path) == []
    wrong_start.tell(house(tmp_path, REAL, ""), WRONG)
    assert told(tmp_path) == []
    wrong_start.tell(Context(tmp_path / "devices.yaml", tmp_path / "none", Redactor()), WRONG)


def test_who_reads_it_in_the_terminal_is_not_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    wrong_start.tell(house(tmp_path, REAL), WRONG)
    assert told(tmp_path) == []


def test_where_another_one_runs_the_alarm_is_armed_as_ever(tmp_path: Path) -> None:
    here = house(tmp_path, REAL)
    with lock.acquire(tmp_path):
        wrong_start.tell(here, WRONG)
    assert told(tmp_path) == []
