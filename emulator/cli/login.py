"""The command that logs in to an OWA account at the terminal, and says what belongs into devices.yaml."""

from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import urlsplit

import click

from emulator import clouds
from emulator.app.alarm_settings import InstallationSettings, account_at
from emulator.app.login_store import JournalVault
from emulator.app.settings import Settings
from emulator.cli.context import Context, common, context
from emulator.cli.progress import Progress, waiting
from emulator.cli.values import Words, complete_installations, did_you_mean
from emulator.clock import Clock, SystemClock
from emulator.clouds.account import Account
from emulator.clouds.enrolment import CodeRefused, Enrolment, Phone
from emulator.config import credentials
from emulator.errors import ConfigError, LoginRefused, Problem
from emulator.store import refused_logins
from emulator.store.journal import Journal
from emulator.system import output

CODES = 3
"""Number of codes that are asked for before it is better to begin again later."""


@click.command()
@common
@click.option(
    "--installation",
    "name",
    shell_complete=complete_installations,
    help="Which alarm of devices.yaml, where several have `cloud: owa`.",
)
@click.option("--country", type=Words(clouds.countries(*clouds.enrolling())), help="Instead of what devices.yaml says.")
@click.option("--url", default="", help="Another endpoint than the country's.")
def login(name: str | None, country: str | None, url: str, **chosen: Any) -> None:
    """Log in to the account of `cloud: owa`: password, and once a code by SMS. Neither is kept."""
    here = context(chosen, level="warning")
    settings = None if country else here.load()
    typed = account_at(country, url) if country else None
    clock = click.get_current_context().obj or SystemClock()
    _converse(settings, name, typed, here, clock)


def _converse(
    settings: Settings | None, name: str | None, typed: InstallationSettings | None, here: Context, clock: Clock
) -> None:
    """Prompt until there is a login; `typed` is what the command line says instead of the settings.

    Raises ConfigError and CloudError.
    """
    name, where = (name or "", typed) if typed else _chosen(settings, name)
    given = credentials.known(name, here.environment)
    host = urlsplit(where.endpoint).netloc
    click.echo(f"Logging in at {host}. The password is used now, and not kept.")
    user = given.user or _asked("User, as in the alarm's app").strip()
    journal = Journal(here.state_dir)
    try:
        vault = JournalVault(journal, here.state_dir, host, user)
        password = given.password
        if password and vault.is_wrong(user, password):
            click.echo("The cloud has refused the password in the environment; correct it there, too.")
            password = ""
        password = password or _asked("Password", hidden=True)
        here.redactor.conceal(password)
        account = Account(user, password, where.country, where.language)
        enrolment = clouds.enrolling()[where.cloud](account, where.reach(where.endpoint, vault, {}), clock)
        with _asking():
            is_known = enrolment.begin()
        if not is_known:
            _confirm(enrolment)
        click.echo("Logged in. It lasts for months, and nothing will ask for a code again.")
        with _asking():
            found = enrolment.installations()
        for known in _enrolling(settings):
            refused_logins.forget_all(journal, known)
    finally:
        journal.close()
    click.echo("\n" + output.table(("NUMBER", "PANEL", "ALARM"), found))
    click.echo("\n" + _advice(settings, where, [number for number, *_ in found]))


def _asking() -> AbstractContextManager[Progress]:
    return waiting("the cloud is asked", quiet=False)


def _asked(what: str, *, hidden: bool = False) -> str:
    """Prompt for a text; ask again after a blank, since it would count as a wrong one."""
    while True:
        typed = str(click.prompt(what, hide_input=hidden))
        if typed.strip():
            return typed


def _enrolling(settings: Settings | None) -> dict[str, InstallationSettings]:
    """Return the installations whose login a person makes here."""
    here = clouds.enrolling()
    return {name: one for name, one in settings.installations.items() if one.cloud in here} if settings else {}


def _chosen(settings: Settings | None, name: str | None) -> tuple[str, InstallationSettings]:
    installations = _enrolling(settings)
    needed = clouds.names(lambda row: row.enrol is not None, "cloud: ")
    if name is not None and name not in installations:
        known, meant = ", ".join(installations) or "none", did_you_mean(name, installations)
        raise ConfigError(
            [Problem("--installation", f"{name!r} has no {needed} in devices.yaml; these have: {known}.{meant}")]
        )
    if not installations:
        problem = f"no installation has {needed}; write that into devices.yaml first, or say --country ES (or yours)"
        raise ConfigError([Problem("installations", problem)])
    places = {(one.country, one.url) for one in installations.values()}
    if name is None and len(places) > 1:
        raise ConfigError([Problem("--installation", f"is missing: which of {', '.join(installations)}?")])
    return (name, installations[name]) if name else next(iter(installations.items()))


def _confirm(enrolment: Enrolment) -> None:
    """Confirm this program's device by a code sent by SMS, which the cloud wants once."""
    heading = "The account does not know this program yet, and wants it confirmed by a code. It can be sent by SMS to:"
    for _ in range(CODES):
        click.echo(heading)
        phone = _phone(enrolment.phones)
        with _asking():
            enrolment.send_code(phone)
        code = click.prompt("The code from the SMS").strip()
        try:
            with _asking():
                enrolment.confirm(code)
        except CodeRefused as error:
            heading = f"{error}. Another one can be sent to:"
        else:
            return
    raise LoginRefused("too many wrong codes: try again later, so that the account is not locked")


def _phone(phones: tuple[Phone, ...]) -> Phone:
    for index, phone in enumerate(phones, 1):
        click.echo(f"  {index}  {phone.masked}")
    chosen = click.prompt("Send it to", type=click.IntRange(1, len(phones)), default=1)
    return phones[chosen - 1]


def _advice(settings: Settings | None, where: InstallationSettings, numbers: list[str]) -> str:
    """Return what to put into devices.yaml, or that it is right as it is."""
    stated = [one.number for one in _enrolling(settings).values()]
    if stated and all(number in numbers or (not number and len(numbers) == 1) for number in stated):
        return "devices.yaml fits. Start the program: emulator run"
    lines = ["Write into devices.yaml:", "installations:", "  home:"]
    lines += [f"    cloud: {where.cloud}", f"    country: {where.country}"]
    lines += [f"    url: {where.url}"] if where.url else []
    lines += [f"    number: {number}" for number in numbers[:1]]
    lines += [f"    # or number: {number}" for number in numbers[1:]]
    return "\n".join(lines)
