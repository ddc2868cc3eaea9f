"""The contract between an installation and the cloud that speaks for its panel."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from emulator.model import Action, PanelState


class Phase(StrEnum):
    """How far a command has come."""

    SENDING = "sending"
    ACCEPTED = "accepted"
    WAITING = "waiting"


Report = Callable[[Phase, str], None]
"""Called with the phase and a word for people, such as the request that is under way."""


class Clock(Protocol):
    """Time, injected."""

    def time(self) -> float:
        """Seconds since the epoch."""

    def monotonic(self) -> float:
        """Seconds that never run backwards."""

    def sleep(self, seconds: float) -> bool:
        """Wait; False means that the program is stopping and the wait was cut short."""


@dataclass(frozen=True, slots=True)
class Details:
    """What the cloud knows of an installation, without code words, contacts or other secrets."""

    number: str
    panel: str
    alias: str
    devices: tuple[dict[str, str], ...] = field(default=())
    services: tuple[dict[str, str], ...] = field(default=())


class Cloud(Protocol):
    """One session with one installation; every call is made from the same thread and may block."""

    def read(self, *, ask_panel: bool = False) -> PanelState:
        """The panel's state by the cheapest way; `ask_panel` wakes the panel and is meant to be rare.

        Raises CloudError.
        """

    def execute(self, action: Action, report: Report) -> PanelState:
        """Submit once, follow to the end, and return what the panel said.

        Raises Rejected (not carried out), Unconfirmed (perhaps carried out) or CloudError (never sent).
        """

    def describe(self) -> Details:
        """What the cloud knows of the installation, for a person who asks. Raises CloudError."""

    def close(self) -> None:
        """End the session; never raises."""
