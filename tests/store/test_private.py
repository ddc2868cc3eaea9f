"""The state folder is its owner's alone: what other users of the machine can open, and what is said of the folder."""

import logging
import os
import stat
from pathlib import Path

import pytest

from emulator.app.app import App
from emulator.app.login_store import LOCK as LOGIN_LOCK
from emulator.app.login_store import JournalVault
from emulator.errors import EmulatorError
from emulator.store import private
from emulator.store.journal import Journal
from emulator.store.journal_file import FILE
from emulator.system.lock import LOCK
from tests.support.program import settings


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("before", [None, 0o644, 0o666])
def test_no_other_user_can_open_a_lock_and_hold_it(state_dir: Path, journal: Journal, before: int | None) -> None:
    """Made 0644 by an earlier version, they let every local user keep the login from its renewal."""
    state_dir.mkdir(exist_ok=True)
    for name in (LOCK, LOGIN_LOCK):
        if before is not None:
            (state_dir / name).touch()
            (state_dir / name).chmod(before)
    app = App(settings(doors={}), {}, state_dir)
    try:
        with JournalVault(journal, state_dir, "host", "user").alone():
            assert [mode(state_dir / name) for name in (LOCK, LOGIN_LOCK)] == [0o600, 0o600]
    finally:
        app.stop()


def test_a_start_takes_the_rights_of_others_to_what_an_earlier_version_made(state_dir: Path) -> None:
    Journal(state_dir).close()
    (state_dir / FILE).chmod(0o644)
    (state_dir / "api.json").touch(0o644)
    (state_dir / "notes.txt").touch()
    (state_dir / "notes.txt").chmod(0o644)
    App(settings(doors={}), {}, state_dir).stop()
    assert [mode(state_dir / name) for name in (FILE, "api.json", "notes.txt")] == [0o600, 0o600, 0o644]


def test_a_lock_is_not_made_where_a_link_of_somebody_leads(journal: Journal, tmp_path: Path) -> None:
    (tmp_path / LOGIN_LOCK).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EmulatorError, match="cannot be renewed"), JournalVault(journal, tmp_path, "host").alone():
        pass
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(
    ("others", "said"), [(0o755, "look into it (mode 0755)"), (0o770, "write to it"), (0o1777, "write to it")]
)
def test_a_folder_that_others_may_enter_is_said_and_left_as_it_is(
    state_dir: Path, others: int, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    state_dir.mkdir(exist_ok=True)
    state_dir.chmod(others)
    App(settings(doors={}), {}, state_dir).stop()
    assert said in caplog.text
    assert f"chmod 700 {state_dir}" in caplog.text
    assert mode(state_dir) == others


def test_a_private_folder_is_not_spoken_of(state_dir: Path, caplog: pytest.LogCaptureFixture) -> None:
    App(settings(doors={}), {}, state_dir).stop()
    assert "others on this machine" not in caplog.text
    assert private.openness(state_dir) == ""


def test_a_fingerprint_is_slow_to_guess_and_that_of_an_earlier_version_still_fits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()  # the cheap one of the other tests
    assert private.HASH_COST == 2**14
    assert private.fingerprint("2580", "00" * 16).startswith("08093a6bb578453142eff1c7e9b0d3c3")


def test_what_was_written_outlives_a_power_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A rename may reach the disk before the bytes do: the file would be empty.
    order: list[str] = []
    through, rename = os.fsync, Path.replace

    def fsync(number: int) -> None:
        order.append("written through")
        through(number)

    def replace(new: Path, path: Path) -> Path:
        order.append("replaced")
        return rename(new, path)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    private.write(tmp_path / "secrets.json", "{}")
    assert order == ["written through", "replaced"]
