"""Requests and answers of the local API. Times are epoch seconds; null is unknown, and unknown is never off.

Over 250 lines: it is one document.
"""

from itertools import permutations
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, WithJsonSchema, model_validator

from emulator.model import ARM_MODES_HELP, ARM_WORDS, INTERIOR_WORDS, ArmMode, Interior
from emulator.model.activity import EventKind, Means

PIN_LIMIT = 64
"""Characters of a tried PIN; a real one has 12 at most."""

CODE_SHAPE = "^([0-9]{4,12})?$"

PIN_SHAPE = "^[0-9]{4,12}$"

MODES = [
    "+".join(words)
    for length in range(1, len(ARM_WORDS) + 1)
    for words in permutations(ARM_WORDS, length)
    if sum(word in INTERIOR_WORDS for word in words) < 2
]
"""Every arm mode, in every order of its words."""


def _mode(text: str) -> str:
    mode = str(ArmMode.parse(text))
    if text not in MODES:
        raise ValueError(f"{text!r} is not written like {mode}")
    return mode


Mode = Annotated[
    str,
    Field(max_length=64),
    AfterValidator(_mode),
    WithJsonSchema({"type": "string", "enum": MODES, "description": ARM_MODES_HELP}),
]
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


EITHER: list[JsonValue] = [{"required": [name], "properties": {name: {"type": "string"}}} for name in ("arm", "disarm")]
"""Exactly one of them; the validator below checks it, this tells readers of the schema."""


class CommandRequest(Model):
    """Arm or disarm one alarm. To disarm, a PIN is needed, or the token that is kept in the state folder."""

    model_config = ConfigDict(json_schema_extra={"oneOf": EITHER})

    installation: str | None = Field(default=None, max_length=100, description="left out: the only one")
    arm: Mode | None = None
    disarm: Literal["main", "annex", "all"] | None = None
    pin: str | None = Field(default=None, max_length=PIN_LIMIT)
    code: str = Field(default="", pattern=CODE_SHAPE, description="the alarm's own, where it `asks_code`")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.arm is None) == (self.disarm is None):
            raise ValueError("use either `arm` or `disarm`")
        return self


class Accepted(Model):
    """The command is in the journal under this number; its end will stand there too."""

    entry: int
    installation: str
    action: str


class PressRequest(Model):
    """Press the link button of the Hue bridge; needs what a disarm needs, as whoever pairs may turn switches off."""

    pin: str | None = Field(default=None, max_length=PIN_LIMIT)


class Pressed(Model):
    """The link button is pressed."""

    seconds: float


class NewPin(Model):
    """Set the PIN, or with null remove it, and end its locks. Only for the token that is kept in the state folder."""

    pin: str | None = Field(pattern=PIN_SHAPE)


class PinSet(Model, json_schema_extra={"description": "Whether there is a PIN now."}):
    """The PIN after a change."""

    pin_set: bool


class ProblemView(Model, json_schema_extra={"description": "Why it was not done."}):
    """The reason why it was not done."""

    error: str
