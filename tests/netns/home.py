"""The program under test on the host `house`, the simulated alarm beside it, and both seen as a person sees them."""

import http.client
import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from emulator.simulator.accounts import DEMO
from emulator.store.journal import Journal
from tests.netns import raw
from tests.netns.lan import HOSTS, HOUSE, Lan, Program, until
from tests.support.patience import PATIENCE_S

EMULATOR = str(Path(sys.executable).with_name("emulator"))
ALARM_PORT = 12010
FOUR = ("total", "day", "night", "perimeter")

SIMULATE = (EMULATOR, "simulate", "--host", "0.0.0.0", "--port", str(ALARM_PORT), "--answer-after", "0")

SUM, ONLY = "total+perimeter", "night only"
MODES = (*FOUR, SUM, ONLY)
SETTINGS = f"""
installations:
  home: {{ cloud: wsdo, url: "http://127.0.0.1:{ALARM_PORT}/WebService/ws.do", poll_every: 2s }}
switches:
  - {{ name: Total alarm, on: total, off: disarm }}
  - {{ name: Day alarm, on: day, off: disarm }}
  - {{ name: Night alarm, on: night, off: disarm }}
  - {{ name: Perimeter alarm, on: perimeter, off: disarm }}
  - {{ name: Total+perimeter alarm, on: total+perimeter, off: disarm }}
  - {{ name: Night only alarm, on: night }}
"""


@dataclass(frozen=True)
class Shown:
    """A switch as `emulator run` lists it."""

    name: str
    url: str

    @property
    def port(self) -> int:
        """Where it listens."""
        return urlsplit(self.url).port or 0


