"""The contents of the page at one moment, in words that are said later."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from emulator import __version__
from emulator.alarm.hub import Health
from emulator.lan.search_log import LoggedSearch
from emulator.model import ArmMode
from emulator.store import activity, history
from emulator.store.journal import Entry, Journal
from emulator.views import seen, timeline
from emulator.views.boxes import Box
from emulator.views.cards import Card, card
from emulator.views.devices import NamedDevice
from emulator.views.events import Event, listed
from emulator.views.facts import AlarmFacts
from emulator.views.legend import Legend, legend
from emulator.views.schema import Word
from emulator.words.text import Text, sense

ROWS = 40
"""Events in the list: the newest are visible, the rest behind a button."""

LOGGED = 200
"""Most rows of the alarm's own log that are read: those of a busy week."""

GROWN_S = 900.0
"""Age of an alarm's history from which it has a picture though nothing was asked of it: before, it is one stripe."""

CLOUDS = {"ok": Text("answers"), "down": Text("does not answer"), "starting": Text("not asked yet")}
SERVED = {"ok": Text("served"), "partly": Text("served in part"), "down": Text("not served")}
SAID = {"on": sense("switch", "on"), "off": sense("switch", "off")}
"""Words of a door that are translated; all others are its own."""


@dataclass(frozen=True, slots=True)
class ShownSwitch:
    """A switch, and what each of its doors says of it."""

    name: str
    mode: ArmMode
    off_disarms: bool
    pending: bool
    says: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ShownDoor:
    """A door with its status. `invites` if the page can show a code to pair by."""

    name: str
    title: str
    status: Word
    obstacles: tuple[str, ...]
    invites: bool

    @property
    def is_well(self) -> bool:
        """True while nothing is in its way."""
        return self.status == "ok" and not self.obstacles

    @property
    def served(self) -> str:
        """Its status in words."""
        return SERVED[self.status]


@dataclass(frozen=True, slots=True)
class Part:
    """An alarm on the page. On the first day there is no `picture` yet."""

    card: Card
    boxes: list[Box]
    picture: timeline.Picture | None
    legend: Legend | None
    events: list[Event]
    switches: list[ShownSwitch]
    health: Health
    cloud: str

    @property
    def is_well(self) -> bool:
        """True while the alarm answers."""
        return not self.health.is_faulty


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything that the page shows."""

    now: float
    revision: str
    pin_set: bool
    parts: list[Part]
    doors: list[ShownDoor]
    trouble: str
    pairing: Literal["open", "button"] | None
    is_pressed: bool
    searches: Sequence[LoggedSearch]
    unnotified: str
    named: Callable[[str], str]
    devices: list[NamedDevice]
    version: str = __version__

    @property
    def is_well(self) -> bool:
        """True while nothing of this program is in the way."""
        return not self.trouble and all(door.is_well for door in self.doors)

    @property
    def fields(self) -> list[str]:
        """The fields at which an error can be shown."""
        if not self.pin_set:
            return []
        named = [f"pin-{part.card.name}" for part in self.parts] + [f"code-{door.name}-pin" for door in self.doors]
        deeds = [f"pin-{deed.id}" for part in self.parts for box in part.boxes for deed in box.deeds if deed.pin]
        return named + deeds + ["pin-names"] + ["pin-bridge"] * (self.pairing == "button" and not self.is_pressed)


def part(
    one: AlarmFacts,
    journal: Journal,
    entries: Sequence[Entry],
    now: float,
    days: int,
    named: Callable[[str], str],
    troubles: list[Box],
    switches: list[ShownSwitch],
) -> Part:
    """Return an alarm with a picture of so many days; `entries` are the newest commands of the house."""
    since = now - days * timeline.DAY_S
    mine = [entry for entry in entries if entry.installation in (one.name, "")]
    own = [entry for entry in mine if entry.installation]
    spans, first = _spans(one, journal, since), history.first_known(journal, one.name)
    has_grown = own or (first is not None and now - first >= GROWN_S)
    logged = activity.events(journal, one.name, LOGGED, since=since)
    picture = timeline.draw(spans, mine, now, days, first, partial(seen.marks, logged)) if has_grown else None
    return Part(
        card=card(one, own, named),
        boxes=troubles,
        picture=picture,
        legend=legend(picture) if picture else None,
        events=listed(mine, seen.rows(spans, logged), ROWS, named),
        switches=switches,
        health=one.health,
        cloud=CLOUDS[one.cloud],
    )


def _spans(one: AlarmFacts, journal: Journal, since: float) -> list[history.Span]:
    """Return the known states since then; the last one lasts until the panel was last read."""
    spans, read = history.spans(journal, one.name, since), one.view.state
    if spans and read and spans[-1].axes == read.axes:
        spans[-1] = replace(spans[-1], until=max(spans[-1].until, read.read_at))
    return spans
