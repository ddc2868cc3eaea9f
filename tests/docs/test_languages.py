"""The first screens of the README in other languages say to type the same, and name the same ways and pages."""

import pytest

from tests.support.pages import README, TRANSLATIONS, Page

ENGLISH = Page(README)


def test_each_language_is_linked_at_the_top_of_every_other() -> None:
    assert [page.path.parent.name for page in TRANSLATIONS] == ["es", "it", "fr", "pt"]
    for page in (ENGLISH, *TRANSLATIONS):
        line = page.text.splitlines()[2]
        found = {(page.path.parent / link).resolve() for link in Page.links_of(line)}
        assert found == {other.path for other in (ENGLISH, *TRANSLATIONS) if other is not page}


@pytest.mark.parametrize("page", TRANSLATIONS, ids=lambda page: page.name)
def test_its_commands_are_those_of_the_readme_and_print_some_of_the_same(page: Page) -> None:
    known = {step.command: step.prints for step in ENGLISH.steps()}
    commands = [step.command for step in page.steps()]
    assert commands == list(known)[: len(commands)]
    assert len(commands) >= 2
    for step in page.steps():
        assert [line for line in step.prints if line not in known[step.command]] == []


@pytest.mark.parametrize("page", TRANSLATIONS, ids=lambda page: page.name)
def test_its_ways_are_those_of_the_readme(page: Page) -> None:
    def ways(rows: list[list[str]]) -> list[tuple[list[str], list[str]]]:
        return [(row[1].split("`")[1::2], [link.rpartition("/")[2] for link in Page.links_of(row[2])]) for row in rows]

    assert ways(page.rows()) == ways(ENGLISH.rows("Which way for which home"))


@pytest.mark.parametrize("page", TRANSLATIONS, ids=lambda page: page.name)
def test_it_says_what_is_safe_as_often_as_the_readme(page: Page) -> None:
    def bullets(text: str) -> int:
        return sum(line.startswith("- ") for line in text.splitlines())

    assert bullets(page.text) == bullets(ENGLISH.section("Safety"))
