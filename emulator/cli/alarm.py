"""Commands about the alarm: the panel's state, arm, disarm, and the installation."""

import logging
import os
import sys
from typing import Any, NoReturn

import click

from emulator.alarm.cloud import Phase, Reading, Report
from emulator.alarm.installation import Installation
from emulator.cli import colours
from emulator.cli.context import (
    NO_ANSWER,
    NOT_DONE,
    OK,
    UNCONFIRMED,
    Context,
    choose,
    common,
    context,
    for_programs,
    on_signal,
    show_route,
    which_alarm,
)
from emulator.cli.progress import Progress, waiting
from emulator.cli.terminal import Terminal
from emulator.cli.values import ModeType, Words
from emulator.errors import Unreachable
from emulator.model import DISARMS, Action, Arm, ArmMode, Command, Origin, Outcome, PanelState, Result
from emulator.system import local_api, output
from emulator.system.local_api import Running

LOG = logging.getLogger(__name__)

STATUSES = {Result.CONFIRMED: OK, Result.IGNORED: OK, Result.REJECTED: NOT_DONE, Result.UNCONFIRMED: UNCONFIRMED}
"""Exit status of arm and disarm by result; any other is NO_ANSWER."""

ENDS = {
    Result.CONFIRMED: "done",
    Result.REJECTED: "refused",
    Result.REFUSED: "refused",
    Result.UNCONFIRMED: "not sure",
    Result.IGNORED: "changed nothing",
    Result.SUPERSEDED: "not sent",
    Result.FAILED: "failed",
}
"""Word for each end of a command, behind its progress."""

ONCE_MORE, EVERY_TIME = 1, 1_000_000
"""Refusals of the same user and password after which `status` still tries: a third may lock the account."""


@click.command()
@common
@which_alarm
@click.option(
    "--retry-login", is_flag=True, help="Even if this user and password were refused twice. May lock the account."
)
@click.option("--ask-panel", is_flag=True, help="Wake the panel, which leaves a row in the alarm's log; not too often.")
@for_programs
def status(name: str | None, retry_login: bool, ask_panel: bool, as_json: bool, **chosen: Any) -> None:
    """Ask the cloud where the panel stands; tries a refused login once more."""
    here = context(chosen, level="warning")
    program = here.program()
    known = _known(program, name) if program else {}
    if program and not known["health"]["blocked"] and not retry_login and not ask_panel:
        if not as_json:
            show_route(program)
        _show_known(known, as_json)
        return
    with here.alarms() as alarms:
        if not as_json:
            show_route(None)
        name = choose(list(alarms.settings.installations), name)
        installation = alarms.installation(name, refusals=EVERY_TIME if retry_login else ONCE_MORE)
        how = Reading.PANEL if ask_panel else Reading.POLL
        with waiting("the panel is asked" if ask_panel else "the cloud is asked", quiet=as_json):
            state = here.patiently(installation, lambda: installation.read_now(how))
    _show_state(name, state, "cloud", as_json)


def _show_known(known: dict[str, Any], as_json: bool) -> None:
    """Print the state that the running program read last; Unreachable if its last poll failed."""
    if state := local_api.panel(known):
        _show_state(known["name"], state, "program", as_json)
    error = known["health"]["error"]
    if error or not state:
        raise Unreachable(error or "the running program has not read the panel yet")


def _show_state(name: str, state: PanelState, via: str, as_json: bool) -> None:
    shown = {"installation": name, **output.fields(state), "via": via}
    click.echo(output.as_json(shown) if as_json else output.panel(name, state, colours.bold))


@click.command()
@common
@click.argument("mode", type=ModeType())
@which_alarm
@for_programs
def arm(mode: ArmMode, name: str | None, as_json: bool, **chosen: Any) -> None:
    """Arm: total, day, night, perimeter, annex, or a sum such as total+perimeter."""
    _carry_out(Arm(mode), name, as_json, chosen)


