"""What a command loads: only what it needs, as it starts while a person waits."""

import json
import subprocess
import sys
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import click
import pytest

from emulator import cli
from emulator.cli import COMMANDS
from emulator.store.journal import Journal
from emulator.system import local_api, lock
from tests.support.patience import PATIENCE_S

HEAVY = {"apprise", "asyncio", "fauxmo", "flask", "httptools", "lxml", "pydantic", "requests", "uvloop", "waitress"}
"""Libraries that take a tenth of a second or some MB each."""

TYPED = """
import sys
from emulator.cli import main
try:
    main(sys.argv[1:])
finally:
    print("loaded:", *{name.partition(".")[0] for name in sys.modules}, file=sys.stderr)
"""

PANEL = {"interior": None, "perimeter": False, "annex": None, "read_at": 1.0, "raw": "0", "source": "EST2"}
STATE = {"installations": [{"name": "home", "panel": PANEL | {"bypassed": []}, "health": {"blocked": "", "error": ""}}]}


class Program(BaseHTTPRequestHandler):
    """The local API of a running program, as far as `status` and `pin` ask it."""

    def do_GET(self) -> None:
        self.answer(STATE)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.answer({})

    def answer(self, body: object) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library's name
        """Say nothing."""


def loaded(folder: Path, *words: str, typed: str = "") -> set[str]:
    """Type a command in a process of its own, and return the libraries that it has loaded."""
    command = [sys.executable, "-c", TYPED, "--state-dir", str(folder), *words]
    done = subprocess.run(command, input=typed, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == cli.OK, done.stderr
    return set(done.stderr.splitlines()[-1].split()[1:])


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_has_the_help_of_each_command(name: str) -> None:
    command = cli.main.get_command(click.Context(cli.main), name)
    assert command
    assert (command.name, command.help) == (name, COMMANDS[name])


def test_help_loads_no_command(tmp_path: Path) -> None:
    assert not loaded(tmp_path, "--help") & (HEAVY | {"platformdirs", "sqlite3", "ssl"})


def test_the_journal_is_shown_without_what_serves_and_asks(tmp_path: Path) -> None:
    with closing(Journal(tmp_path)):
        assert not loaded(tmp_path, "journal") & HEAVY


def test_the_pin_is_set_without_what_serves_and_asks(tmp_path: Path) -> None:
    assert not loaded(tmp_path, "pin", typed="258036\n258036\n") & HEAVY


def test_beside_a_running_program_a_command_loads_only_what_asks_it(tmp_path: Path) -> None:
    with lock.acquire(tmp_path), HTTPServer(("127.0.0.1", 0), Program) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        local_api.announce(tmp_path, f"http://127.0.0.1:{server.server_port}", "token")
        try:
            assert not loaded(tmp_path, "status") & HEAVY
            assert not loaded(tmp_path, "pin", typed="258036\n258036\n") & HEAVY
        finally:
            server.shutdown()
            thread.join()
