"""Strike known secrets and control characters out of the words of a cloud. Pure.

A cloud may quote the request in an error. Its words, and names of houses, zones and phones, reach logs, terminals, the
journal, notifications, and every page and switch of the LAN.
"""

import base64
import html
import json
import re
import unicodedata
from collections.abc import Iterator
from html.entities import codepoint2name
from urllib.parse import quote, quote_plus

STRUCK = "•••"

MOST = 64
"""Number of secrets that are remembered besides the lasting ones, such as recent tokens; the oldest is evicted."""

TINY, SHORT = 4, 6
"""A secret with fewer letters is struck only as a value, or as a whole word: text has to stay readable."""

NUMBER = 10
"""A secret of digits alone, and fewer than this, is not struck inside other numbers."""

LONG, PIECE = 24, 12
"""From the first length on, every piece of the second length is struck too: errors quote the beginning of a token."""

_BREAKS = "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u2028\u2029"
_CONTROLS = (*range(0x20), *range(0x7F, 0xA0))
"""C0 with DEL, and C1, in which a single character starts an escape sequence."""

_BIDI = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x2070))
"""Marks, embeddings, overrides and isolates of text direction, and the deprecated ones next to them."""

_HALVES = range(0xD800, 0xE000)
"""Halves of surrogate pairs, as where a letter was cut off: neither the journal nor a terminal takes them."""

_REPLACED = (
    dict.fromkeys((*_CONTROLS, *_BIDI), "") | dict.fromkeys(map(ord, _BREAKS), " ") | dict.fromkeys(_HALVES, "\ufffd")
)


def readable(text: str) -> str:
    """Return the text in one line, without control characters of terminals and of text direction, nor half letters."""
    return text.translate(_REPLACED)


class Secrets:
    """The secrets to strike. Those of the constructor last; owned by one thread."""

    def __init__(self, *lasting: str) -> None:
        self._lasting = {one: _forms(one) for one in lasting if one}
        self._recent: dict[str, set[str]] = {}
        self._build()

    def add(self, *secrets: str) -> None:
        """Strike these secrets, too, from now on."""
        fresh = {one: self._recent.pop(one, None) for one in secrets if one and one not in self._lasting}
        self._recent |= {one: forms or _forms(one) for one, forms in fresh.items()}
        while len(self._recent) > MOST:
            del self._recent[next(iter(self._recent))]
        if None in fresh.values():
            self._build()

    def strike(self, text: str) -> str:
        """Return the text without secrets, however they are spelt, escaped or cut off."""
        low = text.lower()
        for form in self._forms:
            if form.lower() in low:
                text = _pattern(form).sub(STRUCK, text)
        return self._strike_pieces(text)

    def told(self, text: str) -> str:
        """Return a text as people may read it: without secrets and without control characters."""
        struck = self.strike(text)
        plain = readable(struck)
        # Control characters may have parted a secret.
        return plain if plain == struck else self.strike(plain)

    def _build(self) -> None:
        known = self._lasting | self._recent
        # Longest first: a secret may be a prefix of another.
        self._forms = sorted({form for forms in known.values() for form in forms}, key=lambda form: (-len(form), form))
        longest = [one.lower() for one in known if len(one) >= LONG]
        self._pieces = {one[at : at + PIECE] for one in longest for at in range(len(one) - PIECE + 1)}

    def _strike_pieces(self, text: str) -> str:
        if not self._pieces:
            return text
        low = text.lower()
        if len(low) != len(text):  # a letter has become two
            low = "".join(lower if len(lower := letter.lower()) == 1 else letter for letter in text)
        found, end = "", 0
        for at in range(len(text) - PIECE + 1):
            if low[at : at + PIECE] in self._pieces:
                if at > end or not found:
                    found += text[end:at] + STRUCK
                end = at + PIECE
        return found + text[end:]


def _pattern(form: str) -> re.Pattern[str]:
    literal = re.escape(form)
    if len(form) < TINY:
        literal = rf"""(?<=["'=:>]){literal}(?=["'&,;<)}}\]\s]|$)"""
    elif form.isdigit() and len(form) < NUMBER:
        literal = rf"(?<!\d){literal}(?!\d)"
    elif len(form) < SHORT:
        literal = rf"(?<![^\W_]){literal}(?![^\W_])"
    return re.compile(literal, re.IGNORECASE)


def _forms(secret: str) -> set[str]:
    """Return the spellings of a secret: with its accents apart, escaped once or twice, in base64 or hexadecimal."""
    spelt = {secret, secret.strip(), *(unicodedata.normalize(form, secret) for form in ("NFC", "NFD"))}
    once = {escaped for one in spelt for escaped in _escaped(one)}
    twice = {escaped for one in once - spelt for escaped in _escaped(one)}
    coded = {one for one in _coded(secret.encode(errors="replace")) if len(secret) >= SHORT}
    return (spelt | once | twice | coded) - {""}


def _escaped(text: str) -> Iterator[str]:
    for ascii_only in (True, False):
        quoted = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
        yield from (quoted, quoted.replace("/", "\\/"))
    yield repr(text)[1:-1]
    escaped = html.escape(text)
    for apostrophe in ("&#x27;", "&#39;", "&apos;", "'"):
        one = escaped.replace("&#x27;", apostrophe)
        yield from (one, one.replace("&quot;", '"'), one.encode("ascii", "xmlcharrefreplace").decode())
    yield "".join(f"&{codepoint2name[ord(one)]};" if ord(one) in codepoint2name else one for one in text)
    yield "".join(f"&#x{ord(one):x};" if ord(one) > 127 else html.escape(one) for one in text)
    yield from (quote(text, safe="", errors="replace"), quote(text, errors="replace"))
    yield from (quote_plus(text, errors="replace"), quote(text, safe="", encoding="latin-1", errors="replace"))
    # UTF-8 decoded with the old code pages.
    yield text.encode(errors="replace").decode("latin-1")
    yield text.encode(errors="replace").decode("cp1252", errors="ignore")


def _coded(data: bytes) -> Iterator[str]:
    """Yield hexadecimal digits, base64, and the part of a longer base64 at each of the three bit offsets."""
    yield data.hex()
    yield base64.b64encode(data).decode().rstrip("=")
    for before in range(3):
        bits = 8 * (before + len(data))
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(bytes(before) + data)[-(-8 * before // 6) : bits // 6].decode()
