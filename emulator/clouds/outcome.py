"""The way of a command through a cloud that is polled for its outcome: submitted once, and followed to its end."""

import logging
from collections.abc import Callable
from typing import Any

from emulator.alarm.cloud import Phase, Report
from emulator.clock import Clock
from emulator.errors import EmulatorError, Unconfirmed, Unreachable
from emulator.words.text import Text

LOG = logging.getLogger(__name__)

POLL_S = 2.0
"""Interval of polls for an outcome (verisure-owa.md §5.4). Other clients of My Pages ask twice a second; requests are
counted, and a panel takes some (verisure-mypages.md §5)."""


def submitted(send: Callable[[], Any]) -> Any:
    """Send a command; return the answer. Raises Unconfirmed if that was lost, else the error of `send`."""
    try:
        return send()
    except Unreachable as error:
        if not error.sent:
            raise
        text = Text("the answer was lost; the state will tell what became of it: {why}", why=str(error))
        raise Unconfirmed(text) from None


def follow(
    name: str, ask: Callable[[], Any], ended: Callable[[Any], bool], report: Report, clock: Clock, within_s: float
) -> Any:
    """Ask for the outcome of a command until it has `ended`; return that answer. Raises Unconfirmed."""
    started = clock.monotonic()
    while clock.monotonic() - started < within_s:
        if not clock.sleep(POLL_S):
            raise Unconfirmed(Text("the program stopped before the panel answered"))
        try:
            content = ask()
        except Unreachable as error:
            LOG.debug("%s: %s", name, error)
            continue
        except EmulatorError as error:
            text = Text("the command was under way when the cloud refused to tell of it: {why}", why=str(error))
            raise Unconfirmed(text) from None
        if ended(content):
            return content
        report(Phase.WAITING, f"{name}, {clock.monotonic() - started:.0f} s so far")
    raise Unconfirmed(Text("the panel has not answered within {s} s", s=f"{within_s:g}"))
