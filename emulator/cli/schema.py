"""The command that describes devices.yaml to editors."""

from typing import Any

import click

from emulator.app import settings
from emulator.cli.context import common
from emulator.system import output


@click.command()
@common
def schema(**_chosen: Any) -> None:
    """Print the JSON Schema of devices.yaml, for editors."""
    click.echo(output.as_json(settings.schema()))
