"""The secrets by which an ecosystem pairs with the bridge, who is paired, and what a person wishes. In the journal.

`emulator matter` writes wishes; the running door takes each once.
"""

import json
import logging
import secrets
from collections.abc import Callable, Container, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, field

from emulator.doors.matter.messages import Fabric, PairingCode, as_rows
from emulator.store.journal import Journal

LOG = logging.getLogger(__name__)

SETUP, CODE, FABRICS, OPENED, REMOVED = "matter", "matter code", "matter fabrics", "matter open", "matter remove "
"""Names of the notes in the journal; of those to remove the beginning."""

PASSCODES, DISCRIMINATORS = 99_999_998, 1 << 12
"""Highest passcode, and number of discriminators (matter.md §1)."""

TRIVIAL = frozenset({*(int(digit * 8) for digit in "0123456789"), 12_345_678, 87_654_321})
"""Passcodes that Matter forbids (matter.md §1)."""


@dataclass(frozen=True, slots=True)
class PairingSecrets:
    """Passcode and discriminator, made once; and the serial number of the bridge."""

    passcode: int = field(repr=False)
    discriminator: int
    serial: str


def make(draw: Callable[[int], int] = secrets.randbelow) -> PairingSecrets:
    """Return new secrets; `draw` returns a number below its argument."""
    while (passcode := draw(PASSCODES) + 1) in TRIVIAL:
        continue
    return PairingSecrets(passcode, draw(DISCRIMINATORS), secrets.token_hex(8))


def open_kept(journal: Journal) -> PairingSecrets:
    """Return what is kept, or make it; who is paired stays so. EmulatorError when it cannot be read or written."""
    text = journal.recall(SETUP)
    with suppress(ValueError, TypeError):
        if text is not None:
            return PairingSecrets(**json.loads(text))
    if text is not None:
        LOG.error("what is kept of the Matter bridge's code is damaged: it has another code from now on")
    made = make()
    journal.note(SETUP, json.dumps(asdict(made)))
    return made


def code(journal: Journal) -> PairingCode | None:
    """Return the code by which the bridge is paired, as it told it; None before the first run."""
    with suppress(ValueError, TypeError):
        return PairingCode(*json.loads(journal.recall(CODE) or "null"))
    return None


def keep_code(journal: Journal, told: PairingCode) -> None:
    """Keep the code."""
    journal.note(CODE, json.dumps([told.code, told.qr]))


def fabrics(journal: Journal) -> tuple[Fabric, ...]:
    """Return who was paired when the bridge last told."""
    with suppress(ValueError, TypeError):
        return tuple(Fabric(**row) for row in json.loads(journal.recall(FABRICS) or "[]"))
    return ()


def keep(journal: Journal, found: Iterable[Fabric]) -> None:
    """Keep who is paired."""
    journal.note(FABRICS, json.dumps(as_rows(found)))


def wish_open(journal: Journal, now: float) -> None:
    """Wish that another ecosystem may pair."""
    journal.note(OPENED, json.dumps(now))


def wish_removed(journal: Journal, index: int) -> None:
    """Wish that a pairing ends."""
    journal.note(f"{REMOVED}{index}", json.dumps(index))


@dataclass(frozen=True, slots=True)
class Wishes:
    """Moments and fabrics that a person named since they were last taken."""

    opened: float | None = None
    removed: tuple[int, ...] = ()


def take_wishes(journal: Journal, paired: Container[int]) -> Wishes:
    """Return what a person wishes: a window once, an end of a pairing until it has ended."""
    opened, removed = journal.recall(OPENED), [int(index) for index in journal.recall_all(REMOVED)]
    found = Wishes(json.loads(opened) if opened else None, tuple(index for index in removed if index in paired))
    for name in (*([OPENED] if opened else ()), *(f"{REMOVED}{index}" for index in removed if index not in paired)):
        journal.note(name, None)
    return found
