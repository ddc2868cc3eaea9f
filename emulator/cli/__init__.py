"""The commands that a person types."""

from importlib import import_module
from typing import Any

import click

from emulator import __version__
from emulator.cli import colours, failures
from emulator.cli.context import EXIT, HINDERED, NO_ANSWER, NOT_DONE, OK, UNCONFIRMED, USAGE, common
from emulator.cli.values import did_you_mean

__all__ = ["EXIT", "HINDERED", "NOT_DONE", "NO_ANSWER", "OK", "UNCONFIRMED", "USAGE", "main"]


COMMANDS = {
    "run": "Show the switches on the LAN and run until Ctrl-C or SIGTERM; SIGHUP takes a changed devices.yaml.",
    "init": "Set the program up by questions: alarm, switches, PIN, doors, notices; keeps your own lines.",
    "status": "Ask the cloud where the panel stands; tries a refused login once more.",
    "arm": "Arm: total, day, night, perimeter, annex, or a sum such as total+perimeter.",
    "disarm": "Disarm: main (interior and perimeter, the default), annex, or all.",
    "login": "Log in to the account of the alarm: password, and once a code by SMS or e-mail. Neither is kept.",
    "installation": "Show the alarm's number, panel, sensors and services; never code words or contacts.",
    "journal": "Show the last commands: who asked for what, and how it ended.",
    "check": "Look for whatever keeps the program from working here, and say how to fix it. "
    "Sends nothing to the alarm.",
    "discover": "Search the LAN as an Echo would, and list what answers: ours and others'.",
    "pair": "Press the link button of the Hue bridge: for 30 s new clients may pair with a running `emulator run`.",
    "homekit": "Show the code of the HomeKit bridge, as a QR code too, and who is paired.",
    "matter": "Show the code of the Matter bridge, as a QR code too, and who is paired; `matter install` installs it.",
    "pin": "Set the PIN that lets the page disarm: 4 to 12 digits, better six; asked for twice; ends every lock.",
    "notify": "Say where notifications go, and with --test send one there.",
    "backup": "Write state and settings into one FILE, also while the program runs; secrets only with --with-secrets.",
    "restore": "Put state and settings of a backup back; what is there now is put aside. Not while the program runs.",
    "simulate": "Run the simulated alarm alone: a house, a panel and its cloud, with a control page.",
    "schema": "Print the JSON Schema of devices.yaml, for editors.",
}
"""Help of each command, in the order of a day with the program.

It stands here so that `emulator --help` imports no command. Each is imported when it is typed: `run` stays in memory
for months with everything that is loaded.
"""

MODULES = dict.fromkeys(("status", "arm", "disarm", "installation"), "alarm")
"""Module of each command that has none of its own name."""


class Main(click.Group):
    """The group of all commands."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Return the names."""
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"emulator.cli.{MODULES.get(cmd_name, cmd_name)}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; UsageError names the one that a mistyped name is nearest to."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            ctx.fail(f"There is no command {name!r}.{did_you_mean(name, COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands, with the whole help of each."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        """Make the context, with colours unless the environment ends them."""
        return super().make_context(*args, **{"color": colours.wanted()} | extra)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse what stands before the command."""
        ctx.meta[failures.JSON] = failures.wants_json(args)
        with failures.told(ctx):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        with failures.told(ctx):
            return super().invoke(ctx)


@click.group(
    cls=Main,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit status: " + "; ".join(f"{status} {meaning}" for status, meaning in EXIT.items()) + ".",
)
@common
@click.version_option(__version__, prog_name="emulator")
def main(**_chosen: Any) -> None:
    """Your Verisure / Securitas Direct alarm as switches on the home LAN."""
