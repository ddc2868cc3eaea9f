"""Bodies of requests and answers of the API, but for those that show the house (`views/schema.py`)."""

from http import HTTPStatus
from itertools import permutations
from typing import Annotated, Literal, Self

from flask import Response
from pydantic import AfterValidator, ConfigDict, Field, JsonValue, WithJsonSchema, model_validator

from emulator.model import ARM_MODES_HELP, ARM_WORDS, INTERIOR_WORDS, ArmMode
from emulator.views.schema import Model, Word

JSON = "application/json"

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


class ArmRequest(Model):
    """Arm once past the windows that were open at a refusal, and past no other. See `offer`."""

    refusal: int = Field(ge=1, description="entry of the refusal in the journal")
    pin: str | None = Field(default=None, max_length=PIN_LIMIT, description="only if doors.dashboard.force_pin is set")


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


class ReloadRequest(Model):
    """Take the changed devices.yaml; needs the PIN or the token only if a PIN is set, as the file is its owner's."""

    pin: str | None = Field(default=None, max_length=PIN_LIMIT)


class Reloaded(Model):
    """The settings are right. They are taken once no command is under way; connections are closed then."""

    message: str


class AlarmHealth(Model):
    """The words for one alarm."""

    cloud: Word
    login: Word


class Healthz(Model):
    """One word for each part. HTTP 503 only for what a restart may mend."""

    status: Literal[
        "healthy",
        "cloud down",
        "login needs the user",
        "other program down",
        "state folder refuses writes",
        "LAN door down",
        "program broken",
    ]
    installations: dict[str, AlarmHealth]
    doors: dict[str, Word]
    state_folder: Word


class ProblemView(Model, json_schema_extra={"description": "Why it was not done."}):
    """The reason why it was not done."""

    error: str


def answer(model: Model, status: HTTPStatus | int = HTTPStatus.OK) -> Response:
    """Build the answer that carries `model`."""
    return Response(model.model_dump_json(), status, content_type=JSON)
