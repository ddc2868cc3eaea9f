"""The file is replaced at once, after a check, with the one before beside it."""

import errno
import os
import stat
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from emulator.config import devices_yaml
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


def test_secrets_are_kept_only_once_nothing_else_can_go_wrong(path: Path) -> None:
    kept: list[str] = []

    def keep() -> None:
        kept.append(path.read_text())

    with pytest.raises(AnswerRefused):
        place.replace(path, "else", AFTER, NOW, just_before=keep)
    with pytest.raises(ConfigError):
        place.replace(path, BEFORE, AFTER.replace("on:", "no:"), NOW, just_before=keep)
    assert kept == []
    place.replace(path, BEFORE, AFTER, NOW, just_before=keep)
    place.replace(path, AFTER, AFTER, NOW, just_before=keep)
    assert kept == [BEFORE, AFTER]


def test_secrets_that_cannot_be_kept_leave_the_file(path: Path) -> None:
    def keep() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(AnswerRefused, match="No space left"):
        place.replace(path, BEFORE, AFTER, NOW, just_before=keep)
    assert path.read_text() == BEFORE
    assert not list(path.parent.glob(".*"))


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_the_owner_of_the_file_keeps_it_when_root_changes_it(path: Path) -> None:
    os.chown(path, 12345, 23456)
    path.chmod(0o600)
    place.replace(path, BEFORE, AFTER, NOW)
    found = path.stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (12345, 23456, 0o600)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anything")
def test_a_file_that_is_read_only_stays(path: Path) -> None:
    path.chmod(0o444)
    with pytest.raises(AnswerRefused, match="cannot be written: Permission denied"):
        place.replace(path, BEFORE, AFTER, NOW)
    assert path.read_text() == BEFORE


@pytest.mark.lan
def test_a_file_that_is_mounted_by_itself_is_written_where_it_is(path: Path, tmp_path: Path) -> None:
    # As in a container: nothing can be put in its place.
    script = f"""if True:
        import sys
        from pathlib import Path
        from emulator.setup import place
        path = Path({str(path)!r})
        print(place.replace(path, {BEFORE!r}, {AFTER!r}, {NOW!r}, spare=Path({str(tmp_path)!r})))
        """
    mounts = f'mount --bind {path} {path} && exec {sys.executable} -c "$0"'
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", mounts, script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert path.read_text() == AFTER
    assert Path(done.stdout.strip()).read_text() == BEFORE
    assert not list(path.parent.glob(".*"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_takes_no_other_file_gets_none(path: Path, tmp_path: Path) -> None:
    spare = tmp_path / "state"
    spare.mkdir()
    path.parent.chmod(0o555)
    try:
        backup = place.replace(path, BEFORE, AFTER, NOW, spare=spare)
    finally:
        path.parent.chmod(0o755)
    assert path.read_text() == AFTER
    assert backup
    assert (backup.parent, backup.read_text()) == (spare, BEFORE)


def test_others_may_not_write_into_a_new_folder(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        place.new(tmp_path / "a" / "b" / "devices.yaml", tmp_path)
        place.replace(tmp_path / "a" / "b" / "devices.yaml", "", BEFORE, NOW)
    finally:
        os.umask(before)
    made = [tmp_path / "a", tmp_path / "a" / "b", tmp_path / "a" / "b" / "devices.yaml"]
    assert [stat.S_IMODE(each.stat().st_mode) & 0o022 for each in made] == [0, 0, 0]


# -- the file that the project brings -------------------------------------------------------------------------------


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project, in which a person types commands."""
    (tmp_path / "emulator").mkdir()
    (tmp_path / "emulator" / "__init__.py").touch()
    (tmp_path / "devices.yaml").write_text(BEFORE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("clone")
def test_the_local_file_wins_wherever_files_are_looked_for(tmp_path: Path) -> None:
    assert devices_yaml.find(None, tmp_path) == Path("devices.yaml")
    Path("devices.local.yaml").write_text(AFTER)
    assert devices_yaml.find(None, tmp_path) == Path("devices.local.yaml")
    assert devices_yaml.named(Path("devices.local.yaml")) == "devices.local.yaml (not devices.yaml beside it)"
    assert devices_yaml.named(Path("devices.yaml")) == "devices.yaml"
    assert devices_yaml.find(Path("devices.yaml"), tmp_path) == Path("devices.yaml")


@pytest.mark.usefixtures("clone")
def test_in_the_project_set_up_writes_the_local_file_and_elsewhere_the_one_there_is(path: Path, clone: Path) -> None:
    assert place.own(Path("devices.yaml"), None) == Path("devices.local.yaml")
    assert place.own(Path("devices.local.yaml"), None) == Path("devices.local.yaml")
    assert place.own(Path("devices.yaml"), Path("devices.yaml")) == Path("devices.yaml")
    (clone / "emulator" / "__init__.py").unlink()
    assert place.own(path, None) == path


def test_the_first_change_goes_into_a_local_file_and_the_next_ones_into_that(clone: Path) -> None:
    shipped, local = clone / "devices.yaml", clone / "devices.local.yaml"
    assert place.in_force(local) == shipped
    assert place.replace(local, BEFORE, BEFORE, NOW, source=shipped) is None
    assert not local.exists()
    assert place.replace(local, BEFORE, AFTER, NOW, source=shipped) is None
    assert (shipped.read_text(), local.read_text()) == (BEFORE, AFTER)
    assert place.in_force(local) == local
    assert place.replace(local, AFTER, BEFORE, NOW, source=local) == clone / "devices.local.yaml.2026-11-27-224501.bak"


def test_a_local_file_that_came_meanwhile_is_not_replaced(clone: Path) -> None:
    (clone / "devices.local.yaml").write_text("# mine\n")
    with pytest.raises(AnswerRefused, match="was changed meanwhile"):
        place.replace(clone / "devices.local.yaml", BEFORE, AFTER, NOW, source=clone / "devices.yaml")
    assert (clone / "devices.local.yaml").read_text() == "# mine\n"
