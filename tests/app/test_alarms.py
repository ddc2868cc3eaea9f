"""The far side as `run` and the typed commands share it: simulated alarms, and logins that were refused."""

import json
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from emulator.app.alarms import Alarms
from emulator.app.settings import Settings
from emulator.config.credentials import Credentials
from emulator.errors import EmulatorError, Hindered, LoginRefused
from emulator.model import Arm, ArmMode, Axes, Interior, Notice
from emulator.simulator.server import SimulatedAlarm
from emulator.store import refused_logins
from emulator.store.journal import Journal
from emulator.store.refused_logins import last, recall
from tests.support.fakes import FakeClock
from tests.support.program import NIGHT, settings

ARM = Arm(ArmMode(Interior.NIGHT))


# -- simulated alarms -------------------------------------------------------------------------------------------


@pytest.fixture
def alarms(state_dir: Path, clock: FakeClock) -> Iterator[Callable[..., Alarms]]:
    """Make the far side; it is closed after the test."""
    made: list[Alarms] = []

    def build(
        *, shared: bool = True, chosen: Settings | None = None, password: str = "", names: Iterable[str] = ("home",)
    ) -> Alarms:
        secrets = {name: Credentials("demo", password) for name in names} if password else {}
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


def test_a_typed_command_leaves_it_to_the_program_to_say_that_there_is_news_again(
    alarms: Callable[..., Alarms], clock: FakeClock
) -> None:
    told: list[Notice] = []
    running = alarms(shared=False)
    running.on_notice = lambda notice, _about, _text: told.append(notice)
    installation = running.installation("home")
    clock.now += running.settings.notify.silent_after + 600
    installation.look_after()
    beside = alarms().installation("home")
    beside.read_now()
    beside.close()
    again = running.installation("home")
    again.read_now()
    again.close()
    assert told == [Notice.SILENT, Notice.BACK]


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


def test_its_house_is_at_the_same_place_after_a_restart(
    alarms: Callable[..., Alarms], caplog: pytest.LogCaptureFixture
) -> None:
    two = settings(installations={"home": {"cloud": "simulator"}, "shop": {"cloud": "simulator"}})

    def places() -> dict[str, str]:
        running = alarms(shared=False, chosen=two)
        found = {name: simulator.control_url for name, simulator in running.simulators.items()}
        running.close()
        return found

    first = places()
    assert len(set(first.values())) == 2
    assert places() == first
    assert not caplog.records
    port = urlsplit(first["home"]).port
    with socket.create_server(("127.0.0.1", port)):
        other = places()
    assert other["shop"] == first["shop"]
    assert other["home"] != first["home"]
    (record,) = caplog.records
    assert record.message == f"home: port {port} of its house is taken; this time it is at {other['home']}"
    assert places() == first


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
    before.simulators["home"].panel.keypad(ARM)
    before.close()
    assert alarms().simulators["home"].panel.axes == Axes(Interior.NIGHT, perimeter=False, annex=False)


def test_a_panel_that_cannot_be_read_back_starts_anew(
    alarms: Callable[..., Alarms], state_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal = Journal(state_dir)
    journal.note("simulated panel: home", '{"version": 0}')
    journal.close()
    assert not alarms().simulators["home"].panel.axes.armed
    assert "home: the simulated panel starts anew: this is not the saved state" in caplog.text


@pytest.mark.parametrize(("mode", "fitted"), [("night", False), ("night+annex", True)])
def test_the_simulated_house_has_what_the_switches_name(alarms: Callable[..., Alarms], mode: str, fitted: bool) -> None:
    panel = alarms(chosen=settings({"name": "x", "on": mode})).simulators["home"].panel
    assert panel.equipment.annex is fitted


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
    with pytest.raises(Hindered, match="the simulated alarm cannot listen: Too many open files"):
        alarms(chosen=two)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("simulator")]


# -- a refused login --------------------------------------------------------------------------------------------


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


def test_a_setting_that_a_login_says_is_tried_once_it_is_another(
    alarms: Callable[..., Alarms], remote: SimulatedAlarm
) -> None:
    """Two refusals ask to change `callby` and `lang`."""
    for number, callby in enumerate(("AND_61", "IPH_61", "IPH_61"), 1):
        chosen = settings(installations={"home": {"cloud": "wsdo", "url": remote.url, "callby": callby}})
        installation = alarms(chosen=chosen, password="wrong").installation("home")
        with pytest.raises(LoginRefused):
            installation.read_now()
        installation.close()
        assert remote.backend.requests["LOGIN"] == min(number, 2)


