"""The commands that a person types."""

from typing import Any

import click

from emulator import __version__
from emulator.cli import alarm, house, people
from emulator.cli.context import EXIT, NO_ANSWER, NOT_DONE, OK, UNCONFIRMED, USAGE, common
from emulator.errors import CloudError, ConfigError, EmulatorError

__all__ = ["EXIT", "NOT_DONE", "NO_ANSWER", "OK", "UNCONFIRMED", "USAGE", "main"]


class Main(click.Group):
    """Turns errors into words and exit statuses."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            for problem in error.problems:
                click.echo(f"emulator: {problem}", err=True)
            ctx.exit(USAGE)
        except CloudError as error:
            click.echo(f"emulator: {error}", err=True)
            ctx.exit(NO_ANSWER)
        except EmulatorError as error:
            click.echo(f"emulator: {error}", err=True)
            ctx.exit(NOT_DONE)


@click.group(
    cls=Main,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit status: " + "; ".join(f"{status} {meaning}" for status, meaning in EXIT.items()) + ".",
)
@common
@click.version_option(__version__, prog_name="emulator")
def main(**_chosen: Any) -> None:
    """Your Verisure / Securitas Direct alarm as switches on the home LAN."""


for command in (
    house.run,
    alarm.status,
    alarm.arm,
    alarm.disarm,
    alarm.login,
    alarm.installation,
    alarm.journal,
    house.check,
    house.discover,
    people.pair,
    people.set_pin,
    people.notify,
    house.simulate,
    house.schema,
):
    main.add_command(command)
