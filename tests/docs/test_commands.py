"""Commands that the pages name exist, with their options; the tables of commands, statuses and extras are complete."""

import re

import click
import pytest

from emulator import cli, clouds
from emulator.doors import DOORS
from tests.support import commands_table
from tests.support.pages import PAGES, README, ROOT, Page, page


def command(name: str) -> click.Command:
    found = cli.main.get_command(click.Context(cli.main), name)
    assert found
    return found


def options(name: str) -> set[str]:
    return {option for parameter in command(name).params for option in parameter.opts}


def named(page: Page) -> list[tuple[str, str]]:
    """Return every `emulator NAME …` in code, with the rest of the line."""
    found = [match for text in page.code() for match in re.findall(r"(?<![-\w])emulator (?=([a-z]+)(.*))", text)]
    return [(name, rest) for name, rest in found if name != "emulator"]  # the service of compose.yaml


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_named_exists_with_its_options(page: Page) -> None:
    assert {name for name, _ in named(page)} <= cli.COMMANDS.keys()
    for name, rest in named(page):
        assert set(re.findall(r"(?<![-\w])--?[a-z][a-z-]*", rest)) <= options(name), f"emulator {name}{rest}"


def test_commands_are_named_at_all() -> None:
    assert sum(len(named(page)) for page in PAGES) > 50


def test_the_table_of_commands_is_complete() -> None:
    typed = " ".join(row[0] for row in page("commands.md").rows())
    assert re.findall(r"emulator (\w+)", typed) == list(cli.COMMANDS)
    assert all(options(name) >= commands_table.EVERYWHERE for name in cli.COMMANDS)


def test_the_exit_statuses_are_those_of_the_help() -> None:
    table = [f"{row[0]} {row[1]}" for row in page("commands.md").rows() if row[0].isdigit()]
    assert cli.main.epilog == f"Exit status: {'; '.join(table)}."


def test_the_extras_that_are_named_exist() -> None:
    text = "".join(page.text for page in PAGES)
    wanted = {
        extra for group in re.findall(r"(?:'\.|verisure-emulator)\[([\w,]+)\]", text) for extra in group.split(",")
    }
    assert wanted
    assert all(f"\n{extra} = [" in (ROOT / "pyproject.toml").read_text() for extra in wanted)


def test_the_doors_for_each_client_exist() -> None:
    table = Page(README).rows("Which way for which home")
    assert {word for cells in table for word in cells[1].split("`")[1::2]} == DOORS.keys()


def test_your_alarm_takes_five_lines_that_name_every_country() -> None:
    lines = re.findall(r"^\d\. (.*)$", page("your-alarm.md").section("By hand"), re.MULTILINE)
    assert len(lines) == 5
    assert set(re.findall(r"\b[A-Z]{2}\b", lines[0])) == set(clouds.countries())
