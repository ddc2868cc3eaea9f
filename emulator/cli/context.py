"""What every command knows: its options, exit statuses, and how to wait for the far side."""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import click
import platformdirs

from emulator.alarm.installation import Installation
from emulator.app.alarms import Alarms
from emulator.app.settings import Settings
from emulator.config import credentials, devices_yaml
from emulator.config.credentials import Credentials
from emulator.errors import Unreachable
from emulator.system import logs

OK, NOT_DONE, USAGE, UNCONFIRMED, NO_ANSWER, HINDERED = 0, 1, 2, 3, 4, 75
EXIT = {
    # The exit statuses of every command, as `emulator --help` and the README list them.
    OK: "done",
    NOT_DONE: "refused: the panel or the cloud said no; `check`: there is a problem",
    USAGE: "the command line or the settings are wrong",
    UNCONFIRMED: "unconfirmed: the command may have been carried out",
    NO_ANSWER: "the cloud does not answer, or refused the login",
    HINDERED: "this machine lacks something, such as disk, open files or threads; that may mend itself",
}

PATH = click.Path(path_type=Path, readable=False)
"""That one cannot be read is said by what reads it, which knows more."""

LOOK_S = 0.05
"""How soon a command notices that the answer is there; nobody sees less."""

GIVE_UP_S = 3.0
"""For the session to end after Ctrl-C; the whole stop has to fit into 5 s."""


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
        settings = Settings.load(devices_yaml.find(self.config))
        secrets = credentials.read(settings.accounts)
        for one in secrets.values():
            redactor.conceal(one.password)
        for target in credentials.targets():
            redactor.conceal(target)
        return settings, secrets

    @contextmanager
    def alarms(self) -> Iterator[Alarms]:
        """The far side, for a command that a person types; it lives by the clock that the caller brings, if any."""
        clock = click.get_current_context().obj
        alarms = Alarms(*self.settings(), self.state_dir, shared=True, clock=clock)
        # Ctrl-C ends the wait for the panel; what was sent is then unconfirmed, not forgotten.
        on_signal(self.stopping.set, alarms.clock.stop)
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
        click.option("--config", type=PATH, help="Settings file, instead of ./devices.yaml."),
        click.option("--state-dir", type=PATH, help="Folder for the journal and identities."),
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
        Path(state_dir) if state_dir else platformdirs.user_state_path(devices_yaml.APP_NAME),
        options["log_level"] or level,
    )


def on_signal(*acts: Callable[[], None]) -> None:
    """What Ctrl-C and SIGTERM do from now on."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: [act() for act in acts])


def choose(names: Sequence[str], name: str | None) -> str:
    """The alarm that is meant: the one that was named, or the only one. UsageError lists them."""
    if name is None and len(names) == 1:
        return names[0]
    if name is None or name not in names:
        raise click.UsageError(f"choose an alarm with --installation: {', '.join(names)}")
    return name
