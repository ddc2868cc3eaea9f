"""The near side: what speaks to the LAN. A door is a row in DOORS; importing this page costs nothing."""

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, Protocol

from emulator.model import Switch


class Door(Protocol):
    """A way into the house for clients on the LAN. Its methods may be called from any thread, and repeatedly."""

    def start(self) -> None:
        """Return when clients can be served, or when it was logged why they cannot be yet."""

    def stop(self) -> None:
        """Take leave of the clients; no thread and no socket is left."""

    def urls(self) -> Sequence[tuple[Switch, str]]:
        """The switches that can be reached now, each with its address."""

    def obstacles(self) -> Sequence[str]:
        """What keeps it from serving as it should, in words for the user; empty when nothing does."""

    def report(self, switch: Switch) -> str:
        """What clients are told of a switch now: `on`, `off`, or why they are told neither."""


# Name in a switch's `doors` → where its class is.
DOORS = {"wemo": "emulator.lan.responder:Lan", "hue": "emulator.doors.hue.door:Hue"}


def load(name: str) -> Callable[..., Door]:
    """The class behind a row of DOORS; only now are its libraries imported."""
    module, _, attribute = DOORS[name].partition(":")
    door: Callable[..., Any] = getattr(import_module(module), attribute)
    return door
