"""The README and the pages of docs/ hang together: each has a place, and every link leads somewhere."""

import os
import re
from pathlib import Path

import pytest

from tests.support.pages import DOCS, FENCE, PAGES, README, ROOT, TRANSLATIONS, Page, page

MAX_README_LINES = 150
"""The README is read at a stretch; what is longer is a page."""


def test_the_readme_is_short() -> None:
    assert len(README.read_text().splitlines()) <= MAX_README_LINES


def test_each_page_has_one_place_in_the_navigation() -> None:
    """If this fails for a new page: add it to `nav` of mkdocs.yml."""
    there = sorted(path.relative_to(ROOT).as_posix() for path in DOCS.rglob("*.md"))
    assert sorted(page.name for page in PAGES if page.name.startswith("docs/")) == there


def test_the_readme_links_each_page_of_its_language() -> None:
    linked = set(Page(README).links())
    assert [page.name for page in PAGES if page.path.parent == DOCS and page.name not in linked] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Page) -> None:
    """To a heading that stands once, as GitHub and the site number a second one in different ways.

    What is Markdown has a place in the navigation, too: else it is no page of the site.
    """
    pages = {other.path: other for other in PAGES}
    wrong = []
    for link in page.links():
        file, _, anchor = link.partition("#")
        path = Path(os.path.normpath(page.path.parent / file)) if file else page.path
        is_there = path in pages if path.suffix == ".md" else path.exists()
        if not is_there or (anchor and pages[path].anchors.count(anchor) != 1):
            wrong.append(link)
    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_has_one_title_at_its_top(page: Page) -> None:
    assert page.text.startswith("# ")
    assert sum(line.startswith("# ") for line in page.prose.splitlines()) == 1


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_site_reads_lists_and_tables_as_github_does(page: Page) -> None:
    """Its Markdown wants four blanks before what stands within an item, and an empty line before what begins anew."""
    assert {len(indent) % 4 for indent, _, _ in FENCE.findall(page.text)} <= {0}
    before = ""
    for line in FENCE.sub("", page.text).splitlines():
        is_within = bool(re.match(r"[-*] |\d+\. | {1,3}\S", before))
        if re.match(r"[-*] |\d+\. ", line):
            assert not before or is_within, line
        if line.startswith("|"):
            assert not before or before.startswith("|"), line
        before = line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_command_names_the_wheel_of_one_release(page: Page) -> None:
    assert not re.findall(r"verisure_emulator-\d\S*", page.text)


def test_each_picture_is_shown() -> None:
    shown = {os.path.normpath(page.path.parent / link) for page in PAGES for link in page.links()}
    assert [file.name for file in DOCS.rglob("*.png") if str(file) not in shown] == []


def test_the_readme_counts_the_client_libraries_that_were_tried() -> None:
    named = next(row[1] for row in page("tried.md").rows() if row[0] == "seen, client libraries")
    count = len(re.split(r"[,;] ", re.sub(r" \(\w+\)", "", named)))
    for one in (Page(README), Page(ROOT / "packaging" / "pypi.md"), *TRANSLATIONS):
        assert re.search(rf"\b{count}\b", one.text), one.name
