"""The Hue API v1: a method, a path and a body in, what goes back as JSON out (lan-emulation.md §3.3, §3.5, §3.6)."""

import json
import logging
import math
import re
import secrets
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

from emulator.doors.hue import bridge
from emulator.doors.hue.bridge import SHAPES, Bridge, Json, error, success
from emulator.doors.hue.lights import FULL, Light, Lights
from emulator.errors import EmulatorError
from emulator.store.pairing import PairingRefused, Users

LOG = logging.getLogger(__name__)

LONGEST_KIND = 40  # characters of `devicetype`, as on a real bridge (§3.6)
LONGEST_WORD = 64  # characters of a client that come back in an error
USER_BYTES = 20  # of a user's name, which is 40 characters
MAX_WARNINGS = 64  # peers and reasons; after that, and the second time, it is a debug line
CLIENT_KEY_BYTES = 16  # of the key for streaming that some clients ask for: 32 hex digits, good for nothing here

# What an Echo may have kept for years (§3.6). Not `(null)`, by which Sleep Cycle asks for a refusal (§3.3).
USER = re.compile(r"[A-Za-z0-9_-]{1,64}")

# Collections that are always empty here.
EMPTY = ("schedules", "scenes", "rules", "sensors", "resourcelinks")
NO_USERS = frozenset({"config", "lights", "groups", "capabilities", "info", "null", "undefined", "nupnp", *EMPTY})

# Parameters of a light's state that every shape takes: they say how a change looks, or blink, and change nothing.
COSMETIC = frozenset({"alert", "transitiontime", "effect"})
COLOUR = frozenset({"hue", "sat", "xy", "ct"})
MOVING = frozenset({"bri_inc", "hue_inc", "sat_inc", "ct_inc", "xy_inc"})


@dataclass(frozen=True, slots=True)
class Ask:
    """A request of a paired client, or of nobody in particular where `user` is empty. `address` is what it is about."""

    method: str
    segments: tuple[str, ...]
    body: bytes
    peer: str
    bridge: Bridge
    netmask: str = "255.255.255.0"
    user: str = ""

    @property
    def address(self) -> str:
        """The path without the user, as errors name it."""
        return "/" + "/".join(self.segments)


class Refusal(Exception):
    """A request that is answered with one error."""

    def __init__(self, number: int, address: str, *words: object) -> None:
        self.answer = [error(number, address, *(str(word)[:LONGEST_WORD] for word in words))]
        super().__init__(number)


