"""`emulator pair`: the link button, who is paired, and who is to be forgotten."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from emulator import cli, pairing
from emulator.journal import Journal
from emulator.pairing import HEEDED_S, Users
from tests.doors.test_hue import a_house
from tests.doors.test_hue_program import SWITCHES, a_program
from tests.fakes import EPOCH_S
from tests.patience import until

PHONE, ECHO = "0123abcd" * 5, "83b7780291a6ceffbe0bd049104df"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    book = Journal(tmp_path / "state")
    users = Users(book)
    users.add(PHONE, "192.168.7.9", "app#phone", EPOCH_S)
    users.adopt(ECHO, "192.168.7.10", EPOCH_S)
    yield book
    book.close()


def pair(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(cli.main, ["pair", *words, "--state-dir", str(folder / "state")])


def test_pairing_needs_a_bridge(tmp_path: Path) -> None:
    file = tmp_path / "devices.yaml"
    file.write_text(SWITCHES)
    done = CliRunner().invoke(cli.main, ["pair", "--config", str(file), "--state-dir", str(tmp_path)])
    assert done.exit_code == cli.USAGE
    assert "doors.hue: is missing" in done.stderr


def test_pairing_while_it_is_open_says_that_it_is_not_needed(tmp_path: Path) -> None:
    with a_program(tmp_path) as program:
        arguments = ["--config", str(tmp_path / "devices.yaml"), "--state-dir", str(tmp_path / "state")]
        done = CliRunner().invoke(cli.main, ["pair", *arguments])
        assert "would not be needed" in done.stdout
        with closing(Journal(program.folder / "state")) as book:
            assert book.recall("hue button")


def test_pairing_needs_a_program_that_runs(tmp_path: Path) -> None:
    file = tmp_path / "devices.yaml"
    file.write_text(f"{SWITCHES}doors: {{ hue: }}\n")
    done = CliRunner().invoke(cli.main, ["pair", "--config", str(file), "--state-dir", str(tmp_path / "never")])
    assert done.exit_code == cli.USAGE
    assert "no `emulator run` uses this state folder" in done.stderr
    assert not (tmp_path / "never").exists()


# -- who is paired ----------------------------------------------------------------------------------------------


def test_who_is_paired_is_listed_without_the_keys(tmp_path: Path, journal: Journal) -> None:
    assert journal.rows("SELECT count(*) FROM hue_users") == [(2,)]
    done = pair(tmp_path, "--list")
    assert (done.exit_code, done.stderr) == (0, "")
    head, *rows = done.stdout.splitlines()
    assert head.split("  ")[0] == "NUMBER"
    assert [row.split()[:4] for row in rows] == [
        ["1", "0123ab…", "app#phone", "192.168.7.9"],
        ["2", "83b778…", "(brought", "its"],
    ]
    assert "2023-11-1" in rows[0]
    for key in (PHONE, ECHO):
        assert key[:7] not in done.output


def test_who_is_paired_for_programs(tmp_path: Path, journal: Journal) -> None:
    assert journal.rows("SELECT count(*) FROM hue_users") == [(2,)]
    done = pair(tmp_path, "--list", "--json")
    first, second = json.loads(done.stdout)
    assert (first["number"], first["key"], first["devicetype"], first["address"]) == (
        1,
        "0123ab…",
        "app#phone",
        "192.168.7.9",
    )
    assert first["created"] == first["used"]
    assert first["created"].startswith("2023-11-1")
    assert (second["key"], second["devicetype"]) == ("83b778…", "")
    assert PHONE[:7] not in done.output


def test_where_nobody_is_paired(tmp_path: Path) -> None:
    assert pair(tmp_path, "--list").stdout == "Nobody is paired.\n"
    assert pair(tmp_path, "--list", "--json").stdout == "[]\n"


@pytest.mark.parametrize("which", ["1", "0123ab…", "0123ab"])
def test_one_is_forgotten(tmp_path: Path, journal: Journal, which: str) -> None:
    done = pair(tmp_path, "--forget", which)
    assert done.exit_code == 0
    assert done.stdout.startswith("Forgotten: 0123ab… app#phone 192.168.7.9\n")
    assert f"takes no command from it any more, and tells it nothing after {HEEDED_S:g} s" in done.stdout
    assert [user.name for user in pairing.paired(journal).values()] == [ECHO]


def test_what_matches_nobody_is_said_clearly(tmp_path: Path, journal: Journal) -> None:
    done = pair(tmp_path, "--forget", "3")
    assert done.exit_code == cli.USAGE
    assert "no paired client is called that, so none was forgotten" in done.stderr
    assert len(pairing.paired(journal)) == 2


@pytest.mark.parametrize("words", [("--list", "--forget", "1"), ("--json",), ("--json", "--forget", "1")])
def test_what_does_not_go_together_does_nothing(tmp_path: Path, journal: Journal, words: tuple[str, ...]) -> None:
    assert pair(tmp_path, *words).exit_code == cli.USAGE
    assert len(pairing.paired(journal)) == 2
    assert journal.recall("hue button") is None


@pytest.mark.parametrize("mode", ["button", "open"])
def test_a_running_program_heeds_it(tmp_path: Path, journal: Journal, mode: Any) -> None:
    assert len(pairing.paired(journal)) == 2
    with a_house(tmp_path / "state", pairing_mode=mode, look_s=0.02) as house:
        assert len(house.api("GET", f"/{PHONE}/lights")) == 4
        assert pair(tmp_path, "--forget", "1").exit_code == 0
        if mode == "button":
            until(lambda: refused(house, PHONE))
        else:
            until(lambda: len(house.door._users) == 1)
            assert len(house.api("GET", f"/{PHONE}/lights")) == 4  # as any name may
        assert list(pairing.paired(journal)) == [2]


def refused(house: Any, user: str) -> bool:
    answer = house.api("GET", f"/{user}/lights")
    return isinstance(answer, list) and answer[0]["error"]["type"] == 1
