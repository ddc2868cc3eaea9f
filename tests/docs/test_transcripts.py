"""The transcripts are true: the commands of the README and of the pages run as written, and print what stands there."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.docs.not_run import NOT_RUN
from tests.support.pages import PAGES, ROOT, TRANSLATIONS
from tests.support.patience import PATIENCE_S, STOP_S
from tests.support.program import free_port

STEPS = [step for page in PAGES if page not in TRANSLATIONS for step in page.steps()]
MAKE_RUN = "make run"
RUN = (".venv/bin/emulator ", "curl -s http://127.0.0.1:8099/")
"""Beginnings of the commands that this test runs; it runs no others."""


def is_run(command: str) -> bool:
    return command.startswith(RUN) and command not in NOT_RUN


def test_each_command_is_run_or_says_why_not() -> None:
    assert {step.command for step in STEPS if not is_run(step.command)} == NOT_RUN.keys() | {MAKE_RUN}


@pytest.mark.parametrize("command", NOT_RUN)
def test_what_is_not_run_has_what_it_needs(command: str) -> None:
    for file, words in NOT_RUN[command][1].items():
        text = (ROOT / file).read_text()
        assert [word for word in words if word not in text] == []


def test_every_other_command_runs_as_written_and_prints_what_it_says(tmp_path: Path) -> None:
    """In the order of README and navigation, in a folder like a fresh copy of the project; on loopback alone."""
    ports = {"49151": str(free_port()), "8099": str(free_port())}
    fresh_copy(tmp_path, ports)
    first = next(step for step in STEPS if step.command == MAKE_RUN)
    # It needs PyPI, and runs until Ctrl-C: what make would do, and then the program itself.
    would = shell("make -n run", tmp_path).stdout
    install(tmp_path)
    with program(tmp_path) as says:
        assert like(would + says) == like("\n".join(first.prints))
        control = next(word for word in says.split() if word.endswith("/control"))
        requests.post(f"{control}/settings", json={"answer_after": 0}, timeout=PATIENCE_S).raise_for_status()
        has_curl = shutil.which("curl") is not None
        for step in (step for step in STEPS if is_run(step.command)):
            if step.command.startswith("curl ") and not has_curl:
                continue
            # The page's own port may be taken on this machine.
            ended = shell(step.command.replace("8099", ports["8099"]), tmp_path)
            assert ended.returncode == 0, (step.command, ended)
            if step.prints:
                printed = ended.stderr + ended.stdout
                assert like(printed) == like("\n".join(step.prints)), step.command
    if not has_curl:
        pytest.skip("all but one of them ran: there is no curl here")


def fresh_copy(folder: Path, ports: dict[str, str]) -> None:
    (folder / "pins").mkdir()
    for file in ("Makefile", "pyproject.toml", "pins/slim.txt", "pins/build.txt"):
        (folder / file).write_text((ROOT / file).read_text())
    settings = (ROOT / "devices.yaml").read_text() + "lan: { interfaces: [lo] }\n"
    for usual, free in ports.items():
        assert usual in settings
        settings = settings.replace(usual, free)
    (folder / "devices.yaml").write_text(settings)


def install(folder: Path) -> None:
    """Install as `make run` would; the program is the one under test."""
    script = folder / ".venv" / "bin" / "emulator"
    script.parent.mkdir(parents=True)
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m emulator "$@"\n')
    script.chmod(0o755)


def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    # As in a new terminal: make tells those below it of itself.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["sh", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE_S
    )


@contextmanager
def program(folder: Path) -> Iterator[str]:
    """Run `emulator run`; yield its output up to the moment when it is ready."""
    command = [".venv/bin/emulator", "run"]
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1
    ) as process:
        assert process.stdout
        try:
            said = ""
            while "Ctrl-C stops." not in said:
                line = process.stdout.readline()
                assert line, said
                said += line
            yield said
            process.send_signal(signal.SIGINT)
            assert process.wait(STOP_S) == 0
        finally:
            process.kill()


def like(text: str) -> list[str]:
    """Return the lines without what differs between machines and moments; equal ones once."""
    for what, word in {
        re.escape(str(Path.home())): "/home/pi",
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d": "TIME",
        r"192\.168\.1\.20|127\.0\.0\.1": "HOST",
        r"HOST:\d+": "HOST:PORT",
        r"port \d+/tcp": "port PORT/tcp",
        r"\beth0\b|\blo\b": "NIC",
        r"\d+ other devices": "OTHER devices",
        r"code \d{4} \d{4}": "code CODE",
        r" +": " ",
    }.items():
        text = re.sub(what, word, text)
    return list(dict.fromkeys(line.strip() for line in text.splitlines()))
