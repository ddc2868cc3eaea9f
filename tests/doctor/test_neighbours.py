"""Programs on which doors depend, as `emulator check` finds them."""

import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from emulator import doors
from emulator.doctor import neighbours
from emulator.doctor.finding import Finding
from emulator.doors import Trouble
from emulator.errors import ConfigError, Problem
from emulator.store.journal import Journal
from tests.doctor.conftest import SIMULATED, MakeCase

MQTT = SIMULATED + "doors: {mqtt: {broker: mqtt://broker}}\n"
Probe = Any


@pytest.fixture
def probed(monkeypatch: pytest.MonkeyPatch, make_case: MakeCase) -> Any:
    """Returns the findings where the door's own look finds this."""

    def check(probe: Probe, text: str = MQTT) -> list[tuple[str, str, str]]:
        row, found = doors.row("mqtt")._replace(probe=probe), doors.row
        monkeypatch.setattr(doors, "row", lambda name: row if name == "mqtt" else found(name))
        return [shown(one) for one in neighbours.programs(make_case(text))]

    return check


def shown(finding: Finding) -> tuple[str, str, str]:
    assert finding.check == "MQTT door"
    return finding.verdict, finding.found, finding.fix


def test_one_that_answers_is_well(probed: Any) -> None:
    assert probed(lambda _section, _journal, _folder: []) == [("ok", "what it depends on answers as it should", "")]


def test_what_is_in_the_way_is_a_problem_or_worth_knowing(probed: Any) -> None:
    troubles = [Trouble("it is away", "start it"), Trouble("nobody reads it", "look there", is_warning=True)]
    assert probed(lambda _section, _journal, _folder: iter(troubles)) == [
        ("problem", "it is away", "start it"),
        ("warning", "nobody reads it", "look there"),
    ]


def test_settings_that_cannot_work_are_a_problem(probed: Any) -> None:
    def probe(_section: object, _journal: object, _folder: object) -> Iterable[Trouble]:
        raise ConfigError([Problem("doors.mqtt", "no library"), Problem("environment: X", "no file")])

    [(verdict, found, fix)] = probed(probe)
    assert (verdict, found) == ("problem", "doors.mqtt: no library; environment: X: no file")
    assert "the program does not start before" in fix


def test_a_library_that_is_missing_is_a_problem_of_a_door_that_depends_on_no_program(
    make_case: MakeCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyhap", None)
    [found] = neighbours.programs(make_case(SIMULATED + "doors: {homekit: {}, dashboard: {}}\n"))
    assert (found.verdict, found.check) == ("problem", "HomeKit bridge")
    assert "doors.homekit: needs the extra homekit" in found.found


def test_a_door_that_depends_on_none_or_is_not_opened_is_not_looked_at(make_case: MakeCase, probed: Any) -> None:
    assert list(neighbours.programs(make_case())) == []
    assert probed(None) == []
    assert list(neighbours.programs(replace(make_case(), settings=None))) == []


def test_it_reads_the_journal_of_a_program_that_ran_and_writes_nothing(make_case: MakeCase, probed: Any) -> None:
    seen: list[str | None] = []

    def probe(_section: object, journal: Journal | None, folder: Path) -> Iterable[Trouble]:
        assert folder == make_case().state_dir
        seen.append(journal.recall("x") if journal else None)
        return []

    probed(probe)
    folder = make_case().state_dir
    folder.mkdir()
    made = Journal(folder)
    made.note("x", "y")
    made.close()
    probed(probe)
    assert seen == [None, "y"]
