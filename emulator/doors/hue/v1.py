"""The Hue API v1: route a request, answer as JSON (lan-emulation.md §3.3, §3.5, §3.6)."""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Literal

from emulator.doors.hue import shapes, values
from emulator.doors.hue.bridge import Json
from emulator.doors.hue.clients import Clients, Standing
from emulator.doors.hue.lights import Light, Lights
from emulator.doors.hue.messages import ApiRequest, HueError, error, failure, success
from emulator.doors.hue.shapes import SHAPES
from emulator.errors import EmulatorError
from emulator.store.pairing import Users
from emulator.words.language import ENGLISH, Language
from emulator.words.text import Text

USER = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""A key that an Echo may have kept for years (§3.6). Not `(null)`: Sleep Cycle sends it to be refused (§3.3)."""

EMPTY = ("schedules", "scenes", "rules", "sensors", "resourcelinks")
"""Collections that never have a member here."""


class Api:
    """Answers requests; may be called from any thread. `now` is epoch seconds."""

    def __init__(
        self,
        lights: Lights,
        users: Users,
        *,
        pairing: Literal["open", "button"] = "open",
        now: Callable[[], float] = time.time,
        language: Language = ENGLISH,
    ) -> None:
        self.lights = lights
        self.language = language
        self.clients = Clients(users, pairing, now)
        self._now = now

    def answer(self, request: ApiRequest) -> Json:
        """Return the answer, always for HTTP 200: apps expect that of errors too (§3.5)."""
        try:
            return self._route(request)
        except HueError as refusal:
            return [refusal.entry]
        except EmulatorError as trouble:
            return [self.failure(request.address, trouble)]

    def failure(self, address: str, why: object) -> Json:
        """Return the entry that says, in the language of the house, why nothing was done."""
        return failure(address, str(why), self.language)

    def _route(self, request: ApiRequest) -> Json:
        if not request.segments:
            if request.method != "POST":
                raise HueError(4, "/", request.method, "/")
            return self.clients.register(request)
        name, *segments = request.segments
        is_key = USER.fullmatch(name) and name not in NO_USERS
        inside = replace(request, segments=tuple(segments), user=name if is_key else "")
        standing = self.clients.standing(inside)
        asks_config = request.segments[-1] == "config" and len(request.segments) <= 2
        if standing is not Standing.PAIRED and request.method == "GET" and asks_config:
            return request.bridge.short_config()  # clients that look for a bridge make a user up (§3.3)
        if standing is Standing.STRANGER:
            self._note_stranger(inside)
            raise HueError(1, inside.address)
        pattern = _pattern(inside.segments)
        if pattern is None:
            raise HueError(3, inside.address, inside.address)
        methods = ROUTES[pattern]
        if request.method not in methods:
            raise HueError(4, inside.address, request.method, inside.address)
        return methods[request.method](self, inside)

    def _note_stranger(self, request: ApiRequest) -> None:
        """Journal the command of a client that is not paired, as far as that can be understood."""
        warning = "commands by a key that is not paired: refused"
        if request.method == "PUT" and self.clients.warn(request.peer, warning):
            with suppress(HueError):
                light, on = self._light(request), values.parse(request).get("on")
                if isinstance(on, bool):
                    reason = Text("its key is not paired with the bridge; see `emulator pair`")
                    self.lights.refuse(light, on, request.peer, reason)

    # -- documents ------------------------------------------------------------------------------------------

    def get_all(self, request: ApiRequest) -> Json:
        """Return the full state."""
        empty: dict[str, Json] = {name: {} for name in EMPTY}
        return {"lights": self.get_lights(request), "groups": {}, "config": self.get_config(request), **empty}

    def get_config(self, request: ApiRequest) -> Json:
        """Return the configuration, with the asking client as the only one on the list."""
        whitelist = self.clients.whitelist(request.user)
        return request.bridge.config(self._now(), whitelist, button=self.clients.button_pressed())

    def refuse_config(self, request: ApiRequest) -> Json:
        """Refuse to press the link button, or to rename the bridge, from afar."""
        return _refuse_each(request, "/config")

    def get_lights(self, _request: ApiRequest) -> Json:
        """Return every light."""
        return {str(light.id): self._document(light) for light in self.lights.all.values()}

    def get_light(self, request: ApiRequest) -> Json:
        """Return one light."""
        return self._document(self._light(request))

    def refuse_light(self, request: ApiRequest) -> Json:
        """Refuse to change a light: names are set in devices.yaml."""
        return _refuse_each(request, f"/lights/{self._light(request).id}")

    def get_everything(self, request: ApiRequest) -> Json:
        """Return the group of all lights."""
        return shapes.everything(self.get_lights(request))

    def _document(self, light: Light) -> Json:
        return shapes.document(light, self.lights.state(light))

    def _light(self, request: ApiRequest) -> Light:
        number = request.segments[1] if len(request.segments) > 1 else ""
        light = self.lights.all.get(int(number)) if number.isascii() and number.isdigit() and len(number) < 12 else None
        if light is None:
            raise HueError(3, request.address, request.address)
        return light

    # -- commands -------------------------------------------------------------------------------------------

    def put_state(self, request: ApiRequest) -> Json:
        """Turn a light on or off; one entry for each parameter (§3.5)."""
        light = self._light(request)
        shape = SHAPES[light.identity.shape]
        errors, new = values.check(request, shape.settable)
        if "on" in new:
            self.clients.adopt(request)
            if refusal := self.lights.turn(light, new["on"], request.peer):
                return [*errors, self.failure(f"{request.address}/on", refusal)]
        if "bri" in new and shape.dims:
            self.lights.dim(light, new["bri"])
        return [*errors, *_successes(request, new)]

    def put_everything(self, request: ApiRequest) -> Json:
        """Turn all lights on or off, which is a sweep: answered, and as a rule ignored."""
        errors, new = values.check(request, values.GROUPED)
        if "on" in new and (refusal := self.lights.turn_all(new["on"], request.peer)):
            return [*errors, self.failure(f"{request.address}/on", refusal)]
        return [*errors, *_successes(request, new)]


def _successes(request: ApiRequest, new: Mapping[str, Json]) -> Iterator[Json]:
    return (success(f"{request.address}/{name}", value) for name, value in new.items())


def _refuse_each(request: ApiRequest, address: str) -> Json:
    return [error(8, f"{address}/{name}", name) for name in values.parse(request)]


Handler = Callable[[Api, ApiRequest], Json]


def _constant(answer: Json) -> Handler:
    return lambda _api, _request: answer


NOTHING, NO_SCAN = _constant({}), _constant({"lastscan": "none"})
SEARCH = _constant([success("/lights", "Searching for new devices")])
"""The answer to a search for lights: every one is there already."""

ROUTES: dict[tuple[str, ...], dict[str, Handler]] = {
    (): {"GET": Api.get_all},
    ("config",): {"GET": Api.get_config, "PUT": Api.refuse_config},
    ("config", "whitelist", "*"): {"DELETE": lambda api, request: api.clients.unpair(request)},
    ("lights",): {"GET": Api.get_lights, "POST": SEARCH},
    ("lights", "new"): {"GET": NO_SCAN},
    ("lights", "*"): {"GET": Api.get_light, "PUT": Api.refuse_light},
    ("lights", "*", "state"): {"PUT": Api.put_state},
    ("groups",): {"GET": NOTHING},
    ("groups", "0"): {"GET": Api.get_everything},
    ("groups", "0", "action"): {"PUT": Api.put_everything},
    **{(name,): {"GET": NOTHING} for name in EMPTY},
    ("sensors", "new"): {"GET": NO_SCAN},
    ("capabilities",): {"GET": NOTHING},
    ("info", "timezones"): {"GET": _constant([])},
}
"""Path of a paired client, `*` being any id → method → handler."""

NO_USERS = frozenset({*(pattern[0] for pattern in ROUTES if pattern), "null", "undefined", "nupnp"})


def _pattern(segments: Sequence[str]) -> tuple[str, ...] | None:
    return next((pattern for pattern in ROUTES if _fits(pattern, segments)), None)


def _fits(pattern: Sequence[str], segments: Sequence[str]) -> bool:
    return len(pattern) == len(segments) and all(
        want in ("*", have) for want, have in zip(pattern, segments, strict=True)
    )


def route_of(segments: Sequence[str]) -> str:
    """Return the route of a client's path for the log: without an id or key of its own."""
    pattern = _pattern(segments)
    return "elsewhere" if pattern is None else "/".join(pattern) or "/"
