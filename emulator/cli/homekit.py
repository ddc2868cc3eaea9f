"""The command that shows the code of the HomeKit bridge and who is paired, and makes the bridge anew."""

from contextlib import closing
from typing import Any

import click

from emulator.cli.context import common, context
from emulator.cli.prompt import confirm
from emulator.doors.homekit import setup
from emulator.doors.homekit.security import DOOR
from emulator.doors.homekit.settings import require
from emulator.doors.homekit.setup import KeptBridge
from emulator.store.journal import Journal
from emulator.system import output
from emulator.system.lock import is_running


@click.command()
@common
@click.option("--reset", is_flag=True, help="Forget every pairing, and make another bridge with another code.")
@click.option("--yes", is_flag=True, help="With --reset: do not ask.")
@click.option("--json", "as_json", is_flag=True, help="For programs: the code too.")
def homekit(reset: bool, yes: bool, as_json: bool, **chosen: Any) -> None:
    """Show the code of the HomeKit bridge, as a QR code too, and who is paired."""
    here = context(chosen, level="warning")
    require(here.door(DOOR))
    if reset and not yes:
        question = "The Home app loses the bridge, with rooms, scenes and automations. Go on?"
        confirm(question, abort=True, err=as_json)
    with closing(Journal(here.state_dir)) as book:
        kept = setup.reset(book) if reset else setup.open_kept(book)
    if as_json:
        click.echo(output.as_json(_fields(kept)))
        return
    if reset:
        click.echo("This is another bridge now: remove the old one in the Home app, then add this one.")
    from emulator.system import qr

    click.echo(qr.terminal(kept.setup.uri))
    click.echo(f"Setup code: {kept.setup.spoken}")
    click.echo(_paired(kept))
    if not is_running(here.state_dir):
        click.echo("No `emulator run` uses this state folder; start it, or the Home app finds nothing.", err=True)


def _fields(kept: KeptBridge) -> dict[str, Any]:
    paired = [{"id": name, "admin": admin} for name, admin in kept.controllers]
    return {"code": kept.setup.spoken, "uri": kept.setup.uri, "paired": paired}


def _paired(kept: KeptBridge) -> str:
    if not kept.controllers:
        return "Nobody is paired. In the Home app: + → Add Accessory, and scan this or type the code."
    rows = [(name, "may add others" if admin else "") for name, admin in kept.controllers]
    return f"{output.table(('PAIRED', 'RIGHTS'), rows)}\nFurther people are invited in the Home app, not with the code."
