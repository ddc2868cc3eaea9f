"""The command that pairs clients with the Hue bridge, lists them and forgets them."""

import time
from contextlib import closing
from typing import Any

import click

from emulator.cli.context import common, context, show_route
from emulator.errors import ConfigError, EmulatorError, Problem
from emulator.store import light_ids, pairing
from emulator.store.journal import Journal
from emulator.system import output
from emulator.system.lock import is_running


@click.command()
@common
@click.option("--list", "listing", is_flag=True, help="Show who is paired instead.")
@click.option("--forget", metavar="WHICH", help="Unpair the client of this number or key, as listed, instead.")
@click.option("--renumber", is_flag=True, help="Give small ids to lights that have large ones instead: new to Echos.")
@click.option("--json", "as_json", is_flag=True, help="For programs, with --list.")
def pair(listing: bool, forget: str | None, renumber: bool, as_json: bool, **chosen: Any) -> None:
    """Press the link button of the Hue bridge: for 30 s new clients may pair with a running `emulator run`."""
    here = context(chosen, level="warning")
    if listing + (forget is not None) + renumber > 1 or (as_json and not listing):
        raise click.UsageError("--list stands alone or with --json, --forget and --renumber alone")
    if listing or renumber or forget is not None:
        with closing(Journal(here.state_dir)) as book:
            if listing:
                click.echo(_paired(book, as_json=as_json))
            else:
                click.echo(_renumbered(book) if forget is None else _forgotten(book, forget))
        return
    pairing_mode = here.load().doors.pairing
    if pairing_mode is None:
        raise ConfigError([Problem("doors.hue", "is missing, so there is no bridge: write `hue: { port: 80 }`")])
    if not is_running(here.state_dir):
        problem = "no `emulator run` uses this state folder; start it first, or name its folder with --state-dir"
        raise ConfigError([Problem(str(here.state_dir), problem)])
    if program := here.program():
        program.press()
        show_route(program)
    else:
        with closing(Journal(here.state_dir)) as book:
            pairing.press_button(book, time.time())
        click.echo("through the state folder", err=True)
    click.echo(f"The link button is pressed: pair your app within {pairing.BUTTON_S:g} s.")
    if pairing_mode == "open":
        click.echo("It would not be needed: with doors.hue.pairing: open every local client may pair at any time.")


def _paired(book: Journal, *, as_json: bool) -> str:
    users = pairing.paired(book)
    return output.as_json([output.client(*one) for one in users.items()]) if as_json else output.clients(users)


def _forgotten(book: Journal, which: str) -> str:
    try:
        gone = pairing.forget(book, which)
    except EmulatorError as error:
        raise click.BadParameter(str(error), param_hint="--forget") from None
    return (
        f"Forgotten: {gone.short} {output.kind(gone)} {gone.peer}\n"
        "A running program takes no command from it any more, "
        f"and tells it nothing after {pairing.HEEDED_S:g} s at most.\n"
        "With doors.hue.pairing: open it may come back; with button it has to pair anew."
    )


def _renumbered(book: Journal) -> str:
    try:
        changed = light_ids.renumber(book)
    except EmulatorError as error:
        raise click.BadParameter(str(error), param_hint="--renumber") from None
    if not changed:
        return f"No light has an id above {light_ids.HIGHEST}, so nothing was changed."
    rows = [(one.name, one.shape, str(one.old), str(one.new)) for one in changed]
    return (
        f"{output.table(('SWITCH', 'LIGHT', 'OLD ID', 'NEW ID'), rows)}\n"
        "Restart `emulator run`: until then it goes by the old ids.\n"
        "To an Echo these are new lights: remove the old ones in the Alexa app, let it search again, and put the new\n"
        "ones into your groups and routines. Other apps may have to search again, too."
    )
