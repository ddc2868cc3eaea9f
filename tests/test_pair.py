"""`emulator pair`: the link button, who is paired, and who is to be forgotten."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from emulator import cli
from emulator.store import pairing
from emulator.store.journal import Journal
from emulator.store.light_ids import FITTING
from emulator.store.pairing import HEEDED_S, Users
from tests.doors.hue.rig import a_house
from tests.doors.hue.running import SWITCHES, a_program
from tests.store.rig import LARGE, given, known
from tests.support.fakes import EPOCH_S
from tests.support.patience import until

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


@pytest.mark.parametrize(
    "words",
    [
        ("--list", "--forget", "1"),
        ("--json",),
        ("--json", "--forget", "1"),
        ("--renumber", "--list"),
        ("--renumber", "--forget", "1"),
        ("--renumber", "--json"),
    ],
)
def test_what_does_not_go_together_does_nothing(tmp_path: Path, journal: Journal, words: tuple[str, ...]) -> None:
    assert pair(tmp_path, *words).exit_code == cli.USAGE
    assert len(pairing.paired(journal)) == 2
    assert journal.recall("hue button") is None


@pytest.mark.parametrize("mode", ["button", "open"])
def test_a_running_program_heeds_it(tmp_path: Path, journal: Journal, mode: Any) -> None:
    assert len(pairing.paired(journal)) == 2
    with a_house(tmp_path / "state", pairing=mode, look_s=0.02) as house:
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


# -- ids that fit into a byte -----------------------------------------------------------------------------------


def test_lights_keep_their_large_ids_until_they_are_renumbered(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with closing(Journal(state)) as book:
        for number in range(4):
            given(book, (LARGE + number,), f"key{number + 1}")
    with a_house(state) as house:
        user = house.register()
        before = house.api("GET", f"/{user}")
        assert list(before["lights"]) == [str(LARGE + number) for number in range(4)]
        assert "Restart `emulator run`" in pair(tmp_path, "--renumber").stdout
        assert house.api("GET", f"/{user}/lights") == before["lights"]
    with a_house(state) as house:
        after = house.api("GET", f"/{user}")
        assert {int(number) for number in after["lights"]} < set(FITTING)
        assert list(after["lights"].values()) == list(before["lights"].values())
        assert house.api("GET", f"/{user}/groups/0")["lights"] == list(after["lights"])
        for number, light in after["lights"].items():
            assert house.api("GET", f"/{user}/lights/{number}") == light
            done = house.api("PUT", f"/{user}/lights/{number}/state", {"alert": "none"})
            assert done == [{"success": {f"/lights/{number}/state/alert": "none"}}]
        assert [int(url.partition("#")[2]) for _, url in house.door.urls()] == list(map(int, after["lights"]))
        assert house.api("GET", f"/{user}/lights/{LARGE}")[0]["error"]["type"] == 3


def test_renumbering_says_what_was_changed_and_what_is_to_be_done(tmp_path: Path, journal: Journal) -> None:
    given(journal, (LARGE,), known(journal)[2].key, "dimmable")
    done = pair(tmp_path, "--renumber")
    assert (done.exit_code, done.stderr) == (0, "")
    head, row, *told = done.stdout.splitlines()
    (new,) = (number for (number,) in journal.rows("SELECT id FROM hue_lights"))
    assert (head.split(), row.split()) == (
        ["SWITCH", "LIGHT", "OLD", "ID", "NEW", "ID"],
        ["night", "dimmable", str(LARGE), str(new)],
    )
    assert "remove the old ones in the Alexa app" in " ".join(told)
    assert pair(tmp_path, "--renumber").stdout == "No light has an id above 255, so nothing was changed.\n"


def test_renumbering_without_room_is_refused(tmp_path: Path, journal: Journal) -> None:
    given(journal, (*FITTING, LARGE))
    done = pair(tmp_path, "--renumber")
    assert done.exit_code == cli.USAGE
    assert "only 0 of the ids from 64 to 255 were never given" in done.stderr
