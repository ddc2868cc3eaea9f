"""The commands as a person types them; those that go on running, as processes."""

import errno
import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click
import pytest
import requests
from click.testing import CliRunner, Result

from emulator import __version__, cli, model
from emulator.cli.alarm import ENDS
from emulator.cli.progress import ERASE
from emulator.model import Arm, ArmMode, Interior
from emulator.simulator.accounts import SECRETS, SimulatedAccount
from emulator.simulator.faults import InjectedFault
from emulator.simulator.panel.equipment import Equipment
from emulator.simulator.panel.panel import SimulatedPanel
from emulator.simulator.server import SimulatedAlarm
from tests.cli.test_progress import Terminal, shown
from tests.doctor.conftest import NOW_S
from tests.simulator import owa
from tests.support.fakes import FakeClock
from tests.support.patience import PATIENCE_S, STOP_S
from tests.support.program import ended, free_port

pytestmark = pytest.mark.usefixtures("signals_as_they_were")

SWITCHES = "switches: [{name: Night, on: night, off: disarm}]\n"
SIMULATED = "installations: {home: {cloud: simulator}}\n" + SWITCHES
PASSWORD = "Correcto-Caballo-9"


@pytest.fixture
def alarm(clock: FakeClock) -> Iterator[SimulatedAlarm]:
    """A simulated alarm whose account has a password worth hiding."""
    panel = SimulatedPanel(clock.time, Equipment())
    made = SimulatedAlarm(panel, accounts=[SimulatedAccount(password=PASSWORD)])
    made.start()
    yield made
    made.stop()


class Shell:
    """Types commands with settings and a state folder of its own."""

    def __init__(self, folder: Path, settings: str, clock: FakeClock) -> None:
        self.clock = clock
        self.config = folder / "devices.yaml"
        self.config.write_text(settings)
        self.state_dir = folder / "state"
        self.environment = {"VERISURE_USER": "demo", "VERISURE_PASSWORD": PASSWORD}

    def type(self, *words: str) -> Result:
        self.clock.stopped = False
        options = ["--config", str(self.config), "--state-dir", str(self.state_dir)]
        return CliRunner().invoke(cli.main, [*options, *words], env=self.environment, obj=self.clock)

    def json(self, *words: str) -> Any:
        return json.loads(self.type(*words, "--json").stdout)


@pytest.fixture
def shell(tmp_path: Path, alarm: SimulatedAlarm, clock: FakeClock) -> Shell:
    where = f"installations: {{home: {{cloud: wsdo, url: '{alarm.url}', timeouts: {{command: 6s}}}}}}\n"
    return Shell(tmp_path, where + SWITCHES, clock)


def test_version() -> None:
    assert CliRunner().invoke(cli.main, ["--version"]).output == f"emulator, version {__version__}\n"


def test_help_lists_the_exit_statuses() -> None:
    text = " ".join(CliRunner().invoke(cli.main, ["--help"]).output.split())
    assert all(f"{status} {meaning}" in text for status, meaning in cli.EXIT.items())


def test_status(shell: Shell, alarm: SimulatedAlarm) -> None:
    alarm.panel.keypad(Arm(ArmMode.parse("night+perimeter")))
    result = shell.type("status")
    assert (result.exit_code, result.stdout.split(" (")[0]) == (0, "home: night + perimeter")
    told = shell.json("status")
    assert (told["installation"], told["interior"], told["perimeter"], told["raw"]) == ("home", "night", True, "C")


def test_arm_and_disarm_with_progress(shell: Shell, alarm: SimulatedAlarm) -> None:
    result = shell.type("arm", "total+perimeter")
    assert (result.exit_code, result.stdout) == (
        0,
        "home: arm total+perimeter: confirmed: the panel is total + perimeter\n",
    )
    assert re.sub(r"\d+ s", "N s", result.stderr).splitlines() == [
        "straight to the cloud",
        "the panel is asked",
        "accepted",
        "the panel is asked, part 2",
        "accepted",
        "done after N s",
    ]
    told = shell.json("disarm")
    assert (told["command"], told["result"], told["panel"]["state"]) == ("disarm", "confirmed", "disarmed")
    assert not alarm.panel.axes.armed


