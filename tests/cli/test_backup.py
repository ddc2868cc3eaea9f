"""`emulator backup` and `emulator restore` as a person types them."""

from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from emulator import cli
from emulator.archive import seal
from emulator.store import keys
from emulator.store.journal import Journal
from emulator.system import lock
from tests.archive.rig import NOW, PHRASE, SECRETS, SETTINGS, House
from tests.support.fakes import FakeClock

sealed = seal.sealed


@pytest.fixture
def old(tmp_path: Path) -> House:
    made = House(tmp_path / "old")
    made.fill()
    return made


@pytest.fixture
def new(tmp_path: Path) -> House:
    return House(tmp_path / "new")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "a.backup"


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cost of a passphrase is none of these tests' business."""
    monkeypatch.setattr(seal, "sealed", lambda data, phrase: sealed(data, phrase, cost=1))


def typed(house: House, *words: str, keys: str = "", at: float = NOW) -> Result:
    options = ["--config", str(house.settings), "--state-dir", str(house.folder)]
    clock = FakeClock()
    clock.now = at
    return CliRunner().invoke(cli.main, [*options, *words], input=keys, obj=clock)


def test_from_one_machine_to_another(old: House, new: House, file: Path) -> None:
    made = typed(old, "backup", str(file), "--with-secrets", keys=f"{PHRASE}\n{PHRASE}\n")
    assert made.exit_code == 0, made.output
    assert f"Written: {file}" in made.stdout
    assert "cannot be read without the passphrase" in made.stdout
    assert not [what for what in (*SECRETS, "alarms") if what.encode() in file.read_bytes()]
    back = typed(new, "restore", str(file), keys=f"{PHRASE}\ny\n")
    assert back.exit_code == 0, back.output
    assert "with secrets" in back.stdout
    assert "It holds alarms: home (…567); switches: 1; paired Hue clients: 1; logins: 1; a PIN" in back.stdout
    assert "Nothing of it is sent" in back.stdout
    assert "stop it there first" in back.stdout
    assert new.settings.read_text() == SETTINGS
    assert PHRASE not in made.output + back.output
    with closing(Journal(new.folder, read_only=True)) as journal:
        [entry, *_] = journal.commands(9)
        assert (entry.door, entry.action, entry.result) == ("cli", "restore", "confirmed")


def test_without_secrets_nothing_is_asked_and_what_is_to_be_done_is_said(old: House, new: House, file: Path) -> None:
    made = typed(old, "backup", str(file))
    assert (made.exit_code, "It does not hold" in made.stdout) == (0, True)
    back = typed(new, "restore", str(file), "--yes")
    assert back.exit_code == 0, back.output
    assert "`emulator login`, `emulator pin`, and pair Hue apps and the Home app again" in back.stdout


def test_settings_that_were_named_and_are_not_there_make_no_backup(old: House, file: Path) -> None:
    old.settings.unlink()
    made = typed(old, "backup", str(file))
    assert made.exit_code == 2
    assert f"no settings file: looked for {old.settings}" in made.stderr
    assert not file.exists()


def test_whoever_says_no_changes_nothing(old: House, new: House, file: Path) -> None:
    typed(old, "backup", str(file))
    assert typed(new, "restore", str(file), keys="n\n").exit_code == 1
    assert [path.name for path in new.folder.iterdir()] == [lock.LOCK]


def test_while_the_program_runs_nothing_is_put_back(old: House, file: Path) -> None:
    with lock.acquire(old.folder):
        assert typed(old, "backup", str(file)).exit_code == 0
        back = typed(old, "restore", str(file), "--yes")
    assert back.exit_code == 2
    assert "another `emulator run` uses this state folder; stop it" in back.stderr


def test_what_is_replaced_is_named_first(old: House, new: House, file: Path) -> None:
    typed(old, "backup", str(file))
    back = typed(old, "restore", str(file), "--yes")
    assert f"{old.folder} holds alarms: home (…567); switches: 1" in back.stdout
    assert "OTHER ALARMS" not in back.stdout
    assert "The state before is kept: " in back.stdout
    with closing(Journal(new.folder)) as journal:
        keys.bind(journal, {"home": keys.Key("wsdo", "cloud.example", "7654321", "")})
    assert "OTHER ALARMS than the backup's" in typed(new, "restore", str(file), keys="n\n").stdout


def test_a_clock_that_is_behind_is_named(old: House, new: House, file: Path) -> None:
    typed(old, "backup", str(file))
    said = typed(new, "restore", str(file), keys="n\n", at=NOW - 7200.0).stdout
    assert "This machine's clock is 2 h behind that of the backup: set it first." in said


def test_the_settings_may_stay_as_they_are(old: House, new: House, file: Path) -> None:
    typed(old, "backup", str(file))
    new.folder.mkdir()
    new.settings.write_text("# mine\n")
    back = typed(new, "restore", str(file), "--state-only", "--yes")
    assert "Settings: none are put back" in back.stdout
    assert new.settings.read_text() == "# mine\n"


@pytest.mark.parametrize(
    ("words", "keys", "says"),
    [
        (["--with-secrets"], "short\nshort\n", "a passphrase has 12 letters or more"),
        (["--with-secrets", "--passphrase-file", "/nowhere"], "", "the passphrase cannot be read"),
        (["--passphrase-file", "/nowhere"], "", "--passphrase-file is for --with-secrets"),
    ],
)
def test_a_passphrase_that_is_none(old: House, file: Path, words: list[str], keys: str, says: str) -> None:
    made = typed(old, "backup", str(file), *words, keys=keys)
    assert made.exit_code == 2
    assert says in made.stderr
    assert not file.exists()


def test_a_wrong_passphrase_changes_nothing(old: House, new: House, file: Path, tmp_path: Path) -> None:
    (tmp_path / "phrase").write_text(f"{PHRASE}\n")
    typed(old, "backup", str(file), "--with-secrets", "--passphrase-file", str(tmp_path / "phrase"))
    back = typed(new, "restore", str(file), "--yes", keys="another passphrase\n")
    assert back.exit_code == 2
    assert "the passphrase is wrong, or the file is damaged" in back.stderr
    assert typed(new, "restore", str(file), "--yes", "--passphrase-file", str(tmp_path / "phrase")).exit_code == 0


def test_the_passphrase_of_a_file_is_its_first_line_however_an_editor_wrote_it(
    old: House, new: House, file: Path, tmp_path: Path
) -> None:
    phrase = tmp_path / "phrase"
    phrase.write_bytes(b"\xef\xbb\xbf" + PHRASE.encode() + b"\r\nnext\r\n")
    typed(old, "backup", str(file), "--with-secrets", "--passphrase-file", str(phrase))
    phrase.write_text("\n")
    empty = typed(new, "restore", str(file), "--yes", "--passphrase-file", str(phrase))
    assert (empty.exit_code, f"{phrase}: its first line is empty" in empty.stderr) == (2, True)
    assert typed(new, "restore", str(file), "--yes", keys=f"{PHRASE}\n").exit_code == 0


def test_a_file_that_is_none(new: House, file: Path) -> None:
    file.write_text("hello")
    back = typed(new, "restore", str(file), "--yes")
    assert back.exit_code == 2
    assert f"{file}: is no backup, or is damaged" in back.stderr
