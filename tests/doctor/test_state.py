"""The state folder, the journal and the logins, broken for real."""

import json
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from emulator.app.login_store import JournalVault
from emulator.clouds.vault import Device, Login
from emulator.doctor import state
from emulator.doctor.finding import Finding, Verdict
from emulator.errors import ConfigError
from emulator.store import refused_logins
from emulator.store.journal import Journal
from emulator.store.journal_file import FILE
from emulator.system import lock
from tests.doctor.conftest import NOW_S, SIMULATED, SWITCHES, MakeCase

HOST = "alarm.example"
OWA = f"installations: {{home: {{cloud: owa, url: 'https://{HOST}/owa-api/graphql'}}}}\n" + SWITCHES
WSDO = "installations: {home: {cloud: wsdo}}\n" + SWITCHES
PAGES = "installations: {home: {cloud: mypages, country: SE}}\n" + SWITCHES
NOBODY = 65534
FRESH = Login("who@example", Device.new(), "access", NOW_S + 900, NOW_S, "refresh")


@contextmanager
def unprivileged(folder: Path) -> Iterator[None]:
    """Run as a user with access to this folder alone: nothing would stop root."""
    if os.geteuid() != 0:
        yield
        return
    for parent in folder.parents:
        if parent.stat().st_uid == 0 and parent != parent.parent:
            parent.chmod(parent.stat().st_mode | 0o555)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def login(make_case: MakeCase, text: str) -> Finding:
    [found] = state.logins(make_case(text))
    return found


def keep(folder: Path, kept: Login) -> None:
    with closing(Journal(folder)) as book:
        JournalVault(book, folder, HOST).save(kept)


# -- the folder and the journal ---------------------------------------------------------------------------------


def test_a_folder_that_is_still_to_be_made_is_not_made_by_looking(make_case: MakeCase, tmp_path: Path) -> None:
    assert state.folder(make_case()).verdict is Verdict.OK
    assert state.journal(make_case()).verdict is Verdict.SKIPPED
    assert not (tmp_path / "state").exists()


def test_a_folder_that_can_be_written_to_is_left_as_it_was(make_case: MakeCase, tmp_path: Path) -> None:
    Journal(tmp_path / "state").close()
    before = sorted((tmp_path / "state").iterdir())
    assert state.folder(make_case()).verdict is Verdict.OK
    assert state.journal(make_case()) == Finding("journal", Verdict.OK, "whole")
    assert sorted((tmp_path / "state").iterdir()) == before


def test_a_journal_that_was_put_aside_is_spoken_of_until_it_is_gone(make_case: MakeCase, tmp_path: Path) -> None:
    Journal(tmp_path / "state").close()
    for name in ("journal.broken-2026-11-27", "journal.broken-2026-11-27-wal"):
        (tmp_path / "state" / name).touch()
    found = state.journal(make_case())
    assert (found.verdict, found.found) == (
        Verdict.WARNING,
        "whole; a damaged one was put aside: journal.broken-2026-11-27",
    )


@pytest.mark.parametrize(("mode", "said"), [(0o755, "look into it (mode 0755)"), (0o770, "write to it (mode 0770)")])
def test_a_folder_that_others_may_enter_is_a_warning(make_case: MakeCase, tmp_path: Path, mode: int, said: str) -> None:
    folder = tmp_path / "state"
    Journal(folder).close()
    folder.chmod(mode)
    found = state.folder(make_case())
    assert (found.verdict, found.fix) == (Verdict.WARNING, f"chmod 700 {folder}")
    assert said in found.found
    assert state.journal(make_case()).verdict is Verdict.OK


def test_a_read_only_folder_is_named(make_case: MakeCase, tmp_path: Path) -> None:
    folder = tmp_path / "state"
    Journal(folder).close()
    case = make_case()
    folder.chmod(0o555)
    with unprivileged(folder):
        found, journal = state.folder(case), state.journal(case)
    assert (found.verdict, "cannot be written to: Permission denied" in found.found) == (Verdict.PROBLEM, True)
    assert "--state-dir" in found.fix
    # The remedy for a journal of another user is not to move it away.
    assert (journal.verdict, journal.fix) == (Verdict.SKIPPED, "")


