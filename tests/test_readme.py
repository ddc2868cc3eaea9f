"""The README is true: its commands run as written; its transcripts, settings, commands and links match the program."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import click
import pytest
import requests

from emulator import cli, clouds
from emulator.app import settings
from emulator.app.settings import Settings
from emulator.config import yaml_file
from emulator.doors import DOORS
from tests.support import settings_table
from tests.support.patience import PATIENCE_S, STOP_S
from tests.support.program import free_port

README = settings_table.README.read_text()
ROOT = settings_table.README.parent
FENCE = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
SERVICE, SOCKET = "packaging/verisure-emulator.service", "packaging/verisure-emulator.socket"
MAKE_RUN = "make run"
RUN = (".venv/bin/emulator ", "curl -s http://127.0.0.1:8099/")
"""Beginnings of the commands that this test runs; it runs no others of the README."""

NOT_RUN: dict[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    # A command → why it is not run, and what is looked at instead: files, and what stands in them.
    "make test": ("it would run this test", {"Makefile": ("\ntest:",)}),
    "sudo python3 -m venv /opt/verisure-emulator/.venv": (
        "changes the machine",
        {SERVICE: ("ExecStart=/opt/verisure-emulator/.venv/bin/emulator run",)},
    ),
    "sudo /opt/verisure-emulator/.venv/bin/pip install '.[homekit,mdns,mqtt,notify]'": (
        "changes the machine, and needs PyPI",
        {"pyproject.toml": ("\nhomekit = [", "\nmdns = [", "\nnotify = [")},
    ),
    "sudo install -D -m 644 devices.yaml /etc/verisure-emulator/devices.yaml": (
        "changes the machine",
        {"devices.yaml": ("installations:",), SERVICE: ("--config /etc/verisure-emulator/devices.yaml",)},
    ),
    f"sudo cp {SERVICE} {SOCKET} /etc/systemd/system/": (
        "changes the machine",
        {SERVICE: ("# As /etc/systemd/system/",), SOCKET: ("# As /etc/systemd/system/",)},
    ),
    "sudo systemctl daemon-reload": ("needs systemd", {}),
    "sudo systemctl enable --now verisure-emulator.socket verisure-emulator.service": (
        "needs systemd",
        {SERVICE: ("WantedBy=multi-user.target",), SOCKET: ("WantedBy=sockets.target",)},
    ),
    "journalctl -u verisure-emulator -p warning": ("needs systemd", {SERVICE: ("Type=notify",)}),
    "sudo systemd-run --quiet --pty -p DynamicUser=yes -p User=verisure-emulator -p StateDirectory=verisure-emulator "
    "-p StateDirectoryMode=0700 -E EMULATOR_STATE_DIR=/var/lib/verisure-emulator "
    "/opt/verisure-emulator/.venv/bin/emulator login --config /etc/verisure-emulator/devices.yaml": (
        "needs systemd and an account",
        {
            SERVICE: (
                "DynamicUser=yes",
                "StateDirectory=verisure-emulator",
                "StateDirectoryMode=0700",
                "EMULATOR_STATE_DIR=/var/lib/verisure-emulator",
            )
        },
    ),
    "docker compose up --build --detach": (
        "needs Docker",
        {"compose.yaml": ("build: .", "./devices.yaml:"), "Dockerfile": ("ENTRYPOINT",)},
    ),
    "docker compose exec emulator emulator check": (
        "needs Docker",
        {"compose.yaml": ("\n  emulator:\n",), "Dockerfile": ("PATH=/opt/emulator/bin:",)},
    ),
}


@dataclass(slots=True)
class Step:
    """A command, and its output according to the README."""

    command: str
    prints: list[str] = field(default_factory=list)


def blocks(language: str) -> list[str]:
    return [textwrap.dedent(text) for _, found, text in FENCE.findall(README) if found == language]


def steps() -> Iterator[Step]:
    for block in blocks("console"):
        step = None
        for line in re.sub(r" *\\\n *", " ", block).splitlines():
            if line.startswith("$ "):
                if step:
                    yield step
                step = Step(line.removeprefix("$ "))
            else:
                assert step, f"printed by no command: {line}"
                step.prints.append(line)
        assert step
        yield step


STEPS = list(steps())


def section(title: str) -> str:
    """Return the text below a heading, down to the next of its level."""
    return re.split(r"^## ", README.partition(f"\n## {title}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]


def rows(title: str) -> list[list[str]]:
    """Return the cells of the tables of a section, heads left out."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line, following in zip(lines, [*lines[1:], ""], strict=True)
        if not line.startswith("|---") and not following.startswith("|---")
    ]


# -- commands -------------------------------------------------------------------------------------------------------


def test_each_command_is_run_or_says_why_not() -> None:
    not_run = {step.command for step in STEPS if not step.command.startswith(RUN)}
    assert not_run == NOT_RUN.keys() | {MAKE_RUN}


@pytest.mark.parametrize("command", NOT_RUN)
def test_what_is_not_run_has_what_it_needs(command: str) -> None:
    for file, words in NOT_RUN[command][1].items():
        text = (ROOT / file).read_text()
        assert [word for word in words if word not in text] == []


