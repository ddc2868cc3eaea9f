"""The comments of a file that a person has written, put back after its content has changed. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from emulator.config import yaml_file
from emulator.errors import ConfigError

ALIKE = 0.65
"""Likeness, as difflib counts it, from which a changed line is taken for the old one. Below it, the comment of the old
line gets a line of its own: better than a comment on a line that it is not about."""

SUBJECT = re.compile(r"^ *[\w-]+:|[{ ]on: [^,}]+")
"""Key of a line, or the mode of a switch that has one line: lines of two subjects may look alike, and are two."""


def kept(before: str, plain: str, changed: str) -> str:
    """Return the changed file, in which whatever did not change looks as in `before`, with every comment.

    `plain` is `before` as the library writes it without comments: line by line, or all comments go to the end.
    """
    found = _in_place(before, plain, changed)
    return found if found is not None and _content(found) == _content(changed) else _at_end(before, changed)


def _in_place(before: str, plain: str, changed: str) -> str | None:
    """Return the changed file with its comments where they were; None if the lines do not tell where that is."""
    old, rest = _commented(before)
    if len(old) != len(plain.splitlines()):
        return None
    new, result = changed.splitlines(), list[str]()
    for kind, begin, end, first, last in SequenceMatcher(None, plain.splitlines(), new, autojunk=False).get_opcodes():
        if kind == "equal":
            result += [line for comments, text in old[begin:end] for line in (*comments, text)]
            continue
        pairs = _pairs(plain.splitlines()[begin:end], new[first:last])
        result += _commented_anew(old[begin:end], new[first:last], pairs)
    return "\n".join([*result, *rest]) + "\n"


def _commented_anew(old: list[tuple[list[str], str]], new: list[str], pairs: Mapping[int, int]) -> Iterator[str]:
    """Yield changed lines with the comments of the old ones; of a line that goes, each stays as a line of its own."""
    above, behind, at = [list[str]() for _ in range(len(new) + 1)], [""] * len(new), 0
    for number, (comments, text) in enumerate(old):
        at = pairs.get(number, at)
        above[at] += comments
        if number in pairs:
            behind[at] = _behind(text)
            at += 1
        elif comment := _behind(text).strip():
            above[at].append(text[: len(text) - len(text.lstrip())] + comment)
    for comments, line, comment in zip(above, new, behind, strict=False):
        yield from (*comments, line + comment)
    yield from above[-1]


def _pairs(old: Sequence[str], new: Sequence[str]) -> dict[int, int]:
    """Return which line has become which, in their order; the most alike are found first."""
    likeness = {(at, to): _likeness(one, other) for at, one in enumerate(old) for to, other in enumerate(new)}
    found: dict[int, int] = {}
    for at, to in sorted(likeness, key=lambda pair: -likeness[pair]):
        if likeness[at, to] < ALIKE:
            break
        if all((at - one) * (to - other) > 0 for one, other in found.items()):
            found[at] = to
    return found


def _likeness(one: str, other: str) -> float:
    subjects = {found[0].strip() for line in (one, other) if (found := SUBJECT.search(line))}
    return 0.0 if len(subjects) > 1 else SequenceMatcher(None, one, other, autojunk=False).ratio()


def _commented(text: str) -> tuple[list[tuple[list[str], str]], list[str]]:
    """Return each line that says something, with the comments and blank lines above it; and those at the end."""
    found, above = list[tuple[list[str], str]](), list[str]()
    for line in text.splitlines():
        if line.strip() and not _is_comment(line):
            found.append((above, line))
            above = []
        else:
            above.append(line)
    return found, above


def _behind(line: str) -> str:
    """Return the comment behind what a line says, with the blanks before it; empty if there is none.

    A line that is only a part of something tells nothing by itself: whatever looks like a comment there is kept.
    """
    whole = _content(line.strip())
    for found in re.finditer(r"\s+#", line):
        if whole is None or _content(line[: found.start()].strip()) == whole:
            return line[found.start() :]
    return ""


def _at_end(before: str, changed: str) -> str:
    """Return the changed file, with the comments of the one before at its end."""
    return changed + "".join(f"{line}\n" for line in _comments(before))


def _comments(text: str) -> Iterable[str]:
    behind = {line: _behind(line).strip() for line in text.splitlines()}
    return [
        line.strip() if _is_comment(line) else comment
        for line, comment in behind.items()
        if comment or _is_comment(line)
    ]


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")


def _content(text: str) -> Any:
    try:
        return yaml_file.read("", text).content
    except ConfigError:
        return None
