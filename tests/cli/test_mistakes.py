"""What a mistyped command line is answered, for people and for programs."""

import json
import pwd
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from emulator import cli
from emulator.cli import COMMANDS, USAGE


def typed(*words: str, **how: Any) -> Result:
    return CliRunner().invoke(cli.main, words, **how)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["stauts"], "There is no command 'stauts'. Did you mean 'status'?"),
        (["Disarm"], "There is no command 'Disarm'. Did you mean 'disarm'?"),
        (["status", "--jsn"], "Did you mean '--json'?"),
        (["arm", "nigt"], "Did you mean 'night'?"),
        (["arm", "totl+perimiter"], "Did you mean 'total+perimeter'?"),
        (["disarm", "anex"], "Did you mean 'annex'?"),
        (["status", "--log-level", "debugg"], "Did you mean 'debug'?"),
        (["simulate", "--api", "ova"], "Did you mean 'owa'?"),
        (["simulate", "--profile", "it-onwer"], "Did you mean 'it-owner'?"),
    ],
)
def test_the_nearest_is_named(words: list[str], says: str) -> None:
    result = typed(*words)
    assert (result.exit_code, result.stdout) == (USAGE, "")
    # Versions of click put its options in quotes, or not.
    assert says.replace("'", "") in " ".join(result.stderr.replace("'", "").split())


@pytest.mark.parametrize("words", [["xyzzy"], ["arm", "xyzzy"], ["arm", "night+xyzzy"], ["simulate", "--api", "xyzzy"]])
def test_what_is_like_nothing_is_answered_without_a_guess(words: list[str]) -> None:
    result = typed(*words)
    assert result.exit_code == USAGE
    assert "Did you mean" not in result.stderr


def test_a_login_of_an_alarm_that_is_not_there(tmp_path: Path) -> None:
    config = tmp_path / "devices.yaml"
    config.write_text("installations: {home: {cloud: owa}}\nswitches: [{name: Night, on: night}]\n")
    result = typed("login", "--installation", "hoem", "--config", str(config), "--state-dir", str(tmp_path))
    assert result.exit_code == USAGE
    assert "these have: home. Did you mean 'home'?" in result.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_cuts_nothing(name: str) -> None:
    text = " ".join(typed("--help").output.split())
    assert f"{name} {COMMANDS[name]}" in text


# -- for programs ---------------------------------------------------------------------------------------------------


def failed(*words: str, **how: Any) -> dict[str, Any]:
    """Type a command that fails; return its only words, which are JSON in one line on standard error."""
    result = typed(*words, **how)
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    told: dict[str, Any] = json.loads(line)
    assert told["status"] == result.exit_code
    return told


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["status", "--nothing", "--json"], "--nothing"),
        (["arm", "nigt", "--json"], "Did you mean 'night'?"),
        (["--nothing", "status", "--json"], "--nothing"),
        (["stauts", "--json"], "Did you mean 'status'?"),
        (["pair", "--json"], "--list stands alone or with --json"),
    ],
)
def test_a_wrong_command_line_is_json(words: list[str], says: str) -> None:
    told = failed(*words)
    assert (told["status"], set(told)) == (USAGE, {"error", "status"})
    assert says in told["error"]


def test_wrong_settings_are_json_with_each_problem(tmp_path: Path) -> None:
    config = tmp_path / "devices.yaml"
    config.write_text("installations: {home: {cloud: wsod}}\nswitches: [{name: Night, on: nite}]\n")
    told = failed("status", "--json", "--config", str(config), "--state-dir", str(tmp_path))
    assert told["status"] == USAGE
    assert [one["where"].split(": ")[1] for one in told["problems"]] == ["installations.home.cloud", "switches[0].on"]
    assert all(one["what"] in told["error"] for one in told["problems"])


def test_a_question_that_is_not_answered_is_json(tmp_path: Path) -> None:
    config = tmp_path / "devices.yaml"
    alarm = "installations: {home: {cloud: simulator}}\nswitches: [{name: Night, on: night}]\n"
    config.write_text(f"{alarm}doors: {{homekit: {{}}}}\n")
    result = typed("homekit", "--reset", "--json", "--config", str(config), "--state-dir", str(tmp_path))
    assert not result.stdout.strip()
    question, line = result.stderr.splitlines()
    assert "Go on?" in question
    assert json.loads(line)["status"] == result.exit_code == cli.NOT_DONE


def test_a_word_after_two_dashes_is_no_option() -> None:
    result = typed("arm", "--", "--json")
    assert result.exit_code == USAGE
    assert result.stderr.startswith("Usage: ")


def test_a_user_without_a_home_is_told_what_to_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A container or a unit may run under a number that has no name."""

    def nobody(_number: int) -> None:
        raise KeyError

    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "EMULATOR_STATE_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    state = ("--state-dir", str(tmp_path))
    for words in (["status"], ["check"], [*state, "status"]):
        result = typed(*words)
        assert (result.exit_code, "HOME" in result.stderr) == (USAGE, True)
    result = typed(*state, "--config", str(tmp_path / "devices.yaml"), "status")
    assert "HOME" not in result.stderr
