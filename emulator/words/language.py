"""The languages of the house: gettext catalogues, and which of them a person reads."""

import gettext
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from emulator.words.text import Text, grouped

FOLDER = Path(__file__).parent / "locale"

IN_PART = ("sv", "nb", "da", "fi", "nl")
"""Languages that have only what people see daily, not yet reviewed; the rest is said in English."""

GROUPS = {
    "en": ",",
    "es": ".",
    "it": ".",
    "pt": ".",
    "pt-BR": ".",
    "fr": "\N{NARROW NO-BREAK SPACE}",
    "da": ".",
    "nl": ".",
} | dict.fromkeys(("sv", "nb", "fi"), "\N{NO-BREAK SPACE}")
"""Language, by its BCP 47 tag → what stands between groups of three digits."""

LANGUAGES = tuple(GROUPS)

CODES = {tag.lower(): tag for tag in LANGUAGES} | {"no": "nb", "nn": "nb"}
"""Tag that a browser may send, in lower case → language. Readers of Nynorsk read Bokmål, too."""

OF_COUNTRY = (
    {"ES": "es", "IT": "it", "FR": "fr", "PT": "pt", "BR": "pt-BR"}
    | dict.fromkeys(("AR", "CL", "PE"), "es")
    | {"SE": "sv", "NO": "nb", "DK": "da", "FI": "fi", "NL": "nl"}
)
"""Country of an alarm → language of its house; English in any other, and where none is that of most, as in Belgium."""


@dataclass(frozen=True)
class Language:
    """A language that sentences are said in."""

    tag: str
    """BCP 47, as in `<html lang>`."""
    _found: gettext.NullTranslations = field(repr=False)

    def say(self, text: str) -> str:
        """Return a text in this language; what is no Text, or not in the catalogue, stays as it is."""
        if not isinstance(text, Text):
            return text
        return self.template(text).format(**self.values(text))

    def values(self, text: Text) -> dict[str, Any]:
        """Return the values of a text as they stand in this language."""
        return {name: grouped(self._value(value), GROUPS[self.tag]) for name, value in text.values.items()}

    def template(self, text: Text) -> str:
        """Return the sentence with its `{name}` for each value, for who fills it in: a script, or with HTML."""
        if text.many and text.context:
            return self._found.npgettext(text.context, text.template, text.many, text.values["n"])
        if text.many:
            return self._found.ngettext(text.template, text.many, text.values["n"])
        if text.context:
            return self._found.pgettext(text.context, text.template)
        return self._found.gettext(text.template) if text.template else ""

    def _value(self, value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(self._value, value))
        return self.say(value) if isinstance(value, str) else value


@cache
def language(tag: str) -> Language:
    """Return a language of LANGUAGES."""
    names = [tag.replace("-", "_"), tag.partition("-")[0]]
    # English needs no catalogue: it is the key. Of pt-BR only what differs from pt has to be there.
    return Language(tag, gettext.translation("emulator", FOLDER, names, fallback=tag == "en"))


ENGLISH = language("en")


def of_house(setting: str | None, country: str, otherwise: Language = ENGLISH) -> Language:
    """Return the language of the house: the setting, else that of the alarm's country."""
    tag = setting or OF_COUNTRY.get(country)
    return language(tag) if tag else otherwise


def of_terminal(environment: Mapping[str, str]) -> Language:
    """Return the language of a terminal, by the first variable that is set (locale(7)); English for any other."""
    locale = next(filter(None, map(environment.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return accepted(locale.partition(".")[0].partition("@")[0].replace("_", "-"), ENGLISH)


def accepted(header: str, otherwise: Language) -> Language:
    """Return the language that a browser's Accept-Language header prefers (RFC 9110 §12.5.4), among ours."""
    offers = sorted(map(_offer, header.split(",")), key=lambda offer: -offer[1])
    for tag, quality in offers:
        found = CODES.get(tag) or CODES.get(tag.partition("-")[0])
        if found and quality > 0:
            return language(found)
    return otherwise


def _offer(part: str) -> tuple[str, float]:
    tag, _, quality = part.partition(";")
    try:
        return tag.strip().lower(), float(quality.strip().removeprefix("q=") or 1)
    except ValueError:
        return "", 0.0
