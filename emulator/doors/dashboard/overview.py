"""The house as the page and the API show it: gathered from the hub, the journal and the doors, from memory."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Literal

from emulator import __version__, model
from emulator.alarm.hub import Hub, Ticket
from emulator.doors import Door
from emulator.doors.dashboard import schema
from emulator.doors.dashboard.news import News
from emulator.errors import EmulatorError, ProtocolError
from emulator.lan.search_log import Search
from emulator.model import DISARMS, Action, Arm, ArmMode, Axes, Interior, Origin
from emulator.store.journal import Entry, Journal
from emulator.store.pairing import BUTTON_S, button_pressed, press_button
from emulator.store.pin import Pin

LOOKED_THROUGH = 100
"""Journal entries in which the last command of each alarm is looked for."""

Pairing = Literal["open", "button"]


class Overview:
    """Answers what there is to see, and passes on commands; usable from every thread."""

    def __init__(
        self,
        hub: Hub,
        journal: Journal,
        pin: Pin,
        news: News,
        now: Callable[[], float],
        *,
        doors: Mapping[str, Door],
        searches: Callable[[], tuple[Search, ...]],
        pairing: Pairing | None,
    ) -> None:
        self.hub = hub
        self.journal = journal
        self.news = news
        self.now = now
        self._pin = pin
        self._doors = doors
        self._searches = searches
        self._pairing = pairing

    def state(self) -> schema.StateView:
        """Everything."""
        entries = self.journal.commands(LOOKED_THROUGH, quiet=False)
        return schema.StateView(
            revision=self.news.revision,
            version=__version__,
            now=self.now(),
            pin_set=self._pin.is_set,
            installations=[self._installation(name, entries) for name in self.hub.installations],
            switches=[self._switch(switch) for switch in self.hub.switches],
            doors=self.doors(),
            trouble=self.journal.trouble,
            bridge=self._bridge(),
            searches=[
                schema.HeardView(at=each.at, peer=each.peer, st=each.st, verdict=each.verdict, times=each.times)
                for each in self._searches()
            ],
        )

    def doors(self) -> list[schema.DoorView]:
        """How the doors of the LAN do. One that no switch uses has nothing to serve."""
        return [
            schema.DoorView(name=name, status=self._door(name, door), obstacles=list(door.obstacles()))
            for name, door in self._doors.items()
        ]

    def health(self, installation: str) -> schema.HealthView:
        """How an alarm gets on with its cloud."""
        health = self.hub.health(installation)
        return schema.HealthView(
            cloud=_cloud(health),
            login="needs you" if health.blocked else "ok",
            read_at=health.read_at,
            next_poll_at=health.next_poll_at,
            failures=health.failures,
            error=health.error,
            blocked=health.blocked,
        )

    def find(self, installation: str | None) -> str:
        """The alarm of that name, or the only one; ProtocolError when there is a choice or no such alarm."""
        names = self.hub.installations
        if installation is None and len(names) == 1:
            return names[0]
        if installation not in names:
            raise ProtocolError(f"which alarm? Name one of {', '.join(names)} as `installation`", HTTPStatus.CONFLICT)
        return installation

    def command(self, installation: str, action: Action, origin: Origin) -> Ticket:
        """Ask an alarm; EmulatorError when it cannot be written down."""
        return self.hub.command(installation, action, origin)

    def armed_over(self, installation: str, mode: ArmMode) -> Axes | None:
        """Where an alarm stands, or is going, if a mode of it is known to be armed and this one is not; else None.

        One in an unknown mode is looked at before anything is sent.
        """
        view = self.hub.view(installation)
        axes = view.axes if view.target is None else view.target
        is_armed = axes.interior not in (None, Interior.OFF) or axes.perimeter or axes.annex
        return axes if is_armed and not axes.has(mode) else None

    def press(self) -> float:
        """Press the link button; for how many seconds. ProtocolError when there is none."""
        if self._pairing is None:
            raise ProtocolError("there is no Hue bridge: doors.hue is not in devices.yaml", 409)
        press_button(self.journal, self.now())
        self.news.changed()
        return BUTTON_S

    def _installation(self, name: str, entries: list[Entry]) -> schema.InstallationView:
        mine = [entry for entry in entries if entry.installation == name]
        # Not always the newest: what the bridge holds back is written down before, and ends later.
        ended = max((entry for entry in mine if entry.ended_at), key=lambda entry: entry.ended_at or 0.0, default=None)
        view = self.hub.view(name)
        first = next((entry for entry in mine if entry.id == view.entry and not entry.result), None)
        modes = dict.fromkeys(switch.mode for switch in self.hub.switches if switch.installation == name)
        return schema.InstallationView(
            name=name,
            panel=_panel(view.state) if view.state else None,
            pending=_pending(view.target, first) if view.target and first else None,
            modes=[schema.ChoiceView(mode=str(mode), on=view.axes.has(mode)) for mode in modes],
            last=schema.EntryView(**ended.as_dict()) if ended else None,  # type: ignore[arg-type]  # the fields are the same
            health=self.health(name),
        )

    def _switch(self, switch: model.Switch) -> schema.SwitchView:
        state = self.hub.state(switch)
        return schema.SwitchView(
            name=switch.name,
            installation=switch.installation,
            mode=str(switch.mode),
            off_disarms=switch.off_disarms,
            on=state.on,
            pending=state.pending,
            doors=[
                schema.ReportView(door=name, says=door.report(switch))
                for name, door in self._doors.items()
                if name in switch.doors
            ],
        )

    def _door(self, name: str, door: Door) -> schema.Word:
        if not any(name in switch.doors for switch in self.hub.switches) or (door.urls() and not door.obstacles()):
            return "ok"
        return "partly" if door.urls() else "down"

    def _bridge(self) -> schema.BridgeView | None:
        if self._pairing is None:
            return None
        return schema.BridgeView(pairing=self._pairing, pressed=button_pressed(self.journal, self.now()))


def action_of(command: schema.CommandRequest) -> Action:
    """What a request asks for."""
    return Arm(ArmMode.parse(command.arm)) if command.arm else DISARMS[command.disarm or "main"]


def said(error: EmulatorError) -> int:
    """The HTTP status of an error that is the answer to a request."""
    return error.status if isinstance(error, ProtocolError) else 503


def _panel(state: model.PanelState) -> schema.PanelView:
    axes = state.axes
    return schema.PanelView(
        state=str(axes),
        interior=axes.interior,
        perimeter=axes.perimeter,
        annex=axes.annex,
        armed=axes.armed,
        read_at=state.read_at,
        raw=state.raw,
        bypassed=state.bypassed,
        source=state.source,
    )


def _pending(target: model.Axes, first: Entry) -> schema.PendingView:
    asked_by = " ".join(filter(None, (first.door, first.peer, first.switch)))
    return schema.PendingView(action=first.action, target=str(target), since=first.at, asked_by=asked_by)


def _cloud(health: model.Health) -> schema.Word:
    if health.failures or health.old:
        return "down"
    return "ok" if health.read_at else "starting"