def on_a_terminal(shell: Shell, monkeypatch: pytest.MonkeyPatch, *words: str) -> Terminal:
    """Type a command that fails or not; return the terminal with what stands on standard error."""
    terminal = Terminal()
    for variable, value in (shell.environment | {"TERM": "xterm"}).items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setattr(sys, "stderr", terminal)
    options = ["--config", str(shell.config), "--state-dir", str(shell.state_dir)]
    with suppress(SystemExit):  # with the status
        cli.main([*options, *words], obj=shell.clock, standalone_mode=False)
    return terminal


@pytest.mark.parametrize(
    ("words", "leaves"),
    [
        (["status"], ""),
        (["status", "--ask-panel"], ""),
        (["installation"], ""),
        (["check", "--interface", "lo"], ""),
        (["arm", "night"], "the panel is asked … accepted … done after N s\n"),
        (["arm", "annex"], "the panel is asked … accepted … refused after N s\n"),
    ],
)
def test_on_a_terminal_each_wait_has_a_line(
    shell: Shell, words: list[str], leaves: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = on_a_terminal(shell, monkeypatch, *words)
    assert re.sub(r"\d+ s", "N s", shown(terminal)) == leaves
    assert ERASE in terminal.getvalue()


def test_a_command_that_was_not_sent_has_failed(
    shell: Shell, alarm: SimulatedAlarm, monkeypatch: pytest.MonkeyPatch
) -> None:
    alarm.stop()
    assert shown(on_a_terminal(shell, monkeypatch, "arm", "night")).startswith("the cloud is asked … failed after ")


def test_each_end_has_a_word() -> None:
    assert ENDS.keys() == set(model.Result)


def test_the_names_of_requests_are_for_the_log(shell: Shell) -> None:
    result = shell.type("arm", "night", "--log-level", "debug")
    assert "DEBUG   home: sending: ARMNIGHT1\nthe panel is asked\n" in result.stderr
    assert "EST" not in shell.type("status").output


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EPIPE])
def test_a_command_is_done_whether_or_not_its_end_can_be_said(
    shell: Shell, alarm: SimulatedAlarm, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """A script that is told another status might ask for it again."""
    echo = click.echo

    def fail(message: object = None, **how: Any) -> None:
        if "confirmed" in str(message):
            raise OSError(code, os.strerror(code))
        echo(message, **how)

    monkeypatch.setattr(click, "echo", fail)
    assert shell.type("arm", "night").exit_code == cli.OK
    assert alarm.panel.axes.interior is Interior.NIGHT


def test_refused_by_the_panel_is_1(shell: Shell, alarm: SimulatedAlarm) -> None:
    alarm.panel.window("Entrada", is_open=True)
    result = shell.type("arm", "night")
    assert result.exit_code == cli.NOT_DONE
    assert "home: arm night: rejected:" in result.stdout
    assert re.search(r"\naccepted\nrefused after \d+ s\n$", result.stderr)


def test_wrong_settings_are_2_and_all_of_them_are_said(tmp_path: Path, clock: FakeClock) -> None:
    shell = Shell(tmp_path, "installations: {home: {cloud: wsod}}\nswitches: [{name: Night, on: nite}]\n", clock)
    result = shell.type("status")
    assert result.exit_code == cli.USAGE
    assert [line.split(": ")[2] for line in result.stderr.splitlines()] == [
        "installations.home.cloud",
        "switches[0].on",
    ]


def test_a_wrong_mode_is_2(shell: Shell) -> None:
    result = shell.type("arm", "everything")
    assert result.exit_code == cli.USAGE
    assert "unknown arm mode 'everything'; use day, night, total" in result.stderr
    assert "Did you mean" not in result.stderr


def test_unconfirmed_is_3_and_tells_what_the_panel_says(shell: Shell, alarm: SimulatedAlarm) -> None:
    alarm.backend.faults.add(InjectedFault("wait", "ARMNIGHT2"))
    result = shell.type("arm", "night")
    assert result.exit_code == cli.UNCONFIRMED
    assert "not answered within 6 s\nhome: night (read " in result.stdout
    (entry,) = shell.json("journal")
    assert (entry["result"], entry["settled"]) == ("unconfirmed", "night")


def test_a_cloud_that_is_down_is_4(shell: Shell, alarm: SimulatedAlarm) -> None:
    alarm.stop()
    for words in (["status"], ["arm", "night"], ["installation"]):
        result = shell.type(*words)
        assert result.exit_code == cli.NO_ANSWER
        assert "refuses the connection" in result.output


def test_a_refused_login_is_4_and_tried_once_for_each_command(shell: Shell, alarm: SimulatedAlarm) -> None:
    shell.environment["VERISURE_PASSWORD"] = "not-that-one"
    result = shell.type("status")
    assert result.exit_code == cli.NO_ANSWER
    assert result.stderr.startswith("straight to the cloud\nemulator: user or password is wrong")
    assert alarm.backend.requests["LOGIN"] == 1
    assert "not-that-one" not in result.output


def test_installation_shows_sensors_but_no_secrets(shell: Shell) -> None:
    table, data = shell.type("installation"), shell.json("installation")
    assert "home: installation 2423443, panel SDVFAST" in table.stdout
    assert "Comedor" in table.stdout
    assert {"Entrada", "Comedor"} <= {device["alias"] for device in data["devices"]}
    assert not [secret for secret in SECRETS if secret in table.output + json.dumps(data)]


def test_which_alarm_where_there_are_several(tmp_path: Path, clock: FakeClock) -> None:
    two = "installations: {home: {cloud: simulator}, shop: {cloud: simulator}}\n"
    shell = Shell(tmp_path, two + "switches: [{name: Night, on: night, installation: shop}]\n", clock)
    result = shell.type("status")
    assert result.exit_code == cli.USAGE
    assert "--installation: home, shop" in result.stderr
    assert shell.type("status", "--installation", "barn").exit_code == cli.USAGE
    assert (
        "--installation: home, shop. Did you mean 'home'?" in shell.type("arm", "day", "--installation", "hoem").stderr
    )


def test_common_options_after_the_name_and_from_the_environment(shell: Shell) -> None:
    shell.type("arm", "night")
    for words in (["journal", "--state-dir", str(shell.state_dir)], ["journal"]):
        environment = {"EMULATOR_STATE_DIR": str(shell.state_dir)}
        result = CliRunner().invoke(cli.main, words, env=environment)
        assert "arm night" in result.stdout
    assert "arm night" not in CliRunner().invoke(cli.main, ["journal"]).stdout


def test_the_journal_of_a_folder_that_has_none_is_no_empty_one(shell: Shell) -> None:
    result = shell.type("journal")
    assert result.exit_code == cli.USAGE
    assert "there is no journal yet" in result.stderr
    assert not shell.state_dir.exists()


def test_the_simulated_panel_keeps_its_mind_between_commands(tmp_path: Path, clock: FakeClock) -> None:
    shell = Shell(tmp_path, SIMULATED, clock)
    assert shell.type("arm", "night").exit_code == 0
    assert shell.json("status")["interior"] == "night"


def test_schema_is_a_json_schema() -> None:
    schema = json.loads(CliRunner().invoke(cli.main, ["schema"]).stdout)
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert set(schema["required"]) == {"installations", "switches"}


def test_a_simulated_alarm_that_cannot_have_its_port_is_2() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = CliRunner().invoke(cli.main, ["simulate", "--port", str(taken.getsockname()[1])])
    assert result.exit_code == cli.USAGE
    assert "cannot listen there" in result.stderr


# -- processes ------------------------------------------------------------------------------------------------------


@contextmanager
def running(words: Sequence[str], until: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """`emulator …` as a process, from the moment that it has printed `until`; gives what it printed."""
    with subprocess.Popen([sys.executable, "-m", "emulator", *words], stdout=subprocess.PIPE) as process:
        assert process.stdout
        said, ends = b"", time.monotonic() + PATIENCE_S
        try:
            while until.encode() not in said:
                ready, _, _ = select.select([process.stdout], [], [], ends - time.monotonic())
                chunk = os.read(process.stdout.fileno(), 4096) if ready else b""
                assert chunk, f"{until!r} did not come after {said!r}"
                said += chunk
            yield process, said.decode()
        finally:
            process.kill()


def fetch(url: str) -> str:
    return requests.get(url, timeout=PATIENCE_S).text


def run_words(shell: Shell) -> list[str]:
    shell.config.write_text(SIMULATED + f"doors: {{wemo: {{first_port: {free_port()}}}}}\n")
    return ["run", "--interface", "lo", "--config", str(shell.config), "--state-dir", str(shell.state_dir)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_run_shows_its_switches_and_stops_cleanly(shell: Shell, number: signal.Signals) -> None:
    with running(run_words(shell), "Ctrl-C stops.") as (process, said):
        assert "Ready: 1 of 1 switches." in said
        url = next(word for word in said.split() if word.endswith("/setup.xml"))
        assert "<friendlyName>Night</friendlyName>" in fetch(url)
        process.send_signal(number)
        assert process.wait(STOP_S) == 0


def test_commands_beside_run_talk_to_its_simulated_alarm(shell: Shell) -> None:
    with running(run_words(shell), "Ctrl-C stops.") as (_, said):
        control = next(word for word in said.split() if word.endswith("/control"))
        requests.post(f"{control}/settings", json={"answer_after": 0}, timeout=PATIENCE_S)
        assert shell.type("arm", "night").exit_code == 0
        assert json.loads(fetch(f"{control}/state"))["axes"]["interior"] == "night"


def with_page(shell: Shell) -> list[str]:
    words = run_words(shell)
    doors = f"doors: {{wemo: {{first_port: {free_port()}}}, dashboard: {{port: {free_port()}}}}}\n"
    shell.config.write_text(SIMULATED + doors)
    return words


def test_commands_beside_run_go_through_it_and_say_so(shell: Shell) -> None:
    with running(with_page(shell), "Ctrl-C stops.") as (_, said):
        control = next(word for word in said.split() if word.endswith("/control"))
        page = next(line.split()[-1] for line in said.splitlines() if line.startswith("The page:"))
        requests.post(f"{control}/settings", json={"answer_after": 0}, timeout=PATIENCE_S)
        result = shell.type("arm", "night")
        assert (result.exit_code, result.stdout) == (0, "home: arm night: confirmed: the panel is night\n")
        assert result.stderr == f"through the running program ({page.rstrip('/')})\n"
        told = shell.json("status")
        assert (told["interior"], told["via"]) == ("night", "program")
        told = shell.json("disarm")
        assert (told["result"], told["panel"]["state"], told["via"]) == ("confirmed", "disarmed", "program")
        assert {entry["door"] for entry in shell.json("journal")} == {"api"}
        requests.post(f"{control}/window", json={"zone": "Entrada", "open": True}, timeout=PATIENCE_S)
        refused = shell.type("arm", "night")
        assert refused.exit_code == cli.NOT_DONE
        assert "zona abierta" in refused.stdout
        assert shell.type("arm", "night", "--installation", "shed").exit_code == cli.USAGE


@pytest.mark.long
def test_status_beside_run_tells_old_news_as_such(shell: Shell) -> None:
    with running(with_page(shell), "Ctrl-C stops.") as (_, said):
        control = next(word for word in said.split() if word.endswith("/control"))
        requests.post(f"{control}/fault", json={"fault": "down"}, timeout=PATIENCE_S)
        ends = time.monotonic() + PATIENCE_S
        while (result := shell.type("status")).exit_code == 0 and time.monotonic() < ends:
            time.sleep(0.1)
        assert result.exit_code == cli.NO_ANSWER
        assert result.stdout.startswith("home: disarmed (read ")


def test_the_pin_is_asked_for_twice_and_never_shown(shell: Shell) -> None:
    options = ["--config", str(shell.config), "--state-dir", str(shell.state_dir)]

    def type_pin(*lines: str, remove: bool = False) -> Result:
        return CliRunner().invoke(cli.main, [*options, "pin", *["--remove"] * remove], input="\n".join((*lines, "")))

    result = type_pin("2580", "2580")
    assert (result.exit_code, "2580" in result.output) == (0, False)
    assert type_pin("2580", "2581", "2580", "2580").exit_code == 0
    for wrong in ("123", "12a45", "1234567890123"):
        result = type_pin(wrong, wrong)
        assert (result.exit_code, wrong in result.output) == (cli.USAGE, False)
        assert "a PIN is 4 to 12 digits" in result.output
    # Nothing runs there: a program that does elsewhere, or as another user, has not changed.
    for done in (result := type_pin("2580", "2580"), type_pin(remove=True)):
        assert f"Written to {shell.state_dir}: " in done.stdout
        assert "No `emulator run` uses that folder now." in done.stderr
    assert "4 digits are soon guessed" in result.stderr
    assert "digits are soon guessed" not in type_pin("258036", "258036").stderr


def test_the_pin_goes_through_the_running_program(shell: Shell) -> None:
    options = ["--config", str(shell.config), "--state-dir", str(shell.state_dir)]
    with running(with_page(shell), "Ctrl-C stops.") as (_, said):
        page = re.findall(r"The page: (\S+)/", said)[-1]
        for words, typed, can, status in (
            (["pin"], "258036\n258036\n", "The page can disarm with this PIN.\n", 202),
            (["pin", "--remove"], "", "The page can no longer disarm.\n", 403),
        ):
            result = CliRunner().invoke(cli.main, [*options, *words], input=typed)
            assert (result.exit_code, result.stdout.splitlines(True)[-1]) == (0, can)
            assert f"through the running program ({page})" in result.stderr
            body = {"disarm": "main", "pin": "258036"}
            assert requests.post(f"{page}/api/command", json=body, timeout=PATIENCE_S).status_code == status


@pytest.mark.long
def test_two_runs_on_one_state_folder_are_one_too_many(shell: Shell) -> None:
    words = run_words(shell)
    with running(words, "Ctrl-C stops."):
        second = subprocess.run([sys.executable, "-m", "emulator", *words], capture_output=True, timeout=PATIENCE_S)
        assert second.returncode == cli.USAGE
        assert b"another `emulator run` uses this state folder" in second.stderr


def test_discover_names_an_interface_that_is_not_there(shell: Shell) -> None:
    result = shell.type("discover", "--interface", "eth77")
    assert result.exit_code == cli.USAGE
    assert "no interface called eth77 has a local IPv4 address to serve; there is lo" in result.stderr


@pytest.mark.long
def test_discover_tells_ours_from_others(shell: Shell) -> None:
    with running(run_words(shell), "Ctrl-C stops."):
        found = shell.json("discover", "--interface", "lo", "--seconds", "1")
        assert {device["name"] for device in found if device["ours"]} == {"Night"}
        assert "Night" in shell.type("discover", "--interface", "lo", "--seconds", "1").stdout


def test_simulate_alone(shell: Shell) -> None:
    with running(["simulate", "--port", "0", "--annex", "--country", "GB", "--answer-after", "0"], "Ctrl-C stops.") as (
        process,
        said,
    ):
        url = next(line.split()[-1] for line in said.splitlines() if line.startswith("Its cloud"))
        shell.config.write_text(f"installations: {{home: {{cloud: wsdo, country: GB, url: '{url}'}}}}\n{SWITCHES}")
        shell.environment["VERISURE_PASSWORD"] = "demo"
        assert shell.type("arm", "annex").exit_code == 0
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_S) == 0


def test_simulate_the_customer_api_prints_each_sms_at_once() -> None:
    with running(["simulate", "--port", "0", "--api", "owa", "--profile", "it-owner"], "Ctrl-C stops.") as (
        process,
        said,
    ):
        url = next(line.split()[-1] for line in said.splitlines() if line.startswith("Its cloud"))
        assert f"devices.yaml: cloud: owa, country: IT, url: {url}" in said
        assert "environment: VERISURE_USER=demo VERISURE_PASSWORD=demo" in said
        device = dict.fromkeys(owa.DEVICE, "x")
        credentials = {"user": "demo", "password": "demo", "country": "IT"}
        auth = {
            "auth": json.dumps(
                dict.fromkeys(("lang", "callby", "id"), "x") | {"country": "IT", "user": "demo", "hash": ""}
            )
        }

        def ask(name: str, given: Mapping[str, object], headers: dict[str, str]) -> Any:
            body = {"operationName": name, "query": owa.query(name, given), "variables": given}
            return requests.post(url, json=body, headers=headers, timeout=PATIENCE_S).json()

        ask("mkLoginToken", dict.fromkeys(owa.LOGIN, "x") | credentials, {})
        otp_hash = ask("mkValidateDevice", device, auth)["errors"][0]["data"]["auth-otp-hash"]
        ask("mkSendOTP", {"recordId": 1, "otpHash": otp_hash}, auth)
        assert process.stdout
        assert re.fullmatch(r"SMS to \*{6}789: \d{6}\n", process.stdout.readline().decode())
        process.send_signal(signal.SIGTERM)
        assert process.wait(STOP_S) == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--profile", "fr"], "--profile is for --api owa; with wsdo use --country and --annex"),
        (["--country", "BR"], "--country BR is for --api owa; with wsdo use ES, IT, FR, GB, PT"),
        (["--api", "owa", "--annex"], "--annex is for --api wsdo; with owa use --profile gb-annex"),
    ],
)
def test_simulate_says_which_options_go_together(words: list[str], says: str) -> None:
    result = CliRunner().invoke(cli.main, ["simulate", *words])
    assert (result.exit_code, says in result.stderr) == (cli.USAGE, True)