@click.command()
@common
@click.argument("what", type=Words(list(DISARMS)), default="main")
@which_alarm
@for_programs
def disarm(what: str, name: str | None, as_json: bool, **chosen: Any) -> None:
    """Disarm: main (interior and perimeter, the default), annex, or all."""
    _carry_out(DISARMS[what], name, as_json, chosen)


def _carry_out(action: Action, name: str | None, as_json: bool, chosen: dict[str, Any]) -> NoReturn:
    """Carry out a command through the running program, with its queue, session and journal, or else by ourselves."""
    here = context(chosen, level="error")
    if program := here.program():
        if not as_json:
            show_route(program)
        on_signal(here.stopping.set)
        name = str(_known(program, name)["name"])
        with waiting("the running program has it", quiet=as_json) as progress:
            outcome, state = program.carry_out(name, action, here.stopping.wait)
            progress.end(ENDS[outcome.result])
    else:
        name, outcome, state = _carry_out_alone(here, action, name, as_json)
    if as_json:
        via = "program" if program else "cloud"
        ended = {"command": str(action), "result": outcome.result, "message": outcome.message, "via": via}
        text = output.as_json({"installation": name, **ended, "panel": output.fields(state) if state else None})
    else:
        text = output.outcome(name, action, outcome, state, colours.by_word)
    # The status tells the end of the command, also where nobody can read of it.
    Terminal().echo(text)
    sys.exit(STATUSES.get(outcome.result, NO_ANSWER))


def _carry_out_alone(
    here: Context, action: Action, name: str | None, as_json: bool
) -> tuple[str, Outcome, PanelState | None]:
    with here.alarms() as alarms:
        if not as_json:
            show_route(None)
        name = choose(list(alarms.settings.installations), name)
        now = alarms.clock.monotonic
        with waiting("the cloud is asked", quiet=as_json, now=now) as progress:
            installation = alarms.installation(name, on_progress=_steps(name, progress))
            outcome = _send(here, installation, action)
            progress.end(ENDS[outcome.result])
        return name, outcome, installation.view.state


def _send(here: Context, installation: Installation, action: Action) -> Outcome:
    """Carry out a command, and after an unconfirmed end ask the panel."""
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
    return ticket.done.result(0)


def _steps(name: str, progress: Progress) -> Report:
    """Return what tells the progress of a command in words for people. The names of requests go to the log alone."""
    sent: list[str] = []

    def report(phase: Phase, request: str) -> None:
        LOG.debug("%s: %s: %s", name, phase, request)
        if phase is Phase.SENDING:
            # Anew only after a refusal: then nothing came of it. A sum of modes is several requests.
            anew = " anew" if request in sent else ""
            sent.extend([] if anew else [request])
            part = f", part {len(sent)}" if len(sent) > 1 else ""
            progress.step(f"the panel is asked{anew}{part}")
        elif phase is Phase.ACCEPTED:
            progress.step("accepted")

    return report


@click.command()
@common
@which_alarm
@for_programs
def installation(name: str | None, as_json: bool, **chosen: Any) -> None:
    """Show the alarm's number, panel, sensors and services; never code words or contacts."""
    here = context(chosen, level="warning")
    with here.alarms() as alarms:
        name = choose(list(alarms.settings.installations), name)
        asked = alarms.installation(name)
        with waiting("the cloud is asked", quiet=as_json):
            details = here.patiently(asked, asked.describe)
    if as_json:
        shown = {"installation": name, "number": details.number, "panel": details.panel, "alias": details.alias}
        click.echo(output.as_json({**shown, "devices": details.devices, "services": details.services}))
        return
    click.echo(f"{name}: installation {details.number}, panel {details.panel} {details.alias}".rstrip())
    for title, rows in (("SENSORS", details.devices), ("SERVICES", details.services)):
        if rows:
            click.echo(f"\n{title}\n{output.records(rows)}")


def _known(program: Running, name: str | None) -> dict[str, Any]:
    """Return what the running program knows of an alarm."""
    every = program.installations()
    return every[choose(list(every), name)]
