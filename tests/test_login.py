"""`emulator login` as a person types it, against the simulated alarm on a socket."""

import io
import json
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from emulator import cli
from emulator.simulator.accounts import Contract, SimulatedAccount
from emulator.simulator.owa.face import Owa
from emulator.simulator.panel.panel import SimulatedPanel
from emulator.simulator.server import SimulatedAlarm
from emulator.store.journal_file import FILE
from emulator.words.language import language
from emulator.words.text import Text
from tests.support.fakes import FakeClock

pytestmark = pytest.mark.usefixtures("signals_as_they_were")

PASSWORD = "Correcto-Caballo-9"
SECOND = Contract("7654321", alias="Playa")


class Typed(io.RawIOBase):
    """A keyboard: each line is typed when it is asked for."""

    def __init__(self, *lines: str | Callable[[], str]) -> None:
        self._lines = list(lines)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._lines:
            return 0
        line = self._lines.pop(0)
        data = f"{line if isinstance(line, str) else line()}\n".encode()
        buffer[: len(data)] = data
        return len(data)


class Desk:
    """A person at a terminal, with settings, a state folder, and the alarm's cloud."""

    language = "en"

    def __init__(self, folder: Path, *, others: tuple[Contract, ...] = ()) -> None:
        self.clock = FakeClock()
        account = SimulatedAccount(password=PASSWORD, others=others)
        self.alarm = SimulatedAlarm(SimulatedPanel(self.clock.time), api="owa", accounts=[account])
        self.alarm.start()
        assert isinstance(self.alarm.face, Owa)
        self.face = self.alarm.face
        self.config = folder / "devices.yaml"
        self.state = folder / "state"
        self.write(f"cloud: owa, url: '{self.alarm.url}'")

    def write(self, installation: str) -> None:
        self.config.write_text(
            f"language: {self.language}\ninstallations: {{home: {{{installation}}}}}\n"
            "switches: [{name: N, on: night, installation: home}]\n"
        )

    def code(self) -> str:
        """The last SMS."""
        return self.face.trust.messages[-1].code

    def type(self, *words: str, keys: Sequence[str | Callable[[], str]] = (), **environment: str) -> Result:
        self.clock.stopped = False
        return CliRunner().invoke(
            cli.main,
            ["--config", str(self.config), "--state-dir", str(self.state), *words],
            input=io.BufferedReader(Typed(*keys)),
            env={"VERISURE_USER": "", "VERISURE_PASSWORD": "", **environment},
            obj=self.clock,
        )

    def log_in(self, *words: str) -> Result:
        return self.type("login", *words, keys=["demo", PASSWORD, "2", self.code])

    def count(self, operation: str) -> int:
        return int(self.alarm.backend.requests[operation])


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.alarm.stop()


def test_a_blank_is_asked_for_again_and_not_sent(desk: Desk) -> None:
    result = desk.type("login", keys=[" ", "demo", "  ", PASSWORD, "1", desk.code])
    assert result.exit_code == 0, result.output
    assert desk.count("mkLoginToken") == 2


def test_a_code_is_taken_as_a_message_parts_it_and_nothing_else_is_sent(desk: Desk) -> None:
    result = desk.type("login", keys=["demo", PASSWORD, "1", "?", lambda: f" {desk.code()[:3]} {desk.code()[3:]} "])
    assert result.exit_code == 0, result.output
    assert "The code has digits alone." in result.output
    assert desk.count("mkSendOTP") == 1


def test_a_new_user(desk: Desk) -> None:
    before = desk.type("status")
    assert before.exit_code == cli.NO_ANSWER
    assert "type `emulator login`" in before.stderr
    assert not desk.alarm.backend.requests.total()
    result = desk.log_in()
    assert result.exit_code == 0, result.output
    assert "  2  ******789" in result.output
    assert "2423443  SDVFAST  Casa" in result.output
    assert "devices.yaml fits" in result.output
    assert desk.face.trust.messages[-1].phone == "******789"
    assert PASSWORD not in result.output
    after = desk.type("status")
    assert (after.exit_code, after.stdout.split(" (")[0]) == (0, "home: disarmed")


def test_nothing_asks_again(desk: Desk) -> None:
    desk.log_in()
    sent = desk.count("mkSendOTP"), desk.count("mkLoginToken")
    for days in (1, 30):
        desk.clock.now += days * 86_400
        assert desk.type("arm", "night").exit_code == 0
        assert desk.type("disarm").exit_code == 0
    assert (desk.count("mkSendOTP"), desk.count("mkLoginToken")) == sent
    assert desk.alarm.face.state()["refresh_reused"] == 0


def test_a_second_login_needs_no_code(desk: Desk) -> None:
    desk.log_in()
    desk.face.tokens.revoke()
    desk.clock.now += 3600
    assert "type `emulator login`" in desk.type("status").stderr
    result = desk.type("login", keys=["demo", PASSWORD])
    assert (result.exit_code, desk.count("mkSendOTP")) == (0, 1)
    assert desk.type("status").exit_code == 0


