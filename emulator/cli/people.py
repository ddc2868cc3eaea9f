"""Commands about people: who is paired, the PIN, who is told."""

import sys
import time
from contextlib import closing
from typing import Any

import click

from emulator.app.notify import TITLES
from emulator.app.settings import Settings
from emulator.app.targets import apprise_target, called
from emulator.cli.alarm import program_of
from emulator.cli.context import NO_ANSWER, common, context
from emulator.config import credentials, devices_yaml
from emulator.errors import ConfigError, EmulatorError, Problem
from emulator.model import Notice
from emulator.store import light_ids, pairing, pin
from emulator.store.journal import Journal
from emulator.system import logs, output
from emulator.system.lock import is_running


@click.command()
@common
@click.option("--test", is_flag=True, help="Send a message to every target.")
def notify(test: bool, **chosen: Any) -> None:
    """Say where notifications go, and with --test send one there."""
    redactor = logs.setup(context(chosen, level="error").level)
    targets = credentials.targets()
    if not targets:
        raise ConfigError(
            [Problem("environment: VERISURE_NOTIFY", "is not set: put Apprise URLs there, with blanks between")]
        )
    reached = 0
    for number, url in enumerate(targets, 1):
        redactor.conceal(url)
        send = apprise_target(url)
        name = called(number, url)
        if not test:
            click.echo(name)
        elif send(f"{TITLES[Notice.TEST]}\nThis is how notices of your alarm will look."):
            click.echo(f"{name}: sent")
            reached += 1
        else:
            click.echo(f"{name}: it did not take the message")
    if test and reached < len(targets):
        sys.exit(NO_ANSWER)


@click.command()
@common
@click.option("--list", "listing", is_flag=True, help="Show who is paired instead.")
@click.option("--forget", metavar="WHICH", help="Unpair the client of this number or key, as listed, instead.")
@click.option("--renumber", is_flag=True, help="Give small ids to lights that have large ones instead: new to Echos.")
@click.option("--json", "as_json", is_flag=True, help="For programs, with --list.")
def pair(listing: bool, forget: str | None, renumber: bool, as_json: bool, **chosen: Any) -> None:
    """Press the link button of the Hue bridge: for 30 s new clients may pair with a running `emulator run`."""
    here = context(chosen, level="warning")
    logs.setup(here.level)
    if listing + (forget is not None) + renumber > 1 or (as_json and not listing):
        raise click.UsageError("--list stands alone or with --json, --forget and --renumber alone")
    if listing or renumber or forget is not None:
        with closing(Journal(here.state_dir)) as book:
            if listing:
                click.echo(_paired(book, as_json=as_json))
            else:
                click.echo(_renumbered(book) if forget is None else _forgotten(book, forget))
        return
    pairing_mode = Settings.load(devices_yaml.find(here.config)).doors.pairing
    if pairing_mode is None:
        raise ConfigError([Problem("doors.hue", "is missing, so there is no bridge: write `hue: { port: 80 }`")])
    if not is_running(here.state_dir):
        problem = "no `emulator run` uses this state folder; start it first, or name its folder with --state-dir"
        raise ConfigError([Problem(str(here.state_dir), problem)])
    if program := program_of(here):
        program.press()
    else:
        with closing(Journal(here.state_dir)) as book:
            pairing.press_button(book, time.time())
    click.echo(f"through the running program ({program.url})" if program else "through the state folder", err=True)
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


@click.command("pin")
@common
@click.option("--remove", is_flag=True, help="Without a PIN the page cannot disarm.")
def set_pin(remove: bool, **chosen: Any) -> None:
    """Set the PIN that lets the page disarm: 4 to 12 digits, better six; asked for twice; ends every lock."""
    here = context(chosen, level="warning")
    logs.setup(here.level)
    question = f"PIN ({pin.SHAPE_HELP}, better {pin.SIX} or more)"
    new = None if remove else click.prompt(question, hide_input=True, confirmation_prompt="Once more")
    if new is not None and not pin.SHAPE.fullmatch(new):
        raise click.UsageError(f"a PIN is {pin.SHAPE_HELP}")
    program = program_of(here)
    if program:
        program.set_pin(new)
    else:
        with closing(Journal(here.state_dir)) as book:
            pin.set_pin(book, new)
    can = "can no longer disarm" if remove else "can disarm with this PIN"
    if program:
        click.echo(f"through the running program ({program.url})", err=True)
        click.echo(f"The page {can}.")
    elif is_running(here.state_dir):
        click.echo(f"through the state folder {here.state_dir}: the running program has no page that answers", err=True)
        click.echo(f"Once there is one, it {can}.")
    else:
        click.echo(f"Written to {here.state_dir}: the page of a program that is started there {can}.")
        click.echo(
            "No `emulator run` uses that folder now. One that runs with another folder, or as another user, has not "
            "changed: name its folder with --state-dir, and type this as its user.",
            err=True,
        )
    if new is not None and len(new) < pin.SIX:
        click.echo(f"{len(new)} digits are soon guessed by somebody who has weeks: take {pin.SIX} or more.", err=True)