class Api:
    """Answers requests; may be called from any thread. `now` is epoch seconds."""

    def __init__(
        self,
        lights: Lights,
        users: Users,
        *,
        pairing: Literal["open", "button"] = "open",
        now: Callable[[], float] = time.time,
    ) -> None:
        self.lights = lights
        self._users = users
        self._open = pairing == "open"
        self._now = now
        self._warned: set[tuple[str, str]] = set()

    def answer(self, ask: Ask) -> Json:
        """What goes back, always with HTTP 200: apps expect that of errors too (§3.5)."""
        try:
            return self._route(ask)
        except Refusal as refusal:
            return refusal.answer
        except EmulatorError as failure:
            return [error(901, ask.address, failure)]

    def _route(self, ask: Ask) -> Json:
        if not ask.segments:
            if ask.method != "POST":
                raise Refusal(4, "/", ask.method, "/")
            return self._register(ask)
        name, *segments = ask.segments
        if ask.method != "GET":
            self._users.follow()  # who was forgotten a moment ago commands nothing any more
        possible = USER.fullmatch(name) and name not in NO_USERS
        known = possible and self._users.find(name, self._now())
        if known and not self._open and known.adopted and known.peer != ask.peer:
            # Anybody may have planted that name while pairing was open; the client that uses it has its place.
            known = None
        if not known and ask.method == "GET" and ask.segments[-1] == "config" and len(ask.segments) <= 2:
            return ask.bridge.short_config()  # asked for with a made-up user by whoever looks for a bridge (§3.3)
        if not (known or (possible and self._open)):
            if ask.method == "PUT" and self._warn(ask.peer, "commands by a key that is not paired: refused"):
                self._note_stranger(replace(ask, segments=tuple(segments)))
            raise Refusal(1, "/" + "/".join(segments))
        inside = Ask(ask.method, tuple(segments), ask.body, ask.peer, ask.bridge, ask.netmask, name)
        return self._inside(inside)

    def _inside(self, ask: Ask) -> Json:
        for pattern, methods in ROUTES.items():
            if _fits(pattern, ask.segments):
                if ask.method not in methods:
                    raise Refusal(4, ask.address, ask.method, ask.address)
                return methods[ask.method](self, ask)
        raise Refusal(3, ask.address, ask.address)

    def _note_stranger(self, ask: Ask) -> None:
        """Write down what somebody wanted who is not paired, as far as that can be understood."""
        with suppress(Refusal):
            light, on = self._light(ask), _body(ask, ask.address).get("on")
            if isinstance(on, bool):
                self.lights.refuse(light, on, ask.peer, "its key is not paired with the bridge; see `emulator pair`")

    def _warn(self, peer: str, what: str) -> bool:
        """Log something about a peer, loudly only the first time (apps try again every second); whether it was that."""
        new = (peer, what) not in self._warned and len(self._warned) < MAX_WARNINGS
        self._warned |= {(peer, what)} if new else set()
        LOG.log(logging.WARNING if new else logging.DEBUG, "%s %s", peer, what)
        return new

    # -- who is there ---------------------------------------------------------------------------------------

    def _adopt(self, ask: Ask) -> None:
        """Keep a name that came from elsewhere and turns a light, as an Echo does that has it from years ago (§3.6).

        Whoever only reads is answered and not kept: a scanner of the LAN has many names.
        """
        now = self._now()
        if self._open and not self._users.find(ask.user, now) and self._users.adopt(ask.user, ask.peer, now):
            LOG.info("%s comes with a user name from elsewhere and is paired (doors.hue.pairing: open)", ask.peer)

    def _register(self, ask: Ask) -> Json:
        body = _body(ask, "/")
        kind = body.get("devicetype")
        if kind is None:
            raise Refusal(5, "/")
        if not isinstance(kind, str) or not 0 < len(kind) <= LONGEST_KIND or not kind.isprintable():
            raise Refusal(7, "/devicetype", kind, "devicetype")
        pressed = self._users.button_pressed(self._now())
        if not (self._open or pressed):
            self._warn(ask.peer, f"({kind}) wants to pair: type `emulator pair`, then let it try again")
            raise Refusal(101, "/")
        # An Echo registers anew with each search; while pairing is open that shall not push out others.
        user = None if pressed else self._users.known_from(ask.peer, kind)
        if user is None:
            try:
                user = self._users.add(secrets.token_hex(USER_BYTES), ask.peer, kind, self._now())
            except PairingRefused as refused:
                # As if the button were not pressed: whoever means it tries again every second, and gets in then.
                self._warn(ask.peer, f"({kind}) {refused}")
                raise Refusal(101, "/") from None
            LOG.info("%s (%s) is paired", ask.peer, kind)
        key = {"clientkey": secrets.token_hex(CLIENT_KEY_BYTES).upper()} if body.get("generateclientkey") else {}
        return [{"success": {"username": user.name, **key}}]

    def delete_user(self, ask: Ask) -> Json:
        """Unpair a client: the one that asks, or any while the link button is pressed."""
        name, now = ask.segments[-1], self._now()
        if name != ask.user and not self._users.button_pressed(now):
            raise Refusal(101, ask.address)
        gone = self._users.remove(name, ask.peer, now)
        if gone is None:
            raise Refusal(3, ask.address, ask.address)
        LOG.info("%s has unpaired %s (%s), which was paired from %s", ask.peer, gone.short, gone.devicetype, gone.peer)
        return [{"success": f"{ask.address} deleted."}]

    # -- documents ------------------------------------------------------------------------------------------

    def get_all(self, ask: Ask) -> Json:
        """The full state."""
        return {
            "lights": self.get_lights(ask),
            "groups": {},
            "config": self.get_config(ask),
            **{name: {} for name in EMPTY},
        }

    def get_config(self, ask: Ask) -> Json:
        """The configuration, with the asking client as the only one on the list."""
        now = self._now()
        user = self._users.find(ask.user, now)
        mine = {
            ask.user: {
                "last use date": bridge.clock(user.used if user else now),
                "create date": bridge.clock(user.created if user else now),
                "name": user.devicetype if user else "",
            }
        }
        return ask.bridge.config(now, mine, netmask=ask.netmask, button=self._users.button_pressed(now))

    def refuse_config(self, ask: Ask) -> Json:
        """Nobody presses the link button, or renames the bridge, from afar."""
        return [error(8, f"/config/{name}", name) for name in _body(ask, ask.address)] or _missing(ask)

    def get_lights(self, _ask: Ask) -> Json:
        """Every light."""
        return {str(light.id): self._document(light) for light in self.lights.all.values()}

    def get_light(self, ask: Ask) -> Json:
        """One light."""
        return self._document(self._light(ask))

    def refuse_light(self, ask: Ask) -> Json:
        """Names are set in devices.yaml."""
        light = self._light(ask)
        return [error(8, f"/lights/{light.id}/{name}", name) for name in _body(ask, ask.address)] or _missing(ask)

    def get_new_lights(self, _ask: Ask) -> Json:
        """What the last search found."""
        return {"lastscan": "none"}

    def search_lights(self, _ask: Ask) -> Json:
        """Every light is there already."""
        return [success("/lights", "Searching for new devices")]

    def get_nothing(self, _ask: Ask) -> Json:
        """A collection without members."""
        return {}

    def get_timezones(self, _ask: Ask) -> Json:
        """No time zones, which is a list."""
        return []

    def get_everything(self, ask: Ask) -> Json:
        """The group of all lights."""
        return bridge.everything(self.get_lights(ask))

    def _document(self, light: Light) -> Json:
        return bridge.light(light, self.lights.state(light))

    def _light(self, ask: Ask) -> Light:
        number = ask.segments[1] if len(ask.segments) > 1 else ""
        light = self.lights.all.get(int(number)) if number.isascii() and number.isdigit() and len(number) < 12 else None
        if light is None:
            raise Refusal(3, ask.address, ask.address)
        return light

    # -- commands -------------------------------------------------------------------------------------------

    def put_state(self, ask: Ask) -> Json:
        """Turn a light on or off; one entry for each parameter (§3.5)."""
        light = self._light(ask)
        body = _body(ask, ask.address) or _missing(ask)
        shape = SHAPES[light.identity.shape]
        allowed = COSMETIC | {"on"} | ({"bri"} if shape.dims or shape.colour else set())
        allowed |= (MOVING if shape.dims else frozenset()) | (COLOUR | MOVING if shape.colour else frozenset())
        entries, good = _check(ask, body, allowed)
        if "on" in good:
            self._adopt(ask)
        if "on" in good and (failure := self.lights.turn(light, bool(good["on"]), ask.peer)):
            return [*entries, error(901, f"{ask.address}/on", failure)]
        if "bri" in good and shape.dims:
            self.lights.dim(light, int(str(good["bri"])))
        return entries + [success(f"{ask.address}/{name}", value) for name, value in good.items()]

    def put_everything(self, ask: Ask) -> Json:
        """Turn all lights on or off, which is a sweep: answered, and as a rule ignored."""
        body = _body(ask, ask.address) or _missing(ask)
        entries, good = _check(ask, body, COSMETIC | COLOUR | MOVING | {"on", "bri", "scene"})
        if "on" in good and (failure := self.lights.turn_all(bool(good["on"]), ask.peer)):
            return [*entries, error(901, f"{ask.address}/on", failure)]
        return entries + [success(f"{ask.address}/{name}", value) for name, value in good.items()]


