"""Pages of another room that a door shows among its own. The composition root brings them: no door knows them."""

from collections.abc import Callable
from typing import Any, NamedTuple

from emulator.doors import DoorContext

Refused = Callable[[str, str, str], None]
"""Called with the peer, its request, and why it was refused."""


class Mounted(NamedTuple):
    """Pages below a path of their own, for a door with pages for people."""

    path: str
    title: str
    """Name of the link to them."""
    open: Callable[[DoorContext, Refused], Any]
    """Return a Blueprint of Flask, without a prefix."""
    served: Callable[[bool], None] = lambda _is_served: None
    """Called with True before they are served; with False before the server waits for their last requests to end."""
