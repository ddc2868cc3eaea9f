"""Every catalogue says every sentence of the source, and nothing else: extracted here as `make words` does it."""

import io
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.frontend import CommandLineInterface
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po

from emulator.words.language import FOLDER, IN_PART, LANGUAGES

ROOT = Path(__file__).parents[2]

LOCALES = tuple(tag.replace("-", "_") for tag in LANGUAGES if tag != "en")
"""English needs no catalogue."""

NONE_IS_MANY, NONE_IS_ONE = (2, "(n != 1)"), (2, "(n > 1)")
PLURALS = dict.fromkeys(LOCALES, NONE_IS_MANY) | dict.fromkeys(("fr", "pt_BR"), NONE_IS_ONE)
"""Number of forms and the rule. The third form that Unicode knows is for whole millions, which nothing here counts."""

PARTIAL = ("pt_BR", *IN_PART)
"""Catalogues that may lack sentences, which are then said as in another one."""

ANEW = "type `make words`"
MEND = "mend it in the .po, then type `make words`"

Key = tuple[str | None, tuple[str, ...]]
"""What tells a sentence from all others: its sense, and its English in one form or two."""

every_catalogue = pytest.mark.parametrize("locale", LOCALES)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> set[Key]:
    """Return the sentences of the source, found by the keywords and the mapping of `make words`."""
    keywords = re.search(r"^SENTENCES := (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert keywords, "the Makefile names the calls that make sentences in a line `SENTENCES := …`"
    found = tmp_path_factory.mktemp("words") / "emulator.pot"
    wanted = [f"--keyword={keyword}" for keyword in keywords[1].split()]
    places = [f"--mapping={ROOT / 'babel.cfg'}", f"--output={found}", str(ROOT / "emulator")]
    CommandLineInterface().run(["pybabel", "--quiet", "extract", *wanted, *places])
    return set(keys(read(found)))


@cache
def catalogue(locale: str) -> Catalog:
    return read(po(locale), locale)


def po(locale: str) -> Path:
    return FOLDER / locale / "LC_MESSAGES" / "emulator.po"


def read(file: Path, locale: str | None = None) -> Catalog:
    with file.open("rb") as opened:
        return read_po(opened, locale, abort_invalid=True)


def sentences(found: Catalog) -> Iterator[Message]:
    """Yield the messages without the header, which is one too."""
    return (message for message in found if message.id)


def keys(found: Catalog) -> Iterator[Key]:
    """Yield the key of each sentence."""
    for message in sentences(found):
        yield message.context, forms(message.id)


def forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    """Return a sentence in all of its forms, of which most have one."""
    return (text,) if isinstance(text, str) else tuple(text)


def translated(locale: str) -> Iterator[tuple[str, str]]:
    """Yield each form of each translation, with the English that has its placeholders and blanks."""
    for message in sentences(catalogue(locale)):
        *_, english = forms(message.id)
        yield from ((english, said) for said in forms(message.string) if said)


def placeholders(text: str) -> set[tuple[str, str, str | None]]:
    """Return the names in braces, with what stands behind them. ValueError where braces do not match."""
    return {(name, spec or "", conversion) for _, name, spec, conversion in Formatter().parse(text) if name is not None}


def blanks(text: str) -> tuple[str, str]:
    """Return the blanks before and after a sentence."""
    return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]


@every_catalogue
def test_it_has_the_sentences_of_the_source(locale: str, source: set[Key]) -> None:
    mine = set(keys(catalogue(locale)))
    missing, old = ([english for _, english in sorted(one, key=str)] for one in (source - mine, mine - source))
    assert not missing or locale in PARTIAL, f"{locale} lacks sentences: {ANEW}, translate them, and once more"
    assert not old, f"{locale} has sentences that the program does not say any more: {ANEW}"
    assert not catalogue(locale).obsolete, f"{locale} has obsolete sentences (#~): {ANEW}"


@every_catalogue
def test_every_sentence_is_translated(locale: str) -> None:
    found = list(sentences(catalogue(locale)))
    unsure = [message.id for message in found if message.fuzzy]
    assert not unsure, f"{locale}: `fuzzy` is no translation: look at it, take the mark away, and {ANEW}"
    empty = [message.id for message in found if not all(forms(message.string))]
    if locale in PARTIAL:
        empty = [message.id for message in found if len(set(map(bool, forms(message.string)))) > 1]
    assert not empty, f"{locale}: not translated: {MEND}"


@every_catalogue
def test_the_placeholders_are_those_of_the_english(locale: str) -> None:
    other = [(english, said) for english, said in translated(locale) if placeholders(english) != placeholders(said)]
    assert not other, f"{locale}: the names in braces stay as they are, in every form: {MEND}"


@every_catalogue
def test_the_blanks_around_are_those_of_the_english(locale: str) -> None:
    other = [(english, said) for english, said in translated(locale) if blanks(english) != blanks(said)]
    assert not other, f"{locale}: blanks before or after a sentence differ: {MEND}"


@every_catalogue
def test_numbers_have_the_forms_of_the_language(locale: str) -> None:
    mine, (number, rule) = catalogue(locale), PLURALS[locale]
    right = f"nplurals={number}; plural={rule};"
    assert mine.plural_forms == right, f"{locale}: the header needs `Plural-Forms: {right}`: {MEND}"
    counted = [message for message in sentences(mine) if message.pluralizable]
    other = [message.id for message in counted if len(forms(message.string)) != number]
    assert not other, f"{locale}: it takes {number} forms, msgstr[0] and on: {MEND}"


@every_catalogue
def test_it_is_compiled(locale: str) -> None:
    compiled = io.BytesIO()
    write_mo(compiled, catalogue(locale))
    compiled.seek(0)
    right = read_mo(compiled)
    with po(locale).with_suffix(".mo").open("rb") as file:
        kept = read_mo(file)
    said, wanted = (
        dict(zip(keys(one), (forms(each.string) for each in sentences(one)), strict=True)) for one in (kept, right)
    )
    assert said == wanted, f"{locale}: the .mo is not that of the .po: {ANEW}"
    assert kept.plural_forms == right.plural_forms, f"{locale}: the .mo is not that of the .po: {ANEW}"