Handler = Callable[[Api, Ask], Json]

# What a paired client may ask for: path, method, and who answers. `*` is any id.
ROUTES: dict[tuple[str, ...], dict[str, Handler]] = {
    (): {"GET": Api.get_all},
    ("config",): {"GET": Api.get_config, "PUT": Api.refuse_config},
    ("config", "whitelist", "*"): {"DELETE": Api.delete_user},
    ("lights",): {"GET": Api.get_lights, "POST": Api.search_lights},
    ("lights", "new"): {"GET": Api.get_new_lights},
    ("lights", "*"): {"GET": Api.get_light, "PUT": Api.refuse_light},
    ("lights", "*", "state"): {"PUT": Api.put_state},
    ("groups",): {"GET": Api.get_nothing},
    ("groups", "0"): {"GET": Api.get_everything},
    ("groups", "0", "action"): {"PUT": Api.put_everything},
    **{(name,): {"GET": Api.get_nothing} for name in EMPTY},
    ("sensors", "new"): {"GET": Api.get_new_lights},
    ("capabilities",): {"GET": Api.get_nothing},
    ("info", "timezones"): {"GET": Api.get_timezones},
}


def route_of(segments: Sequence[str]) -> str:
    """What a path of a client asks for, to be logged: no id or key of its own is in it."""
    found = (pattern for pattern in ROUTES if _fits(pattern, segments))
    return "/".join(next(found, ("elsewhere",))) or "/"