def test_ctrl_c_while_the_panel_is_busy_leaves_the_command_unconfirmed(shell: Shell, alarm: SimulatedAlarm) -> None:
    alarm.panel.answer_after = 60  # by a clock that stands still
    words = ["arm", "night", "--config", str(shell.config), "--state-dir", str(shell.state_dir)]
    command = [sys.executable, "-m", "emulator", *words]
    environment = os.environ | shell.environment
    started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
    with ended(started) as process:
        assert process.stderr
        while b"accepted" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=STOP_S)
        assert process.returncode == cli.UNCONFIRMED
    assert shell.json("journal")[0]["result"] == "unconfirmed"


def check_words(shell: Shell) -> list[str]:
    shell.clock.now = NOW_S
    return ["check", "--interface", "lo"]


def test_check_says_a_line_for_each_finding_and_changes_nothing(shell: Shell) -> None:
    shell.config.write_text(SIMULATED)
    result = shell.type(*check_words(shell))
    assert result.exit_code == cli.OK
    head, *lines = result.stdout.splitlines()
    assert head.split() == ["VERDICT", "CHECK", "FOUND", "→", "HOW", "TO", "FIX", "IT"]
    assert {line.split()[0] for line in lines} == {"ok", "skipped"}
    assert not shell.state_dir.exists()


