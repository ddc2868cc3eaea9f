"""The command that shows and tries the targets of notifications."""

import sys
from typing import Any

import click

from emulator.app.notify import TITLES
from emulator.app.targets import apprise_target, called
from emulator.cli.context import NO_ANSWER, common, context
from emulator.cli.progress import waiting
from emulator.errors import ConfigError, Problem
from emulator.model import Notice


@click.command()
@common
@click.option("--test", is_flag=True, help="Send a message to every target.")
def notify(test: bool, **chosen: Any) -> None:
    """Say where notifications go, and with --test send one there."""
    here = context(chosen, level="error")
    targets = here.targets()
    if not targets:
        raise ConfigError(
            [Problem("environment: VERISURE_NOTIFY", "is not set: put Apprise URLs there, with blanks between")]
        )
    reached = 0
    for number, url in enumerate(targets, 1):
        here.redactor.conceal(url)
        send = apprise_target(url)
        name = called(number, url)
        if not test:
            click.echo(name)
            continue
        with waiting(f"sending to {name}", quiet=False):
            is_sent = send(f"{TITLES[Notice.TEST]}\nThis is how notices of your alarm will look.")
        if is_sent:
            click.echo(f"{name}: sent")
            reached += 1
        else:
            click.echo(f"{name}: it did not take the message")
    if test and reached < len(targets):
        sys.exit(NO_ANSWER)
