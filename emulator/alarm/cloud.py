"""The contract between an installation and the cloud that speaks for its panel."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from emulator.model import Action, PanelState
from emulator.model.activity import AlarmEvent


class Phase(StrEnum):
    """Progress of a command."""

    SENDING = "sending"
    ACCEPTED = "accepted"
    WAITING = "waiting"


GLANCE_S = 20.0
"""Most panels report their state in this time, and a disarm that waits for it is still young enough to be sent."""


class Reading(StrEnum):
    """Effort to take to learn the panel's state."""

    POLL = "poll"
    """The cheapest way, used every minute or two."""
    GLANCE = "glance"
    """The same for a disarm, which waits GLANCE_S for it and otherwise goes by the last state."""
    SETTLE = "settle"
    """The surest way without a person's request: an earlier command is unsettled, or the state is unclear."""
    PANEL = "panel"
    """Wake the panel, because a person wants it."""


Report = Callable[[Phase, str], None]
"""Called with the phase and the request under way, for the log.

`SENDING` comes directly before each time that a command is submitted, also when it is submitted anew because the cloud
has refused the session. An exception that the report raises then ends the command, and nothing is sent.
"""


@dataclass(frozen=True, slots=True)
class Details:
    """Description of an installation by the cloud, without code words, contacts or other secrets."""

    number: str
    panel: str
    alias: str
    devices: tuple[dict[str, str], ...] = field(default=())
    services: tuple[dict[str, str], ...] = field(default=())
    fitted: frozenset[str] = field(default=frozenset())
    """Names of capabilities and active services, in the cloud's own words; empty where it tells none."""


class Cloud(Protocol):
    """One session with one installation; every call is made from the same thread and may block."""

    def read(self, how: Reading = Reading.POLL) -> PanelState:
        """Return the panel's state. One that is older than the call, by its `read_at`, means that there is no news yet.

        Raises CloudError.
        """

    def execute(self, action: Action, report: Report) -> PanelState:
        """Submit once, follow to the end, and return what the panel said.

        Raises Rejected (not carried out), Unconfirmed (perhaps carried out) or CloudError (never sent).
        """

    def activity(self) -> Sequence[AlarmEvent]:
        """Return the newest events of the alarm's log, newest first, by the session as it is.

        Never logs in, nor renews a login. Raises EmulatorError, also where that would be needed.
        """

    def describe(self) -> Details:
        """Return what the cloud knows of the installation, for a person who asks. Raises CloudError."""

    def close(self) -> None:
        """End the session; never raises."""
