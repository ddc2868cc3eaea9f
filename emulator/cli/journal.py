"""The command that shows the journal."""

from contextlib import closing
from typing import Any

import click

from emulator.cli import colours
from emulator.cli.context import common, context, for_programs
from emulator.store import activity
from emulator.store.journal import Journal
from emulator.store.peer_names import PeerNames
from emulator.system import output


@click.command()
@common
@click.option("-n", "count", default=20, show_default=True, type=click.IntRange(1), help="How many.")
@click.option("--log", "of_log", is_flag=True, help="The alarms' own activity log alone: keypads, persons, alarms.")
@for_programs
def journal(count: int, of_log: bool, as_json: bool, **chosen: Any) -> None:
    """Show the last commands: who asked for what, and how it ended."""
    here = context(chosen, level="warning")
    with closing(Journal(here.state_dir, read_only=True)) as book:
        entries = [] if of_log else book.commands(count)
        events = activity.events(book, None, count)
        named = PeerNames(book).named
    if as_json:
        click.echo(output.as_json([one.as_dict() for one in (events if of_log else entries)]))
    else:
        click.echo(output.journal(entries, colours.by_word, events, named, count))
