"""The first start, which has no devices.yaml yet: set-up in a browser, with a code that is printed here."""

import threading
from contextlib import ExitStack

import click

from emulator.cli import colours
from emulator.cli.context import POLL_S, Context
from emulator.clock import SystemClock
from emulator.errors import ConfigError, EmulatorError, Hindered, Problem
from emulator.lan.kept import LISTENERS
from emulator.setup import place
from emulator.setup.answers import AnswerRefused
from emulator.setup.web.first_run import ANSWER_S, FirstRun
from emulator.system import lock, systemd


def serve(
    here: Context, interfaces: tuple[str, ...], port: int | None, stopping: threading.Event, handover: ExitStack
) -> bool:
    """Show set-up until the file is written; return False if the program is stopped before.

    `handover` is closed by the caller once the program listens at the same port: browsers are not refused meanwhile.
    """
    try:
        path = place.new(here.config, here.state_dir)
    except AnswerRefused as error:
        raise ConfigError([Problem("no settings file", str(error))]) from None
    with lock.acquire(here.state_dir):
        try:
            where = interfaces or None
            first = FirstRun(
                path, here.state_dir, SystemClock(), conceal=here.redactor.conceal, interfaces=where, port=port
            )
        except EmulatorError as error:
            raise Hindered(str(error)) from None
        try:
            first.start()
            _announce(first)
            while not stopping.wait(POLL_S):
                if first.written.is_set():
                    stopping.wait(ANSWER_S)
                    handover.enter_context(LISTENERS.keeping())
                    click.echo(f"Written: {path}")
                    return not stopping.is_set()
            click.echo("Stopping.")
            return False
        finally:
            if stopping.is_set():
                systemd.notify("STOPPING=1")
            first.stop()


def _announce(first: FirstRun) -> None:
    click.echo("There is no devices.yaml yet. Set the program up in a browser of this network:")
    for url in first.urls():
        click.echo(f"  {url}")
    for obstacle in first.obstacles():
        click.echo(f"  {obstacle}")
    click.echo(f"The code that it asks for: {colours.bold(str(first.code))}")
    click.echo("Or type `emulator init` here. Ctrl-C stops.")
    systemd.notify("READY=1", "STATUS=waits to be set up in a browser; its log has the code")
