"""Everything that the page and the API show: gathered from the hub, the journal and the doors, from memory."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from emulator import __version__
from emulator.alarm.hub import Hub, Switch
from emulator.doors import Changes, Door, Pairing, naming, row
from emulator.errors import EmulatorError, OfferOver, ProtocolError
from emulator.lan.news import News
from emulator.lan.search_log import LoggedSearch
from emulator.model import ArmMode, Axes, Interior
from emulator.store.journal import Entry, Journal
from emulator.store.pairing import BUTTON_S, button_pressed, press_button
from emulator.store.peer_names import PeerNames
from emulator.store.pin import Pin
from emulator.views import schema
from emulator.views.boxes import boxes
from emulator.views.devices import devices
from emulator.views.facts import AlarmFacts, facts
from emulator.views.sheet import SAID, Part, Sheet, ShownDoor, ShownSwitch, part
from emulator.words.language import ENGLISH, Language
from emulator.words.text import Text

LOOKED_THROUGH = 100
"""Journal entries that are searched for the last command of each alarm."""

MARKED, QUIET_ROWS = 500, 20
"""Journal entries that are read for a week's marks: those that changed something, and a few of those that did not."""


@dataclass(frozen=True)
class Overview:
    """The state of the alarms, switches and doors, as the API and the page show it; usable from every thread."""

    hub: Hub
    journal: Journal
    pin: Pin
    news: News
    now: Callable[[], float]
    doors: Callable[[], Mapping[str, Door]]
    searches: Callable[[], tuple[LoggedSearch, ...]]
    pairing: Pairing | None
    names: PeerNames
    language: Language = ENGLISH
    """The language of the house, for a browser that prefers none of ours."""
    changes: Changes | None = None
    unnotified: str = ""
    """Reason that notices reach nobody; empty where they reach somebody."""
    force_pin: bool = False
    """True if arming past open windows needs the PIN."""

    def state(self) -> schema.StateView:
        """Return everything for programs."""
        entries = self.journal.commands(LOOKED_THROUGH, quiet=False)
        return schema.StateView(
            revision=self.news.revision,
            version=__version__,
            now=self.now(),
            pin_set=self.pin.is_set,
            installations=[schema.installation(facts(self.hub, name, entries)) for name in self.hub.installations],
            switches=[self._switch(switch) for switch in self.hub.switches],
            doors=[schema.DoorView.of(door, obstacles=list(door.obstacles)) for door in self.shown_doors()],
            trouble=self.journal.trouble,
            settings=self.not_taken,
            bridge=self.pairing and schema.BridgeView(pairing=self.pairing, pressed=self.is_pressed),
            searches=[schema.HeardView.of(search) for search in self.searches()],
        )

    def sheet(self, days: int, here: str) -> Sheet:
        """Return the contents of the page, with pictures of so many days, for the device at this address."""
        now, revision = self.now(), self.news.revision  # first: what changes from here on makes the page stale
        searches = self.searches()
        entries = self.journal.commands(MARKED, quiet=False) + self.journal.commands(QUIET_ROWS, quiet=True)
        heard = [*(entry.peer for entry in entries), *(search.peer for search in searches)]
        return Sheet(
            now=now,
            revision=revision,
            pin_set=self.pin.is_set,
            parts=[self._part(facts(self.hub, name, entries), entries, now, days) for name in self.hub.installations],
            doors=self.shown_doors(),
            trouble=self.journal.trouble,
            pairing=self.pairing,
            is_pressed=self.is_pressed,
            searches=searches,
            unnotified=self.unnotified,
            named=self.named,
            devices=devices(self.names.all(), heard, here),
        )

    @property
    def is_pressed(self) -> bool:
        """True for some time after somebody pressed the link button."""
        return self.pairing is not None and button_pressed(self.journal, self.now())

    @property
    def named(self) -> Callable[[str], str]:
        """Names doors and addresses as people call them."""
        return naming(self.names)

    @property
    def not_taken(self) -> str:
        """Reason to run without the changed settings that it was asked to take; empty where that is not so."""
        return self.changes.trouble if self.changes else ""

    def shown_doors(self) -> list[ShownDoor]:
        """Return the doors. One that has nothing to serve is well."""
        return [
            ShownDoor(
                name, row(name).title, self._status(name, door), tuple(door.obstacles()), bool(row(name).invitation)
            )
            for name, door in self.doors().items()
        ]

    def reports(self, switch: Switch) -> list[tuple[str, str]]:
        """Return what each of its doors tells its clients of a switch, by the door's name."""
        return [(name, door.report(switch)) for name, door in self.doors().items() if name in switch.doors]

    def find(self, installation: str | None) -> str:
        """Return the alarm of that name, or the only one; ProtocolError when there is a choice or no such alarm."""
        names = self.hub.installations
        if installation is None and len(names) == 1:
            return names[0]
        if installation not in names:
            text = Text("which alarm? Name one of {names} as `installation`", names=tuple(names))
            raise ProtocolError(text, HTTPStatus.CONFLICT)
        return installation

    def armed_over(self, installation: str, mode: ArmMode) -> Axes | None:
        """Return the present or pending axes if they are known to be armed without `mode`; else None.

        An unknown mode is no reason to ask a person: the panel is read before anything is sent.
        """
        view = self.hub.view(installation)
        axes = view.axes if view.target is None else view.target
        is_armed = axes.interior not in (None, Interior.OFF) or axes.perimeter or axes.annex
        return axes if is_armed and not axes.has(mode) else None

    def press(self) -> float:
        """Press the link button and return for how many seconds; ProtocolError when there is none."""
        if self.pairing is None:
            raise ProtocolError(Text("there is no Hue bridge: doors.hue is not in devices.yaml"), HTTPStatus.CONFLICT)
        press_button(self.journal, self.now())
        self.news.changed()
        return BUTTON_S

    def _switch(self, switch: Switch) -> schema.SwitchView:
        reports = [schema.ReportView(door=name, says=says) for name, says in self.reports(switch)]
        return schema.SwitchView.of(switch, self.hub.state(switch), mode=str(switch.mode), doors=reports)

    def _part(self, one: AlarmFacts, entries: Sequence[Entry], now: float, days: int) -> Part:
        troubles = boxes(one, now, self.journal.trouble, self.not_taken, self.named, force_pin=self.force_pin)
        switches = [self._shown(switch) for switch in self.hub.switches if switch.installation == one.name]
        return part(one, self.journal, entries, now, days, self.named, troubles, switches)

    def _shown(self, switch: Switch) -> ShownSwitch:
        says = tuple((self.named(door), SAID.get(says, says)) for door, says in self.reports(switch))
        return ShownSwitch(switch.name, switch.mode, switch.off_disarms, self.hub.state(switch).pending, says)

    def _status(self, name: str, door: Door) -> schema.Word:
        is_named = any(name in switch.doors for switch in self.hub.switches)
        is_idle = row(name).serves_only_switches and not is_named
        if is_idle or (not door.obstacles() and (door.urls() or not is_named)):
            return "ok"
        return "partly" if door.urls() else "down"


def status_of(error: Exception) -> int:
    """Return the HTTP status of a request that failed."""
    if isinstance(error, ProtocolError):
        return error.status
    if isinstance(error, OfferOver):
        return HTTPStatus.CONFLICT
    return HTTPStatus.SERVICE_UNAVAILABLE if isinstance(error, EmulatorError) else HTTPStatus.INTERNAL_SERVER_ERROR
