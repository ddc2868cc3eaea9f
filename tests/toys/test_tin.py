"""A cloud is a folder and a row: the whole program takes the cloud of tin, and nothing else had to mention it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.patience import PATIENCE_S
from tests.support.program import free_port

TIN = (sys.executable, "-m", "tests.toys.tin")
ROOT = Path(__file__).parents[2]


class Home:
    """A folder with settings, and the program in it."""

    def __init__(self, folder: Path, installation: str = "cloud: tin, country: AT, number: 7") -> None:
        self.config = folder / "devices.yaml"
        self.config.write_text(
            f"installations: {{home: {{{installation}}}}}\n"
            "switches: [{name: Night, on: night, off: disarm}]\n"
            f"doors: {{dashboard: {{port: {free_port()}}}}}\n"
        )
        self.environment = {**os.environ, "EMULATOR_STATE_DIR": str(folder / "state")}

    def typed(self, *words: str, logged_in: bool = True) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [*TIN, "--config", str(self.config), *words],
            cwd=ROOT, env=self._environment(logged_in), capture_output=True, text=True, timeout=PATIENCE_S,
        )  # fmt: skip

    def started(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [*TIN, "--config", str(self.config), "run", "--interface", "lo"],
            cwd=ROOT, env=self._environment(True), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip

    def _environment(self, logged_in: bool) -> dict[str, str]:
        return self.environment | ({"VERISURE_USER": "me", "VERISURE_PASSWORD": "secret"} if logged_in else {})


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_the_program_serves_it_from_start_to_stop(home: Home) -> None:
    with home.started() as process:
        assert process.stdout
        try:
            assert next((line for line in process.stdout if line.startswith("Ready")), "")
            for words in (["arm", "night"], ["status"]):
                done = home.typed(*words, "--json")
                assert done.returncode == 0, done.stderr
                shown = json.loads(done.stdout)
                assert "program" in shown["via"], shown
            assert shown["interior"] == "night"
        finally:
            process.terminate()
            assert process.wait(PATIENCE_S) == 0


def test_typed_commands_reach_it(home: Home) -> None:
    assert home.typed("arm", "night").returncode == 0
    described = home.typed("installation")
    assert "de" in described.stdout, described.stderr
    assert "TIN" in described.stdout


def test_the_settings_know_it(home: Home, tmp_path: Path) -> None:
    section = json.loads(home.typed("schema").stdout)["$defs"]["InstallationSettings"]["properties"]
    assert section["cloud"]["enum"][-1] == "tin"
    assert section["cloud"]["description"].endswith("`tin` for the tests, or `simulator`")
    assert section["country"]["enum"][-1] == "AT"
    assert section["country"]["description"].endswith("; with `cloud: tin` AT")
    assert "300s for `tin` (100s at least)" in section["poll_every"]["description"]
    wrong: dict[str, Any] = {
        "cloud: owa, country: AT": "country: AT is only known to `cloud: tin`; owa has ES",
        "cloud: tin, poll_every: 90s": "the cloud blocks who asks more often than every 100s",
        "cloud: tins": "use 'simulator', 'owa', 'wsdo', 'mypages' or 'tin'",
    }
    for installation, said in wrong.items():
        done = Home(tmp_path, installation).typed("status")
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr


def test_it_needs_credentials_as_no_login_of_it_is_kept(home: Home) -> None:
    assert "VERISURE_PASSWORD: is not set" in home.typed("status", logged_in=False).stderr
    assert "no installation has `cloud: owa`" in home.typed("login").stderr


def test_the_doctor_examines_it(home: Home) -> None:
    found = home.typed("check").stdout
    assert "user and password are in the environment" in found
    assert "127.0.0.1:1 refuses the connection" in found
