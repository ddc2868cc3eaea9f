"""Commands about the alarm: where it stands, arm, disarm, log in, what was done."""

import os
import sys
from contextlib import closing
from typing import Any, NoReturn

import click

from emulator.alarm.cloud import Phase, Reading
from emulator.app.alarm_settings import OWA_LANGUAGES, account_at
from emulator.app.settings import Settings
from emulator.cli.context import NO_ANSWER, NOT_DONE, OK, UNCONFIRMED, Context, choose, common, context, on_signal
from emulator.cli.login import converse
from emulator.clock import SystemClock
from emulator.config import devices_yaml
from emulator.errors import Unreachable
from emulator.model import DISARMS, Action, Arm, ArmMode, Command, Origin, Outcome, PanelState, Result
from emulator.store.journal import Journal
from emulator.system import local_api, logs, output
from emulator.system.local_api import Running
from emulator.system.lock import is_running

RESULTS = {Result.CONFIRMED: OK, Result.IGNORED: OK, Result.REJECTED: NOT_DONE, Result.UNCONFIRMED: UNCONFIRMED}

ONCE_MORE, EVERY_TIME = 1, 1_000_000
"""How many refusals of the same user and password do not keep `status` from trying: a third may lock the account."""


@click.command()
@common
@click.option("--installation", "name", help="Which alarm, where there are several.")
@click.option(
    "--retry-login", is_flag=True, help="Even if this user and password were refused twice. May lock the account."
)
@click.option("--ask-panel", is_flag=True, help="Wake the panel, which leaves a row in the alarm's log; not too often.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def status(name: str | None, retry_login: bool, ask_panel: bool, as_json: bool, **chosen: Any) -> None:
    """Ask the cloud where the panel stands; tries a refused login once more."""
    here = context(chosen, level="warning")
    program = program_of(here)
    known = _known(program, name) if program else {}
    if program and not known["health"]["blocked"] and not retry_login and not ask_panel:
        _way(program, as_json)
        _show_known(known, as_json)
        return
    with here.alarms() as alarms:
        _way(None, as_json)
        name = choose(list(alarms.settings.installations), name)
        installation = alarms.installation(name, refusals=EVERY_TIME if retry_login else ONCE_MORE)
        how = Reading.PANEL if ask_panel else Reading.POLL
        state = here.patiently(installation, lambda: installation.read_now(how))
    shown = {"installation": name, **output.fields(state), "via": "cloud"}
    click.echo(output.as_json(shown) if as_json else output.panel(name, state))


def _show_known(known: dict[str, Any], as_json: bool) -> None:
    """What the running program read last; as old news end with NO_ANSWER."""
    name, state, health = known["name"], local_api.panel(known), known["health"]
    if state:
        shown = {"installation": name, **output.fields(state), "via": "program"}
        click.echo(output.as_json(shown) if as_json else output.panel(name, state))
    if health["error"] or not state:
        raise Unreachable(health["error"] or "the running program has not read the panel yet")


@click.command()
@common
@click.option("--installation", "name", help="Which alarm of devices.yaml, where several have `cloud: owa`.")
@click.option("--country", type=click.Choice(list(OWA_LANGUAGES)), help="Instead of what devices.yaml says.")
@click.option("--url", default="", help="Another endpoint than the country's.")
def login(name: str | None, country: str | None, url: str, **chosen: Any) -> None:
    """Log in to the account of `cloud: owa`: password, and once a code by SMS. Neither is kept."""
    here = context(chosen, level="warning")
    redactor = logs.setup(here.level)
    settings = None if country else Settings.load(devices_yaml.find(here.config))
    typed = account_at(country, url) if country else None
    clock = click.get_current_context().obj or SystemClock()
    converse(settings, name, typed, here.state_dir, redactor.conceal, clock)


@click.command()
@common
@click.argument("mode")
@click.option("--installation", "name", help="Which alarm, where there are several.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def arm(mode: str, name: str | None, as_json: bool, **chosen: Any) -> None:
    """Arm: total, day, night, perimeter, annex, or a sum such as total+perimeter."""
    try:
        wanted = ArmMode.parse(mode)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="MODE") from None
    _command(Arm(wanted), name, as_json, chosen)


@click.command()
@common
@click.argument("what", type=click.Choice(list(DISARMS)), default="main")
@click.option("--installation", "name", help="Which alarm, where there are several.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def disarm(what: str, name: str | None, as_json: bool, **chosen: Any) -> None:
    """Disarm: main (interior and perimeter, the default), annex, or all."""
    _command(DISARMS[what], name, as_json, chosen)


def _command(action: Action, name: str | None, as_json: bool, chosen: dict[str, Any]) -> None:
    def progress(phase: Phase, text: str) -> None:
        if not as_json:
            click.echo(f"{phase}: {text}", err=True)

    here = context(chosen, level="error")
    if program := program_of(here):
        _way(program, as_json)
        _command_beside(here, program, action, name, as_json)
    with here.alarms() as alarms:
        _way(None, as_json)
        name = choose(list(alarms.settings.installations), name)
        installation = alarms.installation(name, on_progress=progress)
        ticket = installation.submit(Command(action, Origin("cli", os.environ.get("USER", ""))))

        def follow() -> None:
            while not ticket.done.done():
                installation.step()
            if ticket.done.result().result is Result.UNCONFIRMED and not here.stopping.is_set():
                installation.step()

        try:
            here.patiently(installation, follow)
        except Unreachable:
            installation.abandon()
        outcome, state = ticket.done.result(0), installation.view.state
    _end(name, action, outcome, state, via="cloud", as_json=as_json)


def _command_beside(here: Context, program: Running, action: Action, name: str | None, as_json: bool) -> NoReturn:
    """Let the running program do it: its queue, its session, its journal."""
    on_signal(here.stopping.set)
    name = str(_known(program, name)["name"])
    outcome, state = program.carry_out(name, action, here.stopping.wait)
    _end(name, action, outcome, state, via="program", as_json=as_json)


def _end(name: str, action: Action, outcome: Outcome, state: PanelState | None, *, via: str, as_json: bool) -> NoReturn:
    if as_json:
        ended = {"command": str(action), "result": outcome.result, "message": outcome.message, "via": via}
        click.echo(output.as_json({"installation": name, **ended, "panel": output.fields(state) if state else None}))
    else:
        click.echo(output.outcome(name, action, outcome, state))
    sys.exit(RESULTS.get(outcome.result, NO_ANSWER))


@click.command()
@common
@click.option("--installation", "name", help="Which alarm, where there are several.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def installation(name: str | None, as_json: bool, **chosen: Any) -> None:
    """Show the alarm's number, panel, sensors and services; never code words or contacts."""
    here = context(chosen, level="warning")
    with here.alarms() as alarms:
        name = choose(list(alarms.settings.installations), name)
        asked = alarms.installation(name)
        details = here.patiently(asked, asked.describe)
    if as_json:
        shown = {"installation": name, "number": details.number, "panel": details.panel, "alias": details.alias}
        click.echo(output.as_json({**shown, "devices": details.devices, "services": details.services}))
        return
    click.echo(f"{name}: installation {details.number}, panel {details.panel} {details.alias}".rstrip())
    for title, rows in (("SENSORS", details.devices), ("SERVICES", details.services)):
        if rows:
            click.echo(f"\n{title}\n{output.records(rows)}")


def program_of(here: Context) -> Running | None:
    """The `emulator run` on this state folder, if it has a local API."""
    logs.setup(here.level)
    return local_api.find(here.state_dir) if is_running(here.state_dir) else None


def _known(program: Running, name: str | None) -> dict[str, Any]:
    """What the running program knows of an alarm."""
    every = program.installations()
    return every[choose(list(every), name)]


def _way(program: Running | None, as_json: bool) -> None:
    """Say which way the answer comes."""
    if not as_json:
        click.echo(f"through the running program ({program.url})" if program else "straight to the cloud", err=True)


@click.command()
@common
@click.option("-n", "count", default=20, show_default=True, type=click.IntRange(1), help="How many.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def journal(count: int, as_json: bool, **chosen: Any) -> None:
    """Show the last commands: who asked for what, and how it ended."""
    here = context(chosen, level="warning")
    logs.setup(here.level)
    with closing(Journal(here.state_dir, read_only=True)) as book:
        entries = book.commands(count)
    click.echo(output.as_json([entry.as_dict() for entry in entries]) if as_json else output.journal(entries))
