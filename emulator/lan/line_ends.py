"""Heads whose lines end in LF alone, as hand-written clients send them and real sockets take them. Pure."""

import re

_FIRST = re.compile(rb"[\r\n]*[A-Z-]+ [!-~]+ HTTP/1\.[01]\n")
_END = re.compile(rb"\r?\n")
_BLANK = re.compile(rb"\n\r?\n")


def are_bare(data: bytes) -> bool:
    """Return whether a request begins here whose first line ends in LF alone."""
    return _FIRST.match(data) is not None


def whole_head(data: bytes) -> tuple[bytes, int] | None:
    """Return the head of such a request with CR LF in place of LF, and how long it was; None until its end is here."""
    blank = _BLANK.search(data, _begin(data))
    return (_END.sub(b"\r\n", data[: blank.end()]), blank.end()) if blank else None


def _begin(data: bytes) -> int:
    """Return where the first line begins, as blank lines before it end no head."""
    return len(data) - len(data.lstrip(b"\r\n"))