def _fits(pattern: Sequence[str], segments: Sequence[str]) -> bool:
    return len(pattern) == len(segments) and all(
        want in ("*", have) for want, have in zip(pattern, segments, strict=True)
    )


def _missing(ask: Ask) -> Json:
    raise Refusal(5, ask.address)


def _body(ask: Ask, address: str) -> dict[str, object]:
    """The JSON object in the body, whatever its content type: Echos call it a form (§3.3)."""
    try:
        body = json.loads(ask.body)
    except (ValueError, RecursionError):
        raise Refusal(2, address) from None
    if not isinstance(body, dict):
        raise Refusal(2, address)
    return body


def _check(ask: Ask, body: dict[str, object], allowed: frozenset[str] | set[str]) -> tuple[list[Json], dict[str, Json]]:
    """The errors of a state, and what is right in it."""
    errors: list[Json] = []
    good: dict[str, Json] = {}
    for name, value in body.items():
        short = name[:LONGEST_WORD]
        if name not in allowed:
            errors.append(error(6, f"{ask.address}/{short}", short))
        elif not VALUES.get(name, _number)(value):
            errors.append(error(7, f"{ask.address}/{short}", str(value)[:LONGEST_WORD], short))
        else:
            good[name] = value
    return errors, good


def _number(value: object) -> bool:
    """Finite, as JSON has it: Python's reader takes NaN and 1e999 too, and a client could not read them back."""
    return (isinstance(value, int) and not isinstance(value, bool)) or (
        isinstance(value, float) and math.isfinite(value)
    )


def _brightness(value: object) -> bool:
    """Never 0: a client that reads that back takes the light for broken (§3.5)."""
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= FULL


def _text(value: object) -> bool:
    return isinstance(value, str)


def _pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_number, value))


# What a parameter may be set to; numbers where nothing is said, whatever their size, as nothing comes of them.
VALUES: dict[str, Callable[[object], bool]] = {
    "on": lambda value: isinstance(value, bool),
    "bri": _brightness,
    "alert": _text,
    "effect": _text,
    "scene": _text,
    "xy": _pair,
    "xy_inc": _pair,
}
