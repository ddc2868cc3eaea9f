"""Everything that the page and the API show: gathered from the hub, the journal and the doors, from memory."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import NamedTuple

from emulator import __version__
from emulator.alarm.hub import Hub, Offer, Switch
from emulator.doors import Changes, Door, Pairing, naming, row
from emulator.errors import EmulatorError, OfferOver, ProtocolError
from emulator.lan.news import News
from emulator.lan.site import LoggedSearch
from emulator.model import ArmMode, Axes, Interior
from emulator.store.history import newest_ended
from emulator.store.journal import Entry, Journal
from emulator.store.pairing import BUTTON_S, button_pressed, press_button
from emulator.store.peer_names import PeerNames
from emulator.store.pin import Pin
from emulator.views import schema
from emulator.views.facts import AlarmFacts
from emulator.words.language import ENGLISH, Language

LOOKED_THROUGH = 100
"""Journal entries that are searched for the last command of each alarm."""


class DoorState(NamedTuple):
    """A door of the house as people and programs are told of it."""

    name: str
    status: schema.Word
    obstacles: tuple[str, ...]


@dataclass(frozen=True)
class Overview:
    """The state of the alarms, switches and doors as views of schema.py; usable from every thread."""

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
        """Return everything."""
        entries, now = self.journal.commands(LOOKED_THROUGH, quiet=False), self.now()
        pressed = self.pairing is not None and button_pressed(self.journal, now)
        return schema.StateView(
            revision=self.news.revision,
            version=__version__,
            now=now,
            pin_set=self.pin.is_set,
            installations=[_installation(self.facts(name, entries)) for name in self.hub.installations],
            switches=[self._switch(switch) for switch in self.hub.switches],
            doors=self.door_views(),
            trouble=self.journal.trouble,
            settings=self.not_taken,
            bridge=self.pairing and schema.BridgeView(pairing=self.pairing, pressed=pressed),
            searches=[schema.HeardView.of(search) for search in self.searches()],
        )

    @property
    def named(self) -> Callable[[str], str]:
        """Names doors and addresses as people call them."""
        return naming(self.names)

    @property
    def not_taken(self) -> str:
        """Reason to run without the changed settings that it was asked to take; empty where that is not so."""
        return self.changes.trouble if self.changes else ""

    def facts(self, installation: str, entries: Iterable[Entry]) -> AlarmFacts:
        """Return what is known of an alarm; `entries` are the newest commands of the journal."""
        mine = [entry for entry in entries if entry.installation == installation]
        view = self.hub.view(installation)
        modes = dict.fromkeys(switch.mode for switch in self.hub.switches if switch.installation == installation)
        first = next((entry for entry in mine if entry.id == view.entry and not entry.result), None)
        health, last = self.hub.health(installation), newest_ended(mine, installation)
        offer = self.hub.offers.get(installation)
        asks = self.hub.asks_code(installation)
        open_offer = None if offer is None or offer.ticket else offer
        return AlarmFacts(installation, view, health, tuple(modes), first, last, open_offer, asks)

    def door_states(self) -> list[DoorState]:
        """Return the status of each door. One that has nothing to serve is well."""
        return [
            DoorState(name, self._status(name, door), tuple(door.obstacles())) for name, door in self.doors().items()
        ]

    def door_views(self) -> list[schema.DoorView]:
        """Return the same for programs."""
        return [schema.DoorView.of(one, obstacles=list(one.obstacles)) for one in self.door_states()]

    def reports(self, switch: Switch) -> list[tuple[str, str]]:
        """Return what each of its doors tells its clients of a switch, by the door's name."""
        return [(name, door.report(switch)) for name, door in self.doors().items() if name in switch.doors]

    def health(self, installation: str) -> schema.HealthView:
        """Return the health of an alarm's connection to its cloud."""
        return _health(self.facts(installation, ()))

    def find(self, installation: str | None) -> str:
        """Return the alarm of that name, or the only one; ProtocolError when there is a choice or no such alarm."""
        names = self.hub.installations
        if installation is None and len(names) == 1:
            return names[0]
        if installation not in names:
            raise ProtocolError(f"which alarm? Name one of {', '.join(names)} as `installation`", HTTPStatus.CONFLICT)
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
            raise ProtocolError("there is no Hue bridge: doors.hue is not in devices.yaml", HTTPStatus.CONFLICT)
        press_button(self.journal, self.now())
        self.news.changed()
        return BUTTON_S

    def _switch(self, switch: Switch) -> schema.SwitchView:
        reports = [schema.ReportView(door=name, says=says) for name, says in self.reports(switch)]
        return schema.SwitchView.of(switch, self.hub.state(switch), mode=str(switch.mode), doors=reports)

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


def _health(one: AlarmFacts) -> schema.HealthView:
    return schema.HealthView.of(one.health, cloud=one.cloud, login="needs you" if one.health.blocked else "ok")


def _installation(one: AlarmFacts) -> schema.InstallationView:
    view = one.view
    return schema.InstallationView(
        name=one.name,
        panel=schema.PanelView.of(view.state, view.axes, state=str(view.axes)) if view.state else None,
        pending=_pending(view.target, one.under_way) if view.target and one.under_way else None,
        modes=[schema.ChoiceView(mode=str(mode), on=view.axes.has(mode)) for mode in one.modes],
        last=schema.EntryView.of(one.last) if one.last else None,
        offer=_offer(one.offer) if one.offer else None,
        health=_health(one),
        triggered=view.triggered,
        asks_code=one.asks_code,
    )


def _offer(offer: Offer) -> schema.OfferView:
    mode, zones = str(offer.arm.mode), offer.arm.past
    return schema.OfferView(refusal=offer.entry, mode=mode, zones=zones, until=offer.until)


def _pending(target: Axes, first: Entry) -> schema.PendingView:
    asked_by = " ".join(filter(None, (first.door, first.peer, first.switch)))
    return schema.PendingView(action=first.action, target=str(target), since=first.at, asked_by=asked_by)
