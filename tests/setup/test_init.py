"""`emulator init` as a person types it."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from emulator import cli
from emulator.store.pin import Pin
from tests.setup.conftest import Make
from tests.setup.rig import PASSWORD, PIN, SECOND, WRONG, Bench
from tests.test_login import Typed

pytestmark = pytest.mark.usefixtures("signals_as_they_were")

Keys = list[str | Callable[[], str]]
AS_PROPOSED: Keys = [""] * 3
"""A switch, under its proposed name, whose off disarms."""
NO = "n"


def typed(bench: Bench, *keys: str | Callable[[], str], **how: Any) -> Result:
    bench.clock.stopped = False
    return CliRunner().invoke(
        cli.main,
        ["--config", str(bench.path), "--state-dir", str(bench.state), "init"],
        input=io.BufferedReader(Typed(*keys)),
        obj=bench.clock,
        **how,
    )


DOORS: Keys = ["", NO, NO, "y", NO, NO]
"""WeMo and the page."""


def test_from_nothing_to_a_simulated_alarm(make: Make) -> None:
    bench = make()
    modes: Keys = ["", "Alarma total", "", NO, "", "Alarma noche", NO, NO, NO, NO, NO]
    result = typed(bench, "y", "ES", "es", *modes, PIN, PIN, *DOORS, "", "y")
    assert result.exit_code == 0, result.output
    assert [(each.name, each.off) for each in bench.settings.switches] == [
        ("Alarma total", "disarm"),
        ("Alarma noche", None),
    ]
    assert set(bench.settings.doors.opened) == {"wemo", "dashboard"}
    Pin(bench.journal, bench.clock.time).check(PIN, "192.168.1.2")
    assert PIN not in result.output
    assert f"emulator run --config {bench.path}" in result.stdout


def test_whoever_takes_what_is_proposed_has_the_page_of_the_pin(make: Make) -> None:
    bench = make()
    result = typed(bench, "y", "", "", *AS_PROPOSED, *[NO] * 6, PIN, PIN, *[""] * 6, "", "y")
    assert result.exit_code == 0, result.output
    assert set(bench.settings.doors.opened) == {"wemo", "dashboard"}


def test_a_real_one_with_a_wrong_password_a_wrong_code_and_two_alarms(make: Make) -> None:
    bench = make(api="owa", others=(SECOND,))
    keys: Keys = [NO, "ES", "es", "owa", bench.url, "demo", WRONG, "demo", PASSWORD]
    keys += ["2", "000000", "1", bench.code, NO, "y"]
    keys += [*AS_PROPOSED, NO, NO, NO, NO, NO, NO, "", *DOORS, "", "y"]
    result = typed(bench, *keys)
    assert result.exit_code == 0, result.output
    assert [each.number for each in bench.settings.installations.values()] == ["7654321"]
    assert result.stderr.count("Not taken:") == 2
    assert bench.count("mkSendOTP") == 2
    assert WRONG not in result.output
    assert PASSWORD not in result.output


def test_what_is_there_is_changed_and_kept(make: Make) -> None:
    bench = make()
    bench.write("installations: {home: {cloud: simulator}}\nswitches:\n  - {name: Night, on: night} # mine\n")
    result = typed(bench, "switches", "", "Noche", "", *[NO] * 6, "save", "y")
    assert result.exit_code == 0, result.output
    assert "# mine" in bench.path.read_text()
    assert "-  - {name: Night, on: night} # mine" in result.stdout
    assert "The file before is kept" in result.stdout
    assert "Nothing has changed" in typed(bench, "save").stdout


def test_whoever_says_no_writes_nothing(make: Make) -> None:
    bench = make()
    result = typed(bench, "y", "", "", *AS_PROPOSED, *[NO] * 6, "", *DOORS, "", NO)
    assert result.exit_code == cli.NOT_DONE
    assert not bench.path.exists()


def test_an_answer_that_is_never_right_ends_it(make: Make) -> None:
    bench = make()
    result = typed(bench, "y", "", "", *[NO] * 7 * 5)
    assert result.exit_code == cli.NOT_DONE
    assert "Choose at least one mode." in result.stderr


def test_from_the_demo_to_ones_own_alarm(make: Make) -> None:
    bench = make(api="owa")
    bench.write("# mine\ninstallations: {home: {cloud: simulator}}\nswitches:\n  - {name: Night, on: night}\n")
    own: Keys = [NO, "ES", "es", "owa", bench.url, "demo", PASSWORD, "1", bench.code]
    result = typed(bench, "alarm", *own, *AS_PROPOSED, *[NO] * 6, "save", "y")
    assert result.exit_code == 0, result.output
    assert list(bench.settings.installations) == ["casa"]
    assert bench.path.read_text().startswith("# mine")


def test_in_a_copy_of_the_project_its_own_file_stays(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = make()
    typed(bench, "y", "ES", "es", "", "Total", "", *[NO] * 6, PIN, PIN, *DOORS, "", "y")
    before = bench.path.read_text()
    folder = bench.path.parent
    (folder / "emulator").mkdir()
    (folder / "emulator" / "__init__.py").touch()
    monkeypatch.chdir(folder)
    bench.clock.stopped = False
    keys = ["switches", "", "Todo", "", *[NO] * 6, "save", "y"]
    result = CliRunner().invoke(
        cli.main, ["--state-dir", str(bench.state), "init"], input=io.BufferedReader(Typed(*keys)), obj=bench.clock
    )
    assert result.exit_code == 0, result.output
    assert "devices.yaml is there. It stays as it is: what you change goes into devices.local.yaml" in result.output
    assert bench.path.read_text() == before
    assert "Todo" in (folder / "devices.local.yaml").read_text()
