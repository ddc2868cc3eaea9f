"""What people are told by the running program, at a real endpoint, beside one that never answers."""

import http.server
import json
import queue
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
import requests

from emulator.model import Arm, ArmMode, Command, Interior, Origin
from emulator.simulator.accounts import SimulatedAccount
from emulator.simulator.faults import InjectedFault
from emulator.simulator.server import SimulatedAlarm
from emulator.store.journal import Journal
from emulator.store.pin import TRIES, set_pin
from tests.support.program import PATIENCE_S, Program, simulated


class Endpoint(http.server.BaseHTTPRequestHandler):
    """What Apprise's json:// posts to."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.got.put(f"{body['title']}: {body['message']}")  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_args: object) -> None: ...


@pytest.fixture
def endpoint() -> Iterator[http.server.HTTPServer]:
    with http.server.HTTPServer(("127.0.0.1", 0), Endpoint) as server:
        server.got = queue.Queue()  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def alarm() -> Iterator[SimulatedAlarm]:
    with simulated() as made:
        yield made


@pytest.mark.long
def test_people_are_told_and_a_target_that_never_answers_delays_nobody(
    tmp_path: Path, alarm: SimulatedAlarm, endpoint: http.server.HTTPServer
) -> None:
    # Nobody accepts what is sent here: Apprise waits for its answer.
    with socket.create_server(("127.0.0.1", 0)) as dead:
        targets = f"json://127.0.0.1:{dead.getsockname()[1]}/ json://127.0.0.1:{endpoint.server_port}/"
        with closing(Journal(tmp_path)) as journal:
            set_pin(journal, "1234")
        with Program(tmp_path, alarm, targets).running() as program:
            got: queue.Queue[str] = endpoint.got  # type: ignore[attr-defined]
            alarm.panel.window("Cocina", is_open=True)
            program.turn(True)
            assert got.get(timeout=PATIENCE_S).startswith(
                "Alarm: a command is not confirmed: home: arm night, asked for by Night · WeMo · "
            )
            alarm.panel.window("Cocina", is_open=False)
            alarm.panel.keypad(Arm(ArmMode(Interior.NIGHT)))
            program.turn(False)
            assert got.get(timeout=PATIENCE_S).startswith("Alarm disarmed: home: disarm, asked for by Night · WeMo · ")
            for _ in range(TRIES):
                answer = requests.post(
                    f"{program.page}/api/command",
                    json={"installation": "home", "disarm": "main", "pin": "0000"},
                    headers={"Origin": program.page},
                    timeout=PATIENCE_S,
                )
                assert answer.status_code == 403
            assert got.get(timeout=PATIENCE_S) == (
                "Alarm: wrong PINs: PIN: 5 wrong PINs within a day, the last from 127.0.0.1; "
                "127.0.0.1 is locked for 15 min"
            )
            alarm.backend.faults.add(InjectedFault("wait"))
            program.turn(True)
            assert re.match(
                "Alarm: a command is not confirmed: home: arm night, asked for .*: not sure: ",
                got.get(timeout=PATIENCE_S),
            )
            alarm.backend.accounts = [SimulatedAccount(password="another")]
            alarm.face.actions["sessions/kill"]()
            assert got.get(timeout=PATIENCE_S).startswith("Alarm: login needed: home: user or password is wrong")


@pytest.mark.long
def test_an_answer_that_never_ends_does_not_keep_the_program_from_ending(tmp_path: Path, alarm: SimulatedAlarm) -> None:
    enough, asked = threading.Event(), threading.Event()

    def drip(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection, suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            asked.set()
            while not enough.wait(0.5):
                connection.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=(server,))
        thread.start()
        try:
            # Leaving ends the program, and waits for that.
            with Program(tmp_path, alarm, f"json://127.0.0.1:{server.getsockname()[1]}/").running() as program:
                alarm.panel.window("Cocina", is_open=True)
                program.turn(True)
                assert asked.wait(PATIENCE_S)
        finally:
            enough.set()
            thread.join()


@pytest.mark.long
def test_the_return_of_the_cloud_is_told_although_the_program_was_restarted_meanwhile(
    tmp_path: Path, alarm: SimulatedAlarm, endpoint: http.server.HTTPServer
) -> None:
    with closing(Journal(tmp_path)) as journal:
        journal.note("told of silence home", "told")
    with Program(tmp_path, alarm, f"json://127.0.0.1:{endpoint.server_port}/").running():
        told: str = endpoint.got.get(timeout=PATIENCE_S)  # type: ignore[attr-defined]
    assert told == "Alarm: back again: home: the alarm answers again: the panel is disarmed"


@pytest.mark.long
def test_a_command_that_a_power_cut_ended_is_told_at_the_next_start(
    tmp_path: Path, alarm: SimulatedAlarm, endpoint: http.server.HTTPServer
) -> None:
    """Whoever asked for it was told that it is done."""
    with closing(Journal(tmp_path)) as journal:
        journal.begin("home", Command(Arm(ArmMode(Interior.NIGHT)), Origin("wemo", "192.168.7.9")), 1.0)
    with Program(tmp_path, alarm, f"json://127.0.0.1:{endpoint.server_port}/").running():
        told: str = endpoint.got.get(timeout=PATIENCE_S)  # type: ignore[attr-defined]
    assert told.startswith("Alarm: a command is not confirmed: program: 1 command was under way when it stopped")


@pytest.mark.long
def test_a_start_that_the_settings_prevent_is_told_once(
    tmp_path: Path, alarm: SimulatedAlarm, endpoint: http.server.HTTPServer
) -> None:
    program = Program(tmp_path, alarm, f"json://127.0.0.1:{endpoint.server_port}/")
    with program.running():
        pass
    file = tmp_path / "devices.yaml"
    file.write_text(file.read_text().replace("on: night", "on: nihgt"))
    command = [sys.executable, "-m", "emulator", "run", "--config", str(file), "--state-dir", str(tmp_path)]
    for _ in range(2):
        ended = subprocess.run(command, env=program.environment, capture_output=True, text=True, check=False)
        assert "nihgt" in ended.stderr
    got: queue.Queue[str] = endpoint.got  # type: ignore[attr-defined]
    title, told = got.get(timeout=PATIENCE_S).split(": program: ")
    assert title == "Alarm: changed settings are not taken"
    assert told.startswith("nothing here arms home until that is mended: ")
    assert "nihgt" in told
    assert got.empty()
