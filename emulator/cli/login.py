"""The command that logs in to an account at the terminal, and says what belongs into devices.yaml."""

from typing import Any
from urllib.parse import urlsplit

import click

from emulator import clouds
from emulator.app.alarm_settings import InstallationSettings, account_at
from emulator.app.login_store import JournalVault
from emulator.app.settings import Settings
from emulator.cli.context import Context, common, context
from emulator.cli.talk import Talk
from emulator.cli.values import Words, complete_installations, did_you_mean
from emulator.clock import Clock, SystemClock
from emulator.clouds.account import Account
from emulator.clouds.enrolment import CodeRefused, Enrolment, code_of
from emulator.config import credentials
from emulator.errors import ConfigError, LoginRefused, Problem
from emulator.store import refused_logins
from emulator.store.journal import Journal
from emulator.system import output
from emulator.words.text import Text

CODES = 3
"""Number of codes that are asked for before it is better to begin again later."""


@click.command()
@common
@click.option(
    "--installation",
    "name",
    shell_complete=complete_installations,
    help="Which alarm of devices.yaml, where several have a login.",
)
@click.option("--country", type=Words(clouds.countries(*clouds.enrolling())), help="Instead of what devices.yaml says.")
@click.option("--url", default="", help="Another endpoint than the country's.")
def login(name: str | None, country: str | None, url: str, **chosen: Any) -> None:
    """Log in to the account of the alarm: password, and once a code by SMS or e-mail. Neither is kept."""
    here = context(chosen, level="warning")
    settings = None if country else here.load()
    typed = account_at(country, url) if country else None
    name, where = (name or "", typed) if typed else _chosen(settings, name)
    clock = click.get_current_context().obj or SystemClock()
    converse(Talk.of(settings.language if settings else None, where.country), settings, name, where, here, clock)


def converse(
    talk: Talk, settings: Settings | None, name: str, where: InstallationSettings, here: Context, clock: Clock
) -> None:
    """Ask until there is a login at `where`, which devices.yaml calls `name`. Raises CloudError."""
    given = credentials.known(name, here.environment)
    host = urlsplit(where.endpoint).netloc
    talk.tell(Text("Logging in at {host}. The password is used now, and not kept.", host=host))
    if doubt := where.row.countries[where.country].doubt:
        talk.tell(Text("{country}: {doubt}.", country=where.country, doubt=doubt))
    user = given.user or talk.ask(Text("User, as in the alarm's app")).strip()
    journal = Journal(here.state_dir)
    try:
        vault = JournalVault(journal, here.state_dir, host, user)
        password = given.password
        if password and vault.is_wrong(user, password):
            talk.tell(Text("The cloud has refused the password in the environment; correct it there, too."))
            password = ""
        password = password or talk.ask(Text("Password"), hidden=True)
        here.redactor.conceal(password)
        account = Account(user, password, where.country, where.language)
        enrolment = clouds.enrolling()[where.cloud](account, where.reach(where.endpoint, vault, {}), clock)
        with talk.asking_the_cloud():
            is_known = enrolment.begin()
        if not is_known:
            _confirm(talk, enrolment)
        talk.tell(Text("Logged in. It lasts for months."))
        with talk.asking_the_cloud():
            found = enrolment.installations()
        for known in _enrolling(settings):
            refused_logins.forget_all(journal, known)
    finally:
        journal.close()
    head = [talk.language.say(one) for one in (Text("NUMBER"), Text("PANEL"), Text("ALARM"))]
    click.echo("\n" + output.table(head, found) + "\n")
    _advise(talk, settings, where, [number for number, *_ in found])


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


def _confirm(talk: Talk, enrolment: Enrolment) -> None:
    """Confirm this program by a code that is sent to a person, which the cloud wants once."""
    heading = Text("The account does not know this program yet, and wants it confirmed by a code. It can be sent to:")
    for _ in range(CODES):
        talk.tell(heading)
        phone = enrolment.phones[talk.choose(Text("Send it to"), [phone.masked for phone in enrolment.phones])]
        with talk.asking_the_cloud():
            enrolment.send_code(phone)
        while not (code := code_of(talk.ask(Text("The code that was sent")))):
            talk.tell(Text("The code has digits alone."))
        try:
            with talk.asking_the_cloud():
                enrolment.confirm(code)
        except CodeRefused as error:
            heading = Text("{why}. Another one can be sent to:", why=str(error))
        else:
            return
    raise LoginRefused(Text("too many wrong codes: try again later, so that the account is not locked"))


def _advise(talk: Talk, settings: Settings | None, where: InstallationSettings, numbers: list[str]) -> None:
    """Say what to put into devices.yaml, or that it is right as it is."""
    stated = [one.number for one in _enrolling(settings).values()]
    if stated and all(number in numbers or (not number and len(numbers) == 1) for number in stated):
        talk.tell(Text("devices.yaml fits. Start the program: {command}", command="emulator run"))
        return
    talk.tell(Text("Write into devices.yaml:"))
    lines = ["installations:", "  home:", f"    cloud: {where.cloud}", f"    country: {where.country}"]
    lines += [f"    url: {where.url}"] if where.url else []
    lines += [f"    number: {number}" for number in numbers[:1]]
    others = [Text("or {setting}", setting=f"number: {number}") for number in numbers[1:]]
    lines += [f"    # {talk.language.say(other)}" for other in others]
    click.echo("\n".join(lines))
