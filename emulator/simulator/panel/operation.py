"""A request under way at the panel, and how it ends."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from emulator.model import Axes
from emulator.simulator.panel import actions
from emulator.simulator.panel.actions import Request


class PanelRefusal(StrEnum):
    """Why a panel does not do as asked."""

    NOT_FITTED = "not fitted"
    OTHER_MODE = "other mode"
    OPEN_WINDOW = "open window"
    WRONG_STATE = "wrong state"


@dataclass(frozen=True, slots=True)
class Ending:
    """How an operation ended: where the panel stood then, and why it refused, if it did."""

    axes: Axes
    refusal: PanelRefusal | None = None
    windows: tuple[str, ...] = ()


@dataclass(slots=True)
class PanelOperation:
    """A request under way; `ending` is None until it is over."""

    request: Request
    due: float
    source: str
    user: str
    ending: Ending | None = None

    def dump(self) -> dict[str, Any]:
        """What `load` reads."""
        spelt = actions.spell(self.request)
        return {"request": spelt, "due": self.due, "source": self.source, "user": self.user}

    @classmethod
    def load(cls, saved: dict[str, Any]) -> "PanelOperation":
        """The operation that was dumped; KeyError, TypeError or ValueError when it is none."""
        return cls(actions.revive(saved["request"]), float(saved["due"]), saved["source"], saved["user"])
