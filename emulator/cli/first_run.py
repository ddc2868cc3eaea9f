"""The first start, which has no devices.yaml yet: set-up in a browser, with a code that is printed here."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import click

from emulator.app.notify import Notifier
from emulator.app.targets import patient_target
from emulator.cli import colours
from emulator.cli.context import POLL_S, Context
from emulator.cli.stop import Stop
from emulator.clock import SystemClock
from emulator.config import devices_yaml
from emulator.errors import ConfigError, EmulatorError, Hindered, Problem
from emulator.lan.kept import LISTENERS
from emulator.model import Notice
from emulator.setup import lost, place
from emulator.setup.answers import AnswerRefused
from emulator.setup.web.first_run import ANSWER_S, FirstRun
from emulator.system import lock, systemd
from emulator.words.text import Text

LOG = logging.getLogger(__name__)


def serve(here: Context, interfaces: tuple[str, ...], port: int | None, stopping: Stop, handover: ExitStack) -> bool:
    """Show set-up until there is a file; return False if the program is stopped before.

    One that comes from elsewhere will do, such as from `emulator init`, or a disk that was mounted late.
    `handover` is closed by the caller once the program listens at the same port: browsers are not refused meanwhile.
    """
    try:
        path = place.new(here.config, here.state_dir)
    except AnswerRefused as error:
        raise ConfigError([Problem(f"no settings file {here.config or ''}".rstrip(), str(error))]) from None
    with lock.acquire(here.state_dir):
        try:
            where = interfaces or None
            first = FirstRun(
                path, here.state_dir, SystemClock(), conceal=here.redactor.conceal, interfaces=where, port=port
            )
        except EmulatorError as error:
            raise Hindered(str(error)) from None
        try:
            first.start()
            _announce(first, path)
            with told(first, here):
                arrival = Arrival(here)
                while not stopping.wait(POLL_S):
                    if first.written.is_set() or arrival.look():
                        first.written.set()
                        stopping.wait(ANSWER_S)
                        handover.enter_context(LISTENERS.keeping())
                        click.echo(f"Written: {path}")
                        return not stopping.is_set()
            click.echo("Stopping.")
            return False
        finally:
            if stopping.is_set():
                systemd.notify("STOPPING=1")
            first.stop()


@contextmanager
def told(first: FirstRun, here: Context) -> Iterator[None]:
    """Tell people inside, at the targets that are still known, if settings that were there are gone."""
    if not first.trouble:
        yield
        return
    LOG.error("%s", first.trouble)
    clock, targets = SystemClock(), list[str]()
    with suppress(EmulatorError):
        targets = here.targets()
    # The language of the house went with the settings.
    notifier = Notifier(first.journal, targets, clock, patient_target)
    notifier.start()
    try:
        with suppress(EmulatorError):  # a journal that cannot be written is no reason against set-up
            if targets and lost.is_news(first.journal, clock.time()):
                notifier.tell(Notice.CHANGED, Text("program"), first.trouble)
        yield
    finally:
        notifier.stop()


class Arrival:
    """Looks for a settings file that the program can start with; what is wrong in one is said once."""

    def __init__(self, here: Context) -> None:
        self._here = here
        self._seen: tuple[Path, int, int] | None = None

    def look(self) -> bool:
        """Return whether there is one now."""
        try:
            found = devices_yaml.look(self._here.config, self._here.state_dir)
            seen = (found, found.stat().st_mtime_ns, found.stat().st_size) if found else None
        except (ConfigError, OSError):  # a folder was made there, or it is gone again
            return False
        if seen in (None, self._seen):
            return False
        self._seen = seen
        try:
            self._here.settings()
        except EmulatorError as error:
            click.echo(f"{found} is there now, and cannot be started with: {error}", err=True)
            return False
        return True


def _announce(first: FirstRun, path: Path) -> None:
    missing = f"There is no {path}: {first.trouble}." if first.trouble else f"There is no {path} yet."
    click.echo(f"{missing} Set the program up in a browser of this network:")
    for url in first.urls():
        click.echo(f"  {url}")
    for obstacle in first.obstacles():
        click.echo(f"  {obstacle}")
    click.echo(f"The code that it asks for: {colours.bold(str(first.code))}")
    click.echo("Or type `emulator init` here. Ctrl-C stops.")
    systemd.notify("READY=1", f"STATUS={missing} Waits to be set up in a browser; the log has the code")
