"""The command that puts a backup back."""

from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import click

from emulator.archive import backup as archive
from emulator.archive import bundle, journal_copy, seal
from emulator.archive import restore as put
from emulator.archive.bundle import BackupUnfit, Made
from emulator.archive.journal_copy import Inventory
from emulator.archive.restore import Done, Ready
from emulator.cli.backup import SECRETS, passphrase, phrase_from
from emulator.cli.context import PATH, Context, common, context
from emulator.cli.prompt import confirm
from emulator.clock import SystemClock
from emulator.config import devices_yaml
from emulator.errors import ConfigError, EmulatorError, Problem
from emulator.model import Origin
from emulator.setup import place
from emulator.setup.answers import AnswerRefused
from emulator.store.journal import Journal
from emulator.system import lock, output
from emulator.words.spoken import length
from emulator.words.text import Text

BEHIND_S = 60.0
"""Difference of two clocks that is no mistake of either."""


@click.command()
@common
@click.argument("file", type=PATH)
@click.option("--state-only", is_flag=True, help="Leave devices.yaml as it is.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@phrase_from
def restore(file: Path, state_only: bool, yes: bool, passphrase_file: Path | None, **chosen: Any) -> None:
    """Put state and settings of a backup back; what is there now is put aside. Not while the program runs."""
    here = context(chosen, level="warning")
    now = (click.get_current_context().obj or SystemClock()).time()
    with lock.acquire(here.state_dir):
        checked = _checked(here, file, passphrase_file)
        settings = None if state_only or not checked.bundle.settings else _place(here)
        for line in _describe(checked, here.state_dir, settings, now):
            click.echo(line)
        if not yes:
            confirm("Put it back?", abort=True)
        done = put.put_back(checked, here.state_dir, settings, now)
        _note(here.state_dir, checked.bundle.made, now)
    for line in _farewell(checked, here.state_dir, settings, done):
        click.echo(line)


def _checked(here: Context, file: Path, passphrase_file: Path | None) -> Ready:
    """Read a backup, and check all of it."""
    data = archive.read(file)
    if seal.is_sealed(data):
        seal.require()
        phrase = passphrase(passphrase_file, is_new=False)
        here.redactor.conceal(phrase)
    try:
        return put.ready(bundle.unpacked(seal.opened(data, phrase) if seal.is_sealed(data) else data))
    except BackupUnfit as error:
        raise ConfigError([Problem(str(file), str(error))]) from None


def _place(here: Context) -> Path:
    found = devices_yaml.look(here.config, here.state_dir)
    try:
        return place.own(found, here.config) if found else place.new(here.config, here.state_dir)
    except AnswerRefused as error:
        raise ConfigError([Problem("settings", f"{error}; {put.STATE_ONLY}")]) from None


def _describe(checked: Ready, state_dir: Path, settings: Path | None, now: float) -> list[str]:
    """Say what a backup holds, and what it would replace."""
    made = checked.bundle.made
    secrets = "with" if made.has_secrets else "without"
    lines = [
        f"Made on {made.host} at {output.moment(made.at)} by emulator {made.program}, {secrets} secrets.",
        f"It holds {checked.inventory}.",
    ]
    if there := _there(state_dir):
        lines.append(f"{state_dir} holds {there}. That is put aside in the folder, and not mixed with this.")
        if there.is_of_others(checked.inventory):
            lines.append("Those are OTHER ALARMS than the backup's: is it the right folder, and the right file?")
    lines.append(f"Settings: {settings}" if settings else "Settings: none are put back")
    if made.at > now + BEHIND_S:
        lines.append(f"This machine's clock is {length(made.at - now)} behind that of the backup: set it first.")
    return ["".join(letter if letter.isprintable() else "?" for letter in line) for line in lines]


def _there(state_dir: Path) -> Inventory | None:
    """Count what the state folder holds now; None if that is nothing, or cannot be read."""
    with suppress(EmulatorError), closing(journal_copy.copied(state_dir)) as db:
        return journal_copy.inventory(db)
    return None


def _note(state_dir: Path, made: Made, now: float) -> None:
    """Write the restore into the journal, for whoever wonders later."""
    how = Text("a backup of {host}, made at {time}", host=made.host, time=output.moment(made.at))
    with suppress(EmulatorError), closing(Journal(state_dir)) as journal:
        journal.did(Origin("cli"), "restore", how, now)


def _farewell(checked: Ready, state_dir: Path, settings: Path | None, done: Done) -> list[str]:
    made = checked.bundle.made
    time = output.moment(made.at)
    lines = [f"Restored: {state_dir}" + (f" and {settings}" if settings else "")]
    lines += [f"The state before is kept: {done.state}"] if done.state else []
    lines += [f"The settings before are kept: {done.settings}"] if done.settings else []
    lines.append("Nothing of it is sent: commands that were under way are closed as unconfirmed, and where the panel")
    lines.append("stands is unknown until it is read.")
    if made.has_secrets:
        lines.append(f"Logins, PIN and pairings are those of {time}. Who was unpaired since is paired again: see")
        lines.append(
            "`emulator pair --list` and `emulator homekit`. If a login was used elsewhere since, it has ended:"
        )
        lines.append("`emulator login`.")
    else:
        lines.append(f"It did not hold {SECRETS}.")
        lines.append("So: `emulator login`, `emulator pin`, and pair Hue apps and the Home app again.")
    lines.append("If the program still runs elsewhere with this state, stop it there first: two with the same switches")
    lines.append("confuse Echos, hubs and brokers, and end each other's login. Then: emulator run")
    return lines
