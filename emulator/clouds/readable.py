"""Remove control characters of terminals and of text direction from the words of a cloud. Pure.

Names of houses, zones and phones, and the cloud's own words, reach terminals, logs, notifications and pages.
"""

_BREAKS = "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u2028\u2029"
_CONTROLS = (*range(0x20), *range(0x7F, 0xA0))
"""C0 with DEL, and C1, in which a single character starts an escape sequence."""

_BIDI = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x2070))
"""Marks, embeddings, overrides and isolates of text direction, and the deprecated ones next to them."""

_REPLACED = dict.fromkeys((*_CONTROLS, *_BIDI), "") | dict.fromkeys(map(ord, _BREAKS), " ")


def readable(text: str) -> str:
    """Return the text in one line, without such characters."""
    return text.translate(_REPLACED)
