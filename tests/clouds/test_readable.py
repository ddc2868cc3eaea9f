"""What a cloud says steers neither a terminal nor the text around it."""

import json
import unicodedata

import pytest

from emulator.clouds.account import Listed
from emulator.clouds.firewall import Answer
from emulator.clouds.mypages import codec
from emulator.clouds.mypages import failures as mypages
from emulator.clouds.owa import failures, graphql, operations
from emulator.clouds.owa import refusals as owa_refusals
from emulator.clouds.strike import STRUCK, Secrets, readable
from emulator.clouds.values import BRIEF
from emulator.clouds.wsdo import pet, refusals

EVIL = "\x1b[2J\x07\r\n\x9b31m\u202eK\u2066\u200f\u061c\x7f"
"""Clears, rings, returns, colours, and turns the direction."""
LEFT = "[2J  31mK"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (EVIL, LEFT),
        ("Puerta\tde\u2028atr\u00e1s", "Puerta de atr\u00e1s"),
        ("Hus \ud83c", "Hus \ufffd"),
        # Letters of every language, and what joins them, stay.
        ("Caf\u00e9 \u05d0\u05d1 \u0628\u200c\u062a \u0938\u094d\u200d", None),
        ("Zona 1 \U0001f468\u200d\U0001f469\u200d\U0001f467 \u00b7 \u2013", None),
    ],
)
def test_controls_and_directions_go_and_letters_stay(text: str, left: str | None) -> None:
    assert readable(text) == (text if left is None else left)


def test_nothing_that_steers_is_forgotten() -> None:
    every = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x11000))))
    bidi = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    left = {one for one in readable(every) if unicodedata.category(one) in ("Cc", "Zl", "Zp")}
    assert not left | {one for one in readable(every) if unicodedata.bidirectional(one) in bidi}


def test_a_secret_is_struck_whether_it_is_parted_by_such_or_holds_one() -> None:
    secrets = Secrets("hunter2hunter", "tab\there-too")
    assert secrets.told("a hunter2\u202ehunter, tab\there-too b") == f"a {STRUCK}, {STRUCK} b"


def owa(content: object) -> graphql.Reply:
    return graphql.parse(operations.STATUS, Answer(200, json.dumps(content).encode()))


def test_the_graphql_codec_tells_nothing_else() -> None:
    rows = [{"numinst": f"7{EVIL}", "alias": EVIL, "panel": EVIL, "phones": [EVIL]}]
    content = owa({"data": {"xSStatus": {"installations": rows, "referenceId": EVIL, "msg": EVIL}}}).content
    assert content["installations"] == [{"numinst": f"7{LEFT}", "alias": LEFT, "panel": LEFT, "phones": [LEFT]}]
    assert (content["msg"], content["referenceId"]) == (LEFT, EVIL)


@pytest.mark.parametrize(
    "error", [{"message": EVIL}, {"name": EVIL}, {"message": "\x1b", "name": EVIL, "data": {"x": EVIL}}]
)
def test_nor_do_its_failures(error: dict[str, object]) -> None:
    failure = owa({"data": None, "errors": [error]}).failure
    assert failure
    assert str(failures.error(failure)).isprintable()
    assert all(str(value).isprintable() for value in failure.data.values())


def test_nor_does_the_xml_codec() -> None:
    evil = "a\x9b2J\r\u202eb".replace("\r", "&#13;")
    inner = (
        f"<MSG>{evil}</MSG><ERR>{evil}</ERR><INSTALATIONS><INSTALATION><NUMINST>{evil}</NUMINST><PANEL>{evil}</PANEL>"
        f"<ALIAS>{evil}</ALIAS></INSTALATION></INSTALATIONS>"
        f'<INSTALLATION alias="{evil}"><DEVICES><DEVICE alias="{evil}"/></DEVICES></INSTALLATION>'
    )
    reply = pet.parse(f'<?xml version="1.0" encoding="UTF-8"?><PET><RES>ERROR</RES>{inner}</PET>'.encode())
    assert reply.installations == (Listed("a2J b", "a2J b", "a2J b"),)
    assert (reply.said, reply.message, reply.alias, reply.devices) == ("a2J b", "a2J b", "a2J b", ({"alias": "a2J b"},))
    assert str(refusals.error(reply)).isprintable()


ENDLESS = "Inténtelo más tarde " * 5000


def test_endless_words_are_quoted_by_their_beginning() -> None:
    """They go to the journal, and a notice has room for 4 kB."""
    failure = owa({"data": None, "errors": [{"message": ENDLESS}]}).failure
    assert failure
    reply = pet.parse(f"<PET><RES>ERROR</RES><MSG>{ENDLESS}</MSG></PET>".encode())
    pages = codec.parse(Answer(400, json.dumps({"errors": [{"message": ENDLESS}]}).encode()))
    told = [
        failures.error(failure),
        owa_refusals.said({"msg": ENDLESS}),
        refusals.error(reply),
        mypages.error(pages, str),
    ]
    for words in map(str, told):
        assert ENDLESS[:200] in words
        assert len(words) < BRIEF + 100
