"""Commands about this machine and its LAN: the program itself, what is in its way, and what can be found."""

import sys
import threading
import time
from contextlib import closing
from dataclasses import asdict
from typing import Any

import click

from emulator.app.app import App
from emulator.app.settings import schema as schema_of_settings
from emulator.cli.context import LOOK_S, NOT_DONE, OK, USAGE, common, context, on_signal
from emulator.clock import SystemClock
from emulator.config import credentials
from emulator.errors import CloudError, ConfigError, EmulatorError, Hindered, Problem
from emulator.lan import network, search
from emulator.store import identities, pairing
from emulator.store.journal import Journal
from emulator.system import logs, output, systemd

FIRST_NEWS_S = 3.5
"""For the first state to be there when `run` says that it is ready, which shall not take longer than 5 s."""

STANDING_S = 1.0
"""Between looks at whether a switch can be reached; systemd and `docker compose up --wait` hang on the answer."""

SWITCH_S = 0.001
"""How long a thread may keep the interpreter from the others. A set goes from the loop to a thread and back, and waited
for Python's own 5 ms each time while one peer asked as fast as it could."""

SEARCH_S = 4.0
"""How long `discover` listens: devices spread their answers over the 3 s that it allows."""


@click.command()
@common
@click.option("--interface", "interfaces", multiple=True, help="Only on this network interface; may be repeated.")
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
        # Whoever reads "Ready" asks at once, and until the alarm was read there is no answer.
        patience = time.monotonic() + FIRST_NEWS_S
        while not (app.has_news and app.readiness.is_ready) and time.monotonic() < patience:
            if stopping.wait(LOOK_S):
                break
        _follow(app, stopping)
        click.echo("Stopping.")
    finally:
        systemd.notify("STOPPING=1")
        app.stop()


def _follow(app: App, stopping: threading.Event) -> None:
    """Tell people and systemd where it stands: ready once a switch answers, and before that why none does."""
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
        if stopping.wait(STANDING_S):
            return


def _show_switches(app: App) -> None:
    rows = [
        (switch.name, str(switch.mode), "disarms" if switch.off_disarms else "does nothing", url)
        for door in app.doors
        for switch, url in door.urls()
    ]
    click.echo(output.table(("SWITCH", "ON ARMS", "OFF", "ADDRESS"), rows))
    for name, simulator in app.alarms.simulators.items():
        click.echo(f"{name}: a simulated alarm; its house is at {simulator.control_url}")
    for url in app.page.pages() if app.page else ():
        click.echo(f"The page: {url}")


@click.command()
@common
@click.option("--interface", "interfaces", multiple=True, help="Only on this network interface; may be repeated.")
@click.option(
    "--seconds", default=SEARCH_S, show_default=True, type=click.FloatRange(1, 60), help="How long to listen."
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def discover(interfaces: tuple[str, ...], seconds: float, as_json: bool, **chosen: Any) -> None:
    """Search the LAN as an Echo would, and list what answers: ours and others'."""
    here = context(chosen, level="warning")
    logs.setup(here.level)
    with closing(Journal(here.state_dir)) as book:
        ours = identities.udns(book) | {pairing.identity(book).udn}
    nics = network.nics()
    if not network.places(nics, interfaces or None, None):
        raise ConfigError([Problem("--interface", network.nowhere(nics, interfaces or None))])
    found = search.search(interfaces or None, seconds)
    if as_json:
        click.echo(output.as_json([{**asdict(device), "ours": device.udn in ours} for device in found]))
    else:
        click.echo(output.devices(found, ours))


@click.command()
@common
@click.option("--interface", "interfaces", multiple=True, help="Only on this network interface; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def check(interfaces: tuple[str, ...], as_json: bool, **chosen: Any) -> None:
    """Look for whatever keeps the program from working here, and say how to fix it. Sends nothing to the alarm."""
    from emulator import doctor
    from emulator.doctor.finding import Verdict

    here = context(chosen, level="error")
    logs.setup(here.level)
    clock = click.get_current_context().obj or SystemClock()
    found, usable = doctor.examine(here.config, here.state_dir, interfaces or None, clock)
    click.echo(output.as_json([asdict(one) for one in found]) if as_json else output.findings(found))
    wrong = any(one.verdict is Verdict.PROBLEM for one in found)
    sys.exit(USAGE if not usable else NOT_DONE if wrong else OK)


@click.command()
@common
def schema(**_chosen: Any) -> None:
    """Print the JSON Schema of devices.yaml, for editors."""
    click.echo(output.as_json(schema_of_settings()))
