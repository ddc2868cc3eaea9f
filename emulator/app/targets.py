"""Targets of notifications: one Apprise URL each."""

import importlib
import logging
import sys
from collections.abc import Callable

from emulator.errors import ConfigError, Problem

Send = Callable[[str], bool]
"""Deliver a text; False when that did not work."""


def apprise_target(url: str) -> Send:
    """Open an Apprise URL. ConfigError when it is none, or Apprise is missing; the URL is not quoted."""
    try:
        apprise = importlib.import_module("apprise")
    except ImportError:
        problem = f"notifications need Apprise: {sys.executable} -m pip install 'verisure-emulator[notify]'"
        raise ConfigError([Problem("environment: VERISURE_NOTIFY", problem)]) from None
    # It would log a line for each attempt; the postman logs once what becomes of the messages.
    logging.getLogger("apprise").setLevel(logging.CRITICAL)
    target = apprise.Apprise()
    if not target.add(url):
        problem = "one of its URLs is none that Apprise knows; see https://github.com/caronc/apprise/wiki"
        raise ConfigError([Problem("environment: VERISURE_NOTIFY", problem)])
    for service in target:
        # In pieces where a service takes less, instead of never; unless the URL says otherwise.
        if "overflow=" not in url:
            service.overflow_mode = apprise.OverflowMode.SPLIT

    def send(text: str) -> bool:
        title, _, rest = text.partition("\n")
        # Not by Apprise as a whole, which sends from a pool of threads: no process ends before those do, and an answer
        # need not end at all.
        taken = [service.notify(title=title, body=rest or title) for service in target]
        return all(taken)

    return send


def called(number: int, url: str) -> str:
    """Return the name of a target for people: its number and kind. The rest of its URL is secret."""
    return f"{number}: {url.partition(':')[0]}"