def test_user_and_password_may_come_from_the_environment(desk: Desk) -> None:
    result = desk.type("login", keys=["", desk.code], VERISURE_USER="demo", VERISURE_PASSWORD=PASSWORD)
    assert result.exit_code == 0, result.output
    assert "Password" not in result.output.replace("The password", "")


def test_a_password_of_the_environment_that_was_refused_is_not_sent_again(desk: Desk) -> None:
    given = {"VERISURE_USER": "demo", "VERISURE_PASSWORD": "wrong"}
    assert "check user and password" in desk.type("login", **given).stderr
    result = desk.type("login", keys=[PASSWORD, "1", desk.code], **given)
    assert result.exit_code == 0, result.output
    assert "refused the password in the environment; correct it there" in result.output
    # The wrong one, and the right one before and after the code.
    assert desk.count("mkLoginToken") == 3


def test_a_wrong_code_gets_another_one(desk: Desk) -> None:
    result = desk.type("login", keys=["demo", PASSWORD, "1", "000000", "1", desk.code])
    assert result.exit_code == 0, result.output
    assert "did not take that code" in result.output
    assert desk.count("mkSendOTP") == 2


def test_three_wrong_codes_are_enough(desk: Desk) -> None:
    result = desk.type("login", keys=["demo", PASSWORD, *["1", "000000"] * 3])
    assert result.exit_code == cli.NO_ANSWER
    assert "too many wrong codes" in result.stderr
    # Nothing is offered that does not follow.
    assert result.output.count("Another one can be sent to:") == result.output.count("Send it to") - 1
    assert desk.count("mkSendOTP") == 3


def test_a_wrong_password_is_tried_once(desk: Desk) -> None:
    result = desk.type("login", keys=["demo", "wrong"])
    assert result.exit_code == cli.NO_ANSWER
    assert "check user and password" in result.stderr
    assert desk.count("mkLoginToken") == 1
    assert "not finished" in desk.type("status").stderr


def test_several_alarms_need_their_number(tmp_path: Path) -> None:
    desk = Desk(tmp_path, others=(SECOND,))
    try:
        result = desk.log_in()
        assert f"url: {desk.alarm.url}\n    number: 2423443\n    # or number: 7654321" in result.output
        refused = desk.type("status")
        assert "set `number`" in refused.stderr
        assert "2423443, 7654321" in refused.stderr
        desk.write(f"cloud: owa, url: '{desk.alarm.url}', number: 2423443")
        assert desk.type("status").exit_code == 0
    finally:
        desk.alarm.stop()


def test_without_settings_the_command_line_says_where(desk: Desk) -> None:
    desk.config.unlink()
    result = desk.type("login", "--country", "ES", "--url", desk.alarm.url, keys=["demo", PASSWORD, "1", desk.code])
    assert result.exit_code == 0, result.output
    write = language("es").say(Text("Write into devices.yaml:"))
    assert f"{write}\ninstallations:\n  home:\n    cloud: owa\n    country: ES" in result.output


@pytest.mark.parametrize(
    ("installation", "words", "said"),
    [
        ("cloud: simulator", (), "no installation has `cloud: owa`"),
        ("cloud: owa", ("--installation", "shed"), "'shed' has no `cloud: owa`"),
        ("cloud: owa}, shed: {cloud: owa, country: FR", (), "which of home, shed?"),
    ],
)
def test_where_to_log_in_must_be_clear(desk: Desk, installation: str, words: tuple[str, ...], said: str) -> None:
    desk.write(installation)
    result = desk.type("login", *words)
    assert result.exit_code == cli.USAGE
    assert said in result.stderr


def test_one_of_several_accounts(desk: Desk) -> None:
    desk.write(f"cloud: owa, country: FR}}, shed: {{cloud: owa, url: '{desk.alarm.url}'")
    assert desk.log_in("--installation", "shed").exit_code == 0


def test_what_is_kept_is_for_its_owner_alone_and_holds_no_password(desk: Desk) -> None:
    desk.log_in()
    files = list(desk.state.iterdir())
    assert FILE in {file.name for file in files}
    assert all(stat.S_IMODE(file.stat().st_mode) & 0o077 == 0 for file in files if file.name.startswith(FILE))
    assert not [file for file in files if PASSWORD.encode() in file.read_bytes()]


def source(result: Result) -> str:
    return str(json.loads(result.stdout)["source"])


def test_status_wakes_the_panel_only_when_it_is_told_to(desk: Desk) -> None:
    desk.log_in()
    assert source(desk.type("status", "--json")) == "Status"
    assert desk.count("CheckAlarm") == 0
    assert source(desk.type("status", "--ask-panel", "--json")) == "CheckAlarm"
    assert desk.count("CheckAlarm") == 1


def test_installation(desk: Desk) -> None:
    desk.log_in()
    result = desk.type("installation")
    assert result.stdout.startswith("home: installation 2423443, panel SDVFAST Casa")
    assert "ARMNIGHT" in result.stdout
