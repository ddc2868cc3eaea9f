"""The contents of the page at one moment, gathered from memory and journal, in words that are said later."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from emulator import __version__, doors
from emulator.alarm.hub import Health, Switch
from emulator.doors import Pairing
from emulator.doors.dashboard import naming
from emulator.doors.dashboard.naming import NamedDevice
from emulator.doors.dashboard.overview import Overview
from emulator.lan.site import LoggedSearch
from emulator.model import ArmMode
from emulator.store import activity, history
from emulator.store.journal import Entry
from emulator.store.pairing import button_pressed
from emulator.views import seen, timeline
from emulator.views.boxes import Box, boxes
from emulator.views.cards import Card, card
from emulator.views.events import Event, listed
from emulator.views.facts import AlarmFacts
from emulator.views.legend import Legend, legend
from emulator.words.text import Text, sense

ROWS = 40
"""Events in the list: the newest are visible, the rest behind a button."""

MARKED, QUIET_ROWS = 500, 20
"""Journal entries that are read for a week's marks: those that changed something, and a few of those that did not."""

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
    """A door with its state. `invites` if the page can show a code to pair by."""

    name: str
    title: str
    status: str
    obstacles: tuple[str, ...]
    is_well: bool
    invites: bool


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
    pairing: Pairing | None
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


def gather(overview: Overview, days: int, here: str = "") -> Sheet:
    """Return the contents of the page, with a picture of so many days, for the device at this address."""
    now, journal = overview.now(), overview.journal
    revision = overview.news.revision  # first: what changes from here on makes the page stale
    entries = journal.commands(MARKED, quiet=False) + journal.commands(QUIET_ROWS, quiet=True)
    return Sheet(
        now=now,
        revision=revision,
        pin_set=overview.pin.is_set,
        parts=[
            _part(overview, overview.facts(name, entries), entries, now, days) for name in overview.hub.installations
        ],
        doors=_doors(overview),
        trouble=journal.trouble,
        pairing=overview.pairing,
        is_pressed=overview.pairing is not None and button_pressed(journal, now),
        searches=overview.searches(),
        unnotified=overview.unnotified,
        named=overview.named,
        devices=naming.devices(overview, entries, here),
    )


def _part(overview: Overview, one: AlarmFacts, entries: Sequence[Entry], now: float, days: int) -> Part:
    mine = [entry for entry in entries if entry.installation in (one.name, "")]
    own = [entry for entry in mine if entry.installation]
    spans = _spans(overview, one, now - days * timeline.DAY_S)
    first = history.first_known(overview.journal, one.name)
    has_grown = own or (first is not None and now - first >= GROWN_S)
    logged = activity.events(overview.journal, one.name, LOGGED, since=now - days * timeline.DAY_S)
    more = partial(seen.marks, logged)
    picture = timeline.draw(spans, mine, now, days, first, more) if has_grown else None
    return Part(
        card=card(one, own, overview.named),
        boxes=boxes(
            one, now, overview.journal.trouble, overview.not_taken, overview.named, force_pin=overview.force_pin
        ),
        picture=picture,
        legend=legend(picture) if picture else None,
        events=listed(mine, seen.rows(spans, logged), ROWS, overview.named),
        switches=[_switch(overview, switch) for switch in overview.hub.switches if switch.installation == one.name],
        health=one.health,
        cloud=CLOUDS[one.cloud],
    )


def _spans(overview: Overview, one: AlarmFacts, since: float) -> list[history.Span]:
    """Return the known states since then; the last one lasts until the panel was last read."""
    spans, read = history.spans(overview.journal, one.name, since), one.view.state
    if spans and read and spans[-1].axes == read.axes:
        spans[-1] = replace(spans[-1], until=max(spans[-1].until, read.read_at))
    return spans


def _switch(overview: Overview, switch: Switch) -> ShownSwitch:
    says = tuple((overview.named(door), SAID.get(says, says)) for door, says in overview.reports(switch))
    return ShownSwitch(switch.name, switch.mode, switch.off_disarms, overview.hub.state(switch).pending, says)


def _doors(overview: Overview) -> list[ShownDoor]:
    shown = []
    for name, status, obstacles in overview.door_states():
        row = doors.row(name)
        is_well, invites = status == "ok" and not obstacles, row.invitation is not None
        shown.append(ShownDoor(name, row.title, SERVED[status], obstacles, is_well, invites))
    return shown