@pytest.mark.parametrize(
    ("cloud", "right", "wrong"),
    [("wsdo", "emulator status", "emulator login"), ("owa", "emulator login", "emulator status")],
)
def test_what_helps_after_a_refusal_is_said_for_each_cloud(
    alarms: Callable[..., Alarms], cloud: str, right: str, wrong: str
) -> None:
    far = alarms(chosen=settings(installations={"home": {"cloud": cloud}}), password="wrong")
    refused_logins.remember(far.journal, "home", far.installation("home")._guard.credentials, "the account is locked")
    said = far.installation("home").health.blocked
    assert said.startswith("the account is locked. Nothing more is sent to this account")
    assert right in said
    assert wrong not in said


def test_another_wrong_password_in_another_shell_does_not_make_the_program_try_its_own_again(
    alarms: Callable[..., Alarms], remote: SimulatedAlarm
) -> None:
    chosen = settings(installations={"home": {"cloud": "wsdo", "url": remote.url}})
    running = alarms(chosen=chosen, password="wrong").installation("home")
    typed = alarms(chosen=chosen, password="mistyped").installation("home", refusals=1)
    right = alarms(chosen=chosen, password="right").installation("home", refusals=1)
    for one in (running, typed, running):
        with pytest.raises(LoginRefused):
            one.read_now()
    assert not right.read_now().axes.armed
    with pytest.raises(LoginRefused):
        running.read_now()
    assert remote.backend.requests["LOGIN"] == 3
    for one in (running, typed, right):
        one.close()


def test_two_alarms_of_one_account_share_what_was_refused(
    alarms: Callable[..., Alarms], remote: SimulatedAlarm
) -> None:
    two = {name: {"cloud": "wsdo", "url": remote.url, "number": number} for name, number in (("a", "1"), ("b", "2"))}
    chosen = settings({**NIGHT, "installation": "a"}, installations=two)
    for names in (("a", "b"), ("b", "a")):
        far = alarms(chosen=chosen, password="wrong", names=("a", "b"))
        for name in names:
            installation = far.installation(name)
            with pytest.raises(LoginRefused):
                installation.read_now()
            installation.close()
    assert remote.backend.requests["LOGIN"] == 1
    assert (refusal := recall(far.journal, far.installation("a")._guard.credentials)) is not None
    assert refusal.times == 1


def test_a_refusal_that_cannot_be_written_down_is_heeded_all_the_same(
    alarms: Callable[..., Alarms], remote: SimulatedAlarm, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: object) -> None:
        raise EmulatorError("the journal cannot be written (disk is full)")

    chosen = settings(installations={"home": {"cloud": "wsdo", "url": remote.url}})
    far = alarms(chosen=chosen, password="wrong")
    installation = far.installation("home")
    with monkeypatch.context() as disk:
        disk.setattr(refused_logins, "remember", full)
        for _ in range(3):
            with pytest.raises(LoginRefused):
                installation.read_now()
    assert last(far.journal, "home") == ""
    installation.step()
    assert last(far.journal, "home") != ""
    installation.close()
    assert remote.backend.requests["LOGIN"] == 1


# -- another alarm under the same name --------------------------------------------------------------------------


def test_the_demo_is_never_the_real_alarm_and_the_number_that_was_learned_is_kept(
    alarms: Callable[..., Alarms], remote: SimulatedAlarm
) -> None:
    demo = alarms(shared=False)
    demo.simulators["home"].panel.keypad(ARM)
    assert demo.installation("home").read_now().axes.has(ARM.mode)
    demo.close()

    left_out = settings(installations={"home": {"cloud": "wsdo", "url": remote.url}})
    real = alarms(chosen=left_out, password="right")
    installation = real.installation("home")
    assert installation.view.state is None
    state = installation.read_now()
    assert not state.axes.armed
    installation.close()
    real.close()

    number = remote.backend.accounts[0].number
    given = settings(installations={"home": {"cloud": "wsdo", "url": remote.url, "number": number}})
    assert alarms(chosen=given, password="right").installation("home").view.state == state
    assert alarms().installation("home").view.axes.has(ARM.mode)