class Alarm:
    """The control API of the simulated alarm."""

    def __init__(self, lan: Lan, host: str) -> None:
        self._lan = lan
        self._host = host

    def state(self) -> dict[str, Any]:
        """Everything."""
        return self._ask("GET", "state")

    def post(self, thing: str, **body: Any) -> dict[str, Any]:
        """Do something in the house, or to the cloud."""
        return self._ask("POST", thing, body)

    def accepted(self) -> dict[str, int]:
        """Commands that the panel took: how many of each X1, status checks aside."""
        return {name: count for name, count in self.state()["accepted"].items() if name != "EST1"}

    def sent(self) -> dict[str, int]:
        """Commands that were submitted, taken or not: how many of each X1, status checks aside."""
        requests = self.state()["requests"]
        return {name: count for name, count in requests.items() if name.endswith("1") and name != "EST1"}

    def events(self) -> list[str]:
        """The activity log, oldest first, without status checks."""
        return [row["label"] for row in reversed(self.state()["log"]) if row["label"] != "check"]

    def _ask(self, method: str, thing: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        with self._lan.at(self._host):
            connection = http.client.HTTPConnection("127.0.0.1", ALARM_PORT, timeout=PATIENCE_S)
            try:
                headers = {"Content-Type": "application/json"} if body is not None else {}
                connection.request(method, f"/control/{thing}", json.dumps(body) if body is not None else None, headers)
                answer = connection.getresponse()
                found: dict[str, Any] = json.load(answer)
            finally:
                connection.close()
        assert answer.status == 200, found
        return found


class Home:
    """`emulator run` with its settings and its state folder; the alarm goes on when the program is stopped."""

    def __init__(
        self,
        lan: Lan,
        folder: Path,
        alarm: Sequence[str] = SIMULATE,
        *,
        host: str = "house",
        settings: str = SETTINGS,
        user: str = DEMO.user,
        password: str = DEMO.password,
        log_level: str = "info",
    ) -> None:
        self.lan = lan
        self.host = host
        self.folder = folder
        self.state_dir = folder / "state"
        self.config = folder / "devices.yaml"
        self.config.write_text(settings)
        self.alarm = Alarm(lan, host)
        self._environment = {"VERISURE_USER": user, "VERISURE_PASSWORD": password}
        self._log_level = log_level
        self.simulator = lan.start(host, alarm)
        self.simulator.says("Ready")
        # `emulator arm` beside `emulator run` is more than the cloud takes where the panel is polled so often.
        self.alarm.post("settings", flood_limit=0)
        self.programs: list[Program] = []
        self.start()

    def start(self) -> None:
        """Start the program and wait until it is ready."""
        options = ["--config", str(self.config), "--state-dir", str(self.state_dir), "--log-level", self._log_level]
        self.program = self.lan.start(self.host, [EMULATOR, "run", *options], self._environment)
        self.programs.append(self.program)
        self.program.says("Ready:")
        rows = re.findall(r"^(\S.*?)  +\S+  +\S.*?  +(http://\S+/setup\.xml)$", self.program.text, re.MULTILINE)
        self.switches = {name: Shown(name, url) for name, url in rows}

    def stop(self) -> None:
        """Stop both as a person does; each ends in time, with status 0 and without a word about a defect."""
        assert self.program.stop() == 0
        assert self.simulator.stop() == 0
        for program in (*self.programs, self.simulator):
            assert "Traceback" not in program.text

    def emulator(self, *words: str, password: str = "") -> subprocess.CompletedProcess[str]:
        """A command typed in the house."""
        options = ["--config", str(self.config), "--state-dir", str(self.state_dir)]
        environment = self._environment | ({"VERISURE_PASSWORD": password} if password else {})
        return self.lan.run(self.host, [EMULATOR, *words, *options], environment)

    def journal(self) -> list[dict[str, Any]]:
        """The commands so far, oldest first."""
        with closing(Journal(self.state_dir, read_only=True)) as journal:
            return [entry.as_dict() for entry in reversed(journal.commands(200))]

    def location(self, mode: str) -> str:
        """The description of the switch of a mode."""
        return self.switches[name_of(mode)].url

    def port(self, mode: str) -> int:
        """Where the switch of a mode listens."""
        return self.switches[name_of(mode)].port

    def settle(self) -> dict[str, Any]:
        """Wait until every command has ended; the alarm's state then."""
        self.rest()
        return self.alarm.state()

    def rest(self) -> None:
        """Wait until every command has ended."""
        until(lambda: not self._under_way(), "every command has ended")

    def _under_way(self) -> int:
        with closing(sqlite3.connect(self.state_dir / "journal.sqlite3")) as book:
            return int(book.execute("SELECT count(*) FROM commands WHERE result IS NULL").fetchone()[0])

    def ask(self, mode: str, request: bytes = raw.QUERY, host: str = "client") -> raw.Answer:
        """What the switch of a mode answers."""
        here = HOSTS[self.host]
        return raw.ask(self.lan, host, self.port(mode), request.replace(HOUSE.encode(), here.encode()), here)

    def reads(self, mode: str, state: str) -> None:
        """Wait until a switch reads so."""
        until(lambda: self.ask(mode).state == state, f"{mode} reads {state}")

    def calm(self) -> None:
        """Everything closed, disarmed and quick again, and the counters at nought."""
        self.alarm.post("settings", answer_after=0)
        self.alarm.post("fault", fault="all", on=False)
        for zone in self.alarm.state()["windows"]:
            self.alarm.post("window", zone=zone, open=False)
        self.settle()
        self.alarm.post("keypad", disarm="main")
        for mode in MODES:
            self.reads(mode, "0")
        self.alarm.post("reset")


def name_of(mode: str) -> str:
    """What a switch is called here."""
    return f"{mode.capitalize()} alarm"


def hears(program: Program, mode: str, *values: str) -> None:
    """Wait until a listener has heard just these values of a switch, in order."""

    def heard() -> list[str]:
        told = [one for one in program.told() if one.get("event") == "BinaryState" and one["name"] == name_of(mode)]
        return [one["value"] for one in told]

    until(lambda: len(heard()) >= len(values), f"{mode}: {values}, heard {heard()}")
    assert heard() == list(values)
