"""The command that runs the program."""

import sys
import threading
import time
from typing import Any

import click

from emulator.app.app import App
from emulator.cli.context import POLL_S, common, context, on_signal, which_interfaces
from emulator.config import credentials
from emulator.errors import CloudError, ConfigError, EmulatorError, Hindered
from emulator.system import output, systemd

FIRST_NEWS_S = 3.5
"""Time for the first state to arrive before `run` says that it is ready, which shall not take longer than 5 s."""

READINESS_S = 1.0
"""Interval between checks of the readiness, on which systemd and `docker compose up --wait` depend."""

SWITCH_S = 0.001
"""Time that a thread may keep the interpreter from the others.

A set goes from the loop to a thread and back. With Python's default of 5 ms it waited that long each time while one
peer sent requests as fast as it could.
"""


@click.command()
@common
@which_interfaces
def run(interfaces: tuple[str, ...], **chosen: Any) -> None:
    """Show the switches on the LAN and run until Ctrl-C or SIGTERM."""
    here = context(chosen, level="info")
    settings, secrets = here.settings()
    stopping = threading.Event()
    on_signal(stopping.set)
    sys.setswitchinterval(SWITCH_S)
    try:
        app = App(settings, secrets, here.state_dir, interfaces or None, credentials.targets())
    except (ConfigError, CloudError, Hindered):
        raise
    except EmulatorError as error:
        # A journal that cannot be written, for one: the settings are right, and another start may do better.
        raise Hindered(str(error)) from None
    try:
        app.start()
        # A client may ask as soon as it reads "Ready", and until the alarm was read there is no answer.
        patience = time.monotonic() + FIRST_NEWS_S
        while not (app.has_news and app.readiness.is_ready) and time.monotonic() < patience:
            if stopping.wait(POLL_S):
                break
        _follow(app, stopping)
        click.echo("Stopping.")
    finally:
        systemd.notify("STOPPING=1")
        app.stop()


def _follow(app: App, stopping: threading.Event) -> None:
    """Report to people and systemd until the stop: ready once a switch answers, and before that why none does."""
    told, shown = "", False
    while True:
        standing = app.readiness
        if standing.is_ready and not shown:
            _show_switches(app)
        if str(standing) != told:
            told = str(standing)
            if not shown:
                click.echo(f"{told}. Ctrl-C stops.")
            systemd.notify(*(["READY=1"] if standing.is_ready else []), f"STATUS={told}")
        shown = shown or standing.is_ready
        if stopping.wait(READINESS_S):
            return


def _show_switches(app: App) -> None:
    rows = [
        (switch.name, str(switch.mode), "disarms" if switch.off_disarms else "does nothing", url)
        for door in app.doors.values()
        for switch, url in door.urls()
    ]
    click.echo(output.table(("SWITCH", "ON ARMS", "OFF", "ADDRESS"), rows))
    for name, simulator in app.alarms.simulators.items():
        click.echo(f"{name}: a simulated alarm; its house is at {simulator.control_url}")
    for url in app.pages() or ():
        click.echo(f"The page: {url}")
