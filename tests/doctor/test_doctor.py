"""All checks together."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator import doctor
from emulator.doctor.case import Case
from emulator.doctor.finding import Finding, Verdict, ok, warning
from tests.doctor.conftest import NOW_S, SIMULATED
from tests.support.fakes import FakeClock


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "devices.yaml"
    path.write_text(SIMULATED)
    return path


@pytest.fixture
def clock() -> FakeClock:
    made = FakeClock()
    made.now = NOW_S
    return made


def one(_case: Case) -> Finding:
    return ok("one", "fine")


def several(_case: Case) -> Iterator[Finding]:
    yield warning("several", "a", "do this")
    yield ok("several", "b")


def broken(_case: Case) -> Finding:
    raise RuntimeError("Correcto-Caballo-9")


def test_findings_stand_in_the_order_of_the_checks(file: Path, clock: FakeClock, tmp_path: Path) -> None:
    found, usable = doctor.examine(file, tmp_path / "state", ["lo"], clock, {"one": one, "several": several})
    assert usable
    assert [finding.check for finding in found] == ["settings", "one", "several", "several"]


def test_a_check_that_fails_is_a_problem_and_quotes_nothing(file: Path, clock: FakeClock, tmp_path: Path) -> None:
    found, _ = doctor.examine(file, tmp_path / "state", ["lo"], clock, {"broken": broken, "one": one})
    assert [finding.verdict for finding in found] == [Verdict.OK, Verdict.PROBLEM, Verdict.OK]
    assert "Caballo" not in f"{found}"


def test_nobody_waits_for_a_check_that_does_not_end(file: Path, clock: FakeClock, tmp_path: Path) -> None:
    enough = threading.Event()

    def endless(_case: Case) -> Finding:
        enough.wait()
        return ok("endless", "never seen")

    found, _ = doctor.examine(file, tmp_path / "state", ["lo"], clock, {"endless": endless, "one": one}, 0.01)
    enough.set()
    assert [(finding.check, finding.verdict) for finding in found[1:]] == [
        ("endless", Verdict.PROBLEM),
        ("one", Verdict.OK),
    ]


def test_every_mistake_in_the_settings_is_named_and_the_rest_is_looked_at(clock: FakeClock, tmp_path: Path) -> None:
    path = tmp_path / "devices.yaml"
    path.write_text("installations: {home: {cloud: simulator, pasword: x}}\nswitches: [{name: Night, on: nite}]\n")
    found, usable = doctor.examine(path, tmp_path / "state", ["lo"], clock)
    assert not usable
    wrong = [finding.found for finding in found if finding.check == "settings"]
    assert [next(word for word in text.split(": ") if "." in word and "/" not in word) for text in wrong] == [
        "installations.home.pasword",
        "switches[0].on",
    ]
    assert {finding.check for finding in found} > {"state folder", "multicast lo", "clock", "port 1900/udp searches"}


def test_no_settings_file_is_a_mistake_too(clock: FakeClock, tmp_path: Path) -> None:
    found, usable = doctor.examine(tmp_path / "none.yaml", tmp_path / "state", ["lo"], clock, {})
    assert (usable, found[0].verdict) == (False, Verdict.PROBLEM)


def test_looking_makes_no_file(file: Path, clock: FakeClock, tmp_path: Path) -> None:
    found, _ = doctor.examine(file, tmp_path / "state", ["lo"], clock)
    assert not [finding for finding in found if finding.verdict is Verdict.PROBLEM]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["devices.yaml"]
