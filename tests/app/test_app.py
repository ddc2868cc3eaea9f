"""The composed program in this process: the parts that it starts, leaves behind, and shares."""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from emulator import cli
from emulator.alarm.installation import Installation
from emulator.app import watch
from emulator.app.app import App
from emulator.app.settings import Settings
from emulator.clock import Heartbeat, SystemClock
from emulator.errors import ConfigError, EmulatorError
from emulator.model import Arm, ArmMode, Command, Origin
from emulator.simulator.faults import LATEST_S, InjectedFault
from emulator.simulator.server import SimulatedAlarm
from emulator.store.journal import Journal
from emulator.store.journal_file import FILE
from tests.support.fakes import FakeClock
from tests.support.patience import STOP_S
from tests.support.program import NIGHT, PATIENCE_S, free_port, settings


@pytest.fixture
def make(state_dir: Path) -> Iterator[Callable[..., App]]:
    """Make programs that are stopped after the test."""
    made: list[App] = []

    def build(chosen: Settings | None = None, targets: Sequence[str] = ()) -> App:
        made.append(App(chosen or settings(), {}, state_dir, ["lo"], targets))
        return made[-1]

    yield build
    for app in made:
        app.stop()


# -- starting and stopping --------------------------------------------------------------------------------------


def test_the_clock_of_the_machine_sleeps_until_it_is_stopped() -> None:
    clock = SystemClock()
    assert abs(clock.time() - time.time()) < PATIENCE_S
    assert clock.monotonic() <= time.monotonic()
    assert clock.sleep(0.0) is True
    sleeper: list[bool] = []
    thread = threading.Thread(target=lambda: sleeper.append(clock.sleep(PATIENCE_S)))
    thread.start()
    clock.stop()
    thread.join(STOP_S)
    assert sleeper == [False]
    assert clock.sleep(PATIENCE_S) is False


def test_it_stops_in_time_and_leaves_no_thread_even_before_its_first_news(make: Callable[..., App]) -> None:
    app = make(settings(doors={}))
    app.start()
    began = time.monotonic()
    app.stop()
    assert time.monotonic() - began < STOP_S
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(("installation", "simulator"))]


def test_it_looks_after_its_alarms_and_its_folder_on_a_thread_of_its_own(
    make: Callable[..., App], state_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "BEAT_S", 0.01)
    looked, refused = threading.Event(), threading.Event()
    monkeypatch.setattr(Installation, "look_after", lambda _: looked.set())
    app = make(settings(doors={}))
    app.hub.subscribe(lambda _: refused.set() if app.alarms.journal.trouble else None)
    app.start()
    assert looked.wait(PATIENCE_S)
    journal, aside = state_dir / FILE, state_dir / "aside"
    journal.rename(aside)
    try:
        assert refused.wait(PATIENCE_S)
    finally:
        aside.rename(journal)


def test_after_a_gap_every_alarm_is_read_again(make: Callable[..., App], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "BEAT_S", 0.01)
    monkeypatch.setattr("emulator.app.app.Heartbeat", partial(Heartbeat, gap_s=-1.0))
    told = threading.Event()
    monkeypatch.setattr(Installation, "after_gap", lambda *_: told.set())
    make(settings(doors={})).start()
    assert told.wait(PATIENCE_S)


def test_it_may_be_stopped_without_having_been_started(make: Callable[..., App]) -> None:
    make()


def test_two_programs_on_one_state_folder_are_one_too_many(make: Callable[..., App], state_dir: Path) -> None:
    first = make()
    with pytest.raises(ConfigError, match="another `emulator run` uses this state folder; stop it, or choose another"):
        make()
    first.stop()
    make()
    assert (state_dir.stat().st_mode & 0o777) == 0o700


def test_a_state_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"run\.lock: .*; choose a folder with --state-dir"):
        App(settings(), {}, tmp_path / "file")


def test_a_journal_that_cannot_be_opened_leaves_no_lock(make: Callable[..., App], state_dir: Path) -> None:
    (state_dir / "journal.sqlite3").mkdir(parents=True)
    with pytest.raises(ConfigError, match="cannot keep the journal here"):
        make()
    (state_dir / "journal.sqlite3").rmdir()
    make()


def test_a_start_that_fails_leaves_no_simulated_alarm_and_no_lock(make: Callable[..., App]) -> None:
    with pytest.raises(ConfigError, match=r"doors\.wemo\.first_port: no port from 65535 to 65535 is free"):
        make(settings(NIGHT, {"name": "Day", "on": "day"}, doors={"wemo": {"first_port": 65535}}))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("simulator")]
    make()


