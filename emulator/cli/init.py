"""The command that sets the program up at the terminal, with the same steps as the page."""

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from emulator import clouds
from emulator.cli import service
from emulator.cli.context import Context, common, context
from emulator.cli.progress import waiting
from emulator.cli.prompt import confirm, prompt
from emulator.cli.values import Words
from emulator.clock import SystemClock
from emulator.config import devices_yaml
from emulator.errors import CloudError, ConfigError
from emulator.setup import notices, place, proposals, steps
from emulator.setup.answers import AnswerRefused, SwitchAnswer
from emulator.setup.set_up import SetUp
from emulator.store.journal import Journal
from emulator.store.pin import is_set, set_pin
from emulator.system import shipped
from emulator.system.lock import is_running
from emulator.words.language import LANGUAGES, of_house

TRIES = 5
"""Answers to one question before it is better to begin again."""


@click.command()
@common
@click.option("--systemd", is_flag=True, help="Instead, write the unit that runs this installation with systemd.")
@click.option("--print", "shown", type=Words(shipped.FILES), help="Instead, print a file that comes with the program.")
def init(systemd: bool, shown: str | None, **chosen: Any) -> None:
    """Set the program up by questions: alarm, switches, PIN, doors, notices; keeps your own lines."""
    here = context(chosen, level="error")
    if shown:
        click.echo(shipped.text(shown), nl=False)
    elif systemd:
        clock = click.get_current_context().obj or SystemClock()
        for line in service.write(here, service.Machine.here(), clock):
            click.echo(line)
    else:
        _ask(here)


def _ask(here: Context) -> None:
    was_there = devices_yaml.look(here.config, here.state_dir)
    path = place.own(was_there, here.config) if was_there else place.new(here.config, here.state_dir)
    clock = click.get_current_context().obj or SystemClock()
    with closing(Journal(here.state_dir)) as journal:
        program = here.program()
        to_set = program.set_pin if program else (lambda pin: set_pin(journal, pin))
        one = SetUp(path, here.state_dir, journal, clock, conceal=here.redactor.conceal, set_pin=to_set)
        if one.before:
            _change(one, journal)
        else:
            _walk(one, journal, [step.name for step in steps.STEPS])
    click.echo(_farewell(here, path, is_new=not was_there))


def _walk(one: SetUp, journal: Journal, names: list[str]) -> None:
    """Ask step by step; one that was not answered well is asked again, a login from its begin."""
    for name in names:
        step = steps.BY_NAME[name]
        for tries_left in reversed(range(TRIES)):
            if not step.applies(one):
                break
            click.echo(f"\n{click.style(step.title, bold=True)}\n{step.why}")
            try:
                ASK[name](one, journal)
                break
            except (AnswerRefused, CloudError, ConfigError) as error:
                click.echo(f"{click.style('Not taken:', bold=True)} {error}", err=True)
                if name == "review" or not tries_left:
                    raise


def _change(one: SetUp, journal: Journal) -> None:
    """Ask what to change in a file that is there."""
    later = [step.name for step in steps.STEPS if step.later]
    kept = (
        "" if one.source == one.path else f" It stays as it is: what you change goes into {one.path}, which then wins."
    )
    click.echo(f"{one.source} is there.{kept} What shall be changed?")
    for name in later:
        click.echo(f"  {name:<9} {steps.BY_NAME[name].title}")
    while True:
        name = prompt("Change, or save", type=Words([*later, "save"]), default="save")
        if name == "save":
            break
        _walk(one, journal, [*steps.ACCOUNT, "switches"] if name == steps.ACCOUNT[0] else [name])
    if one.is_changed:
        _walk(one, journal, ["review"])
    else:
        click.echo("Nothing has changed.")


def _alarm(one: SetUp, _journal: Journal) -> None:
    if confirm("Try the simulated alarm first?", default=False):
        country = _country(*(name for name, row in clouds.rows().items() if row.simulated))
        one.simulate(country, _language(country))
        return
    known = [name for name, row in clouds.rows().items() if not row.simulated]
    country = _country(*known)
    language = _language(country)
    fits = [name for name in known if country in clouds.countries(name)]
    cloud = prompt("Its API", type=Words(fits), default=fits[0]) if len(fits) > 1 else fits[0]
    url = prompt("Another server than the country's", default="", show_default=False)
    one.choose_place(country, language, cloud, url)


def _country(*names: str) -> str:
    known = clouds.countries(*names)
    click.echo("  ".join(f"{code} {proposals.COUNTRIES.get(code, code)}" for code in known))
    return str(prompt("Country of the alarm", type=Words(known), default=known[0]))


def _language(country: str) -> str:
    usual = of_house(None, country).tag
    return str(prompt("Language of the house, for names and notices", type=Words(LANGUAGES), default=usual))


