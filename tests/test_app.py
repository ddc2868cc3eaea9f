"""The program put together, in this process: what it starts, what it leaves, and what it shares."""

import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from emulator import cli
from emulator.app import Alarms, App, SystemClock
from emulator.credentials import Credentials
from emulator.errors import ConfigError, EmulatorError, LoginRefused
from emulator.journal import Journal
from emulator.model import Arm, ArmMode, Axes, Command, Interior, Origin
from emulator.settings import Settings
from emulator.simulator.backend import Account
from emulator.simulator.faults import LATEST, Fault
from emulator.simulator.panel import House
from emulator.simulator.server import SimulatedAlarm
from tests.fakes import FakeClock

PATIENCE_S = 20.0
STOP_S = 5.0
NIGHT = {"name": "Night", "on": "night", "off": "disarm"}
ARM = Arm(ArmMode(Interior.NIGHT))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def settings(*switches: dict[str, Any], **other: Any) -> Settings:
    whole: dict[str, Any] = {
        "installations": {"home": {"cloud": "simulator"}},
        "switches": switches or (NIGHT,),
        "doors": {"wemo": {"first_port": free_port()}},
    }
    return Settings.model_validate(whole | other)


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def make(state_dir: Path) -> Iterator[Callable[..., App]]:
    """Makes programs that are stopped after the test."""
    made: list[App] = []

    def build(chosen: Settings | None = None) -> App:
        made.append(App(chosen or settings(), {}, state_dir, ["lo"]))
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
    journal.begin("home", Command(ARM, Origin("wemo")), 1.0)
    journal.close()
    app = make()
    assert "1 command(s) were under way when the program stopped; the panel is asked" in caplog.text
    assert app.alarms.journal.commands(1)[0].result == "unconfirmed"


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
    assert (night.installation, night.off_disarms, night.doors) == ("home", True, {"wemo"})
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
    assert make(settings(doors={})).doors == []


def test_the_dashboard_shows_switches_and_is_none_of_their_doors(make: Callable[..., App], state_dir: Path) -> None:
    app = make(settings(doors={"dashboard": {"port": free_port()}}))
    assert app.doors == [app.page]
    assert app.hub.switches[0].doors == frozenset()
    app.start()
    assert (state_dir / "api.json").stat().st_mode & 0o777 == 0o600
    app.stop()
    assert not (state_dir / "api.json").exists()


def test_a_change_at_the_alarm_reaches_the_doors(make: Callable[..., App]) -> None:
    app = make(settings(doors={}))
    told: list[str] = []
    app.hub.subscribe(told.append)
    app.hub.submit(app.hub.switches[0], True, Origin("wemo"))
    assert told == ["home"]


# -- simulated alarms -------------------------------------------------------------------------------------------


@pytest.fixture
def clock() -> FakeClock:
    """Of everything in a test, near and far."""
    return FakeClock()


@pytest.fixture
def alarms(state_dir: Path, clock: FakeClock) -> Iterator[Callable[..., Alarms]]:
    """Makes the far side; closed after the test."""
    made: list[Alarms] = []

    def build(*, shared: bool = True, chosen: Settings | None = None, password: str = "") -> Alarms:
        secrets = {"home": Credentials("demo", password)} if password else {}
        made.append(Alarms(chosen or settings(), secrets, state_dir, shared=shared, clock=clock))
        return made[-1]

    yield build
    for one in made:
        one.close()


def note(alarms: Alarms) -> dict[str, str]:
    found: dict[str, str] = json.loads(alarms.journal.recall("simulator running: home") or "{}")
    return found


def test_commands_share_the_simulated_alarm_that_runs(alarms: Callable[..., Alarms]) -> None:
    running = alarms(shared=False)
    beside = alarms()
    assert beside.simulators == {}
    assert running.simulators["home"].backend.requests.total() == 0
    installation = beside.installation("home")
    installation.read_now()
    installation.close()
    assert running.simulators["home"].backend.requests["LOGIN"] == 1


