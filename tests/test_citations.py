"""Every section that a comment cites is a heading of docs/protocols."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FACTS = ROOT / "docs" / "protocols"
SOURCES = [
    path
    for folder in ("emulator", "tests", "bench", "fuzz")
    for path in sorted((ROOT / folder).rglob("*.*"))
    if path.suffix in (".py", ".toml", ".graphql") and path != Path(__file__)
]

HEADING = re.compile(r"^#{2,} (\d+(?:\.\d+)?)\b", re.MULTILINE)
# A standard's own section; a document's name; a section or a range of them.
CITED = re.compile(
    r"(?P<foreign>(?:UDA|SOAP|RFC|HTTP) ?[\d.]* §[\d.]+)"
    r"|(?P<document>[a-z][a-z-]*\.md)\b"
    r"|§(?P<first>\d+(?:\.\d+)?)(?:-§?(?P<last>\d+(?:\.\d+)?))?"
)


def citations(text: str, document: str = "") -> Iterator[tuple[str, str]]:
    """Yield document and section of each citation; one without a document is of that named last before it."""
    for found in CITED.finditer(text):
        if found["document"]:
            document = found["document"]
        for section in filter(None, (found["first"], found["last"])):
            yield document, section


@cache
def sections() -> dict[str, set[str]]:
    """Return the numbers of the headings of each document."""
    return {path.name: set(HEADING.findall(path.read_text())) for path in FACTS.glob("*.md")}


def unresolved(text: str, own: str = "") -> list[str]:
    """Return what a text cites that no document has."""
    known = sections()
    return [
        f"{document or 'no document named before'} §{section}"
        for document, section in citations(text, own)
        if section not in known.get(document, ())
    ]


def test_code_cites_sections_that_exist() -> None:
    wrong = {str(path.relative_to(ROOT)): unresolved(path.read_text()) for path in SOURCES}
    assert not {path: cited for path, cited in wrong.items() if cited}


def test_documents_cite_sections_that_exist() -> None:
    # Of their own, but for what stands behind another's name in the same line.
    lines = [(path.name, line) for path in FACTS.glob("*.md") for line in path.read_text().splitlines()]
    assert not [(name, wrong) for name, line in lines for wrong in unresolved(line, name)]


def test_a_heading_has_a_number_of_its_own() -> None:
    for path in FACTS.glob("*.md"):
        numbers = HEADING.findall(path.read_text())
        assert sorted(set(numbers)) == sorted(numbers)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("lan-emulation.md §2.6, §2.7 and §1.3-1.4", []),
        ("verisure-wsdo.md §1 to §3; verisure-owa.md §5.6", []),
        ("UDA 1.0 §4.2.1 and RFC 9110 §15", []),
        ("§2.6", ["no document named before §2.6"]),
        ("lan-emulation.md §2.6-2.99", ["lan-emulation.md §2.99"]),
        ("verisure-owa.md §5.6 and §5.66", ["verisure-owa.md §5.66"]),
        ("gone.md §1", ["gone.md §1"]),
    ],
)
def test_finds_what_does_not_resolve(text: str, wrong: list[str]) -> None:
    assert unresolved(text) == wrong
