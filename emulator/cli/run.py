"""The command that runs the program."""

import logging
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any

import click

from emulator.app.app import App
from emulator.app.plan import Plan
from emulator.app.reload import TRY_S, Reload, ReloadDesk
from emulator.cli import failures
from emulator.cli.context import POLL_S, Context, common, context, on_signal, which_interfaces
from emulator.cli.stop import Stop
from emulator.cli.terminal import Terminal, hold_standard
from emulator.cli.wrong_start import WrongStart
from emulator.config import devices_yaml
from emulator.errors import CloudError, ConfigError, EmulatorError, Hindered
from emulator.model import Notice
from emulator.setup import lost, place
from emulator.setup.claim import ClaimCode
from emulator.setup.mount import mounted
from emulator.store.pin import is_set
from emulator.system import lock, output, systemd, zone
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

FIRST_NEWS_S = 3.5
"""Time for the first state to arrive before `run` says that it is ready, which shall not take longer than 5 s."""

READINESS_S = 1.0
"""Interval between checks of the readiness, on which systemd and `docker compose up --wait` depend."""

MEND_S = 5.0
"""Interval between starts with `--wait` until the settings are right: a person has just saved the file."""

SWITCH_S = 0.001
"""Time that a thread may keep the interpreter from the others.

A set goes from the loop to a thread and back. With Python's default of 5 ms it waited that long each time while one
peer sent requests as fast as it could.
"""


@click.command()
@common
@which_interfaces
@click.option("--page-port", type=click.IntRange(1, 65535), help="Port of the page of set-up, without devices.yaml.")
@click.option(
    "--wait", is_flag=True, help="Where the settings are wrong, wait until they are mended instead of ending."
)
def run(interfaces: tuple[str, ...], page_port: int | None, *, wait: bool, **chosen: Any) -> None:
    """Show the switches on the LAN and run until Ctrl-C or SIGTERM; SIGHUP takes a changed devices.yaml."""
    hold_standard()
    here = context(chosen, level="info")
    stopping, desk, terminal = Stop(), ReloadDesk(), Terminal()
    on_signal(stopping.set, desk.wake)
    signal.signal(signal.SIGHUP, lambda *_: hang_up(terminal, stopping, desk))
    sys.setswitchinterval(SWITCH_S)

    def live() -> None:
        with ExitStack() as handover:
            if devices_yaml.look(here.config, here.state_dir) is None:
                from emulator.cli import first_run

                if not first_run.serve(here, interfaces, page_port, stopping, handover):
                    return
            _run(here, interfaces, desk, stopping, terminal, handover)

    wrong = WrongStart(here)
    if wait:
        until_right(live, stopping.wait, wrong.tell)
        return
    try:
        live()
    except ConfigError as error:
        while not wrong.tell(error) and not stopping.wait(MEND_S):
            pass
        raise


def hang_up(terminal: Terminal, stopping: Stop, desk: ReloadDesk) -> None:
    """Stop if the terminal was closed, whatever is going on; else have changed settings taken."""
    if terminal.is_closed:
        terminal.leave()
        stopping.set()
        desk.wake()
    else:
        desk.ask()


def until_right(live: Callable[[], None], sleep: Callable[[float], bool], tell: Callable[[ConfigError], bool]) -> None:
    """Call `live` until its settings are right, and say what is wrong in them once for each change.

    `tell` is called until it returns True. `sleep` returns True at the stop of the program. Who starts it again at
    once, as Docker does, would otherwise do so for ever, since no exit status tells it not to.
    """
    told, is_known = "", False
    while True:
        try:
            return live()
        except ConfigError as error:
            if str(error) != told:
                told, is_known = str(error), False
                failures.say(error)
                click.echo("Waits until that is mended; another environment needs another start.", err=True)
                systemd.notify(f"STATUS=waits until the settings are mended: {error.problems[0]}")
            is_known = is_known or tell(error)
        if sleep(MEND_S):
            return None


