"""Failures of commands: text for people, with --json a line of JSON for programs, and an exit status."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import click

from emulator.cli import colours
from emulator.cli.context import HINDERED, NO_ANSWER, NOT_DONE, USAGE
from emulator.errors import CloudError, ConfigError, EmulatorError, Hindered

STATUS: dict[type[EmulatorError], int] = {ConfigError: USAGE, CloudError: NO_ANSWER, Hindered: HINDERED}
"""Exit status by error; any other error of ours is NOT_DONE."""

JSON = "emulator.json"
"""Key in `click.Context.meta`: True if the command line asks for JSON, known before the command's own options are."""


SAY = "emulator.say"
"""Key in `click.Context.meta`: what says a text in the language of a command that talks with a person, if it does."""


def wants_json(words: Sequence[str]) -> bool:
    """Return whether --json is among the options of a command line."""
    options = words[: words.index("--")] if "--" in words else words
    return "--json" in options


@contextmanager
def told(ctx: click.Context) -> Iterator[None]:
    """Say what fails inside on standard error, and exit with its status."""
    try:
        yield
    except EmulatorError as error:
        status = next((status for kind, status in STATUS.items() if isinstance(error, kind)), NOT_DONE)
        problems = error.problems if isinstance(error, ConfigError) else ()
        if ctx.meta[JSON]:
            more = {"problems": [asdict(one) for one in problems]} if problems else {}
            _say(str(error), status, **more)
        else:
            say(error, ctx.meta.get(SAY, str))
        ctx.exit(status)
    except (click.ClickException, click.Abort) as error:
        if not ctx.meta[JSON]:
            raise
        if isinstance(error, click.Abort):
            click.echo(err=True)  # it stands behind the question
            text, status = "a question was not answered; nothing was done", NOT_DONE
        else:
            text, status = error.format_message(), error.exit_code
        _say(text, status)
        ctx.exit(status)


def say(error: EmulatorError, translated: Callable[[str], str] = str) -> None:
    """Say a failure to a person, a line for each problem."""
    problems = error.problems if isinstance(error, ConfigError) else ()
    # In English, too: scripts, searches and reports of bugs know no other.
    for text in dict.fromkeys(said for one in problems or [error] for said in (translated(str(one)), str(one))):
        click.echo(f"{colours.wrong('emulator:')} {text}", err=True)


def _say(text: str, status: int, **more: Any) -> None:
    """Write a failure as one line, so that it can be told from lines of the log, which may precede it."""
    click.echo(json.dumps({"error": text, "status": status, **more}), err=True)
