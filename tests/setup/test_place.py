"""The file is replaced at once, after a check, with the one before beside it."""

import stat
from datetime import datetime
from pathlib import Path

import pytest

from emulator.errors import ConfigError
from emulator.setup import place
from emulator.setup.answers import AnswerRefused

NOW = datetime(2026, 11, 27, 22, 45, 1).astimezone().timestamp()  # of this machine
BEFORE = "installations: {home: {cloud: simulator}}\nswitches: [{name: Night, on: night}]\n"
AFTER = BEFORE.replace("Night", "Noche")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "devices.yaml"
    made.write_text(BEFORE)
    made.chmod(0o640)
    return made


def test_the_file_before_is_kept_beside(path: Path) -> None:
    first = place.replace(path, BEFORE, AFTER, NOW)
    second = place.replace(path, AFTER, BEFORE, NOW)
    assert first == path.with_name("devices.yaml.2026-11-27-224501.bak")
    assert second == path.with_name("devices.yaml.2026-11-27-224501-2.bak")
    assert (first.read_text(), second.read_text(), path.read_text()) == (BEFORE, AFTER, BEFORE)
    assert {stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()} == {0o640}


def test_a_new_file_has_no_backup(tmp_path: Path) -> None:
    path = tmp_path / "devices.yaml"
    assert place.replace(path, "", BEFORE, NOW) is None
    assert [each.name for each in tmp_path.iterdir()] == ["devices.yaml"]


def test_what_the_program_would_not_take_replaces_nothing(path: Path) -> None:
    with pytest.raises(ConfigError, match=rf"{path}:2: switches\[0\].on"):
        place.replace(path, BEFORE, BEFORE.replace("on: night", "on: nigt"), NOW)
    assert path.read_text() == BEFORE
    assert len(list(path.parent.iterdir())) == 1


def test_what_somebody_has_changed_meanwhile_stays(path: Path) -> None:
    path.write_text(f"{BEFORE}# mine\n")
    with pytest.raises(AnswerRefused, match="was changed meanwhile"):
        place.replace(path, BEFORE, AFTER, NOW)
    assert path.read_text() == f"{BEFORE}# mine\n"


def test_a_link_stays_a_link(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.yaml"
    link.symlink_to(path)
    place.replace(link, BEFORE, AFTER, NOW)
    assert link.is_symlink()
    assert path.read_text() == AFTER


def test_the_ends_of_lines_stay(path: Path) -> None:
    path.write_bytes(BEFORE.replace("\n", "\r\n").encode())
    place.replace(path, place.read(path), AFTER, NOW)
    assert path.read_bytes() == AFTER.replace("\n", "\r\n").encode()


def test_a_new_file_goes_where_it_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "user"))
    state = tmp_path / "state"
    assert place.new(tmp_path / "mine.yaml", state) == tmp_path / "mine.yaml"
    assert place.new(None, state) == tmp_path / "user/verisure-emulator/devices.yaml"
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "file"))
    assert place.new(None, state) == state / "devices.yaml"
    with pytest.raises(AnswerRefused, match="choose another place with --config"):
        place.new(tmp_path / "file/devices.yaml", state)
