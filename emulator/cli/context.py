"""The options and exit statuses of every command, and how a command reaches the alarm.

`emulator --help` imports this module: what only some commands need is imported in the functions that need it.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from emulator import APP_NAME
from emulator.cli.stop import Stop
from emulator.cli.values import Words, complete_installations, complete_interfaces, did_you_mean
from emulator.errors import ConfigError, Problem, Unreachable
from emulator.system import logs

if TYPE_CHECKING:
    from emulator.alarm.installation import Installation
    from emulator.app.alarms import Alarms
    from emulator.app.settings import Settings
    from emulator.config.credentials import Credentials
    from emulator.system.local_api import Running

XDG = ("XDG_CONFIG_HOME", "XDG_STATE_HOME")
"""Variables that name folders in the place of those in a user's home."""

OK, NOT_DONE, USAGE, UNCONFIRMED, NO_ANSWER, HINDERED = 0, 1, 2, 3, 4, 75
EXIT = {
    OK: "done",
    NOT_DONE: "refused: the panel or the cloud said no; `check`: there is a problem",
    USAGE: "the command line or the settings are wrong",
    UNCONFIRMED: "unconfirmed: the command may have been carried out",
    NO_ANSWER: "the cloud does not answer, or refused the login",
    HINDERED: "this machine lacks something, such as disk, open files or threads; that may mend itself",
}
"""The exit statuses of every command, as `emulator --help` and docs/commands.md list them."""

PATH = click.Path(path_type=Path, readable=False)
"""A path that click does not try to read: the module that reads it reports errors in more detail."""

POLL_S = 0.05
"""Interval at which a command checks for its answer; too short for a person to notice."""

GIVE_UP_S = 3.0
"""Time for the session to end after Ctrl-C; the whole stop has to fit into 5 s."""

Answer = TypeVar("Answer")


@dataclass(slots=True)
class Context:
    """The options that every command has, and what hides secrets in the log."""

    config: Path | None
    state_dir: Path
    redactor: logs.Redactor
    stopping: Stop = field(default_factory=Stop)

    @property
    def file(self) -> Path:
        """The settings file in force; ConfigError if there is none."""
        from emulator.config import devices_yaml

        # Set-up writes into the state folder where no other place can be written, as in a container.
        return devices_yaml.find(self.config, self.state_dir)

    def load(self) -> "Settings":
        """Read devices.yaml; ConfigError lists everything that is wrong with it."""
        from emulator.app.settings import Settings

        return Settings.load(self.file)

    def door(self, name: str) -> Any:
        """Return the section of a door; ConfigError if devices.yaml has none."""
        from emulator import doors

        opened = self.load().doors.opened
        if name not in opened:
            why = f"has no `{name}:`, so there is no {doors.row(name).title}: write that below it"
            raise ConfigError([Problem("doors", why)])
        return opened[name]

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment, with what set-up keeps behind it."""
        from emulator.system import kept

        return kept.environment(self.state_dir)

    def settings(self) -> "tuple[Settings, dict[str, Credentials]]":
        """Read settings and secrets, and conceal the latter in the log."""
        from emulator.config import credentials

        settings = self.load()
        secrets = credentials.read(settings.accounts, self.environment)
        for one in secrets.values():
            self.redactor.conceal(one.password)
            self.redactor.conceal(one.code)
        self.targets()
        return settings, secrets

    def targets(self) -> list[str]:
        """Return the targets of notices, and conceal them in the log. Raises ConfigError."""
        from emulator.config import credentials

        found = credentials.targets(self.environment)
        for target in found:
            self.redactor.conceal(target)
        return found

    @contextmanager
    def alarms(self) -> "Iterator[Alarms]":
        """Open the alarms for one command, on the clock that the caller of the command gives, if any."""
        from emulator.app.alarms import Alarms

        clock = click.get_current_context().obj
        alarms = Alarms(*self.settings(), self.state_dir, shared=True, clock=clock)
        # Ctrl-C ends the wait for the panel; what was sent is then unconfirmed, not forgotten.
        on_signal(self.stopping.set, alarms.clock.stop)
        try:
            yield alarms
        finally:
            alarms.clock.stop()
            alarms.close()

    def program(self) -> "Running | None":
        """Return the `emulator run` on this state folder, if it has a local API."""
        from emulator.system import local_api, lock

        return local_api.find(self.state_dir) if lock.is_running(self.state_dir) else None

    def patiently(self, installation: "Installation", call: Callable[[], Answer]) -> Answer:
        """Call the cloud, then end the session. Ctrl-C is handled even while the cloud does not answer."""
        from concurrent.futures import Future

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
        while not answer.done() and not self.stopping.wait(POLL_S):
            pass
        try:
            return answer.result(GIVE_UP_S)
        except TimeoutError:
            raise Unreachable("stopped before the cloud answered") from None


def common(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of every command, which may stand before or after its name."""
    options: Sequence[Callable[..., Any]] = (
        click.option("--config", type=PATH, help="Settings file, instead of ./devices.local.yaml or ./devices.yaml."),
        click.option("--state-dir", type=PATH, help="Folder for the journal and identities."),
        click.option("--log-level", type=Words(logs.LEVELS), help="How much to say on standard error."),
    )
    for option in options:
        command = option(command)
    return command


which_alarm = click.option(
    "--installation", "name", shell_complete=complete_installations, help="Which alarm, where there are several."
)
which_interfaces = click.option(
    "--interface",
    "interfaces",
    multiple=True,
    shell_complete=complete_interfaces,
    help="Only on this network interface; may be repeated.",
)
for_programs = click.option("--json", "as_json", is_flag=True, help="For programs.")


def context(chosen: dict[str, Any], *, level: str) -> Context:
    """Set up logging, and return what the options say.

    Options after the command's name take precedence over those before it, then the environment, then defaults.
    """
    outer = click.get_current_context().find_root().params
    options = {name: chosen.pop(name) or outer.get(name) for name in ("config", "state_dir", "log_level")}
    _check_home(options["config"], options["state_dir"])
    return Context(options["config"], _state_dir(options["state_dir"]), logs.setup(options["log_level"] or level))


def _state_dir(chosen: Path | None) -> Path:
    if state_dir := chosen or os.environ.get("EMULATOR_STATE_DIR"):
        return Path(state_dir)
    import platformdirs

    return platformdirs.user_state_path(APP_NAME)


def _check_home(config: Path | None, state_dir: Path | None) -> None:
    """Raise ConfigError where a folder would be in the home of a user who has none, as one without a name may."""
    named = config and (state_dir or os.environ.get("EMULATOR_STATE_DIR"))
    if not named and not all(map(os.environ.get, XDG)) and os.path.expanduser("~") == "~":  # noqa: PTH111  # no error
        what = "is not set, and this user has no home: set it, or use both --config and --state-dir"
        raise ConfigError([Problem("environment: HOME", what)])


def on_signal(*acts: Callable[[], None]) -> None:
    """Install `acts` as the handler of Ctrl-C and SIGTERM."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: [act() for act in acts])


def choose(names: Sequence[str], name: str | None) -> str:
    """Return the alarm that is meant: the one that was named, or the only one. UsageError lists them."""
    if name is None and len(names) == 1:
        return names[0]
    if name is None or name not in names:
        meant = did_you_mean(name, names) if name else ""
        raise click.UsageError(f"choose an alarm with --installation: {', '.join(names)}.{meant}")
    return name


def show_route(program: "Running | None") -> None:
    """Say on standard error whether the answer comes from the running program or from the cloud."""
    click.echo(f"through the running program ({program.url})" if program else "straight to the cloud", err=True)