def test_check_tells_programs_the_same(shell: Shell) -> None:
    shell.config.write_text(SIMULATED)
    shell.state_dir.touch()
    assert shell.type(*check_words(shell)).exit_code == cli.NOT_DONE
    told = {one["check"]: one for one in shell.json(*check_words(shell))}
    assert set(told["state folder"]) == {"check", "verdict", "found", "fix"}
    assert told["state folder"]["verdict"] == "problem"


def test_check_of_wrong_settings_is_2(shell: Shell) -> None:
    shell.config.write_text(SIMULATED.replace("cloud", "clod"))
    result = shell.type(*check_words(shell))
    assert result.exit_code == cli.USAGE
    assert "did you mean 'cloud'?" in result.stdout


def test_check_shows_no_secret_and_logs_in_nowhere(shell: Shell, alarm: SimulatedAlarm) -> None:
    words = check_words(shell)
    shell.clock.now = time.time()  # which is what the alarm's server shows
    result = shell.type(*words, "--log-level", "debug")
    assert result.exit_code == cli.OK
    assert PASSWORD not in result.output
    assert "answers (HTTP" in result.stdout
    assert not json.loads(fetch(f"{alarm.control_url}/state"))["requests"]


def test_systemd_is_told_when_it_is_ready_and_when_it_stops(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(PATIENCE_S)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        with running(run_words(shell), "Ctrl-C stops.") as (process, _):
            assert manager.recv(4096) == b"READY=1\nSTATUS=Ready: 1 of 1 switches"
            process.send_signal(signal.SIGTERM)
            assert manager.recv(4096) == b"STOPPING=1"
            assert process.wait(STOP_S) == 0
