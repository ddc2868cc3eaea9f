"""`emulator matter`: the code, the QR code, who is paired, and what a person wishes."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from emulator import cli
from emulator.doors.matter import bundle, pairing
from emulator.doors.matter.messages import Fabric, PairingCode
from emulator.store.journal import Journal

FILE = """
installations: {home: {cloud: simulator}}
switches: [{name: Night, on: night}]
doors: {DOOR: }
"""
CODE = PairingCode("34970112332", "MT:Y.K9042C00KA0648G00")
Type = Callable[..., Result]


@pytest.fixture
def type_(tmp_path: Path) -> Type:
    def typed(*words: str, door: str = "matter") -> Result:
        (tmp_path / "devices.yaml").write_text(FILE.replace("DOOR", door))
        options = ["--config", str(tmp_path / "devices.yaml"), "--state-dir", str(tmp_path)]
        return CliRunner().invoke(cli.main, ["matter", *words, *options])

    return typed


@pytest.fixture
def paired(tmp_path: Path) -> None:
    with closing(Journal(tmp_path)) as book:
        pairing.keep_code(book, CODE)
        pairing.keep(book, [Fabric(1, "", 0x1217), Fabric(2, "Home", 0x1349)])


def wishes(folder: Path) -> pairing.Wishes:
    with closing(Journal(folder)) as book:
        return pairing.take_wishes(book, {1, 2})


def test_before_the_first_run_there_is_no_code(type_: Type) -> None:
    said = type_()
    assert said.exit_code == 0
    assert "There is no code yet" in said.output
    assert "No `emulator run` uses this state folder" in said.output


@pytest.mark.usefixtures("paired")
def test_it_shows_the_code_and_who_is_paired_and_opens_nothing(tmp_path: Path, type_: Type) -> None:
    said = type_().output
    assert f"Setup code: {CODE.spoken}\n" in said
    assert said.count("█") > 100
    assert "Amazon" in said
    assert wishes(tmp_path) == pairing.Wishes()
    told = json.loads(type_("--json").stdout)
    assert (told["code"], told["uri"]) == (CODE.code, CODE.qr)
    assert told["paired"][1] == {"fabric": 2, "label": "Home", "vendor": 0x1349}


@pytest.mark.usefixtures("paired")
def test_a_person_opens_it_and_ends_a_pairing(tmp_path: Path, type_: Type) -> None:
    assert "for 15 minutes from now" in type_("--open").output
    assert type_("--remove", "2").exit_code == 0
    found = wishes(tmp_path)
    assert found.opened
    assert found.removed == (2,)
    refused = type_("--remove", "7")
    assert refused.exit_code == cli.USAGE
    assert "nobody is paired with this number" in refused.output


def test_without_the_door_it_says_where_to_write_it(type_: Type) -> None:
    said = type_(door="wemo")
    assert said.exit_code != 0
    assert "has no `matter:`" in f"{said.output}{said.exception}"


def test_the_installation_says_what_was_made(tmp_path: Path, type_: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    made = tmp_path / "bridge.mjs"
    made.write_bytes(bytes(3_300_000))
    monkeypatch.setattr(bundle, "install", lambda _folder, say: say("fetching") or made)
    said = type_("install")
    assert said.exit_code == 0
    assert "fetching" in said.stderr
    assert f"installed: {made} (3.3 MB)" in said.stdout
