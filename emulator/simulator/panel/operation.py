"""A request under way at the panel, and how it ends."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from emulator.model import Axes
from emulator.simulator.panel import actions
from emulator.simulator.panel.actions import Request


class PanelRefusal(StrEnum):
    """A panel's reason to refuse a request."""

    NOT_FITTED = "not fitted"
    OTHER_MODE = "other mode"
    OPEN_WINDOW = "open window"
    WRONG_STATE = "wrong state"


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of an operation: the axes then, the refusal if there was one, and the windows that mattered."""

    axes: Axes
    refusal: PanelRefusal | None = None
    windows: tuple[str, ...] = ()


@dataclass(slots=True)
class PanelOperation:
    """A request under way; `ending` is None until it has ended."""

    request: Request
    due: float
    source: str
    user: str
    ending: Ending | None = None

    def dump(self) -> dict[str, Any]:
        """Return the operation as `load` reads it."""
        spelt = actions.spell(self.request)
        return {"request": spelt, "due": self.due, "source": self.source, "user": self.user}

    @classmethod
    def load(cls, saved: dict[str, Any]) -> "PanelOperation":
        """Return the operation that `dump` saved. Raise KeyError, TypeError or ValueError for anything else."""
        return cls(actions.revive(saved["request"]), float(saved["due"]), saved["source"], saved["user"])
