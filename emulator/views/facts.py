"""All that is known of an alarm at one moment, as page and API show it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from emulator.alarm.hub import Health, Hub, Offer, View
from emulator.model import ArmMode
from emulator.store.history import newest_ended
from emulator.store.journal import Entry

Cloud = Literal["ok", "starting", "down"]


@dataclass(frozen=True, slots=True)
class AlarmFacts:
    """The last state of an alarm, its health, and its commands: the one under way, and the one that ended last."""

    name: str
    view: View
    health: Health
    modes: tuple[ArmMode, ...] = ()
    """Modes that its switches arm."""
    under_way: Entry | None = None
    last: Entry | None = None
    offer: Offer | None = None
    """The decision that a person may take now, as long as nobody has."""
    asks_code: bool = False
    """True if a command needs the alarm's own code."""

    @property
    def cloud(self) -> Cloud:
        """The word for how the cloud answers."""
        if self.health.failures or self.health.old:
            return "down"
        return "ok" if self.health.read_at else "starting"

    @property
    def is_old(self) -> bool:
        """True while nothing confirms the last state any more."""
        return self.view.state is not None and (bool(self.health.blocked) or self.cloud != "ok")

    @property
    def is_armed(self) -> bool:
        """True where the panel said last that something is on, or may be."""
        return self.view.state is not None and self.view.axes.armed


def facts(hub: Hub, installation: str, entries: Iterable[Entry]) -> AlarmFacts:
    """Return what is known of an alarm; `entries` are the newest commands of the journal."""
    mine = [entry for entry in entries if entry.installation == installation]
    view = hub.view(installation)
    modes = dict.fromkeys(switch.mode for switch in hub.switches if switch.installation == installation)
    first = next((entry for entry in mine if entry.id == view.entry and not entry.result), None)
    health, last = hub.health(installation), newest_ended(mine, installation)
    offer = hub.offers.get(installation)
    asks = hub.asks_code(installation)
    open_offer = None if offer is None or offer.ticket else offer
    return AlarmFacts(installation, view, health, tuple(modes), first, last, open_offer, asks)
