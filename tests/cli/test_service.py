"""`emulator init --systemd`: the unit for the person who types, or for a user of its own, and what to type next."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from emulator import cli
from emulator.cli import service
from emulator.cli.context import Context
from emulator.cli.service import Machine
from emulator.errors import ConfigError, Hindered
from emulator.system import shipped
from emulator.system.logs import Redactor
from emulator.system.unit import SERVICE, SOCKET
from tests.support.fakes import FakeClock

SETTINGS = "installations: {home: {cloud: simulator}}\nswitches: [{name: Night, on: night}]\n"
HUE = "doors: {wemo: {}, hue: {port: 80}}\n"


@pytest.fixture
def python(tmp_path: Path) -> Path:
    """Return the interpreter of an installation."""
    found = tmp_path / "venv" / "bin" / "python"
    found.parent.mkdir(parents=True)
    found.with_name("emulator").touch()
    found.touch()
    return found


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the config folder of the person, who stands in an empty folder."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "config" / "verisure-emulator"


def said(tmp_path: Path, machine: Machine, config: Path | None = None) -> list[str]:
    here = Context(config, tmp_path / "state", Redactor())
    return list(service.write(here, machine, FakeClock()))


def test_before_set_up_a_person_gets_a_unit_whose_set_up_can_write(tmp_path: Path, python: Path, home: Path) -> None:
    lines = said(tmp_path, Machine("pi", python))
    unit = (home / SERVICE).read_text()
    assert f"\nExecStart={python.with_name('emulator')} run --config {home}/devices.yaml\n" in unit
    assert f"\nReadWritePaths={tmp_path}/state {home}\n" in unit
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    assert f"  sudo cp --backup=numbered {home / SERVICE} /etc/systemd/system/" in lines
    assert f"  sudo systemctl enable --now {SERVICE}" in lines
    assert lines[-1] == "The last one shows the address of set-up, and its code."
    assert not (home / SOCKET).exists()


def test_the_settings_of_a_folder_are_looked_for_there(tmp_path: Path, python: Path, home: Path) -> None:
    """A local file that set-up writes beside them wins from then on."""
    Path("devices.yaml").write_text(SETTINGS)
    said(tmp_path, Machine("pi", python))
    assert f"/emulator run\nWorkingDirectory={tmp_path}/here\n" in (home / SERVICE).read_text()
    assert f"\nReadWritePaths={tmp_path}/state {tmp_path}/here\n" in (home / SERVICE).read_text()


def test_a_file_that_was_named_is_named_from_the_root(tmp_path: Path, python: Path, home: Path) -> None:
    Path("mine.yaml").write_text(SETTINGS)
    said(tmp_path, Machine("pi", python), Path("mine.yaml"))
    assert f" run --config {tmp_path}/here/mine.yaml\n" in (home / SERVICE).read_text()


@pytest.mark.parametrize("name", ["a\nExecStartPre=+", "a\\"])
def test_a_folder_cannot_write_lines_of_the_unit(tmp_path: Path, python: Path, home: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    (folder / "devices.yaml").write_text(SETTINGS)
    os.chdir(folder)
    with pytest.raises(ConfigError, match="rename the folder"):
        said(tmp_path, Machine("pi", python))
    assert not (home / SERVICE).exists()


def test_a_port_that_needs_a_right_comes_with_the_socket(tmp_path: Path, python: Path, home: Path) -> None:
    (tmp_path / "other.yaml").write_text(SETTINGS + HUE)
    lines = said(tmp_path, Machine("pi", python), tmp_path / "other.yaml")
    assert "\nListenStream=0.0.0.0:80\n" in (home / SOCKET).read_text()
    assert f"  sudo systemctl enable --now {SOCKET} {SERVICE}" in lines


def test_a_door_that_makes_code_may(tmp_path: Path, python: Path, home: Path) -> None:
    """Node.js ends at once where it is forbidden."""
    said(tmp_path, Machine("pi", python))
    assert "\nMemoryDenyWriteExecute=yes\n" in (home / SERVICE).read_text()
    (tmp_path / "other.yaml").write_text(SETTINGS + "doors: {wemo: {}, matter: {}}\n")
    said(tmp_path, Machine("pi", python), tmp_path / "other.yaml")
    assert "MemoryDenyWriteExecute" not in (home / SERVICE).read_text()


def test_a_changed_unit_is_kept_and_the_same_one_is_not(tmp_path: Path, python: Path, home: Path) -> None:
    said(tmp_path, Machine("pi", python))
    assert not [line for line in said(tmp_path, Machine("pi", python)) if "is kept" in line]
    (home / SERVICE).write_text("mine\n")
    lines = said(tmp_path, Machine("pi", python))
    [copy] = home.glob(f"{SERVICE}.*.bak")
    assert copy.read_text() == "mine\n"
    assert f"The one before is kept: {copy}" in lines
    assert "mine" not in (home / SERVICE).read_text()


def test_without_its_script_the_program_is_a_module(tmp_path: Path, python: Path, home: Path) -> None:
    python.with_name("emulator").unlink()
    said(tmp_path, Machine("pi", python))
    assert f"\nExecStart={python} -m emulator run " in (home / SERVICE).read_text()


def test_root_gets_the_units_of_a_user_of_its_own_where_they_belong(
    tmp_path: Path, python: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "CLOSED", ())
    monkeypatch.setattr(service, "ENTER", 0o100)  # pytest's folders are the owner's alone
    machine = Machine(None, python, tmp_path / "units", tmp_path / "etc.yaml")
    lines = said(tmp_path, machine)
    unit = (tmp_path / "units" / SERVICE).read_text()
    assert f"\nExecStart={python.with_name('emulator')} run\n" in unit
    assert "\nDynamicUser=yes\n" in unit
    assert "  systemctl daemon-reload" in lines
    machine.settings.write_text(SETTINGS)
    said(tmp_path, machine)
    assert f" run --config {machine.settings}\n" in (tmp_path / "units" / SERVICE).read_text()


@pytest.mark.parametrize(
    ("sudo", "instead"), [("pi", "type this as pi, without sudo"), ("", "install the program in a folder such as /opt")]
)
def test_root_is_told_where_no_other_user_may_enter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sudo: str, instead: str
) -> None:
    monkeypatch.setenv("SUDO_USER", sudo)
    with pytest.raises(ConfigError, match=f"/home/pi/venv/bin/python: .*: {instead}"):
        said(tmp_path, Machine(None, Path("/home/pi/venv/bin/python"), tmp_path / "units"))


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, python: Path, home: Path) -> None:
    (home / SERVICE).mkdir(parents=True)
    with pytest.raises(Hindered, match=SERVICE):
        said(tmp_path, Machine("pi", python))


def test_this_machine_has_the_program_that_runs_here() -> None:
    found = Machine.here()
    assert Path(found.command[0]).is_file()
    assert (found.user is None) == (os.geteuid() == 0)


@pytest.mark.parametrize("name", shipped.FILES)
def test_each_shipped_file_can_be_printed(name: str) -> None:
    done = CliRunner().invoke(cli.main, ["init", "--print", name])
    assert (done.exit_code, done.stdout) == (cli.OK, shipped.text(name))
