"""The command that sets the PIN of the page."""

from contextlib import closing
from typing import Any

import click

from emulator.cli.context import common, context, show_route
from emulator.cli.prompt import prompt
from emulator.store.journal import Journal
from emulator.store.pin import SHAPE, SHAPE_HELP, SIX, set_pin
from emulator.system.lock import is_running


@click.command()
@common
@click.option("--remove", is_flag=True, help="Without a PIN the page cannot disarm.")
def pin(remove: bool, **chosen: Any) -> None:
    """Set the PIN that lets the page disarm: 4 to 12 digits, better six; asked for twice; ends every lock."""
    here = context(chosen, level="warning")
    question = f"PIN ({SHAPE_HELP}, better {SIX} or more)"
    new = None if remove else prompt(question, hide_input=True, confirmation_prompt="Once more")
    if new is not None and not SHAPE.fullmatch(new):
        raise click.UsageError(f"a PIN is {SHAPE_HELP}")
    can = "can no longer disarm" if remove else "can disarm with this PIN"
    if program := here.program():
        program.set_pin(new)
        show_route(program)
        click.echo(f"The page {can}.")
    else:
        with closing(Journal(here.state_dir)) as book:
            set_pin(book, new)
        if is_running(here.state_dir):
            folder = f"through the state folder {here.state_dir}"
            click.echo(f"{folder}: the running program has no page that answers", err=True)
            click.echo(f"Once there is one, it {can}.")
        else:
            click.echo(f"Written to {here.state_dir}: the page of a program that is started there {can}.")
            click.echo(
                "No `emulator run` uses that folder now. One that runs with another folder, or as another user, has "
                "not changed: name its folder with --state-dir, and type this as its user.",
                err=True,
            )
    if new is not None and len(new) < SIX:
        click.echo(f"{len(new)} digits are soon guessed by somebody who has weeks: take {SIX} or more.", err=True)
