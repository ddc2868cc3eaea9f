"""Targets of notifications: one Apprise URL each."""

import hashlib
import importlib
import json
import logging
from collections.abc import Sequence
from types import ModuleType
from typing import Any, Protocol
from urllib.parse import quote

from emulator.app.decision import Decision
from emulator.errors import ConfigError, Problem
from emulator.system import extras
from emulator.words.text import Text

WITH_BUTTONS = ("ntfy", "ntfys")
"""Schemes of URLs whose service shows buttons that Apprise can ask for; the others get the link in the text."""


class Send(Protocol):
    """Delivers a text, with the buttons of a decision where the target has some; False when that did not work."""

    def __call__(self, text: str, decision: Decision | None = None, /) -> bool:
        """Deliver."""


def apprise_target(url: str) -> Send:
    """Open an Apprise URL. ConfigError when it is none, or Apprise is missing; the URL is not quoted."""
    if lack := unnotified([url]):
        raise ConfigError([Problem("environment: VERISURE_NOTIFY", lack)])
    apprise = importlib.import_module("apprise")
    # It would log a line for each attempt; the postman logs once what becomes of the messages.
    logging.getLogger("apprise").setLevel(logging.CRITICAL)
    target = _services(apprise, url)
    if not target:
        problem = Text("Apprise knows no service by that address; see https://github.com/caronc/apprise/wiki")
        raise ConfigError([Problem("environment: VERISURE_NOTIFY", problem)])
    has_buttons = url.partition(":")[0].lower() in WITH_BUTTONS and "actions=" not in url

    def send(text: str, decision: Decision | None = None, /) -> bool:
        title, _, rest = text.partition("\n")
        services = target
        if decision and has_buttons:
            services = (
                _services(apprise, f"{url}{'&' if '?' in url else '?'}actions={quote(actions(decision))}") or target
            )
        # Not by Apprise as a whole, which sends from a pool of threads: no process ends before those do, and an answer
        # need not end at all.
        taken = [service.notify(title=title, body=rest or title) for service in services]
        return all(taken)

    return send


def key(url: str) -> str:
    """Return what identifies a target in the journal: its URL holds secrets."""
    return hashlib.sha256(url.encode()).hexdigest()[:8]


def patient_target(url: str) -> Send:
    """Open a target as above. Without Apprise it takes nothing, so that notices wait for the start that has it."""
    return (lambda *_: False) if unnotified([url]) else apprise_target(url)


def unnotified(targets: Sequence[str]) -> str:
    """Return why nobody is told of anything; empty where somebody is."""
    return extras.broken("notify", "apprise") if targets else Text("{variable} is not set", variable="VERISURE_NOTIFY")


def actions(decision: Decision) -> str:
    """Return the buttons of ntfy, as its header X-Actions has them, in ASCII."""
    look = {"action": "view", "label": decision.look, "url": decision.url}
    headers = {"Content-Type": "application/json"}
    decide = {"action": "http", "label": decision.decide, "url": decision.url, "method": "POST", "headers": headers}
    return json.dumps([decide | {"body": "{}", "clear": True}] * decision.at_once + [look])


def _services(apprise: ModuleType, url: str) -> list[Any]:
    """Return the services of a URL; none if Apprise does not know it."""
    target = apprise.Apprise()
    target.add(url)
    for service in target:
        # In pieces where a service takes less, instead of never; unless the URL says otherwise.
        if "overflow=" not in url:
            service.overflow_mode = apprise.OverflowMode.SPLIT
    return list(target)


def called(number: int, url: str) -> str:
    """Return the name of a target for people: its number and kind. The rest of its URL is secret."""
    return f"{number}: {url.partition(':')[0]}"
