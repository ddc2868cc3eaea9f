"""The command that looks for what keeps the program from working on this machine."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click

from emulator import doctor
from emulator.cli import colours
from emulator.cli.context import NOT_DONE, OK, USAGE, common, context, for_programs, which_interfaces
from emulator.cli.progress import waiting
from emulator.clock import SystemClock
from emulator.doctor.finding import Finding, Verdict
from emulator.system import output


@click.command()
@common
@which_interfaces
@for_programs
def check(interfaces: tuple[str, ...], as_json: bool, **chosen: Any) -> None:
    """Look for whatever keeps the program from working here, and say how to fix it. Sends nothing to the alarm."""
    here = context(chosen, level="error")
    clock = click.get_current_context().obj or SystemClock()
    with waiting("looking", quiet=as_json):
        found, usable = doctor.examine(here.config, here.state_dir, interfaces or None, clock)
    click.echo(output.as_json([asdict(one) for one in found]) if as_json else _table(found))
    wrong = any(one.verdict is Verdict.PROBLEM for one in found)
    sys.exit(USAGE if not usable else NOT_DONE if wrong else OK)


def _table(found: Sequence[Finding]) -> str:
    rows = [(one.verdict, one.check, f"{one.found} → {one.fix}" if one.fix else one.found) for one in found]
    return output.table(("VERDICT", "CHECK", "FOUND → HOW TO FIX IT"), rows, {"VERDICT": colours.by_word})
