"""A request of the Hue API v1, and the entries of its answer. Pure (lan-emulation.md §3.5)."""

from dataclasses import dataclass

from emulator.doors.hue.bridge import Bridge, Json
from emulator.words.language import Language
from emulator.words.text import Text

LONGEST_WORD = 64
"""Characters of a client's own words that come back in an error."""

ERRORS = {
    # Number of an error on real bridges → its description (§3.5).
    1: "unauthorized user",
    2: "body contains invalid json",
    3: "resource, {}, not available",
    4: "method, {}, not available for resource, {}",
    5: "invalid/missing parameters in body",
    6: "parameter, {}, not available",
    7: "invalid value, {}, for parameter, {}",
    8: "parameter, {}, is not modifiable",
    101: "link button not pressed",
}

FAILED = 901
"""Number of an error inside a real bridge, whose description says more."""


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request below `/api`. `user` is the client's key, once it is taken out of `segments`; empty without one."""

    method: str
    segments: tuple[str, ...]
    body: bytes
    peer: str
    bridge: Bridge
    user: str = ""

    @property
    def address(self) -> str:
        """Return the path without the user, as errors name it."""
        return "/" + "/".join(self.segments)


class HueError(Exception):
    """A request that is answered with one error. `words` fill its description, each shortened."""

    def __init__(self, number: int, address: str, *words: object) -> None:
        self.entry = error(number, address, *(str(word)[:LONGEST_WORD] for word in words))
        super().__init__(number)


def error(number: int, address: str, *words: object) -> Json:
    """Return the entry of an answer that reports an error as real bridges describe it, which clients may compare."""
    return _entry(number, address, ERRORS[number].format(*words))


def failure(address: str, why: str, language: Language) -> Json:
    """Return the entry of an answer that reports why nothing was done, for the person who reads it in the app."""
    return _entry(FAILED, address, language.say(Text("Internal error: {why}", why=why)))


def _entry(number: int, address: str, description: str) -> Json:
    return {"error": {"type": number, "address": address or "/", "description": description}}


def success(address: str, value: object) -> Json:
    """Return the entry of an answer that reports a change."""
    return {"success": {address: value}}
