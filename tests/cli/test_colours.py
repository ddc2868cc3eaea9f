"""Colours, and what ends them."""

from contextlib import closing
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from emulator import cli
from emulator.cli import colours
from emulator.doctor.finding import Verdict
from emulator.model import Arm, ArmMode, Command, Origin, Result
from emulator.store.journal import Journal
from emulator.system import output

GREEN_OK = "\x1b[32mok\x1b[0m"


def test_a_word_has_its_colour_and_a_column_its_width() -> None:
    rows = [["ok", "a"], ["problem", "b"], ["skipped", "ok"]]
    text = output.table(["VERDICT", "CHECK"], rows, {"VERDICT": colours.by_word})
    _, first, _, third = text.splitlines()
    assert (first, third) == (f"{GREEN_OK}       a", "skipped  ok")
    assert click.unstyle(text) == output.table(["VERDICT", "CHECK"], rows)


def test_what_follows_a_comma_does_not_matter() -> None:
    assert colours.by_word("rejected, 22 times") == click.style("rejected, 22 times", fg="red")


def test_every_word_is_one_of_the_program() -> None:
    assert colours.COLOURS.keys() <= {*Result, *Verdict, "under way"}


@pytest.mark.parametrize(
    ("name", "value", "coloured"),
    [
        ("TERM", "xterm", True),
        ("NO_COLOR", "", True),
        ("NO_COLOR", "1", False),
        ("NO_COLOR", "0", False),
        ("TERM", "dumb", False),
    ],
)
def test_the_environment_ends_colours(
    name: str, value: str, coloured: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv(name, value)
    # As on a terminal.
    result = CliRunner().invoke(cli.main, ["journal", "--state-dir", str(tmp_path)], color=True)
    assert ("\x1b[31memulator:\x1b[0m " in result.stderr, "\x1b" in result.stderr) == (coloured, coloured)


def test_a_pipe_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    with closing(Journal(tmp_path)) as book:
        book.begin("home", Command(Arm(ArmMode.parse("night")), Origin("cli", "me")), 1.0)
    result = CliRunner().invoke(cli.main, ["journal", "--state-dir", str(tmp_path)])
    assert "under way" in result.stdout
    assert "\x1b" not in result.output
