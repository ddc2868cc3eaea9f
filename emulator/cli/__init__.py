"""The commands that a person types."""

from importlib import import_module
from typing import Any

import click

from emulator import __version__
from emulator.cli.context import EXIT, HINDERED, NO_ANSWER, NOT_DONE, OK, UNCONFIRMED, USAGE, common
from emulator.errors import CloudError, ConfigError, EmulatorError, Hindered

__all__ = ["EXIT", "HINDERED", "NOT_DONE", "NO_ANSWER", "OK", "UNCONFIRMED", "USAGE", "main"]


# The commands in the order of a day with the program, and where they are: only what is typed is imported, as `run`
# stays in memory for months with whatever that brings.
COMMANDS = {
    "run": "house",
    "status": "alarm",
    "arm": "alarm",
    "disarm": "alarm",
    "login": "alarm",
    "installation": "alarm",
    "journal": "alarm",
    "check": "house",
    "discover": "house",
    "pair": "people",
    "pin": "people:set_pin",
    "notify": "people",
    "simulate": "simulate",
    "schema": "house",
}


class Main(click.Group):
    """Finds commands, and turns errors into words and exit statuses."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Their names."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        page, _, attribute = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(f"emulator.cli.{page}"), attribute or cmd_name)
        return command

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
        except Hindered as error:
            click.echo(f"emulator: {error}", err=True)
            ctx.exit(HINDERED)
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
