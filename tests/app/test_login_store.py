"""Logins on disk: never lost, shared by our processes, unreadable for other users."""

import json
import stat
import subprocess
import sys
import textwrap
import threading
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from emulator.app import login_store as module
from emulator.app.login_store import LOCK, JournalVault
from emulator.clouds.vault import Device, Login
from emulator.errors import EmulatorError, LoginNeeded
from emulator.store.journal import Journal
from emulator.store.journal_file import FILE

HOST = "customers.example"
LOGIN = Login("0042", Device.new(), "ACCESS", 1e9 + 900, 1e9, "REFRESH", password_at=5.0)


@pytest.fixture
def vault(journal: Journal, tmp_path: Path) -> JournalVault:
    return JournalVault(journal, tmp_path, HOST, "0042")


def test_a_device_has_the_shape_that_the_cloud_knows_and_is_made_of_chance() -> None:
    one, other = Device.new(), Device.new()
    assert (len(one.id), one.id[22:29], len(one.uuid), len(one.indigitall)) == (163, ":APA91b", 16, 36)
    assert {one.id, one.uuid, one.indigitall}.isdisjoint({other.id, other.uuid, other.indigitall})


def test_a_wrong_password_is_remembered_until_the_cloud_takes_it(vault: JournalVault, tmp_path: Path) -> None:
    vault.note_password("0042", "open sesame", wrong=True)
    assert vault.is_wrong("0042", "open sesame")
    assert not vault.is_wrong("0042", "another")
    assert not vault.is_wrong("0043", "open sesame")
    assert not any(b"sesame" in path.read_bytes() for path in tmp_path.iterdir() if path.is_file())
    vault.note_password("0042", "open sesame", wrong=False)
    assert not vault.is_wrong("0042", "open sesame")


def test_what_is_saved_is_there_after_a_restart(vault: JournalVault, tmp_path: Path) -> None:
    assert vault.load() is None
    vault.save(LOGIN)
    again = Journal(tmp_path)
    assert JournalVault(again, tmp_path, HOST, "0042").load() == LOGIN
    again.close()


def test_what_another_version_has_kept_is_a_login_too(vault: JournalVault, journal: Journal) -> None:
    kept = {"user": "0042", "device": asdict(LOGIN.device), "refresh": "REFRESH", "of a later version": 1}
    journal.note(f"owa login {HOST} 0042", json.dumps(kept))
    assert vault.load() == Login("0042", LOGIN.device, refresh="REFRESH")


DAMAGED = [
    "{",
    "null",
    "[]",
    "7",
    "[" * 100_000,
    LOGIN.as_text()[:80],
    *(
        json.dumps(json.loads(LOGIN.as_text()) | change)
        for change in (
            {"device": None},
            {"device": {"id": "1"}},
            {"device": asdict(LOGIN.device) | {"uuid": None}},
            {"access_until": None},
            {"access_until": "soon"},
            {"refresh": 7},
            {"cookies": "vs-access=1"},
        )
    ),
]


@pytest.mark.parametrize("kept", DAMAGED, ids=range(len(DAMAGED)))
def test_a_login_that_is_damaged_is_made_anew_by_a_person(
    vault: JournalVault, journal: Journal, tmp_path: Path, kept: str
) -> None:
    """An SD card changed it, or somebody put it back by hand."""
    journal.note(f"owa login {HOST} 0042", kept)
    assert JournalVault(journal, tmp_path, HOST).load() is None
    found = vault.load()
    assert found is not None
    assert (found.access, found.refresh, "`emulator login`" in found.trouble) == ("", "", True)
    assert vault.load() == found, "its device stays the same while a person logs in"
    vault.save(LOGIN)
    assert vault.load() == LOGIN


def test_damaged_notes_beside_it_are_as_none(vault: JournalVault, journal: Journal) -> None:
    for name in (f"owa ban {HOST}", "owa unsupported 1", "logins refused"):
        journal.note(name, "{damaged")
    assert (vault.banned_until(), vault.unsupported("1"), vault.is_wrong("0042", "x")) == (0.0, frozenset(), False)
    vault.note_password("0042", "x", wrong=True)
    assert vault.is_wrong("0042", "x")


