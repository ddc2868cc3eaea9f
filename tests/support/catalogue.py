"""A language with a catalogue of its own, so that a test knows what is said in it."""

import gettext
import io
import re

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from emulator.words.language import Language

ES, FR = "nplurals=2; plural=(n != 1);", "nplurals=2; plural=(n > 1);"


def made(tag: str, plural: str, *messages: tuple[str | tuple[str, str], str | tuple[str, str], str]) -> Language:
    """Return a language with a catalogue of its own: each message is the English, the translation, and its sense."""
    found = Catalog(locale=tag, header_comment="")
    found.mime_headers = [("Content-Type", "text/plain; charset=utf-8"), ("Plural-Forms", plural)]
    for english, translated, context in messages:
        found.add(english, translated, context=context or None)
    file = io.BytesIO()
    write_mo(file, found)
    file.seek(0)
    return Language(tag, gettext.GNUTranslations(file))


class Marked(gettext.NullTranslations):
    """A catalogue that has every message, and marks its words, but not its values.

    What is not marked in a sentence that was said did not come from a catalogue.
    """

    def gettext(self, message: str) -> str:
        return re.sub(r"(\{\w+\})", r"»\1«", f"«{message}»")

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)

    def pgettext(self, _context: str, message: str) -> str:
        return self.gettext(message)

    def npgettext(self, _context: str, msgid1: str, msgid2: str, n: int) -> str:
        return self.ngettext(msgid1, msgid2, n)


MARKED = Language("es", Marked())


def spanish(messages: dict[str, str], **senses: dict[str, str]) -> Language:
    """Return a Spanish that knows these messages, English → Spanish, and those of each sense."""
    plain = [(english, translated, "") for english, translated in messages.items()]
    return made(
        "es", ES, *plain, *((one, said, sense) for sense, found in senses.items() for one, said in found.items())
    )
