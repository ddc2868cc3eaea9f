"""Sentences remember how they are made, through everything that a `str` goes through."""

import copy
import json
import pickle
from pathlib import Path

import pytest

from emulator.errors import Rejected
from emulator.model import Arm, ArmMode, Axes, Command, Interior, Origin, Outcome, Result
from emulator.store.journal import Journal
from emulator.words import spoken
from emulator.words.text import Text, counted, pack, sense, unpack

REFUSED = Text("{mode} was refused: {why}", mode=spoken.mode(ArmMode(Interior.NIGHT, perimeter=True)), why="Ventana")


def same(one: str, other: str) -> bool:
    """Return whether two texts are alike in their memory, too."""
    return isinstance(one, Text) and isinstance(other, Text) and pack(one) == pack(other)


def test_it_is_its_english() -> None:
    assert REFUSED == "night + perimeter was refused: Ventana"
    assert json.dumps(REFUSED) == '"night + perimeter was refused: Ventana"'


@pytest.mark.parametrize("text", [REFUSED, counted("{n} window", "{n} windows", 2), sense("switch", "off")])
def test_it_keeps_its_memory_over_str_errors_copies_and_json(text: Text) -> None:
    assert same(str(text), text)
    assert same(str(Rejected(text)), text)
    assert same(copy.deepcopy(text), text)
    assert same(pickle.loads(pickle.dumps(text)), text)  # noqa: S301  # its own bytes
    assert same(unpack(pack(text)), text)


def test_a_number_chooses_the_form_and_is_grouped() -> None:
    assert [counted("{n} window", "{n} windows", n) for n in (0, 1, 2, 1234)] == [
        "0 windows",
        "1 window",
        "2 windows",
        "1,234 windows",
    ]


def test_several_values_are_listed() -> None:
    text = Text("open: {zones}", zones=("Kitchen", "Hall"))
    assert text == "open: Kitchen, Hall"
    assert same(unpack(pack(text)), text)


@pytest.mark.parametrize(
    "packed",
    [
        "",
        "{}",
        '{"t": 1}',
        "[",
        '{"t": "{x}", "v": {}, "m": "", "c": ""}',
        '{"t": "{n} window", "v": {"n": "x"}, "m": "{n} windows", "c": ""}',
        '{"t": "on", "v": {}, "m": "", "c": 5}',
        "5",
        "null",
        '["a"]',
        '{"v":' * 100_000,
    ],
)
def test_what_is_not_packed_is_refused(packed: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        unpack(packed)


def test_the_journal_keeps_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    command = Command(Arm(ArmMode(Interior.NIGHT)), Origin("wemo"))
    journal.end(journal.begin("home", command, 1.0), Outcome(Result.REJECTED, REFUSED), 2.0)
    journal.turn_away("home", command, Outcome(Result.REFUSED, Text("not at this hour")), 3.0)
    journal.end(journal.begin("home", command, 4.0), Outcome(Result.IGNORED, "said by the cloud"), 5.0)
    journal.close()
    journal = Journal(tmp_path)
    last, turned_away, rejected = journal.commands(3)
    journal.close()
    assert same(rejected.message, REFUSED)
    assert same(turned_away.message, Text("not at this hour"))
    assert not isinstance(last.message, Text)
    assert last.message == "said by the cloud"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.4, "0 s"), (59, "59 s"), (60, "1 min"), (3600, "1 h"), (12000, "3 h 20 min"), (200_000, "2 days")],
)
def test_a_length_has_two_units_at_most(seconds: float, said: str) -> None:
    assert spoken.length(seconds) == said


@pytest.mark.parametrize(
    ("door", "peer", "switch", "said"),
    [
        ("WeMo", "10.0.0.9", "Night alarm", "Night alarm · WeMo · Echo kitchen"),
        ("WeMo", "10.0.0.8", "", "WeMo · 10.0.0.8"),
        ("", "10.0.0.9", "", "Echo kitchen"),
        (Text("page"), "", "", Text("page")),
        ("", "", "", ""),
    ],
)
def test_who_asked_has_the_name_that_people_gave_the_address(door: str, peer: str, switch: str, said: str) -> None:
    names = {"10.0.0.9": "Echo kitchen"}
    found = spoken.who(Origin(door, peer, switch), lambda address: names.get(address, address))
    assert found == said
    assert isinstance(found, Text) == bool(" · " in said or isinstance(said, Text))


def test_names_replace_addresses_however_deep_in_a_sentence() -> None:
    names = {"10.0.0.9": "Echo kitchen"}
    tries = counted("{n} wrong PIN from {peer}", "{n} wrong PINs from {peer}", 5, peer="10.0.0.9")
    text = Text("{tries}; asked by {peers}; {switch}", tries=tries, peers=("10.0.0.9", "10.0.0.8"), switch="10.0.0.9")
    said = spoken.with_names(text, lambda address: names.get(address, address))
    assert said == "5 wrong PINs from Echo kitchen; asked by Echo kitchen, 10.0.0.8; 10.0.0.9"
    assert isinstance(said, Text)
    assert spoken.with_names("10.0.0.9 of the cloud", names.__getitem__) == "10.0.0.9 of the cloud"


@pytest.mark.parametrize(
    ("axes", "said"),
    [
        (Axes(Interior.OFF, perimeter=False, annex=False), "disarmed"),
        (Axes(Interior.OFF, perimeter=False), "disarmed, annex unknown"),
        (Axes(), "armed, mode unknown"),
        (Axes(Interior.TOTAL, perimeter=True, annex=True), "total + perimeter + annex"),
    ],
)
def test_a_position_is_said_as_it_is_written(axes: Axes, said: str) -> None:
    assert spoken.axes(axes) == said == str(axes)


@pytest.mark.parametrize("written", ["arm night+perimeter", "disarm", "disarm annex", "disarm all"])
def test_an_action_is_read_back(written: str) -> None:
    action = spoken.parse_action(written)
    assert action is not None
    assert str(action) == written
    assert spoken.action(action) == written.replace("+", " + ")


@pytest.mark.parametrize("written", ["press the link button", "arm", "arm everything", ""])
def test_what_is_no_action_is_none(written: str) -> None:
    assert spoken.parse_action(written) is None
