"""A customer of My Pages at a terminal: one code by SMS, then commands over restarts, and no secret is ever said."""

import base64
import io
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner, Result
from flask import Response

from emulator import cli
from emulator.clouds.strike import STRUCK
from emulator.model import Arm, ArmMode, Interior
from emulator.simulator.accounts import SimulatedAccount
from emulator.simulator.faults import InjectedFault
from emulator.simulator.mypages.face import Mypages
from emulator.simulator.mypages.options import MypagesOptions
from emulator.simulator.mypages.profiles import PROFILES
from emulator.simulator.panel.panel import SimulatedPanel
from emulator.simulator.server import SimulatedAlarm
from emulator.store.journal_file import FILE
from tests.support.fakes import FakeClock
from tests.support.patience import PATIENCE_S, until
from tests.support.program import ended, free_port
from tests.support.vsure import vsure
from tests.test_login import Typed

pytestmark = pytest.mark.usefixtures("signals_as_they_were")

USER, PASSWORD, CODE, WRONG = "sten.bergman@hus.invalid", "Hemligt-Losenord-7", "904127", "111222"


class Customer:
    """A person at a terminal, with settings, a state folder and the alarm's cloud; all that was said is kept."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        account = SimulatedAccount(user=USER, password=PASSWORD, code=CODE, country="SE", panel="VBOX")
        panel = SimulatedPanel(self.clock.time, PROFILES["home-night"].equipment)
        self.alarm = SimulatedAlarm(panel, api="mypages", accounts=[account], options=MypagesOptions(flood_limit=0))
        panel.answer_after = 0
        self.cookies: set[str] = set()
        self.alarm._app.after_request(self._note)  # the only way to see what passes, from outside of it
        self.alarm.start()
        self.config, self.state, self.said = folder / "devices.yaml", folder / "state", ""
        self.page, first = free_port(), free_port()
        self.config.write_text(
            f"language: en\ninstallations: {{home: {{cloud: mypages, country: SE, url: '{self.alarm.url}'}}}}\n"
            "switches: [{name: Night, on: night, off: disarm}]\n"
            f"doors: {{wemo: {{first_port: {first}}}, dashboard: {{port: {self.page}}}}}\n"
        )

    def _note(self, reply: Response) -> Response:
        lines = reply.headers.getlist("Set-Cookie")
        self.cookies |= {line.partition("=")[2].partition(";")[0] for line in lines}
        return reply

    @property
    def face(self) -> Mypages:
        face = self.alarm.face
        assert isinstance(face, Mypages)
        return face

    def options(self) -> list[str]:
        return ["--config", str(self.config), "--state-dir", str(self.state)]

    def type(self, *words: str, keys: tuple[object, ...] = (), **environment: str) -> Result:
        """A command, which says all that it can."""
        self.clock.stopped = False
        result = CliRunner().invoke(
            cli.main,
            [*self.options(), *words, "--log-level", "debug"],
            input=io.BufferedReader(Typed(*keys)),  # type: ignore[arg-type]
            env={"VERISURE_USER": "", "VERISURE_PASSWORD": "", "VERISURE_CODE": CODE, **environment},
            obj=self.clock,
        )
        self.said += result.stderr if keys else result.stdout + result.stderr  # what is typed is seen at the prompt
        return result

    def log_in(self) -> Result:
        return self.type("login", keys=(USER, PASSWORD, "1", self.code))

    def code(self) -> str:
        """The last one that was sent."""
        return self.face.logins.messages[-1].code

    def fault(self, kind: str, times: int | None = None) -> None:
        self.alarm.backend.faults.add(InjectedFault(kind, "", times))

    def secrets(self) -> set[str]:
        """What must not be said, nor stand in the journal but in the kept login."""
        basic = {base64.b64encode(f"{USER}:{word}".encode()).decode() for word in (PASSWORD, WRONG)}
        sent = {one.code for one in self.face.logins.messages}
        return {USER, PASSWORD, CODE, WRONG, *self.cookies, *sent, *basic}

    def leaks(self) -> list[str]:
        """Where a secret was said or kept: some words before it."""
        assert len(self.secrets()) >= 11, "those of a whole login are there"
        heard = self.said + self.kept()
        found = [(secret, heard.find(secret)) for secret in self.secrets()]
        return [heard[max(at - 100, 0) : at + len(secret)] for secret, at in found if at >= 0]

    def kept(self) -> str:
        """All rows of the journal, but for the login, which is what the state folder keeps secret."""
        with closing(sqlite3.connect(self.state / FILE)) as book:
            tables = [name for (name,) in book.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            rows = [row for table in tables for row in book.execute(f"SELECT * FROM {table}")]  # noqa: S608
        return "\n".join(repr(row) for row in rows if not str(row[0]).startswith("owa login "))


@pytest.fixture
def customer(tmp_path: Path) -> Iterator[Customer]:
    made = Customer(tmp_path)
    yield made
    made.alarm.stop()


def test_one_code_serves_for_good(customer: Customer) -> None:
    result = customer.log_in()
    assert result.exit_code == 0, result.output
    assert customer.type("arm", "night").exit_code == 0
    assert customer.alarm.panel.axes.interior is Interior.NIGHT
    assert customer.type("disarm").exit_code == 0
    customer.face.actions["sessions/kill"]()
    customer.alarm.panel.keypad(Arm(ArmMode(Interior.TOTAL)))
    after = customer.type("status")
    assert (after.exit_code, after.stdout.split(" (")[0]) == (0, "home: total")
    assert len(customer.face.logins.messages) == 1
    assert customer.alarm.backend.requests["auth/login"] == 1
    assert customer.face.client_faults == []


def test_a_wrong_code_is_sent_once(customer: Customer) -> None:
    customer.log_in()
    for _ in range(2):
        assert customer.type("arm", "night", VERISURE_CODE=WRONG).exit_code == cli.NOT_DONE
    assert customer.face.state()["wrong_codes"] == 1
    assert customer.type("arm", "night", VERISURE_CODE="").exit_code == cli.NOT_DONE
    assert customer.type("arm", "night").exit_code == 0
    assert customer.alarm.backend.accepted == {"armHome": 1}


def test_nothing_secret_is_said_or_kept_beside_the_login(customer: Customer) -> None:
    customer.log_in()
    customer.type("arm", "night", VERISURE_CODE=WRONG)
    customer.fault("echo")
    echoed = [customer.type("arm", "total"), customer.type("status"), customer.type("login", keys=(USER, WRONG))]
    assert all(STRUCK in one.stdout + one.stderr for one in echoed)
    customer.alarm.backend.faults.clear()
    customer.fault("trouble")
    customer.type("disarm")
    customer.alarm.backend.faults.clear()
    assert customer.type("arm", "night").exit_code == 0
    customer.type("journal")
    customer.fault("blocked")
    assert customer.type("status").exit_code == cli.NO_ANSWER
    assert "armHome" in customer.said
    assert customer.leaks() == []


def test_too_many_codes_end_the_login(customer: Customer) -> None:
    customer.fault("many_codes")
    result = customer.log_in()
    assert result.exit_code == cli.NO_ANSWER
    assert "no more codes for now" in result.stderr
    assert customer.alarm.backend.requests["auth/login"] == 1


def test_where_no_sms_comes_an_email_does(customer: Customer) -> None:
    customer.fault("no_sms")
    refused = customer.log_in()
    assert refused.exit_code == cli.NO_ANSWER
    assert "No SMS available" in refused.stderr
    result = customer.type("login", keys=(USER, PASSWORD, "2", customer.code))
    assert result.exit_code == 0, result.output
    assert customer.face.logins.messages[-1].phone == "s***@hus.invalid"


def test_a_wrong_password_is_sent_once(customer: Customer) -> None:
    result = customer.type("login", keys=(USER, WRONG))
    assert result.exit_code == cli.NO_ANSWER
    assert "check user and password" in result.stderr
    assert customer.alarm.backend.requests["auth/login"] == 1


@contextmanager
def running(customer: Customer, log: Path) -> Iterator[str]:
    """The program as a process that says all it can, and has no code of its own; its page."""
    environment = {"PATH": ""}
    options = [*customer.options(), "--interface", "lo", "--log-level", "debug"]
    command = [sys.executable, "-m", "emulator", "run", *options]
    with log.open("w") as book, ended(subprocess.Popen(command, env=environment, stdout=book, stderr=book)) as process:
        until(lambda: "Ready" in log.read_text() or process.poll() is not None, "it is ready")
        try:
            yield f"http://127.0.0.1:{customer.page}"
        finally:
            process.terminate()
            assert process.wait(PATIENCE_S) == 0, log.read_text()


@pytest.mark.long
def test_neither_log_nor_page_nor_api_says_a_secret(customer: Customer, tmp_path: Path) -> None:
    customer.log_in()
    log = tmp_path / "log"
    with running(customer, log) as page:
        for fault in ("", "echo", "blocked"):
            if fault:
                customer.fault(fault)
            taken = requests.post(f"{page}/api/command", json={"arm": "night", "code": CODE}, timeout=PATIENCE_S)
            until(lambda: all(one["result"] for one in journal(page)), "the command has ended")
            customer.said += taken.text
            for path in ("", "news", "journal", "journal.csv", "api/state", "api/journal", "api/activity", "metrics"):
                answer = requests.get(f"{page}/{path}", timeout=PATIENCE_S)
                assert answer.ok, path
                customer.said += answer.text
    customer.said += log.read_text()
    assert customer.alarm.backend.accepted["armHome"] == 1
    assert "ArmState" in customer.said
    assert customer.leaks() == []


@pytest.mark.long
def test_the_program_and_vsure_see_the_same_house(customer: Customer, tmp_path: Path) -> None:
    """Each with a login of its own, of which neither ends the other."""
    customer.log_in()
    with vsure(tmp_path, customer.alarm) as other:
        other.run("--mfa", "--arm-state", code=True)
        assert customer.type("arm", "night").exit_code == 0
        assert other.state() == "ARMED_HOME"
        assert other.run("--disarm", CODE)["data"]["armStateDisarm"]
        customer.clock.now += 120
        assert customer.type("status").stdout.startswith("home: disarmed")
        customer.alarm.panel.window("Cocina", is_open=True)
        assert "Cocina" in customer.type("arm", "total").stderr
        assert other.run("--arm-away", CODE, "true")["data"]["armStateArmAway"]
        customer.clock.now += 120
        assert customer.type("status").stdout.startswith("home: total")
    assert len(customer.face.logins.messages) == 2
    assert customer.alarm.backend.accepted == {"armHome": 1, "disarm": 1, "armAway": 1}


def journal(page: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = requests.get(f"{page}/api/journal", timeout=PATIENCE_S).json()["entries"]
    return found