def test_what_was_under_way_when_it_died_is_told(
    make: Callable[..., App], state_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal = Journal(state_dir)
    journal.begin("home", Command(Arm(ArmMode.parse("night")), Origin("wemo")), 1.0)
    journal.close()
    app = make()
    assert "1 command(s) were under way when the program stopped; the panel is asked" in caplog.text
    assert app.alarms.journal.commands(1)[0].result == "unconfirmed"


def test_a_start_that_the_settings_prevent_leaves_it_to_the_next_one(
    make: Callable[..., App], state_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(Journal(state_dir)) as journal:
        journal.begin("home", Command(Arm(ArmMode.parse("night")), Origin("wemo")), 1.0)
    with pytest.raises(ConfigError):
        make(settings(NIGHT, {"name": "Day", "on": "day"}, doors={"wemo": {"first_port": 65535}}))
    assert "under way" not in caplog.text
    make()
    assert "1 command(s) were under way" in caplog.text


def test_without_apprise_it_starts_and_says_loudly_that_nobody_is_notified(
    make: Callable[..., App], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    app = make(targets=["json://192.168.7.5/secret"])
    assert app.hub.switches
    [said] = [one for one in caplog.records if one.levelname == "ERROR"]
    assert said.message.startswith("nobody is notified: VERISURE_NOTIFY needs the extra notify")
    assert "secret" not in said.message


# -- switches and doors -----------------------------------------------------------------------------------------


def test_switches_are_as_the_settings_have_them(make: Callable[..., App]) -> None:
    port = free_port()
    app = make(
        settings(
            {"name": "Night", "on": "night", "off": "disarm", "port": str(port)},
            {"name": "Only arms", "on": "total+perimeter", "doors": []},
        )
    )
    night, only_arms = app.hub.switches
    assert (night.installation, night.off_disarms, night.doors) == ("home", True, frozenset({"wemo"}))
    assert night.identity.port == port
    assert (str(only_arms.mode), only_arms.off_disarms, only_arms.doors) == ("total+perimeter", False, frozenset())


def test_a_port_that_another_program_uses_is_passed_over(make: Callable[..., App]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        first_port = taken.getsockname()[1]
        app = make(settings(doors={"wemo": {"first_port": first_port}}))
        assert app.hub.switches[0].identity.port > first_port


@pytest.mark.parametrize("door", ["hue", "dashboard"])
def test_a_switch_leaves_the_port_that_the_settings_now_give_to_another_door(
    make: Callable[..., App], caplog: pytest.LogCaptureFixture, door: str
) -> None:
    doors: dict[str, Any] = {"wemo": {"first_port": free_port()}}
    first = make(settings(doors=doors))
    port = first.hub.switches[0].identity.port
    first.stop()
    doors[door] = {"port": port}
    for _ in range(2):
        app = make(settings(doors=doors))
        app.stop()
        moved = app.hub.switches[0].identity
        assert moved.port > port
        assert moved.serial == first.hub.switches[0].identity.serial
    assert caplog.text.count(f"'Night' moves from port {port} to {moved.port}") == 1


def test_no_door_is_opened_that_the_settings_do_not_name(make: Callable[..., App]) -> None:
    assert make(settings(doors={})).doors == {}


def test_the_dashboard_shows_switches_and_is_none_of_their_doors(make: Callable[..., App], state_dir: Path) -> None:
    app = make(settings(doors={"dashboard": {"port": free_port()}}))
    assert app.hub.switches[0].doors == frozenset()
    app.start()
    assert list(app.doors) == ["dashboard"]
    assert (state_dir / "api.json").stat().st_mode & 0o777 == 0o600
    app.stop()
    assert not (state_dir / "api.json").exists()


def test_a_change_at_the_alarm_reaches_the_doors(make: Callable[..., App]) -> None:
    app = make(settings(doors={}))
    told: list[str] = []
    app.hub.subscribe(told.append)
    app.hub.submit(app.hub.switches[0], True, Origin("wemo"))
    assert told == ["home"]


# -- typed, in this process -------------------------------------------------------------------------------------


def once(condition: Callable[[], bool], act: Callable[[], None]) -> threading.Thread:
    """Act as soon as a condition holds; not at all if it never does."""

    def wait() -> None:
        ends = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > ends:
                return
            time.sleep(0.01)
        act()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.usefixtures("signals_as_they_were")
def test_run_shows_every_switch_that_can_be_reached_and_how(tmp_path: Path, state_dir: Path) -> None:
    port = free_port()
    config = tmp_path / "devices.yaml"
    config.write_text(
        f"""
installations: {{ home: {{ cloud: simulator }} }}
switches:
  - {{ name: Night, on: night, off: disarm, port: {port} }}
  - {{ name: Both, on: total+perimeter, doors: [] }}
"""
    )
    terminator = once(lambda: listens(port), interrupt)
    words = ["run", "--interface", "lo", "--config", str(config), "--state-dir", str(state_dir), "--log-level", "error"]
    result = CliRunner().invoke(cli.main, words)
    terminator.join()
    assert result.exit_code == 0
    head, night, house, ready, stopping = result.stdout.splitlines()
    assert head.split("  ")[0] == "SWITCH"
    assert night.split() == ["Night", "night", "disarms", f"http://127.0.0.1:{port}/setup.xml"]
    assert house.startswith("home: a simulated alarm; its house is at http://127.0.0.1:")
    assert (ready, stopping) == ("Ready: 1 of 2 switches. Ctrl-C stops.", "Stopping.")


@pytest.mark.usefixtures("signals_as_they_were")
def test_simulate_serves_until_it_is_told_to_stop() -> None:
    port = free_port()
    seen: list[str] = []

    def look() -> None:
        seen.extend(requests.get(f"http://127.0.0.1:{port}/control/state", timeout=PATIENCE_S).json()["fitted"])
        interrupt()

    looker = once(lambda: listens(port), look)
    result = CliRunner().invoke(cli.main, ["simulate", "--port", str(port), "--country", "PT", "--annex"])
    looker.join()
    assert result.exit_code == 0
    assert "annex" in seen
    assert f"devices.yaml: cloud: wsdo, country: PT, url: http://127.0.0.1:{port}/WebService/ws.do" in result.stdout


@pytest.fixture
def typed(
    tmp_path: Path, state_dir: Path, remote: SimulatedAlarm, clock: FakeClock
) -> Callable[..., tuple[int, str, str]]:
    """Type a command for the remote cloud; return its exit status, output and errors."""

    def invoke(*words: str) -> tuple[int, str, str]:
        config = tmp_path / "devices.yaml"
        config.write_text(
            f"installations: {{home: {{cloud: wsdo, url: '{remote.url}'}}}}\nswitches: [{{name: Night, on: night}}]\n"
        )
        options = ["--config", str(config), "--state-dir", str(state_dir)]
        environment = {"VERISURE_USER": "demo", "VERISURE_PASSWORD": "right"}
        result = CliRunner().invoke(cli.main, [*options, *words], env=environment, obj=clock)
        return result.exit_code, result.stdout, result.stderr

    return invoke


@pytest.mark.usefixtures("signals_as_they_were")
@pytest.mark.parametrize(
    ("words", "silent", "status", "says"),
    [
        (["status"], "EST2", cli.NO_ANSWER, "emulator: stopped before the cloud answered\n"),
        (["installation"], "INS", cli.NO_ANSWER, "emulator: stopped before the cloud answered\n"),
        (["arm", "night"], "ARMNIGHT1", cli.UNCONFIRMED, "the program stopped while the cloud was silent\n"),
    ],
)
def test_ctrl_c_is_heard_while_the_cloud_is_silent(
    typed: Callable[..., tuple[int, str, str]],
    remote: SimulatedAlarm,
    state_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    silent: str,
    status: int,
    says: str,
) -> None:
    monkeypatch.setattr(cli.context, "GIVE_UP_S", 0.1)
    remote.backend.faults.add(InjectedFault("late", silent, seconds=LATEST_S))
    interrupter = once(lambda: remote.backend.requests[silent] > 0, interrupt)
    code, out, err = typed(*words)
    interrupter.join()
    assert code == status
    assert says in out + err
    journal = Journal(state_dir)
    assert [entry.result for entry in journal.commands(9)] == ["unconfirmed"] * (words[0] == "arm")
    journal.close()


@pytest.mark.usefixtures("signals_as_they_were")
def test_the_only_alarm_may_be_named(typed: Callable[..., tuple[int, str, str]]) -> None:
    code, out, _ = typed("status", "--installation", "home")
    assert (code, out.partition(" (")[0]) == (0, "home: disarmed")


@pytest.mark.usefixtures("signals_as_they_were")
def test_a_journal_that_cannot_be_written_sends_nothing_and_is_1(
    typed: Callable[..., tuple[int, str, str]], remote: SimulatedAlarm, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object) -> int:
        raise EmulatorError("the journal cannot be written (database or disk is full): is the disk full?")

    monkeypatch.setattr(Journal, "begin", full)
    code, out, err = typed("arm", "night")
    assert (code, out) == (cli.NOT_DONE, "")
    assert err.startswith("straight to the cloud\nemulator: the journal cannot be written")
    assert remote.backend.requests.total() == 0
