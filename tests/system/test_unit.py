"""The units of an installation differ from the shipped ones in what is this machine's, and in nothing else."""

import shutil
import subprocess
from pathlib import Path

import pytest

from emulator.system import shipped
from emulator.system.unit import SERVICE, SOCKET, SystemdService, socket

SHIPPED = shipped.text(SERVICE)
PI = SystemdService(("/home/pi/.venv/bin/emulator",), Path("/home/pi/devices.yaml"))


def lines(unit: str) -> list[str]:
    return [line for line in unit.splitlines() if line and not line.startswith("#")]


def changes(unit: str) -> tuple[set[str], set[str]]:
    """Return the lines that a unit lacks, and those that it has instead."""
    return set(lines(SHIPPED)) - set(lines(unit)), set(lines(unit)) - set(lines(SHIPPED))


def test_a_user_of_its_own_gets_the_shipped_unit_with_this_program() -> None:
    gone, new = changes(SystemdService(("/opt/venv/bin/emulator",), None).unit(SHIPPED))
    assert {line.partition("=")[0] for line in gone} == {"ExecStart"}
    assert new == {"ExecStart=/opt/venv/bin/emulator run"}


def test_a_person_keeps_folders_and_the_rest_of_the_sandbox() -> None:
    made = PI.unit_of(SHIPPED, "pi", Path("/home/pi/state"), [Path("/home/pi/state"), Path("/home/pi")])
    gone, new = changes(made)
    assert {line.partition("=")[0] for line in gone} == {
        "ExecStart",
        "Environment",
        "StateDirectory",
        "StateDirectoryMode",
        "DynamicUser",
        "ProtectHome",
        "RemoveIPC",
    }
    assert new == {
        "ExecStart=/home/pi/.venv/bin/emulator run --config /home/pi/devices.yaml",
        "Environment=EMULATOR_STATE_DIR=/home/pi/state PYTHONUNBUFFERED=1",
        "User=pi",
        "ReadWritePaths=/home/pi/state /home/pi",
    }


def test_systemd_replaces_nothing_in_a_path() -> None:
    odd = Path('/home/pi/my "50 %" $HOME')
    made = SystemdService(("/usr/bin/python3", "-m", "emulator"), odd / "devices.yaml").unit_of(
        SHIPPED, "pi", odd, [odd]
    )
    assert r'run --config "/home/pi/my \"50 %%\" $$HOME/devices.yaml"' in made
    assert r'Environment="EMULATOR_STATE_DIR=/home/pi/my \"50 %%\" $HOME" PYTHONUNBUFFERED=1' in made
    assert r'ReadWritePaths="/home/pi/my \"50 %%\" $HOME"' in made


def test_settings_may_be_those_of_a_folder() -> None:
    made = SystemdService(("emulator",), folder=Path("/home/pi/a 100 % house")).unit(SHIPPED)
    assert "\nExecStart=emulator run\nWorkingDirectory=/home/pi/a 100 %% house\n" in made


def test_the_socket_has_each_port() -> None:
    made = socket(shipped.text(SOCKET), [80, 81])
    assert "[Socket]\nListenStream=0.0.0.0:80\nListenStream=0.0.0.0:81\n" in made


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd")
def test_systemd_understands_them(tmp_path: Path) -> None:
    program = tmp_path / "my program" / "emulator"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    own = SystemdService((str(program),), folder=program.parent)
    (tmp_path / "own.service").write_text(own.unit(SHIPPED))
    (tmp_path / "person.service").write_text(own.unit_of(SHIPPED, "root", tmp_path, [tmp_path]))
    (tmp_path / "own.socket").write_text(socket(shipped.text(SOCKET), [80]))
    units = sorted(map(str, tmp_path.glob("*.s*")))
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
