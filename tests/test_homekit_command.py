"""`emulator homekit`: the code, the QR code, who is paired, and another bridge."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from emulator import cli
from emulator.doors.homekit import setup
from emulator.store.journal import Journal

FILE = """
installations: {home: {cloud: simulator}}
switches: [{name: Night, on: night}]
doors: {DOOR: }
"""
STATE = {"paired_clients": {"8B1F": "00"}, "client_properties": {"8B1F": {"permissions": 1}}}

Type = Callable[..., Result]


@pytest.fixture
def type_(tmp_path: Path) -> Type:
    def typed(*words: str, door: str = "homekit", answer: str = "") -> Result:
        (tmp_path / "devices.yaml").write_text(FILE.replace("DOOR", door))
        options = ["--config", str(tmp_path / "devices.yaml"), "--state-dir", str(tmp_path)]
        return CliRunner().invoke(cli.main, ["homekit", *words, *options], input=answer, catch_exceptions=False)

    return typed


def kept(folder: Path) -> setup.KeptBridge:
    with closing(Journal(folder)) as book:
        return setup.open_kept(book)


def test_it_shows_the_code_that_is_kept(tmp_path: Path, type_: Type) -> None:
    said = type_()
    assert said.exit_code == 0
    assert f"Setup code: {kept(tmp_path).setup.spoken}\n" in said.output
    assert said.output.count("█") > 100
    assert "Nobody is paired. In the Home app" in said.output
    assert "No `emulator run` uses this state folder" in said.output
    assert type_().stdout == said.stdout


def test_it_lists_who_is_paired(tmp_path: Path, type_: Type) -> None:
    with closing(Journal(tmp_path)) as book:
        setup.keep(book, setup.open_kept(book).setup, STATE)
    assert "8B1F    may add others" in type_().output
    told = json.loads(type_("--json").stdout)
    made = kept(tmp_path).setup
    assert told == {"code": made.spoken, "uri": made.uri, "paired": [{"id": "8B1F", "admin": True}]}


def test_a_reset_asks_and_makes_another_bridge(tmp_path: Path, type_: Type) -> None:
    with closing(Journal(tmp_path)) as book:
        setup.keep(book, setup.open_kept(book).setup, STATE)
    before = kept(tmp_path)
    assert type_("--reset", answer="n\n").exit_code == 1
    assert kept(tmp_path) == before
    said = type_("--reset", answer="y\n")
    assert said.exit_code == 0
    assert "remove the old one in the Home app" in said.output
    assert kept(tmp_path).setup != before.setup
    assert kept(tmp_path).controllers == []
    assert type_("--reset", "--yes").exit_code == 0


def test_without_the_door_there_is_no_bridge(type_: Type) -> None:
    said = type_(door="wemo")
    assert (said.exit_code, "has no `homekit:`" in said.output) == (cli.USAGE, True)
