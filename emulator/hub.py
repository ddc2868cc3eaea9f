"""Where doors meet installations: submit, state, subscribe. Doors know nothing behind this page."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from emulator.model import Origin, Outcome, Switch, SwitchState


@dataclass(frozen=True, slots=True)
class Ticket:
    """A submitted command.

    `accepted` resolves to None when the cloud took the command, or when there was nothing to do, and raises an
    EmulatorError when it was refused. `done` always resolves to the Outcome, possibly minutes later.
    """

    accepted: Future[None] = field(default_factory=Future)
    done: Future[Outcome] = field(default_factory=Future)


class Hub:
    """The switches of the house; every method may be called from any thread.

    `submit` may block for some milliseconds (it writes the journal): never call it on an event loop.
    """

    switches: tuple[Switch, ...]

    def submit(self, switch: Switch, on: bool, origin: Origin) -> Ticket:
        """Ask for a switch to be turned on or off."""
        raise NotImplementedError

    def state(self, switch: Switch) -> SwitchState:
        """What may be reported of a switch now, from memory."""
        raise NotImplementedError

    def subscribe(self, callback: Callable[[str], None]) -> Callable[[], None]:
        """Call back with the installation's name after each change, from any thread; returns the unsubscribe."""
        raise NotImplementedError