def test_it_is_found_past_a_proxy_of_the_environment(
    alarms: Callable[..., Alarms], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    alarms(shared=False)
    assert alarms().simulators == {}


@pytest.mark.parametrize("answers", ["nothing", "another program"])
def test_one_that_died_is_replaced(alarms: Callable[..., Alarms], state_dir: Path, answers: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        def speak() -> None:
            connection, _ = other.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n<html>")

        speaker = threading.Thread(target=speak)
        if answers == "nothing":
            other.close()
        else:
            speaker.start()
        journal = Journal(state_dir)
        url = f"http://127.0.0.1:{port}"
        journal.note("simulator running: home", json.dumps({"url": url, "control": f"{url}/control"}))
        journal.close()
        assert set(alarms().simulators) == {"home"}
        if speaker.ident:
            speaker.join()


def test_the_note_of_where_it_runs_goes_with_it(alarms: Callable[..., Alarms], state_dir: Path) -> None:
    running = alarms(shared=False)
    assert note(running)["control"] == running.simulators["home"].control_url
    running.close()
    journal = Journal(state_dir)
    assert journal.recall("simulator running: home") is None
    journal.close()


def test_a_command_that_ends_does_not_take_away_the_note_of_a_run_that_began_meanwhile(
    alarms: Callable[..., Alarms],
) -> None:
    command = alarms()
    running = alarms(shared=False)
    command.close()
    assert note(running)["url"] == running.simulators["home"].url


def test_the_simulated_panel_outlives_the_program(alarms: Callable[..., Alarms]) -> None:
    before = alarms()
    before.simulators["home"].house.keypad(ARM)
    before.close()
    assert alarms().simulators["home"].house.axes == Axes(Interior.NIGHT, perimeter=False, annex=False)


def test_a_panel_that_cannot_be_read_back_starts_anew(
    alarms: Callable[..., Alarms], state_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal = Journal(state_dir)
    journal.note("simulated panel: home", '{"version": 0}')
    journal.close()
    assert not alarms().simulators["home"].house.axes.armed
    assert "home: the simulated panel starts anew: this is not the saved state" in caplog.text


@pytest.mark.parametrize(("mode", "fitted"), [("night", False), ("night+annex", True)])
def test_the_simulated_house_has_what_the_switches_name(alarms: Callable[..., Alarms], mode: str, fitted: bool) -> None:
    house = alarms(chosen=settings({"name": "x", "on": mode})).simulators["home"].house
    assert house.profile.annex is fitted


def test_a_simulated_alarm_has_the_number_and_country_of_the_settings(alarms: Callable[..., Alarms]) -> None:
    home = {"cloud": "simulator", "country": "GB", "number": "0042"}
    installation = alarms(chosen=settings(installations={"home": home})).installation("home")
    assert not installation.read_now().axes.armed
    installation.close()


def test_one_that_cannot_start_takes_the_others_with_it(
    alarms: Callable[..., Alarms], monkeypatch: pytest.MonkeyPatch
) -> None:
    create_server = socket.create_server
    created: list[object] = []

    def only_one(*args: Any, **kwargs: Any) -> socket.socket:
        if created:
            raise OSError(24, "Too many open files")
        created.append(args)
        return create_server(*args, **kwargs)

    two = settings(
        {**NIGHT, "installation": "home"}, installations={name: {"cloud": "simulator"} for name in ("home", "shed")}
    )
    monkeypatch.setattr(socket, "create_server", only_one)
    with pytest.raises(ConfigError, match="the simulated alarm cannot listen there: Too many open files"):
        alarms(chosen=two)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("simulator")]


# -- a refused login --------------------------------------------------------------------------------------------


@pytest.fixture
def remote(clock: FakeClock) -> Iterator[SimulatedAlarm]:
    """A cloud elsewhere."""
    alarm = SimulatedAlarm(House(clock.time), accounts=[Account(password="right")])
    alarm.start()
    yield alarm
    alarm.stop()


def test_a_wrong_password_is_tried_once_whoever_starts_again(
    alarms: Callable[..., Alarms], remote: SimulatedAlarm
) -> None:
    """Each Alarms is another process, or a restart."""
    chosen = settings(installations={"home": {"cloud": "wsdo", "url": remote.url}})
    for _ in range(3):
        installation = alarms(chosen=chosen, password="wrong").installation("home")
        for _ in range(2):
            with pytest.raises(LoginRefused, match="VERISURE_PASSWORD"):
                installation.read_now()
        installation.close()
    assert remote.backend.requests["LOGIN"] == 1
    installation = alarms(chosen=chosen, password="right").installation("home")
    assert not installation.read_now().axes.armed
    installation.close()
    assert remote.backend.requests["LOGIN"] == 2


# -- typed, in this process -------------------------------------------------------------------------------------


@pytest.fixture
def signals_as_they_were() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def once(condition: Callable[[], bool], act: Callable[[], None]) -> threading.Thread:
    """Acts as soon as something is so; not at all when it never is."""

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
    """Types a command for the cloud elsewhere: its exit status, and what it says where."""

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
    remote.backend.faults.add(Fault("late", silent, seconds=LATEST))
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
