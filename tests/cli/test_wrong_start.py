"""A start that the settings prevent is told to people: nobody reads the log of a program that came back after a cut."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from emulator.app.targets import Send, key
from emulator.cli import wrong_start
from emulator.cli.context import Context
from emulator.cli.wrong_start import WrongStart
from emulator.errors import ConfigError, Problem
from emulator.setup.set_up import TARGETS
from emulator.store import keys
from emulator.store.journal import Journal
from emulator.store.keys import Key
from emulator.store.notices import Noted, Notices
from emulator.system import kept, lock
from emulator.system.logs import Redactor

REAL = Key("owa", "owa.example", "123", "account")
DEMO = Key("simulator", "", "", "", simulated=True)
WRONG = ConfigError([Problem("devices.yaml:3", "no such mode")])
TOLD = (
    "Alarm: changed settings are not taken\n"
    "program: nothing here arms home until that is mended: devices.yaml:3: no such mode"
)


class Family:
    """What it got; the network of the house may not be there yet, and one address of two may be none."""

    def __init__(self) -> None:
        self.got: list[str] = []
        self.is_online = True

    def open(self, url: str) -> Send:
        if "wrong" in url:
            raise ConfigError([Problem("environment: VERISURE_NOTIFY", "no service")])

        def send(text: str, _decision: object = None, /) -> bool:
            self.got += [text] * self.is_online
            return self.is_online

        return send


@pytest.fixture
def family(monkeypatch: pytest.MonkeyPatch) -> Family:
    made = Family()
    monkeypatch.setattr(wrong_start, "patient_target", made.open)
    return made


@pytest.fixture
def house(tmp_path: Path) -> Callable[..., Context]:
    """Return a state folder that knows an alarm, and the targets of a family."""

    def make(of: Key = REAL, targets: str = "json://phone") -> Context:
        with closing(Journal(tmp_path)) as journal:
            keys.bind(journal, {"home": of})
        kept.change(tmp_path, {TARGETS: targets or None})
        return Context(tmp_path / "devices.yaml", tmp_path, Redactor())

    return make


def test_people_are_told_once_a_day(house: Callable[..., Context], family: Family) -> None:
    here = house()
    assert all(WrongStart(here).tell(WRONG) for _ in range(2))
    assert family.got == [TOLD]


def test_what_waited_before_it_does_not_take_its_place(
    house: Callable[..., Context], family: Family, tmp_path: Path
) -> None:
    here = house()
    family.is_online = False
    with closing(Journal(tmp_path)) as journal:
        notices = Notices(journal)
        notices.position(key("json://phone"))
        notices.add(Noted(0, "Alarm: power cut\nhome: no mains power", is_urgent=True))
        notices.write()
    family.is_online = True
    assert WrongStart(here).tell(WRONG)
    assert [text.splitlines()[0] for text in family.got] == ["Alarm: power cut", TOLD.splitlines()[0]]


def test_it_is_tried_until_the_network_is_there(
    house: Callable[..., Context], family: Family, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(wrong_start, "SEND_S", 0.2)
    wrong = WrongStart(house())
    family.is_online = False
    assert not wrong.tell(WRONG)
    assert not wrong.tell(WRONG)
    assert caplog.text.count("nobody could be told yet") == 1
    family.is_online = True
    monkeypatch.setattr(wrong_start, "SEND_S", 60)
    assert wrong.tell(WRONG)
    assert family.got == [TOLD]


def test_it_is_not_tried_for_ever(
    house: Callable[..., Context], family: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wrong_start, "SEND_S", 0.2)
    monkeypatch.setattr(wrong_start, "LONGEST_S", 0)
    family.is_online = False
    assert WrongStart(house()).tell(WRONG)


def test_a_wrong_target_keeps_no_other_from_it(house: Callable[..., Context], family: Family) -> None:
    assert WrongStart(house(targets="wrong://x json://phone")).tell(WRONG)
    assert family.got == [TOLD]


def test_nobody_is_told_of_a_demo_or_has_no_target(
    house: Callable[..., Context], family: Family, tmp_path: Path
) -> None:
    assert WrongStart(house(DEMO)).tell(WRONG)
    assert WrongStart(house(REAL, "")).tell(WRONG)
    assert WrongStart(Context(tmp_path / "devices.yaml", tmp_path / "none", Redactor())).tell(WRONG)
    assert family.got == []


def test_who_reads_it_in_the_terminal_is_not_told(
    house: Callable[..., Context], family: Family, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert WrongStart(house()).tell(WRONG)
    assert family.got == []


def test_where_another_one_runs_the_alarm_is_armed_as_ever(
    house: Callable[..., Context], family: Family, tmp_path: Path
) -> None:
    here = house()
    with lock.acquire(tmp_path):
        assert WrongStart(here).tell(WRONG)
    assert family.got == []
