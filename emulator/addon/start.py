"""The start of the add-on: what Home Assistant knows becomes environment, arguments and devices.yaml, then it runs.

What cannot be had is said, and the rest starts: switches do not wait for a broker.
"""

import logging
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from emulator.addon import options, supervisor
from emulator.addon.options import Doors, Options
from emulator.app.settings import Settings
from emulator.errors import EmulatorError
from emulator.lan import ingress
from emulator.setup import answers, changed_file, door_choices, place
from emulator.setup.answers import AnswerRefused
from emulator.system import logs

LOG = logging.getLogger(__name__)

SETTINGS = Path("/config/devices.yaml")
"""In the add-on's own folder, which a person can open with other add-ons."""

INGRESS_PORT = 8099
"""The same as in the add-on's config.yaml."""

TOKENS = ("SUPERVISOR_TOKEN", "HASSIO_TOKEN")
"""Variables that open the Supervisor: the program has no use for them, and does not get them."""


def main(path: Path = SETTINGS, become: Callable[[str, list[str], dict[str, str]], object] = os.execve) -> None:
    """Become `emulator run` with the settings file at `path`."""
    logs.setup("info")
    try:
        chosen = options.read(sys.stdin.read())
    except EmulatorError as error:
        LOG.error("%s", error)
        sys.exit(2)
    environ = environment(chosen, os.environ, supervisor.broker)
    take_doors(path, chosen, environ, time.time())
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, sys.stdin.fileno())
    words = [sys.executable, "-m", "emulator", "run", "--config", str(path), *options.arguments(chosen)]
    become(sys.executable, words, environ)


def environment(
    chosen: Options,
    given: Mapping[str, str],
    broker: Callable[[str, Callable[[float], object]], Mapping[str, str]],
) -> dict[str, str]:
    """Return the environment of the program. `broker` asks the Supervisor, by its token."""
    found = dict(given) | options.environment(chosen) | {ingress.VARIABLE: str(INGRESS_PORT)}
    token = next((given[name] for name in TOKENS if given.get(name)), "")
    for name in TOKENS:
        found.pop(name, None)
    if options.wants_broker(chosen):
        try:
            found |= broker(token, time.sleep)
        except EmulatorError as error:
            LOG.warning("No MQTT broker: %s. Everything else starts.", error)
    return found


def take_doors(path: Path, chosen: Options, environ: Mapping[str, str], now: float) -> None:
    """Write into devices.yaml which doors the options open and close. Before set-up there is none, and set-up asks."""
    try:
        before = place.read(path)
        if not before:
            return
        was = answers.of(Settings.load(path))
        wanted = _possible(was.doors, options.opened(was.doors, chosen, environ))
        after = changed_file.text(before, was, replace(was, doors=wanted))
        if place.replace(path, before, after, now):
            LOG.info("devices.yaml was changed as the options of the add-on say; the file before is kept beside it")
    except EmulatorError as error:
        LOG.error("The options of the add-on do not change devices.yaml: %s", error)


def _possible(was: Doors, wanted: Doors) -> dict[str, Mapping[str, str]]:
    """Return the doors without those that cannot be opened so; one that was there stays as it was."""
    found = dict[str, Mapping[str, str]]()
    for name, values in wanted.items():
        try:
            found[name] = door_choices.chosen({name: values})[name] if values != was.get(name) else values
        except AnswerRefused as error:
            LOG.error("The options of the add-on do not open a door: %s", error)
            found |= {name: was[name]} if name in was else {}
    return found
