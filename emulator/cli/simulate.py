"""The command that runs the simulated alarm alone."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import click

from emulator.cli.context import common, context, on_signal
from emulator.cli.stop import Stop
from emulator.cli.values import Words
from emulator.simulator.accounts import SimulatedAccount
from emulator.simulator.backend import Sms
from emulator.simulator.face import FaceType
from emulator.simulator.panel.panel import SimulatedPanel
from emulator.simulator.server import FACES, SimulatedAlarm

PROFILES = list(dict.fromkeys(name for row in FACES.values() for name in row.units))
COUNTRIES = list(dict.fromkeys(country for row in FACES.values() for country in row.countries))


def _apis(suits: Callable[[FaceType], bool]) -> str:
    """Return the names of the APIs that suit."""
    return " or ".join(api for api, row in FACES.items() if suits(row))


FOR_PROFILES, FOR_ANNEX = _apis(lambda row: len(row.units) > 1), _apis(lambda row: row.has_annex)


@click.command()
@common
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=12010, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes any.")
@click.option(
    "--api", default=next(iter(FACES)), show_default=True, type=Words(list(FACES)), help="What the cloud speaks."
)
@click.option(
    "--profile",
    type=Words(PROFILES),
    help=f"Central unit, for {FOR_PROFILES}; left out: the first of the API.",
)
@click.option("--country", type=Words(COUNTRIES), help="Left out: that of the profile.")
@click.option("--annex/--no-annex", default=False, help=f"Whether the house has an annex, for {FOR_ANNEX}.")
@click.option("--answer-after", default=3.0, type=click.FloatRange(0, 60), help="Seconds that the panel takes.")
def simulate(
    host: str,
    port: int,
    api: str,
    profile: str | None,
    country: str | None,
    annex: bool,
    answer_after: float,
    **chosen: Any,
) -> None:
    """Run the simulated alarm alone: a house, a panel and its cloud, with a control page."""
    profile = profile or next(iter(FACES[api].units))
    panel, account = _customer(api, profile, country, annex=annex)
    panel.answer_after = answer_after
    context(chosen, level="info")
    stopping = Stop()
    on_signal(stopping.set)
    simulator = SimulatedAlarm(
        panel, api=api, profile=profile, accounts=[account], sent=_show_sms, host=host, port=port
    )
    simulator.start()
    try:
        click.echo(f"The house:   {simulator.control_url}")
        click.echo(f"Its cloud:   {' and '.join(simulator.urls)}")
        click.echo(f"devices.yaml: cloud: {api}, country: {account.country}, url: {simulator.url}")
        code = f" VERISURE_CODE={account.code}" * FACES[api].asks_code
        click.echo(f"environment: VERISURE_USER={account.user} VERISURE_PASSWORD={account.password}{code}")
        click.echo("Ready. Ctrl-C stops.")
        stopping.wait()
    finally:
        simulator.stop()


def _customer(api: str, profile: str, country: str | None, *, annex: bool) -> tuple[SimulatedPanel, SimulatedAccount]:
    """Return the panel and the account that were asked for. Raise UsageError for options that do not go together."""
    row = FACES[api]
    if profile not in row.units:
        apis, others = _apis(lambda other: profile in other.units), "--country" + " and --annex" * row.has_annex
        raise click.UsageError(f"--profile is for --api {apis}; with {api} use {others}")
    if country not in (None, *row.countries):
        apis = _apis(lambda other: country in other.countries)
        raise click.UsageError(f"--country {country} is for --api {apis}; with {api} use {', '.join(row.countries)}")
    if annex and not row.has_annex:
        profiles = " or ".join(name for name, unit in row.units.items() if unit.equipment.annex)
        raise click.UsageError(f"--annex is for --api {FOR_ANNEX}; with {api} use --profile {profiles}")
    unit = row.units[profile]
    equipment = replace(unit.equipment, annex=True) if annex else unit.equipment
    return SimulatedPanel(time.time, equipment), replace(unit.account(), country=country or unit.country)


def _show_sms(sms: Sms) -> None:
    click.echo(f"SMS to {sms.phone}: {sms.code}")  # which flushes
