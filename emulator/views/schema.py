"""The house as programs are shown it. Times are epoch seconds; null is unknown, and unknown is never off."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from emulator.alarm.hub import Offer
from emulator.model import Axes, Interior
from emulator.model.activity import EventKind, Means
from emulator.store.journal import Entry
from emulator.views.facts import AlarmFacts

Word = Literal["ok", "starting", "down", "needs you", "partly", "broken"]


class Model(BaseModel):
    """A mapping in JSON. Its docstring is its description for clients, unless `json_schema_extra` has another one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def of(cls, *sources: object, **more: object) -> Self:
        """Fill the fields from the attributes of `sources` that have their names, and from `more`."""
        found = {name: getattr(one, name) for one in sources for name in cls.model_fields if hasattr(one, name)}
        return cls.model_validate(found | more)


class PanelView(
    Model, json_schema_extra={"description": "What the panel said last, when, and by which request it was read."}
):
    """The last reading of the panel: its state, when, and by which request."""

    state: str
    interior: Interior | None
    perimeter: bool | None
    annex: bool | None
    armed: bool = Field(description="false only when the panel said that everything is off")
    read_at: float
    raw: str
    source: str
    bypassed: tuple[str, ...] = Field(description="zones that were open when it was armed by force: not guarded")


class PendingView(Model):
    """A command under way."""

    action: str
    target: str = Field(description="where the panel will stand once everything that waits is done")
    since: float
    asked_by: str


class ChoiceView(Model):
    """An arm mode that a switch names, and whether the panel is in it."""

    mode: str
    on: bool | None


class EntryView(Model):
    """A command in the journal; `result` is null while it is under way."""

    id: int
    at: float = Field(description="when it was asked for; the first of several `times`")
    installation: str
    action: str
    door: str
    peer: str
    switch: str
    ended_at: float | None = Field(description="when it ended; the last of several `times`")
    result: str | None
    message: str | None
    settled_at: float | None
    settled: str | None
    times: int = Field(description="how often the same peer asked for this very thing, which changed nothing")
    needs_login: bool = Field(description="it was not sent for want of a login")
    zones: tuple[str, ...] = Field(description="open zones: the reason of a refusal, or not guarded after it")
    past: tuple[str, ...] = Field(description="the zones that a person let it arm past, and no others")


class HealthView(Model, json_schema_extra={"description": "How an alarm gets on with its cloud."}):
    """The connection of an alarm to its cloud."""

    cloud: Word
    login: Word
    read_at: float | None
    next_poll_at: float | None
    failures: int = Field(description="polls in a row that brought no news")
    error: str
    blocked: str = Field(description="why nobody logs in any more, and what to do about it")


class OfferView(Model):
    """Until then, POST /api/arm arms once past these open zones."""

    refusal: int = Field(description="entry of the refusal in the journal")
    mode: str
    zones: tuple[str, ...]
    until: float


class InstallationView(Model):
    """One alarm."""

    name: str
    panel: PanelView | None
    pending: PendingView | None
    modes: list[ChoiceView] = Field(description="what its switches arm")
    last: EntryView | None = Field(description="the last command that ended")
    offer: OfferView | None = Field(description="what a person may decide now after a refusal for open zones")
    health: HealthView
    triggered: float | None = Field(description="when it went off, by its own log, until it is disarmed or over")
    asks_code: bool = Field(description="a command has to bring the alarm's own `code`")


class ReportView(Model, json_schema_extra={"description": "What one door tells its clients of a switch."}):
    """The state of a switch as one door reports it to its clients."""

    door: str
    says: str


class SwitchView(Model):
    """A virtual device."""

    name: str
    installation: str
    mode: str
    off_disarms: bool
    on: bool | None
    pending: bool
    doors: list[ReportView]


class DoorView(Model):
    """A way in for clients on the LAN."""

    name: str
    status: Word
    obstacles: list[str]


class HeardView(Model):
    """The last of equal discovery searches by one peer."""

    at: float
    peer: str
    st: str
    verdict: str
    times: int


class BridgeView(Model):
    """The Hue bridge and its link button."""

    pairing: Literal["open", "button"]
    pressed: bool


class StateView(Model):
    """Everything that may be known at one moment."""

    revision: str = Field(description="changes with every change; see `since`")
    version: str
    now: float
    pin_set: bool
    installations: list[InstallationView]
    switches: list[SwitchView]
    doors: list[DoorView]
    trouble: str = Field(description="why nothing can be written down, so that no command is taken; empty: it can")
    settings: str = Field(
        description="why it runs without the changed settings that it was asked to take; empty: no such"
    )
    bridge: BridgeView | None
    searches: list[HeardView]


class JournalView(Model):
    """Commands and refusals, newest first."""

    entries: list[EntryView]


class EventView(Model, json_schema_extra={"description": "A row of an alarm's own activity log."}):
    """A row of the activity log."""

    installation: str
    at: float = Field(description="by the clock of the cloud")
    seen_at: float = Field(description="when this program read it")
    kind: EventKind
    type: str = Field(description="the cloud's code")
    means: Means = Field(description="by what it was done; empty: unknown")
    user: str = Field(description="a person's name, where the log has one")
    zone: str
    said: str = Field(description="the cloud's own words")
    command: int | None = Field(description="the entry of our command that left this row")


class ActivityView(Model):
    """Rows of the alarms' own activity logs, newest first."""

    events: list[EventView]


def health(one: AlarmFacts) -> HealthView:
    """Return how an alarm gets on with its cloud."""
    return HealthView.of(one.health, cloud=one.cloud, login="needs you" if one.health.blocked else "ok")


def installation(one: AlarmFacts) -> InstallationView:
    """Return an alarm."""
    view = one.view
    return InstallationView(
        name=one.name,
        panel=PanelView.of(view.state, view.axes, state=str(view.axes)) if view.state else None,
        pending=_pending(view.target, one.under_way) if view.target and one.under_way else None,
        modes=[ChoiceView(mode=str(mode), on=view.axes.has(mode)) for mode in one.modes],
        last=EntryView.of(one.last) if one.last else None,
        offer=_offer(one.offer) if one.offer else None,
        health=health(one),
        triggered=view.triggered,
        asks_code=one.asks_code,
    )


def _offer(offer: Offer) -> OfferView:
    mode, zones = str(offer.arm.mode), offer.arm.past
    return OfferView(refusal=offer.entry, mode=mode, zones=zones, until=offer.until)


def _pending(target: Axes, first: Entry) -> PendingView:
    asked_by = " ".join(filter(None, (first.door, first.peer, first.switch)))
    return PendingView(action=first.action, target=str(target), since=first.at, asked_by=asked_by)