def test_every_other_command_runs_as_written_and_prints_what_it_says(tmp_path: Path) -> None:
    """In the order of the README, in a folder like a fresh copy of the project; it touches nothing but loopback."""
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
        for step in (step for step in STEPS if step.command.startswith(RUN)):
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
    for file in ("Makefile", "pyproject.toml"):
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


def command(name: str) -> click.Command:
    found = cli.main.get_command(click.Context(cli.main), name)
    assert found
    return found


def options(name: str) -> set[str]:
    return {option for parameter in command(name).params for option in parameter.opts}


def named() -> list[tuple[str, str]]:
    """Return every `emulator NAME …` in code, with the rest of the line."""
    code = [text for _, _, text in FENCE.findall(README)] + re.findall(r"`([^`\n]+)`", FENCE.sub("", README))
    found = [match for text in code for match in re.findall(r"(?<![-\w])emulator (?=([a-z]+)(.*))", text)]
    return [(name, rest) for name, rest in found if name != "emulator"]  # the service of compose.yaml


def test_every_command_that_is_named_exists_with_its_options() -> None:
    assert {name for name, _ in named()} <= cli.COMMANDS.keys()
    for name, rest in named():
        assert set(re.findall(r"(?<![-\w])--?[a-z][a-z-]*", rest)) <= options(name), f"emulator {name}{rest}"


def test_the_table_of_commands_is_complete() -> None:
    table = {cells[0]: cells[1] for cells in rows("Commands") if cells[0].startswith("`emulator ")}
    assert sorted(re.findall(r"emulator (\w+)", " ".join(table))) == sorted(cli.COMMANDS)
    for command, meaning in table.items():
        name = command.strip("`").split()[1]
        assert set(re.findall(r"`(--?[a-z][a-z-]*)", meaning)) <= options(name), command


def test_the_exit_statuses_are_those_of_the_help() -> None:
    table = [f"{status} {meaning}" for status, meaning in rows("Commands") if status.isdigit()]
    assert cli.main.epilog == f"Exit status: {'; '.join(table)}."


def test_the_extras_that_are_named_exist() -> None:
    wanted = {extra for group in re.findall(r"'\.\[([\w,]+)\]'", README) for extra in group.split(",")}
    assert wanted
    assert all(f"\n{extra} = [" in (ROOT / "pyproject.toml").read_text() for extra in wanted)


# -- settings -------------------------------------------------------------------------------------------------------


def test_the_table_of_settings_is_the_schema_as_generated() -> None:
    assert settings_table.table() in README, "renew it: python -m tests.support.settings_table"


def test_the_table_of_settings_misses_no_key() -> None:
    schema = settings.schema()
    sections = [schema, *schema["$defs"].values()]
    keys = [key.rpartition(".")[2] for key, _, _ in settings_table.rows(schema)]
    assert sorted(keys) == sorted(key for one in sections for key in one["properties"])


def test_every_key_says_what_it_means_and_may_hold() -> None:
    schema = settings.schema()
    fields = [item for one in (schema, *schema["$defs"].values()) for item in one["properties"].items()]
    for key, one in fields:
        assert one.get("description"), key
        values = re.findall(r"'enum': \[(.*?)\]", str(one))
        words = [word for group in values for word in re.findall(r"'(\w+)'", group)]
        assert [word for word in words if word not in one["description"]] == [], key


@pytest.mark.parametrize("block", blocks("yaml"))
def test_settings_that_are_shown_are_right(block: str, tmp_path: Path) -> None:
    """Checked alone, or in place of the same keys of devices.yaml."""
    usual = yaml_file.read("devices.yaml", (ROOT / "devices.yaml").read_text()).content
    shown = yaml_file.read("README.md", block).content
    path = tmp_path / "devices.yaml"
    path.write_text(json.dumps(usual | shown))  # which YAML takes as well
    assert Settings.load(path)


def test_the_doors_for_each_client_exist() -> None:
    named = {
        word for cells in rows("Home Assistant, SmartThings, Homebridge, openHAB") for word in cells[1].split("`")[1::2]
    }
    assert named == DOORS.keys()


def test_your_alarm_takes_five_lines_that_name_every_country() -> None:
    lines = re.findall(r"^\d\. (.*)$", section("Your alarm"), re.MULTILINE)
    assert len(lines) == 5
    assert set(re.findall(r"\b[A-Z]{2}\b", lines[0])) == set(clouds.countries())


# -- the page itself ------------------------------------------------------------------------------------------------


def test_every_link_leads_somewhere() -> None:
    titles = re.findall(r"^#+ (.*)$", FENCE.sub("", README), re.MULTILINE)
    anchors = {"#" + re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
    links = re.findall(r"\]\(([^)]+)\)", README) + re.findall(r'src="([^"]+)"', README)
    ours = [link for link in links if not link.startswith("https://")]
    assert [link for link in ours if link not in anchors and not (ROOT / link).exists()] == []
