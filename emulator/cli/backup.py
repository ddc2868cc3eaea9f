"""The command that makes a backup."""

import socket
from pathlib import Path
from typing import Any

import click

from emulator.archive import backup as archive
from emulator.archive import bundle, seal
from emulator.archive.bundle import BackupUnfit
from emulator.cli.context import PATH, common, context
from emulator.cli.prompt import prompt
from emulator.clock import SystemClock
from emulator.config import devices_yaml
from emulator.errors import ConfigError, Problem

SECRETS = "user and password that set-up keeps, logins, PIN, and the keys of paired clients and of HomeKit"

phrase_from = click.option("--passphrase-file", type=PATH, help="File whose first line is the passphrase.")


@click.command()
@common
@click.argument("file", type=PATH)
@click.option("--with-secrets", is_flag=True, help="With logins, PIN and pairings; encrypted with a passphrase.")
@phrase_from
def backup(file: Path, with_secrets: bool, passphrase_file: Path | None, **chosen: Any) -> None:
    """Write state and settings into one FILE, also while the program runs; secrets only with --with-secrets."""
    here = context(chosen, level="warning")
    if passphrase_file and not with_secrets:
        raise click.UsageError("--passphrase-file is for --with-secrets: without secrets nothing is encrypted")
    # Without any settings there is a state all the same; but not if a file was named.
    settings = here.file if here.config else devices_yaml.look(None, here.state_dir)
    phrase = ""
    if with_secrets:
        seal.require()
        phrase = passphrase(passphrase_file, is_new=True)
        here.redactor.conceal(phrase)
    now = (click.get_current_context().obj or SystemClock()).time()
    made, counted = archive.collect(
        here.state_dir, settings, with_secrets=with_secrets, now=now, host=socket.gethostname()
    )
    try:
        data = bundle.packed(made)
    except BackupUnfit as error:
        raise ConfigError([Problem(str(here.state_dir), str(error))]) from None
    archive.write(file, seal.sealed(data, phrase) if with_secrets else data)
    click.echo(f"Written: {file}, from the state folder {here.state_dir} and {settings or 'without settings'}")
    click.echo(f"It holds {counted}.")
    if with_secrets:
        click.echo("It holds the secrets, too, and cannot be read without the passphrase, not by you either.")
    else:
        click.echo(f"It does not hold {SECRETS}: those come with --with-secrets.")
    click.echo("What stands in the environment is in no backup, such as VERISURE_PASSWORD.")


def passphrase(file: Path | None, *, is_new: bool) -> str:
    """Return the passphrase from the file, or from the terminal; a new one is asked for twice."""
    if file is None:
        found = str(prompt("Passphrase", hide_input=True, confirmation_prompt="Once more" if is_new else False))
    else:
        try:
            found = file.read_text(encoding="utf-8-sig").partition("\n")[0].rstrip("\r")
        except (OSError, UnicodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not in UTF-8"
            raise ConfigError([Problem(str(file), f"the passphrase cannot be read: {why}")]) from None
    if not found:
        raise ConfigError([Problem(str(file), "its first line is empty: that is where the passphrase stands")])
    if is_new and len(found) < seal.LEAST_LETTERS:
        least = f"a passphrase has {seal.LEAST_LETTERS} letters or more, such as five words"
        raise click.UsageError(f"{least}: whoever finds the file may guess for years")
    return found
