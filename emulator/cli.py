"""The commands that a person types. Exit statuses are in EXIT."""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import click
import platformdirs

from emulator import __version__, config, credentials, logs, pairing, show
from emulator.app import Alarms, App, is_running
from emulator.config import Settings
from emulator.credentials import Credentials
from emulator.doors import search
from emulator.errors import CloudError, ConfigError, EmulatorError, Problem, Unreachable
from emulator.installation import Installation
from emulator.journal import Journal
from emulator.model import Action, Arm, ArmMode, Command, Disarm, Origin, Result
from emulator.simulator.backend import Account
from emulator.simulator.panel import House, Profile
from emulator.simulator.server import SimulatedAlarm
from emulator.verisure.cloud import Phase

log = logging.getLogger(__name__)

OK, NOT_DONE, USAGE, UNCONFIRMED, NO_ANSWER = 0, 1, 2, 3, 4
EXIT = {
    # The exit statuses of every command, as `emulator --help` and the README list them.
    OK: "done",
    NOT_DONE: "refused: the panel or the cloud said no",
    USAGE: "the command line or the settings are wrong",
    UNCONFIRMED: "unconfirmed: the command may have been carried out",
    NO_ANSWER: "the cloud does not answer, or refused the login",
}
RESULTS = {Result.CONFIRMED: OK, Result.IGNORED: OK, Result.REJECTED: NOT_DONE, Result.UNCONFIRMED: UNCONFIRMED}

ONCE_MORE, EVERY_TIME = 1, 1_000_000
"""How many refusals of the same user and password do not keep `status` from trying: a third may lock the account."""

LOOK_S = 0.05
"""How soon a command notices that the answer is there; nobody sees less."""

FIRST_NEWS_S = 3.5
"""For the first state to be there when `run` says that it is ready, which shall not take longer than 5 s."""

GIVE_UP_S = 3.0
"""For the session to end after Ctrl-C; the whole stop has to fit into 5 s."""

SEARCH_S = 4.0
"""How long `discover` listens: devices spread their answers over the 3 s that it allows."""


Answer = TypeVar("Answer")


@dataclass(slots=True)
class Context:
    """The options that every command knows."""

    config: Path | None
    state_dir: Path
    level: str
    stopping: threading.Event = field(default_factory=threading.Event)

    def settings(self) -> tuple[Settings, dict[str, Credentials]]:
        """Settings and secrets, with logging set up to hide the latter."""
        redactor = logs.setup(self.level)
        settings = config.load(config.find(self.config))
        secrets = credentials.read(settings)
        for one in secrets.values():
            redactor.conceal(one.password)
        return settings, secrets

    @contextmanager
    def alarms(self) -> Iterator[Alarms]:
        """The far side, for a command that a person types; it lives by the clock that the caller brings, if any."""
        clock = click.get_current_context().obj
        alarms = Alarms(*self.settings(), self.state_dir, shared=True, clock=clock)
        # Ctrl-C ends the wait for the panel; what was sent is then unconfirmed, not forgotten.
        _on_signal(self.stopping.set, alarms.clock.stop)
        try:
            yield alarms
        finally:
            alarms.clock.stop()
            alarms.close()

    def patiently(self, installation: Installation, call: Callable[[], Answer]) -> Answer:
        """Ask the cloud something, and end the session; Ctrl-C is heard even while the cloud is silent."""
        answer: Future[Answer] = Future()

        def ask() -> None:
            try:
                found = call()
                installation.close()
                answer.set_result(found)
            except BaseException as error:
                installation.close()
                answer.set_exception(error)

        threading.Thread(target=ask, name="ask", daemon=True).start()
        while not answer.done() and not self.stopping.wait(LOOK_S):
            pass
        try:
            return answer.result(GIVE_UP_S)
        except TimeoutError:
            raise Unreachable("stopped before the cloud answered") from None