def test_a_folder_that_may_not_be_entered_is_named_and_nothing_is_said_of_what_is_in_it(
    make_case: MakeCase, tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    keep(closed / "state", FRESH)
    case = make_case(OWA, state_dir=closed / "state")
    closed.chmod(0)
    try:
        with unprivileged(closed):
            found = [state.folder(case), state.journal(case), *state.logins(case)]
    finally:
        closed.chmod(0o700)
    assert [one.verdict for one in found] == [Verdict.PROBLEM, Verdict.SKIPPED, Verdict.SKIPPED]


def test_a_journal_of_somebody_else_is_named(make_case: MakeCase, tmp_path: Path) -> None:
    folder = tmp_path / "state"
    Journal(folder).close()
    case = make_case()
    folder.chmod(0o777)
    (folder / FILE).chmod(0o444)
    with unprivileged(folder):
        assert state.folder(case).verdict is Verdict.PROBLEM


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_a_lock_that_root_has_made_is_named_with_what_helps(make_case: MakeCase, tmp_path: Path) -> None:
    folder = tmp_path / "state"
    Journal(folder).close()
    case = make_case()
    (folder / lock.LOCK).touch(0o600)
    for path in (folder, folder / FILE):
        os.chown(path, NOBODY, NOBODY)
    with unprivileged(folder):
        found = state.folder(case)
        with pytest.raises(ConfigError, match=f"run.lock: Permission denied; {found.fix}"):
            lock.acquire(folder)
    assert (found.verdict, f"{folder / lock.LOCK} cannot be written to" in found.found) == (Verdict.PROBLEM, True)
    assert found.fix == f"it belongs to root: sudo chown -R nobody {folder}"


@pytest.mark.parametrize("inside", ["", "deeper/state"])
def test_a_file_in_its_place_is_named(make_case: MakeCase, tmp_path: Path, inside: str) -> None:
    (tmp_path / "file").touch()
    assert state.folder(make_case(state_dir=tmp_path / "file" / inside)).verdict is Verdict.PROBLEM


@pytest.mark.parametrize("at", [0, 8192])
def test_a_damaged_journal_is_named(make_case: MakeCase, tmp_path: Path, at: int) -> None:
    with closing(Journal(tmp_path / "state")) as book:
        for number in range(200):
            book.note(f"note {number}", "x" * 200)
    file = tmp_path / "state" / FILE
    whole = file.read_bytes()
    file.write_bytes(whole[:at] + bytes(4096) + whole[at + 4096 :])
    found = state.journal(make_case())
    assert found.verdict is Verdict.PROBLEM
    assert found.fix.startswith("restart the program: it puts the journal aside")


# -- logins -----------------------------------------------------------------------------------------------------


def test_a_simulated_alarm_needs_no_login(make_case: MakeCase) -> None:
    assert login(make_case, SIMULATED).verdict is Verdict.SKIPPED


def test_wsdo_needs_user_and_password(make_case: MakeCase, monkeypatch: pytest.MonkeyPatch) -> None:
    assert login(make_case, WSDO).verdict is Verdict.PROBLEM
    monkeypatch.setenv("VERISURE_USER", "someone")
    found = login(make_case, WSDO)
    assert (found.verdict, "VERISURE_PASSWORD" in found.fix) == (Verdict.PROBLEM, True)
    monkeypatch.setenv("VERISURE_HOME_USER", "someone")
    monkeypatch.setenv("VERISURE_HOME_PASSWORD", "Correcto-Caballo-9")
    assert login(make_case, WSDO).verdict is Verdict.OK


@pytest.mark.parametrize(
    ("password", "told"),
    [('"Correcto-Caballo-9"', 1), ("'Correcto'", 1), ("Correcto", 0), ("'", 0), ("\"Correcto'", 0)],
)
def test_quotation_marks_that_a_file_of_variables_handed_on_are_told(
    make_case: MakeCase, monkeypatch: pytest.MonkeyPatch, password: str, told: int
) -> None:
    monkeypatch.setenv("VERISURE_USER", "someone")
    monkeypatch.setenv("VERISURE_PASSWORD", password)
    found = [one for one in state.logins(make_case(WSDO)) if "quotation" in one.found]
    assert len(found) == told
    assert "Correcto" not in f"{found}"


def test_a_secret_that_cannot_be_read_is_said_without_its_path(
    make_case: MakeCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VERISURE_PASSWORD_FILE", "/Correcto-Caballo-9")
    found = login(make_case, WSDO)
    assert found.verdict is Verdict.PROBLEM
    assert "VERISURE_PASSWORD_FILE" in found.found
    assert "Caballo" not in f"{found}"


def test_owa_needs_a_login_that_was_kept(make_case: MakeCase, tmp_path: Path) -> None:
    assert login(make_case, OWA).fix == "type `emulator login`"
    keep(tmp_path / "state", FRESH)
    found = login(make_case, OWA)
    assert found.verdict is Verdict.OK
    assert not {"who@example", "access", "refresh"} & set(found.found.split())


def test_a_login_that_a_person_has_to_mend_is_named(make_case: MakeCase, tmp_path: Path) -> None:
    keep(tmp_path / "state", Login("who@example", Device.new(), trouble="the cloud wants a code"))
    found = login(make_case, OWA)
    assert (found.verdict, found.found) == (Verdict.PROBLEM, "a person has to log in: the cloud wants a code")


def test_an_alarm_that_wants_a_code_says_so(
    make_case: MakeCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Journal(tmp_path / "state")) as book:
        JournalVault(book, tmp_path / "state", "automation01.verisure.com").save(FRESH)
    found = login(make_case, PAGES)
    assert (found.verdict, "VERISURE_CODE" in found.fix) == (Verdict.WARNING, True)
    monkeypatch.setenv("VERISURE_CODE", "471147")
    found = login(make_case, PAGES)
    assert found.verdict is Verdict.OK
    assert "471147" not in f"{found}"


def test_an_interrupted_renewal_is_none_of_a_persons_business(make_case: MakeCase, tmp_path: Path) -> None:
    keep(tmp_path / "state", Login("u", Device.new(), "access", NOW_S - 60, NOW_S, "refresh", spent=True))
    assert login(make_case, OWA).verdict is Verdict.OK


def test_two_people_are_one_too_many_and_are_not_named(make_case: MakeCase, tmp_path: Path) -> None:
    keep(tmp_path / "state", FRESH)
    keep(tmp_path / "state", Login("another@example", Device.new(), login_at=NOW_S))
    found = login(make_case, OWA)
    assert (found.verdict, "VERISURE_USER" in found.fix) == (Verdict.PROBLEM, True)
    assert "example" not in f"{found}"


def test_a_refused_login_is_told(make_case: MakeCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERISURE_USER", "someone")
    monkeypatch.setenv("VERISURE_PASSWORD", "Correcto-Caballo-9")
    with closing(Journal(tmp_path / "state")) as book:
        refused_logins.remember(book, "home", json.dumps(["someone", "Correcto-Caballo-9"]), "wrong password")
    found = login(make_case, WSDO)
    assert (found.verdict, found.found) == (Verdict.PROBLEM, "the cloud refused the last login: wrong password")
    with closing(Journal(tmp_path / "state")) as book:
        refused_logins.forget_all(book, "home")
    assert login(make_case, WSDO).verdict is Verdict.OK
