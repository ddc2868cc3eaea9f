"""Which language a person reads, and how a sentence is said in it."""

import pytest
from babel.messages.pofile import read_po

from emulator.words.language import ENGLISH, FOLDER, LANGUAGES, accepted, language, of_house, of_terminal
from emulator.words.text import Text, counted, sense
from tests.support.catalogue import ES, FR, made


def test_a_sentence_is_translated_with_its_values() -> None:
    spanish = made("es", ES, ("open: {zones}, {mode}", "{mode}: abierto {zones}", ""), ("night", "noche", ""))
    said = spanish.say(Text("open: {zones}, {mode}", zones=("Cocina", Text("night")), mode=Text("night")))
    assert said == "noche: abierto Cocina, noche"


def test_a_number_has_the_form_and_the_groups_of_the_language() -> None:
    french = made("fr", FR, (("{n} window", "{n} windows"), ("{n} fenêtre", "{n} fenêtres"), ""))
    said = [french.say(counted("{n} window", "{n} windows", n)) for n in (0, 1, 2, 12345)]
    assert said == ["0 fenêtre", "1 fenêtre", "2 fenêtres", "12\N{NARROW NO-BREAK SPACE}345 fenêtres"]


def test_a_sense_has_its_own_translation() -> None:
    spanish = made("es", ES, ("off", "apagado", "switch"), ("off", "apagada", ""))
    assert spanish.say(sense("switch", "off")) == "apagado"
    assert spanish.say(Text("off")) == "apagada"


def test_what_brazil_counts_has_all_its_forms() -> None:
    # pybabel compiles a missing form as its English, which hides the one of Portugal.
    with (FOLDER / "pt_BR/LC_MESSAGES/emulator.po").open("rb") as file:
        catalogue = read_po(file)
    assert [message.id for message in catalogue if message.pluralizable and not all(message.string)] == []


@pytest.mark.parametrize("tag", LANGUAGES)
def test_what_is_no_text_or_not_translated_stays(tag: str) -> None:
    assert language(tag).say("of the cloud") == "of the cloud"
    assert language(tag).say(Text("no such sentence of ours, {n}", n="8099")) == "no such sentence of ours, 8099"
    assert language(tag).say(Text("")) == ""


@pytest.mark.parametrize(
    ("header", "tag"),
    [
        ("es-ES,es;q=0.9,en;q=0.8", "es"),
        ("de-DE,de;q=0.9,it;q=0.7,fr;q=0.8", "fr"),
        ("pt-BR", "pt-BR"),
        ("pt-PT", "pt"),
        ("PT_br, pt-br;q=1", "pt-BR"),
        ("fr;q=0, it", "it"),
        ("en;q=x, it;q=0.1", "it"),
        ("de", "en"),
        ("sv-SE,sv;q=0.9,en;q=0.8", "sv"),
        ("no", "nb"),
        ("nn-NO,en;q=0.8", "nb"),
        ("", "en"),
        (";;,,=", "en"),
        ("*", "en"),
        ("es;q=1;level=1, it;q=0.5", "it"),
    ],
)
def test_a_browser_is_answered_in_what_it_prefers(header: str, tag: str) -> None:
    assert accepted(header, ENGLISH).tag == tag


@pytest.mark.parametrize(
    ("setting", "country", "tag"),
    [
        (None, "ES", "es"),
        (None, "AR", "es"),
        (None, "BR", "pt-BR"),
        (None, "SE", "sv"),
        (None, "NO", "nb"),
        (None, "BE", "en"),
        (None, "GB", "en"),
        ("it", "ES", "it"),
        (None, "", "en"),
    ],
)
def test_a_house_speaks_its_setting_or_its_country(setting: str | None, country: str, tag: str) -> None:
    assert of_house(setting, country).tag == tag


def test_a_house_without_either_speaks_what_is_spoken_otherwise() -> None:
    assert of_house(None, "BE", language("fr")).tag == "fr"
    assert of_house(None, "IT", language("fr")).tag == "it"


@pytest.mark.parametrize(
    ("environment", "tag"),
    [
        ({"LANG": "es_ES.UTF-8"}, "es"),
        ({"LANG": "pt_BR.UTF-8"}, "pt-BR"),
        ({"LANG": "fr_CH@euro", "LC_MESSAGES": ""}, "fr"),
        ({"LANG": "es_ES.UTF-8", "LC_MESSAGES": "it_IT"}, "it"),
        ({"LANG": "es_ES.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "sv_SE.UTF-8"}, "sv"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "POSIX"}, "en"),
        ({}, "en"),
    ],
)
def test_a_terminal_speaks_its_locale(environment: dict[str, str], tag: str) -> None:
    assert of_terminal(environment).tag == tag