def _login(one: SetUp, _journal: Journal) -> None:
    place = one.login.place if one.login else None
    if place and (doubt := place.row.countries[place.country].doubt):
        click.echo(f"{place.country}: {doubt}.")
    user = _typed("User, as in the alarm's app")
    password = _typed("Password", hidden=True)
    with waiting("the cloud is asked", quiet=False):
        one.log_in(user, password)


def _code(one: SetUp, _journal: Journal) -> None:
    talk = one.login
    for number, phone in enumerate(talk.phones if talk else (), 1):
        click.echo(f"  {number}  {phone.masked}")
    which = prompt("Send the code to", type=int, default=1)
    with waiting("the cloud is asked", quiet=False):
        one.send_code(which - 1)
    code = _typed("The code that was sent")
    with waiting("the cloud is asked", quiet=False):
        one.confirm(code)


def _alarms(one: SetUp, _journal: Journal) -> None:
    talk = one.login
    found = talk.found if talk else ()
    chosen = [each.number for each in found if confirm(f"Use {each.alias or '-'} ({each.number})?", default=True)]
    with waiting("the cloud is asked", quiet=False):
        one.choose_alarms(chosen)


def _switches(one: SetUp, _journal: Journal) -> None:
    wanted: list[SwitchAnswer] = []
    for alarm in one.answers.alarms:
        click.echo(f"{alarm.title}:")
        for choice in one.choices(alarm):
            unsure = "" if choice.is_sure else " (the alarm does not tell whether it has this)"
            if not confirm(f"  A switch for {choice.switch.mode}{unsure}?", default=choice.wanted):
                continue
            name = prompt("    Its name, as you say it", default=choice.switch.name).strip()
            disarms = confirm("    Does off disarm?", default=choice.switch.disarms)
            wanted.append(replace(choice.switch, name=name, disarms=disarms))
    one.take_switches(wanted)


def _keypad(one: SetUp, _journal: Journal) -> None:
    said = {alarm.name: f"Code of {alarm.title} (empty: each command has to bring it)" for alarm in one.coded}
    one.take_codes({name: prompt(about, default="", hide_input=True) for name, about in said.items()})


def _pin(one: SetUp, journal: Journal) -> None:
    if is_set(journal) and not confirm("There is a PIN. Set another one?", default=False):
        return
    if pin := prompt("PIN (4 to 12 digits, better 6 or more; empty for none)", default="", hide_input=True):
        one.take_pin(pin, prompt("Once more", hide_input=True))


def _doors(one: SetUp, _journal: Journal) -> None:
    given: dict[str, Mapping[str, str]] = {}
    for door in one.door_choices():
        click.echo(f"  {door.title}: {door.purpose}")
        if door.obstacle:
            click.echo(f"  {door.obstacle}")
        if confirm(f"  Open the {door.title}?", default=door.wanted):
            asked = [key for key in door.keys if not key.is_rare or door.obstacle]
            typed = {key.key: prompt(f"    {key.key}: {key.help}", default=key.value or None) for key in asked}
            given[door.name] = {key.key: key.value for key in door.keys} | typed
    one.take_doors(given)


def _notices(one: SetUp, _journal: Journal) -> None:
    for name in notices.names(one.targets):
        click.echo(f"  {name}")
    if not one.targets_are_ours:
        click.echo("The targets are in the environment (VERISURE_NOTIFY): change them there.")
        return
    while url := prompt("Apprise URL of a target (empty for no more)", default="", hide_input=True):
        one.add_target(url)
        if confirm("Send a test there?", default=True):
            with waiting("it is sent", quiet=False):
                said = notices.send_test(one.targets, len(one.targets) - 1, one.answers.spoken)
            click.echo(said)


def _review(one: SetUp, _journal: Journal) -> None:
    click.echo("\n" + (one.difference() if one.before else one.text()))
    if not confirm(f"Write {one.path}?", default=True):
        raise click.Abort
    if backup := one.save():
        click.echo(f"The file before is kept: {backup}")


ASK: dict[str, Callable[[SetUp, Journal], None]] = {
    "alarm": _alarm,
    "login": _login,
    "code": _code,
    "alarms": _alarms,
    "switches": _switches,
    "keypad": _keypad,
    "pin": _pin,
    "doors": _doors,
    "notices": _notices,
    "review": _review,
}
"""Step → its questions."""


def _typed(what: str, *, hidden: bool = False) -> str:
    """Prompt for a text; ask again after a blank."""
    while True:
        typed = str(prompt(what, hide_input=hidden))
        if typed.strip():
            return typed


def _farewell(here: Context, path: Path, *, is_new: bool) -> str:
    named = f" --config {path}" if here.config else ""
    if is_running(here.state_dir) and is_new:
        return "The program that waits to be set up starts with it now."
    if is_running(here.state_dir):
        return "The running program goes by the settings before: restart it."
    return f"Start the program: emulator run{named}"
