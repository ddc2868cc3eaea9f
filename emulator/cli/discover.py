"""The command that searches the LAN."""

from collections.abc import Container, Sequence
from contextlib import closing
from dataclasses import asdict
from typing import Any

import click

from emulator.cli.context import common, context, for_programs, which_interfaces
from emulator.cli.progress import waiting
from emulator.errors import ConfigError, Problem
from emulator.lan import network, search
from emulator.lan.search import Found
from emulator.store import identities, pairing
from emulator.store.journal import Journal
from emulator.system import output

SEARCH_S = 4.0
"""Time that `discover` listens: devices spread their answers over the 3 s that it allows."""


@click.command()
@common
@which_interfaces
@click.option(
    "--seconds", default=SEARCH_S, show_default=True, type=click.FloatRange(1, 60), help="How long to listen."
)
@for_programs
def discover(interfaces: tuple[str, ...], seconds: float, as_json: bool, **chosen: Any) -> None:
    """Search the LAN as an Echo would, and list what answers: ours and others'."""
    here = context(chosen, level="warning")
    with closing(Journal(here.state_dir)) as book:
        ours = identities.udns(book) | {pairing.identity(book).udn}
    nics = network.nics()
    if not network.places(nics, interfaces or None, None):
        raise ConfigError([Problem("--interface", network.nowhere(nics, interfaces or None))])
    with waiting("searching", quiet=as_json):
        found = search.search(interfaces or None, seconds)
    if as_json:
        click.echo(output.as_json([{**asdict(device), "ours": device.udn in ours} for device in found]))
    else:
        click.echo(table(found, ours))


def table(found: Sequence[Found], ours: Container[str]) -> str:
    """Return a row for each device that answered, ours first."""
    if not found:
        return "Nothing answered. Is `emulator run` running, and does the network let multicast through?"
    rows = [
        ("ours" if one.udn in ours else "other", one.name or "?", one.model or one.server, one.address, one.location)
        for one in found
    ]
    return output.table(("WHOSE", "NAME", "MODEL", "ADDRESS", "DESCRIPTION"), sorted(rows, reverse=True))
