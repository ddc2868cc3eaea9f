"""A door is a folder and a row: the gong is served, checked, documented, ruled and stopped like any other."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from emulator import doors
from emulator.app import settings as app_settings
from emulator.app.app import App
from emulator.app.settings import Settings
from emulator.clock import SystemClock
from emulator.doctor import examine, ports
from emulator.doors import Door
from emulator.errors import ConfigError
from emulator.store.journal import Journal
from tests.doors.contract import DoorContract
from tests.doors.fakes import FakeHub, a_context, a_switch
from tests.support import settings_table
from tests.support.patience import PATIENCE_S, until
from tests.support.program import free_port, settings
from tests.toys.gong.door import Gong
from tests.toys.gong.settings import GongSettings

ROOT = Path(__file__).parents[2]
NIGHT = {"name": "Night", "on": "night", "off": "disarm"}
FILE = """
installations: {{home: {{cloud: simulator}}}}
switches: [{{name: Night, on: night, off: disarm, doors: [gong]}}]
doors: {{gong: {{port: {port}}}}}
"""


@pytest.fixture(autouse=True)
def _row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(doors.DOORS, "gong", "tests.toys.gong.settings")


@pytest.fixture
def port() -> int:
    return free_port()


def say(port: int, line: str) -> str:
    with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as sock:
        sock.sendall(f"{line}\n".encode())
        return sock.makefile().readline().strip()


class TestGong(DoorContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path, port: int) -> Iterator[None]:
        self.port, self.folder, self.journal = port, tmp_path, Journal(tmp_path)
        yield
        self.journal.close()

    def make(self) -> Door:
        hub = FakeHub(switches=(a_switch(doors="gong"),))
        return Gong(a_context(hub, self.journal, self.folder), GongSettings(port=self.port))

    def serves(self, _: Door, /) -> bool:
        try:
            return say(self.port, "on Total alarm") == "on"
        except OSError:
            return False


# -- the whole program ------------------------------------------------------------------------------------------


@pytest.fixture
def page() -> int:
    return free_port()


@pytest.fixture
def app(tmp_path: Path, port: int, page: int) -> Iterator[App]:
    """The program with a gong and a page: the gong may disarm one switch, and not the other."""
    ruled = {"name": "Total", "on": "total", "off": "disarm", "disarm": {"doors": ["dashboard"]}}
    elsewhere = {"name": "Day", "on": "day", "doors": ["wemo"]}
    chosen = settings(NIGHT, ruled, elsewhere, doors={"gong": {"port": port}, "dashboard": {"port": page}})
    before = set(threading.enumerate())
    app = App(chosen, {}, tmp_path / "state", ["lo"])
    app.start()
    until(lambda: app.has_news)
    yield app
    app.stop()
    with pytest.raises(OSError, match="refused"):
        say(port, "on Night")
    assert set(threading.enumerate()) <= before


def test_it_serves_its_switches_and_the_program_is_ready(app: App, port: int) -> None:
    assert [switch.name for switch, _ in app.doors["gong"].urls()] == ["Night", "Total"]
    assert (app.readiness.reached, app.readiness.wanted, app.readiness.page) == (2, 2, True)
    assert say(port, "on Night") == "on"
    assert say(port, "on Day") == "there is no such switch"
    [entry] = app.alarms.journal.commands(9)
    assert (entry.door, entry.switch, entry.action) == ("gong", "Night", "arm night")


def test_the_rules_hold_for_it(app: App, port: int) -> None:
    assert say(port, "on Total") == "on"
    until(lambda: app.alarms.journal.commands(1)[0].result == "confirmed")
    assert say(port, "off Total") == "on"
    newest = app.alarms.journal.commands(1)[0]
    assert (newest.door, newest.result, newest.message) == (
        "gong",
        "ignored",
        "it may disarm only through dashboard, says devices.yaml",
    )


def test_the_page_shows_it(app: App, page: int) -> None:
    state = requests.get(f"http://127.0.0.1:{page}/api/state", timeout=PATIENCE_S).json()
    assert app.pages() == [f"http://127.0.0.1:{page}/"]
    assert state["doors"] == [{"name": "gong", "status": "ok", "obstacles": []}]
    assert [one["doors"] for one in state["switches"]] == [[{"door": "gong", "says": "off"}]] * 2 + [[]]
    english = {"Accept-Language": "en"}
    html = requests.get(f"http://127.0.0.1:{page}/", headers=english, timeout=PATIENCE_S).text
    assert "<dt>Brass gong</dt><dd>served" in html
    assert "<span>Gong</span>" in html


def test_its_port_is_reserved_and_checked(tmp_path: Path, port: int) -> None:
    file = tmp_path / "devices.yaml"
    file.write_text(FILE.format(port=port))
    checks = {"ports": ports.others}
    with socket.create_server(("127.0.0.1", port)):
        (found,) = examine(file, tmp_path, ["lo"], SystemClock(), checks)[0][1:]
    assert (found.check, found.fix) == (f"port {port}/tcp brass gong", "stop that one, or set another doors.gong.port")
    (found,) = examine(file, tmp_path, ["lo"], SystemClock(), checks)[0][1:]
    assert found.found == "free"
    shared = settings(NIGHT, doors={"wemo": {"first_port": port}, "gong": {"port": port}})
    app = App(shared, {}, tmp_path / "state", ["lo"])
    app.stop()
    assert app.hub.switches[0].identity.port > port


# -- settings ---------------------------------------------------------------------------------------------------


def problems(path: Path, text: str) -> str:
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        Settings.load(path)
    return "\n".join(map(str, caught.value.problems))


def test_its_settings_are_read_checked_and_documented(tmp_path: Path) -> None:
    path = tmp_path / "devices.yaml"
    path.write_text(FILE.format(port=5000))
    found = Settings.load(path)
    assert found.doors.opened == {"gong": GongSettings(port=5000)}
    assert "did you mean 'port'?" in problems(path, FILE.format(port=5000).replace("port:", "prot:"))
    assert "5000 is already the port of the brass gong" in problems(
        path, FILE.format(port=5000).replace("night,", "night, port: 5000,")
    )
    assert "gong is not open: add `gong:` to `doors`" in problems(
        path, FILE.format(port=5000).replace("{gong: {port: 5000}}", "{wemo: }")
    )
    table = settings_table.table()
    assert "| `doors.gong.port` | `7007` | TCP port that takes one line for each command |" in table
    assert "`[gong]` or several; left out" in table
    assert ", gong]; left out" in table


def test_without_its_row_there_is_no_such_door(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delitem(doors.DOORS, "gong")
    assert "doors.gong: unknown key" in problems(tmp_path / "devices.yaml", FILE.format(port=5000))
    assert "gong" not in str(app_settings.schema())


def test_nothing_else_mentions_it() -> None:
    """A door takes a folder and a row: a mention elsewhere would be one more thing to touch for a real one."""
    shown = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    ours: list[Any] = [*(ROOT / "emulator").rglob("*.*"), *shown, ROOT / "pyproject.toml"]
    assert not [file for file in ours if file.suffix != ".pyc" and b"gong" in file.read_bytes().lower()]
