"""Heads as programs write that put them together by hand, in a form that the parsers take. Pure.

Real sockets and bridges take lines that end in LF alone, a Host that is named twice, and a line that is no header.
Some handlers of SmartThings indent their headers as the code around them.
"""

import re

_BLANK = re.compile(rb"\n\r?\n")
_WELL_FORMED = re.compile(rb"[^\r\n]+\r\n((?:[!-9;-~]+:[^\r\n]*\r\n)*)\r\n")


def begun(data: bytes) -> bytes:
    """Return the bytes from the first line on: blank lines before it end no head."""
    return data.lstrip(b"\r\n")


def split(data: bytes) -> tuple[bytes, int] | None:
    """Return the head of a request, mended, and how many bytes it was; None while its end is not here."""
    begin = len(data) - len(begun(data))
    # Nearly every head is, and each request passes here: it costs less than half of the way below.
    if (whole := _WELL_FORMED.match(data, begin)) and _are_different(whole[1]):
        return whole[0], whole.end()
    blank = _BLANK.search(data, begin)
    return (_mended(data[begin : blank.end()]), blank.end()) if blank else None


def _are_different(headers: bytes) -> bool:
    lines = headers.split(b"\r\n")
    return len(set(lines)) == len(lines)


def _mended(head: bytes) -> bytes:
    """Return a head whose lines end in CR LF, each once, without margin and without those that are no header."""
    first, *lines = (line.removesuffix(b"\r") for line in head.rstrip(b"\r\n").split(b"\n"))
    top = lines[0] if lines else b""
    margin = top[: len(top) - len(top.lstrip(b" \t"))]
    lines = [line.removeprefix(margin) for line in lines]
    headers = dict.fromkeys(line for line in lines if b":" in line or line.startswith((b" ", b"\t")))
    return b"\r\n".join((first, *headers, b"", b""))
