"""The setup code of the bridge: made once, kept in the journal beside its pairings, and shown to nobody but its owner.

The library keeps neither code nor setup id over a restart, so that a printed QR code would be wrong after it.
"""

import json
import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from emulator.errors import EmulatorError
from emulator.store.journal import Journal
from emulator.words.text import Text

NOTE = "homekit"
"""Name of the note in the journal."""

TRIVIAL = frozenset({*(digit * 8 for digit in string.digits), "12345678", "87654321"})
"""Codes that Apple forbids."""

DAMAGED = Text("what is kept of it is damaged: `emulator homekit --reset` makes another one")

CODE_DIGITS, ID_CHARS = 8, 4
ID_ALPHABET = string.ascii_uppercase + string.digits
BASE36 = string.digits + string.ascii_uppercase
PAYLOAD_CHARS = 9

BRIDGE = 2
"""Category of a bridge, in the QR code and in mDNS."""

OVER_IP = 2
"""Flag in the QR code: the accessory is paired over the LAN."""


@dataclass(frozen=True, slots=True)
class Setup:
    """Secrets by which a client pairs: eight digits and an id of four characters."""

    code: str = field(repr=False)
    id: str = field(repr=False)

    @property
    def spoken(self) -> str:
        """Return the code as people type it and as the library wants it: `123-45-678`."""
        return f"{self.code[:3]}-{self.code[3:5]}-{self.code[5:]}"

    @property
    def uri(self) -> str:
        """Return the text of the QR code."""
        number = BRIDGE << 31 | OVER_IP << 27 | int(self.code)
        digits = ""
        while number:
            number, rest = divmod(number, len(BASE36))
            digits = BASE36[rest] + digits
        return f"X-HM://{digits.rjust(PAYLOAD_CHARS, '0')}{self.id}"


def make(draw: Callable[[int], int] = secrets.randbelow) -> Setup:
    """Return new secrets; `draw` returns a number below its argument."""
    while (code := f"{draw(10**CODE_DIGITS):0{CODE_DIGITS}}") in TRIVIAL:
        continue
    return Setup(code, "".join(secrets.choice(ID_ALPHABET) for _ in range(ID_CHARS)))


@dataclass(frozen=True, slots=True)
class KeptBridge:
    """The bridge as the journal keeps it. `state` is the library's: keys, id and paired clients; empty at first."""

    setup: Setup
    state: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def controllers(self) -> list[tuple[str, bool]]:
        """Return the paired clients, each with whether it may add others."""
        rights = self.state.get("client_properties", {})
        return [
            (one, bool(rights.get(one, {}).get("permissions", 0) & 1)) for one in self.state.get("paired_clients", {})
        ]


def known(journal: Journal) -> KeptBridge | None:
    """Return what is kept; None before the first run. EmulatorError when it cannot be read."""
    text = journal.recall(NOTE)
    if text is None:
        return None
    try:
        whole = json.loads(text)
        return KeptBridge(Setup(**whole["setup"]), dict(whole["state"]))
    except (ValueError, KeyError, TypeError):
        raise EmulatorError(DAMAGED) from None


def open_kept(journal: Journal) -> KeptBridge:
    """Return what is kept, or make it. EmulatorError when it cannot be written."""
    return known(journal) or reset(journal)


def keep(journal: Journal, setup: Setup, state: Mapping[str, Any]) -> None:
    """Keep the library's state. EmulatorError when it cannot be written, or belongs to a bridge that was reset."""
    text = json.dumps(asdict(KeptBridge(setup, state)))
    with journal.write() as db:
        kept = known(journal)
        if kept is None or kept.setup != setup:
            raise EmulatorError(Text("the HomeKit bridge was reset; the pairings of the old one are not kept"))
        db.execute("UPDATE notes SET value = ? WHERE name = ?", (text, NOTE))


def reset(journal: Journal) -> KeptBridge:
    """Forget all pairings, and make another bridge with another code. EmulatorError when it cannot be written."""
    made = KeptBridge(make())
    journal.note(NOTE, json.dumps(asdict(made)))
    return made
