"""The command that adds a missing extra is the one for the installation at hand, and names no package of ours."""

import json
import shlex
import sys
from pathlib import Path

import pytest

from emulator import APP_NAME
from emulator.system import extras
from emulator.system.extras import IMAGE, InstalledAs, edited

REQUIRES = (
    "click>=8.2",
    "paho-mqtt<3,>=2.2; extra == 'mqtt'",
    "hap-python<6,>=5.2; extra == 'homekit'",
    'segno>=1.6; extra == "homekit"',
)


def environment(folder: Path, *files: str) -> Path:
    """Make a Python environment with these files, and return its interpreter."""
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).touch()
    return folder / "bin" / "python"


def test_in_a_clone_it_is_that_of_its_environment_as_typed_there(tmp_path: Path) -> None:
    python = environment(tmp_path / ".venv", "pyvenv.cfg", "bin/pip")
    there = InstalledAs(python, tmp_path, REQUIRES, tmp_path)
    assert there.adding("mqtt") == ".venv/bin/pip install --editable '.[mqtt]'"
    elsewhere = InstalledAs(python, tmp_path, REQUIRES)
    assert elsewhere.adding("mqtt") == f"{tmp_path}/.venv/bin/pip install --editable '{tmp_path}[mqtt]'"


def test_pipx_puts_the_libraries_into_the_environment_that_it_made(tmp_path: Path) -> None:
    python = environment(tmp_path / "verisure-emulator", "pyvenv.cfg", "bin/pip", "pipx_metadata.json")
    found = InstalledAs(python, None, REQUIRES, tmp_path)
    assert found.adding("mqtt") == "pipx inject verisure-emulator 'paho-mqtt<3,>=2.2'"
    assert found.adding("homekit") == "pipx inject verisure-emulator 'hap-python<6,>=5.2' 'segno>=1.6'"


def test_pipx_for_every_user_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "PIPX_GLOBAL", tmp_path)
    python = environment(tmp_path / "venvs" / "verisure-emulator", "pipx_metadata.json")
    found = InstalledAs(python, None, REQUIRES, is_owner=False)
    assert found.adding("mqtt") == "sudo pipx inject --global verisure-emulator 'paho-mqtt<3,>=2.2'"


def test_a_virtual_environment_has_a_pip_of_its_own_or_is_one_of_uv(tmp_path: Path) -> None:
    with_pip = InstalledAs(environment(tmp_path / "a b", "pyvenv.cfg", "bin/pip"), None, REQUIRES)
    assert with_pip.adding("mqtt") == f"'{tmp_path}/a b/bin/pip' install 'paho-mqtt<3,>=2.2'"
    without = InstalledAs(environment(tmp_path / "uv", "pyvenv.cfg"), None, REQUIRES)
    assert without.adding("mqtt") == f"uv pip install --python {tmp_path}/uv/bin/python 'paho-mqtt<3,>=2.2'"


def test_outside_of_one_it_is_the_pip_of_that_python(tmp_path: Path) -> None:
    found = InstalledAs(environment(tmp_path, "bin/pip"), None, REQUIRES, is_owner=False)
    assert found.adding("mqtt") == f"sudo {tmp_path}/bin/python -m pip install 'paho-mqtt<3,>=2.2'"


def test_an_image_is_not_added_to_but_exchanged() -> None:
    found = InstalledAs(Path("/opt/emulator/bin/python"), requires=REQUIRES, is_image=True)
    assert found.lacks("mqtt") == "needs the extra mqtt, which this image does not have: take the one called “full”"


def test_an_editable_installation_is_known_by_what_pip_wrote_down() -> None:
    written = {"url": "file:///home/pi/my%20house", "dir_info": {"editable": True}}
    assert edited(json.dumps(written)) == Path("/home/pi/my house")
    assert edited(json.dumps(written | {"dir_info": {}})) is None
    assert edited(json.dumps({"url": "file:///x.whl", "archive_info": {}})) is None
    assert edited(None) is None


def test_this_installation_has_every_extra_and_says_how_it_would_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert extras.missing("mqtt", "paho") == ""
    monkeypatch.setitem(sys.modules, "paho", None)
    said = extras.missing("mqtt", "paho")
    assert said == InstalledAs.here().lacks("mqtt")
    assert "install" in said
    assert not {word.partition("[")[0] for word in shlex.split(said)} & {APP_NAME}
    assert InstalledAs.here({IMAGE: "slim"}).is_image


def test_a_library_that_is_there_and_broken_counts_as_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "brokenlib.py").write_text("raise AttributeError('of another version')\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert extras.missing("notify", "brokenlib") == ""
    assert extras.broken("notify", "brokenlib") == InstalledAs.here().lacks("notify")
    assert "brokenlib is damaged, or too old: AttributeError: of another version" in caplog.text
    assert extras.broken("notify", "json") == ""


def test_a_folder_that_was_removed_is_no_place_to_type_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert InstalledAs.here().folder == Path("/")