def common(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of every command, which may stand before or after its name."""
    options: Sequence[Callable[..., Any]] = (
        click.option("--config", type=click.Path(path_type=Path), help="Settings file, instead of ./devices.yaml."),
        click.option("--state-dir", type=click.Path(path_type=Path), help="Folder for the journal and identities."),
        click.option("--log-level", type=click.Choice(logs.LEVELS), help="How much to say on standard error."),
    )
    for option in options:
        command = option(command)
    return command


def context(chosen: dict[str, Any], *, level: str) -> Context:
    """What the options say: after the command's name, before it, in the environment, or by default."""
    outer = click.get_current_context().find_root().params
    options = {name: chosen.pop(name) or outer.get(name) for name in ("config", "state_dir", "log_level")}
    state_dir = options["state_dir"] or os.environ.get("EMULATOR_STATE_DIR")
    return Context(
        options["config"],
        Path(state_dir) if state_dir else platformdirs.user_state_path(config.APP_NAME),
        options["log_level"] or level,
    )


class Main(click.Group):
    """Turns errors into words and exit statuses."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            for problem in error.problems:
                click.echo(f"emulator: {problem}", err=True)
            ctx.exit(USAGE)
        except CloudError as error:
            click.echo(f"emulator: {error}", err=True)
            ctx.exit(NO_ANSWER)
        except EmulatorError as error:
            click.echo(f"emulator: {error}", err=True)
            ctx.exit(NOT_DONE)


@click.group(
    cls=Main,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit status: " + "; ".join(f"{status} {meaning}" for status, meaning in EXIT.items()) + ".",
)
@common
@click.version_option(__version__, prog_name="emulator")
def main(**_chosen: Any) -> None:
    """Your Verisure / Securitas Direct alarm as switches on the home LAN."""


@main.command()
@common
@click.option("--interface", "interfaces", multiple=True, help="Only on this network interface; may be repeated.")
def run(interfaces: tuple[str, ...], **chosen: Any) -> None:
    """Show the switches on the LAN and run until Ctrl-C or SIGTERM."""
    here = context(chosen, level="info")
    settings, secrets = here.settings()
    stopping = threading.Event()
    _on_signal(stopping.set)
    app = App(settings, secrets, here.state_dir, interfaces or None)
    try:
        app.start()
        # Whoever reads "Ready" asks at once, and until the alarm was read there is no answer.
        patience = time.monotonic() + FIRST_NEWS_S
        while not app.has_news and time.monotonic() < patience and not stopping.wait(LOOK_S):
            pass
        _show_switches(app)
        stopping.wait()
        click.echo("Stopping.")
    finally:
        app.stop()


def _show_switches(app: App) -> None:
    rows = [
        (switch.name, str(switch.mode), "disarms" if switch.off_disarms else "does nothing", url)
        for door in app.doors
        for switch, url in door.urls()
    ]
    click.echo(show.table(("SWITCH", "ON ARMS", "OFF", "ADDRESS"), rows))
    for name, simulator in app.alarms.simulators.items():
        click.echo(f"{name}: a simulated alarm; its house is at {simulator.control_url}")
    seen = len({name for name, *_ in rows})
    click.echo(f"Ready: {seen} of {len(app.hub.switches)} switches. Ctrl-C stops.")


@main.command()
@common
@click.option("--installation", "name", help="Which alarm, where there are several.")
@click.option(
    "--retry-login", is_flag=True, help="Even if this user and password were refused twice. May lock the account."
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def status(name: str | None, retry_login: bool, as_json: bool, **chosen: Any) -> None:
    """Ask the cloud where the panel stands; tries a refused login once more."""
    here = context(chosen, level="warning")
    with here.alarms() as alarms:
        name = _choose(alarms, name)
        installation = alarms.installation(name, refusals=EVERY_TIME if retry_login else ONCE_MORE)
        state = here.patiently(installation, installation.read_now)
    click.echo(show.as_json({"installation": name, **show.fields(state)}) if as_json else show.panel(name, state))


@main.command()
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


@main.command()
@common
@click.argument("what", type=click.Choice(["main", "annex", "all"]), default="main")
@click.option("--installation", "name", help="Which alarm, where there are several.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def disarm(what: str, name: str | None, as_json: bool, **chosen: Any) -> None:
    """Disarm: main (interior and perimeter, the default), annex, or all."""
    _command(Disarm(main=what != "annex", annex=what != "main"), name, as_json, chosen)


def _command(action: Action, name: str | None, as_json: bool, chosen: dict[str, Any]) -> None:
    def progress(phase: Phase, text: str) -> None:
        if not as_json:
            click.echo(f"{phase}: {text}", err=True)

    here = context(chosen, level="error")
    with here.alarms() as alarms:
        name = _choose(alarms, name)
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
    if as_json:
        ended = {"command": str(action), "result": outcome.result, "message": outcome.message}
        click.echo(show.as_json({"installation": name, **ended, "panel": show.fields(state) if state else None}))
    else:
        click.echo(show.outcome(name, action, outcome, state))
    sys.exit(RESULTS.get(outcome.result, NO_ANSWER))


@main.command()
@common
@click.option("--installation", "name", help="Which alarm, where there are several.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def installation(name: str | None, as_json: bool, **chosen: Any) -> None:
    """Show the alarm's number, panel, sensors and services; never code words or contacts."""
    here = context(chosen, level="warning")
    with here.alarms() as alarms:
        name = _choose(alarms, name)
        asked = alarms.installation(name)
        details = here.patiently(asked, asked.describe)
    if as_json:
        shown = {"installation": name, "number": details.number, "panel": details.panel, "alias": details.alias}
        click.echo(show.as_json({**shown, "devices": details.devices, "services": details.services}))
        return
    click.echo(f"{name}: installation {details.number}, panel {details.panel} {details.alias}".rstrip())
    for title, rows in (("SENSORS", details.devices), ("SERVICES", details.services)):
        if rows:
            click.echo(f"\n{title}\n{show.records(rows)}")


@main.command()
@common
@click.option("-n", "count", default=20, show_default=True, type=click.IntRange(1), help="How many.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def journal(count: int, as_json: bool, **chosen: Any) -> None:
    """Show the last commands: who asked for what, and how it ended."""
    here = context(chosen, level="warning")
    logs.setup(here.level)
    book = Journal(here.state_dir)
    entries = book.commands(count)
    book.close()
    click.echo(show.as_json([entry.as_dict() for entry in entries]) if as_json else show.journal(entries))


@main.command()
@common
@click.option("--interface", "interfaces", multiple=True, help="Only on this network interface; may be repeated.")
@click.option(
    "--seconds", default=SEARCH_S, show_default=True, type=click.FloatRange(1, 60), help="How long to listen."
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def discover(interfaces: tuple[str, ...], seconds: float, as_json: bool, **chosen: Any) -> None:
    """Search the LAN as an Echo would, and list what answers: ours and others'."""
    here = context(chosen, level="warning")
    logs.setup(here.level)
    book = Journal(here.state_dir)
    try:
        ours = book.udns() | {pairing.identity(book).udn}
    finally:
        book.close()
    found = search.search(interfaces or None, seconds)
    if as_json:
        click.echo(show.as_json([{**asdict(device), "ours": device.udn in ours} for device in found]))
    else:
        click.echo(show.devices(found, ours))


@main.command()
@common
def pair(**chosen: Any) -> None:
    """Press the link button of the Hue bridge: for 30 s new clients may pair with a running `emulator run`."""
    here = context(chosen, level="warning")
    logs.setup(here.level)
    hue = config.load(config.find(here.config)).doors.hue
    if hue is None:
        raise ConfigError([Problem("doors.hue", "is missing, so there is no bridge: write `hue: { port: 80 }`")])
    if not is_running(here.state_dir):
        problem = "no `emulator run` uses this state folder; start it first, or name its folder with --state-dir"
        raise ConfigError([Problem(str(here.state_dir), problem)])
    book = Journal(here.state_dir)
    try:
        pairing.press_button(book, time.time())
    finally:
        book.close()
    click.echo(f"The link button is pressed: pair your app within {pairing.BUTTON_S:g} s.")
    if hue.pairing == "open":
        click.echo("It would not be needed: with doors.hue.pairing: open every local client may pair at any time.")


@main.command()
@common
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=12010, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes any.")
@click.option("--country", default="ES", show_default=True, type=click.Choice(list(config.LANGUAGES)))
@click.option("--annex/--no-annex", default=False, help="Whether the house has an annex.")
@click.option("--answer-after", default=3.0, type=click.FloatRange(0, 60), help="Seconds that the panel takes.")
def simulate(host: str, port: int, country: str, annex: bool, answer_after: float, **chosen: Any) -> None:
    """Run the simulated alarm alone: a house, a panel and the ws.do cloud, with a control page."""
    logs.setup(context(chosen, level="info").level)
    stopping = threading.Event()
    _on_signal(stopping.set)
    house = House(time.time, Profile(annex=annex))
    house.answer_after = answer_after
    account = Account(country=country)
    simulator = SimulatedAlarm(house, accounts=[account], host=host, port=port)
    simulator.start()
    try:
        click.echo(f"The house:   {simulator.control_url}")
        click.echo(f"Its cloud:   {simulator.url}")
        click.echo(f"devices.yaml: cloud: wsdo, country: {country}, url: {simulator.url}")
        click.echo(f"environment: VERISURE_USER={account.user} VERISURE_PASSWORD={account.password}")
        click.echo("Ready. Ctrl-C stops.")
        stopping.wait()
    finally:
        simulator.stop()


@main.command()
@common
def schema(**_chosen: Any) -> None:
    """Print the JSON Schema of devices.yaml, for editors."""
    click.echo(show.as_json(config.schema()))


def _on_signal(*acts: Callable[[], None]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: [act() for act in acts])


def _choose(alarms: Alarms, name: str | None) -> str:
    names = list(alarms.settings.installations)
    if name is None and len(names) == 1:
        return names[0]
    if name not in names:
        raise click.UsageError(f"choose an alarm with --installation: {', '.join(names)}")
    return name
