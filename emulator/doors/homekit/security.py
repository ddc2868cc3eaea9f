"""One alarm as HomeKit sees it: what it shows, and what a write comes to."""

from dataclasses import dataclass, replace

from emulator.alarm.hub import Asked, Hub, Ticket
from emulator.doors.homekit.words import DISARMED, TRIGGERED, SecurityState, Vocabulary
from emulator.model import Arm, Disarm, Origin

DOOR = "homekit"
"""Name of this door in the journal, and where settings narrow a disarm."""


@dataclass(frozen=True, slots=True)
class Security:
    """The security system of one alarm; every method may be called from any thread."""

    hub: Hub
    installation: str
    vocabulary: Vocabulary

    def standing(self) -> SecurityState | None:
        """Return the state to show, from memory; None while it is not known whether the house is armed."""
        view = self.hub.view(self.installation)
        standing = self.vocabulary.standing(view.axes, view.target)
        return replace(standing, current=TRIGGERED) if standing and view.triggered is not None else standing

    @property
    def is_faulty(self) -> bool:
        """True while there is no news from the alarm, or its login needs a person."""
        return self.hub.health(self.installation).is_faulty

    def write(self, word: int, peer: str, asked: Asked) -> Ticket:
        """Submit what a controller asked for. Blocking, as the journal is written; EmulatorError: nothing is sent.

        A disarm is for paired controllers, which Apple lets ask for it only where the iPhone is unlocked. What narrows
        `off: disarm` of the alarm's switches narrows it too.
        """
        origin = Origin(DOOR, peer)
        if word == DISARMED:
            view = self.hub.view(self.installation)
            return self.hub.disarm(self.installation, Disarm.of_all(view.axes, view.soon), origin, asked)
        return self.hub.command(self.installation, Arm(self.vocabulary.modes[word]), origin, asked)
