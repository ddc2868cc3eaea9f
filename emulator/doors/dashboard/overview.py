"""Everything that the page and the API show: gathered from the hub, the journal and the doors, from memory."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from emulator import __version__
from emulator.alarm.hub import Hub, Switch
from emulator.doors import Changes, Door, Pairing
from emulator.doors.dashboard import schema
from emulator.errors import EmulatorError, ProtocolError
from emulator.lan.news import News
from emulator.lan.site import LoggedSearch
from emulator.model import ArmMode, Axes, Interior
from emulator.store.history import newest_ended
from emulator.store.journal import Entry, Journal
from emulator.store.pairing import BUTTON_S, button_pressed, press_button
from emulator.store.pin import Pin
from emulator.words.language import ENGLISH, Language

LOOKED_THROUGH = 100
"""Journal entries that are searched for the last command of each alarm."""


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
    language: Language = ENGLISH
    """The language of the house, for a browser that prefers none of ours."""
    changes: Changes | None = None

    def state(self) -> schema.StateView:
        """Return everything."""
        entries, now = self.journal.commands(LOOKED_THROUGH, quiet=False), self.now()
        pressed = self.pairing is not None and button_pressed(self.journal, now)
        return schema.StateView(
            revision=self.news.revision,
            version=__version__,
            now=now,
            pin_set=self.pin.is_set,
            installations=[self._installation(name, entries) for name in self.hub.installations],
            switches=[self._switch(switch) for switch in self.hub.switches],
            doors=self.door_views(),
            trouble=self.journal.trouble,
            settings=self.not_taken,
            bridge=self.pairing and schema.BridgeView(pairing=self.pairing, pressed=pressed),
            searches=[schema.HeardView.of(search) for search in self.searches()],
        )

    @property
    def not_taken(self) -> str:
        """Reason to run without the changed settings that it was asked to take; empty where that is not so."""
        return self.changes.trouble if self.changes else ""

    def door_views(self) -> list[schema.DoorView]:
        """Return the status of each LAN door. One that no switch uses has nothing to serve, and is well."""
        return [
            schema.DoorView(name=name, status=self._status(name, door), obstacles=list(door.obstacles()))
            for name, door in self.doors().items()
        ]

    def health(self, installation: str) -> schema.HealthView:
        """Return the health of an alarm's connection to its cloud."""
        health = self.hub.health(installation)
        cloud = "down" if health.failures or health.old else "ok" if health.read_at else "starting"
        return schema.HealthView.of(health, cloud=cloud, login="needs you" if health.blocked else "ok")

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

    def _installation(self, name: str, entries: list[Entry]) -> schema.InstallationView:
        mine = [entry for entry in entries if entry.installation == name]
        ended = newest_ended(mine, name)
        view = self.hub.view(name)
        first = next((entry for entry in mine if entry.id == view.entry and not entry.result), None)
        modes = dict.fromkeys(switch.mode for switch in self.hub.switches if switch.installation == name)
        return schema.InstallationView(
            name=name,
            panel=schema.PanelView.of(view.state, view.axes, state=str(view.axes)) if view.state else None,
            pending=_pending(view.target, first) if view.target and first else None,
            modes=[schema.ChoiceView(mode=str(mode), on=view.axes.has(mode)) for mode in modes],
            last=schema.EntryView.of(ended) if ended else None,
            health=self.health(name),
        )

    def _switch(self, switch: Switch) -> schema.SwitchView:
        doors = [(name, door) for name, door in self.doors().items() if name in switch.doors]
        reports = [schema.ReportView(door=name, says=door.report(switch)) for name, door in doors]
        return schema.SwitchView.of(switch, self.hub.state(switch), mode=str(switch.mode), doors=reports)

    def _status(self, name: str, door: Door) -> schema.Word:
        if not any(name in switch.doors for switch in self.hub.switches) or (door.urls() and not door.obstacles()):
            return "ok"
        return "partly" if door.urls() else "down"


def status_of(error: Exception) -> int:
    """Return the HTTP status of a request that failed."""
    if isinstance(error, ProtocolError):
        return error.status
    return HTTPStatus.SERVICE_UNAVAILABLE if isinstance(error, EmulatorError) else HTTPStatus.INTERNAL_SERVER_ERROR


def _pending(target: Axes, first: Entry) -> schema.PendingView:
    asked_by = " ".join(filter(None, (first.door, first.peer, first.switch)))
    return schema.PendingView(action=first.action, target=str(target), since=first.at, asked_by=asked_by)
