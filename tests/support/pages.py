"""The README and the pages of docs/: their order, code, tables, headings and links."""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
README = ROOT / "README.md"

FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)|\bsrc=\"([^\"]+)\"")


@dataclass(slots=True)
class Step:
    """A command of a transcript, and what it prints."""

    command: str
    prints: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Page:
    """One Markdown file."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        return self.path.read_text()

    @cached_property
    def prose(self) -> str:
        """The text without its blocks of code."""
        return FENCE.sub("", self.text)

    def blocks(self, language: str) -> list[str]:
        return [textwrap.dedent(text) for _, found, text in FENCE.findall(self.text) if found == language]

    def code(self) -> list[str]:
        """Return every block of code, and what stands between back-ticks."""
        return [text for _, _, text in FENCE.findall(self.text)] + re.findall(r"`([^`\n]+)`", self.prose)

    def steps(self) -> Iterator[Step]:
        """Yield each command of the transcripts, with its output."""
        for block in self.blocks("console"):
            step = None
            for line in re.sub(r" *\\\n *", " ", block).splitlines():
                if line.startswith("$ "):
                    if step:
                        yield step
                    step = Step(line.removeprefix("$ "))
                else:
                    assert step, f"{self.name}: printed by no command: {line}"
                    step.prints.append(line)
            assert step, f"{self.name}: a console without a command"
            yield step

    def section(self, title: str) -> str:
        """Return the text below a heading of the second level, down to the next."""
        return re.split(r"^## ", self.text.partition(f"\n## {title}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]

    def rows(self, title: str = "") -> list[list[str]]:
        """Return the cells of the tables of a section, or of the page, heads left out."""
        lines = [line for line in (self.section(title) if title else self.text).splitlines() if line.startswith("|")]
        return [
            [cell.strip() for cell in line.strip("|").split("|")]
            for line, following in zip(lines, [*lines[1:], ""], strict=True)
            if not line.startswith("|---") and not following.startswith("|---")
        ]

    @cached_property
    def anchors(self) -> list[str]:
        """The anchor of each heading, as GitHub and the site make it."""
        return [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in HEADING.findall(self.prose)]

    def links(self) -> Iterator[str]:
        """Yield the target of each link and picture that is no web page."""
        return self.links_of(self.prose)

    @staticmethod
    def links_of(text: str) -> Iterator[str]:
        """Yield the same of some text."""
        for link, picture in LINK.findall(text):
            if not (link or picture).startswith(("https://", "http://")):
                yield link or picture


class _Site(yaml.SafeLoader):
    """Loader of mkdocs.yml, which names functions of Python."""


_Site.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: None)


def site() -> dict[str, Any]:
    """Return the settings of the site."""
    return dict(yaml.load((ROOT / "mkdocs.yml").read_text(), _Site))  # noqa: S506 - a SafeLoader


def navigation(entries: Any = None) -> Iterator[Page]:
    """Yield the pages of the site in the order of its navigation, without its home, which is the README."""
    for entry in entries or site()["nav"]:
        [where] = entry.values() if isinstance(entry, dict) else [entry]
        if isinstance(where, list):
            yield from navigation(where)
        elif where != "index.md":
            yield Page(DOCS / where if (DOCS / where).exists() else ROOT / where)


PAGES = [Page(README), *navigation()]
"""What a person reads, in the order in which one reads it all."""

TRANSLATIONS = [page for page in PAGES if page.path in set(DOCS.glob("??/README.md"))]
"""The first screens of the README in other languages."""


def page(name: str) -> Page:
    """Return a page of docs/."""
    return Page(DOCS / name)