def test_only_its_owner_may_look(vault: JournalVault, tmp_path: Path) -> None:
    vault.save(LOGIN)
    with vault.alone():
        assert {stat.S_IMODE(file.stat().st_mode) & 0o077 for file in tmp_path.glob(f"{FILE}*")} == {0}


def test_a_login_does_not_show_its_tokens() -> None:
    assert not [word for word in ("ACCESS", "REFRESH", LOGIN.device.id, LOGIN.device.uuid) if word in repr(LOGIN)]


def test_without_a_user_the_only_login_counts(journal: Journal, tmp_path: Path, vault: JournalVault) -> None:
    anybody = JournalVault(journal, tmp_path, HOST)
    assert anybody.load() is None
    vault.save(LOGIN)
    assert anybody.load() == LOGIN
    assert JournalVault(journal, tmp_path, "another.example").load() is None
    JournalVault(journal, tmp_path, HOST, "0043").save(replace(LOGIN, user="0043"))
    with pytest.raises(LoginNeeded, match=r"0042, 0043.*VERISURE_USER"):
        anybody.load()
    assert vault.load() == LOGIN


def test_a_name_that_was_mistyped_at_the_login_is_nobody(journal: Journal, tmp_path: Path, vault: JournalVault) -> None:
    vault.save(replace(LOGIN, user="0O42", login_at=0.0, trouble="not finished"))
    anybody = JournalVault(journal, tmp_path, HOST).load
    assert (found := anybody())
    assert found.trouble == "not finished"
    vault.save(LOGIN)
    assert anybody() == LOGIN


def test_a_user_who_begins_like_another_is_another(journal: Journal, tmp_path: Path, vault: JournalVault) -> None:
    vault.save(LOGIN)
    assert JournalVault(journal, tmp_path, HOST, "004").load() is None


def test_a_ban_and_what_a_panel_does_not_know_are_remembered(
    vault: JournalVault, journal: Journal, tmp_path: Path
) -> None:
    assert vault.banned_until() == 0
    vault.ban(1e9)
    vault.remember_unsupported("1", "ARM1PERI1")
    vault.remember_unsupported("1", "DARMPERI")
    again = JournalVault(journal, tmp_path, HOST, "somebody else")
    assert again.banned_until() == 1e9
    assert again.unsupported("1") == {"ARM1PERI1", "DARMPERI"}
    assert again.unsupported("2") == frozenset()


def test_a_folder_that_cannot_be_written_is_named(vault: JournalVault, tmp_path: Path) -> None:
    (tmp_path / LOCK).mkdir()
    with pytest.raises(EmulatorError, match=rf"cannot be renewed: .*{LOCK}: Is a directory"), vault.alone():
        pass


def test_a_lock_without_end_is_given_up(
    vault: JournalVault, journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOCK_WITHIN_S", 0.1)
    other = JournalVault(journal, tmp_path, HOST)
    with vault.alone(), pytest.raises(EmulatorError, match=r"another program holds .*is one stopped"), other.alone():
        pass


def test_a_file_system_without_locks_is_named(vault: JournalVault, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr("fcntl.flock", flock)
    with pytest.raises(EmulatorError, match=r"cannot be renewed: .*No locks available"), vault.alone():
        pass


def test_threads_renew_one_after_the_other(vault: JournalVault) -> None:
    inside, most = [0], [0]

    def renew() -> None:
        for _ in range(20):
            with vault.alone():
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                inside[0] -= 1

    threads = [threading.Thread(target=renew) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1]


def test_another_process_waits_and_a_dead_one_holds_nobody_up(vault: JournalVault, tmp_path: Path) -> None:
    script = textwrap.dedent("""
        import sys
        from pathlib import Path
        from emulator.store.journal import Journal
        from emulator.app.login_store import JournalVault
        folder = Path(sys.argv[1])
        with JournalVault(Journal(folder), folder, "h", "u").alone():
            print("inside", flush=True)
            sys.stdin.read()
    """)
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == "inside\n"
        entered = threading.Event()
        thread = threading.Thread(target=lambda: _enter(vault, entered))
        thread.start()
        assert not entered.is_set()
        other.kill()
        assert entered.wait(10)
        thread.join()


def _enter(vault: JournalVault, entered: threading.Event) -> None:
    with vault.alone():
        entered.set()
