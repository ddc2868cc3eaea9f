"""The command that runs the simulated alarm alone."""

import threading
import time
from dataclasses import replace
from typing import Any

import click

from emulator import clouds
from emulator.cli.context import common, context, on_signal
from emulator.simulator.owa.profiles import PROFILES
from emulator.simulator.owa.trust import Sms
from emulator.simulator.panel.equipment import Equipment
from emulator.simulator.panel.panel import SimulatedPanel
from emulator.simulator.server import FACES, PROFILE, SimulatedAlarm


@click.command()
@common
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=12010, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes any.")
@click.option("--api", default="wsdo", show_default=True, type=click.Choice(list(FACES)), help="What the cloud speaks.")
@click.option(
    "--profile", default=PROFILE, show_default=True, type=click.Choice(list(PROFILES)), help="Central unit, for owa."
)
@click.option("--country", type=click.Choice(clouds.countries()), help="Left out: that of the profile.")
@click.option("--annex/--no-annex", default=False, help="Whether the house has an annex, for wsdo.")
@click.option("--answer-after", default=3.0, type=click.FloatRange(0, 60), help="Seconds that the panel takes.")
def simulate(
    host: str,
    port: int,
    api: str,
    profile: str,
    country: str | None,
    annex: bool,
    answer_after: float,
    **chosen: Any,
) -> None:
    """Run the simulated alarm alone: a house, a panel and its cloud, with a control page."""
    unit = PROFILES[profile]
    if api == "wsdo" and profile != PROFILE:
        raise click.UsageError("--profile is for --api owa; with wsdo use --country and --annex")
    known = clouds.countries(api)
    if country not in (None, *known):
        raise click.UsageError(f"--country {country} is for --api owa; with {api} use {', '.join(known)}")
    if api == "owa" and annex:
        raise click.UsageError("--annex is for --api wsdo; with owa use --profile gb-annex")
    context(chosen, level="info")
    stopping = threading.Event()
    on_signal(stopping.set)
    panel = SimulatedPanel(time.time, unit.equipment if api == "owa" else Equipment(annex=annex))
    panel.answer_after = answer_after
    account = replace(unit.account(), country=country or unit.country)
    simulator = SimulatedAlarm(
        panel, api=api, profile=profile, accounts=[account], sent=_show_sms, host=host, port=port
    )
    simulator.start()
    try:
        click.echo(f"The house:   {simulator.control_url}")
        click.echo(f"Its cloud:   {simulator.url}")
        click.echo(f"devices.yaml: cloud: {api}, country: {account.country}, url: {simulator.url}")
        click.echo(f"environment: VERISURE_USER={account.user} VERISURE_PASSWORD={account.password}")
        click.echo("Ready. Ctrl-C stops.")
        stopping.wait()
    finally:
        simulator.stop()


def _show_sms(sms: Sms) -> None:
    click.echo(f"SMS to {sms.phone}: {sms.code}")  # which flushes
