"""The command that shows the journal."""

from contextlib import closing
from typing import Any

import click

from emulator.cli import colours
from emulator.cli.context import common, context, for_programs
from emulator.store.journal import Journal
from emulator.system import output


@click.command()
@common
@click.option("-n", "count", default=20, show_default=True, type=click.IntRange(1), help="How many.")
@for_programs
def journal(count: int, as_json: bool, **chosen: Any) -> None:
    """Show the last commands: who asked for what, and how it ended."""
    here = context(chosen, level="warning")
    with closing(Journal(here.state_dir, read_only=True)) as book:
        entries = book.commands(count)
    if as_json:
        click.echo(output.as_json([entry.as_dict() for entry in entries]))
    else:
        click.echo(output.journal(entries, colours.by_word))
