"""The command that installs the Matter bridge, shows who is paired with it, and lets others pair."""

import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from emulator.cli.context import common, context, for_programs
from emulator.doors.matter import bundle, pairing
from emulator.doors.matter.messages import Fabric, PairingCode
from emulator.doors.matter.settings import DOOR
from emulator.store.journal import Journal
from emulator.system import output
from emulator.system.lock import is_running

LATE = "No `emulator run` uses this state folder; it is done when one starts."


@click.group(invoke_without_command=True)
@common
@click.option("--open", "opens", is_flag=True, help="Let another ecosystem pair, for 15 minutes.")
@click.option("--remove", type=int, metavar="FABRIC", help="End the pairing with this number.")
@for_programs
@click.pass_context
def matter(called: click.Context, /, opens: bool, remove: int | None, as_json: bool, **chosen: Any) -> None:
    """Show the code of the Matter bridge, as a QR code too, and who is paired; `matter install` installs it."""
    if called.invoked_subcommand:
        return
    here = context(chosen, level="warning")
    here.door(DOOR)
    with closing(Journal(here.state_dir)) as book:
        code, found = pairing.code(book), pairing.fabrics(book)
        if remove is not None and remove not in (one.index for one in found):
            raise click.BadParameter("nobody is paired with this number", param_hint="--remove")
        if remove is not None:
            pairing.wish_removed(book, remove)
        if opens:
            pairing.wish_open(book, time.time())
    if as_json:
        rows = [{"fabric": one.index, "label": one.label, "vendor": one.vendor} for one in found]
        click.echo(output.as_json({"code": code and code.code, "uri": code and code.qr, "paired": rows}))
    else:
        _show(code, found, opens)
    if not is_running(here.state_dir):
        click.echo(LATE, err=True)


@matter.command()
@common
def install(**chosen: Any) -> None:
    """Install the bridge: Node.js of this machine is used, and npm fetches its libraries."""
    here = context(chosen, level="warning")

    def say(text: str) -> None:
        click.echo(text, err=True)

    made: Path = bundle.install(here.state_dir, say)
    size = f"{made.stat().st_size / 1e6:.1f} MB"
    click.echo(f"installed: {made} ({size}). Write `matter:` below `doors` in devices.yaml, if it is not there yet.")


def _show(code: PairingCode | None, found: Sequence[Fabric], opens: bool) -> None:
    if code is None:
        click.echo("There is no code yet: `emulator matter install` if it is not installed, then `emulator run`.")
        return
    from emulator.system import qr

    click.echo(qr.terminal(code.qr))
    click.echo(f"Setup code: {code.spoken}")
    if found:
        rows = [(str(one.index), one.title, str(one.vendor)) for one in found]
        click.echo(output.table(("FABRIC", "LABEL", "VENDOR"), rows))
    else:
        click.echo("Nobody is paired.")
    how = "for 15 minutes from now" if opens else "after `emulator matter --open`, or while the page shows the code"
    click.echo(f"The bridge can be paired {how}.")