def _run(
    here: Context,
    interfaces: tuple[str, ...],
    desk: ReloadDesk,
    stopping: Stop,
    terminal: Terminal,
    handover: ExitStack,
) -> None:
    plan, code = _load(here), ClaimCode(time.monotonic)
    pages = [mounted(place.own(here.file, here.config), code, here.redactor.conceal)]
    with lock.acquire(here.state_dir) as held:
        trouble = lost.replaced(lost.before(here.state_dir), plan.settings.accounts)

        def make(plan: Plan) -> App:
            try:
                where = here.state_dir, interfaces or None
                return App(
                    plan.settings, plan.credentials, *where, plan.targets, held=held, changes=desk, mounted=pages
                )
            except (ConfigError, CloudError, Hindered):
                raise
            except EmulatorError as error:
                # A journal that cannot be written, for one: the settings are right, and another start may do better.
                raise Hindered(str(error)) from None

        reload = Reload(plan, partial(_load, here), make, desk, sleep=lambda pause_s: not stopping.wait(pause_s))
        try:
            reload.app.start()
            handover.close()
            if trouble:
                LOG.error("%s", trouble)
                if lost.is_news(reload.app.alarms.journal, time.time()):
                    reload.app.tell(Notice.CHANGED, Text("program"), trouble)
            # A client may ask as soon as it reads "Ready", and until the alarm was read there is no answer.
            patience = time.monotonic() + FIRST_NEWS_S
            while not (reload.app.has_news and reload.app.readiness.is_ready) and time.monotonic() < patience:
                if stopping.wait(POLL_S):
                    break
            _follow(reload, desk, stopping, terminal, code)
            terminal.echo("Stopping.")
        finally:
            systemd.notify("STOPPING=1")
            reload.app.stop()


def _load(here: Context) -> Plan:
    plan = Plan(*here.settings(), here.targets())
    LOG.info("settings: %s", devices_yaml.named(here.file))
    narrowed = [switch.name for switch in plan.settings.switches if switch.narrowing.between]
    if narrowed and zone.is_plain_utc():
        LOG.warning("%s: `between` counts hours of UTC here; %s", ", ".join(narrowed), zone.REMEDY)
    return plan


def _follow(reload: Reload[App], desk: ReloadDesk, stopping: Stop, terminal: Terminal, code: ClaimCode) -> None:
    """Report to people and systemd until the stop: ready once a switch answers, and before that why none does.

    Meanwhile take the changed settings that are asked for.
    """
    told, shown = "", False
    while True:
        standing, trouble = reload.app.readiness, desk.trouble
        if standing.is_ready and not shown:
            terminal.echo(_switches(reload.app, code))
        status = f"{standing}; changed settings: {trouble}" if trouble else str(standing)
        if status != told:
            told = status
            if not shown:
                terminal.echo(f"{standing}. Ctrl-C stops.")
            systemd.notify(*(["READY=1"] if standing.is_ready else []), f"STATUS={told}")
        shown = shown or standing.is_ready
        asked = desk.wait(TRY_S if reload.waits else READINESS_S)
        if stopping.is_set():
            return
        if reload.look(asked):
            told, shown = "", False


def _switches(app: App, code: ClaimCode) -> str:
    rows = [
        (switch.name, str(switch.mode), "disarms" if switch.off_disarms else "does nothing", url)
        for door in app.doors.values()
        for switch, url in door.urls()
    ]
    lines = [output.table(("SWITCH", "ON ARMS", "OFF", "ADDRESS"), rows)]
    for name, simulator in app.alarms.simulators.items():
        lines.append(f"{name}: a simulated alarm; its house is at {simulator.control_url}")
    lines += [f"The page: {url}" for url in app.pages() or ()]
    if app.pages() and not is_set(app.alarms.journal):
        lines.append(f"No PIN is set. Until then its settings open with the code {code}")
    return "\n".join(lines)
