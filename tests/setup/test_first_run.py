"""`emulator run` without devices.yaml, as a process: what it prints, and how it ends."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from emulator import cli
from emulator.errors import Unreachable
from emulator.setup.web.desk import SetUpDesk
from tests.support.patience import PATIENCE_S
from tests.support.program import free_port


@contextmanager
def started(folder: Path, config: Path) -> Iterator["subprocess.Popen[str]"]:
    options = ["--config", str(config), "--state-dir", str(folder / "state"), "--interface", "lo"]
    command = [sys.executable, "-m", "emulator", "run", *options, "--page-port", str(free_port())]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VERISURE")}
    with subprocess.Popen(command, env=environment, stdout=-1, stderr=-1, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_it_prints_address_and_code_and_stops_without_a_trace(tmp_path: Path) -> None:
    with started(tmp_path, tmp_path / "new" / "devices.yaml") as process:
        said = ""
        while "Ctrl-C" not in said:
            line = process.stdout.readline()
            assert line, process.stderr.read()
            said += line
        url = re.search(r"http://\S+", said)[0]
        assert re.search(r"The code that it asks for: \d{4} \d{4}\n", said)
        assert requests.get(f"{url}healthz", timeout=PATIENCE_S).json() == {"status": "set-up"}
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == cli.OK
        assert process.stdout.read() == "Stopping.\n"
    assert list((tmp_path / "new").iterdir()) == []


def test_where_no_file_can_be_written_it_says_so_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with started(tmp_path, tmp_path / "file" / "devices.yaml") as process:
        assert process.wait(PATIENCE_S) == cli.USAGE
        assert "cannot be written: choose another place with --config" in process.stderr.read()


def test_a_stop_does_not_wait_for_the_cloud() -> None:
    desk = SetUpDesk(lambda: None, lambda _secret, _peer: None, lambda: 0.0, goes_on=True)
    answer = threading.Event()

    def ask() -> None:
        desk.stopping.set()
        answer.wait(PATIENCE_S)

    try:
        with pytest.raises(Unreachable, match="The program stopped"):
            desk.ask(ask)
    finally:
        answer.set()


def test_a_file_that_comes_from_elsewhere_will_do(tmp_path: Path) -> None:
    config = tmp_path / "late" / "devices.yaml"
    with started(tmp_path, config) as process:
        assert process.stdout.readline().startswith(f"There is no {config} yet.")
        config.write_text("installations: {home: {cloud: simulator}}\n")  # of which a part is there
        assert f"{config} is there now, and cannot be started with" in process.stderr.readline()
        ready = (
            "installations: {home: {cloud: simulator}}\nswitches: [{name: Night alarm, on: night}]\n"
            f"doors: {{dashboard: {{port: {free_port()}}}}}\n"
        )
        config.with_suffix(".new").write_text(ready)
        config.with_suffix(".new").replace(config)
        said = ""
        while "The page: " not in said:
            line = process.stdout.readline()
            assert line, process.stderr.read()
            said += line
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == cli.OK
    assert config.read_text() == ready
