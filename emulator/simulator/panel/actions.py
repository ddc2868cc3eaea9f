"""Requests to a panel, and their saved form."""

from dataclasses import asdict, dataclass
from typing import Any

from emulator.model import Arm, ArmMode, Axes, Disarm, Interior


@dataclass(frozen=True, slots=True)
class Check:
    """Read the panel (EST); it wakes the panel and leaves a row in the log."""

    def __str__(self) -> str:
        return "status check"


@dataclass(frozen=True, slots=True)
class Move:
    """Set the axes that it names; None leaves an axis as it is.

    A panel moves only from certain states: `starts` are the interiors from which it does, `idle` demands that nothing
    is armed, and `wrong_state` chooses the refusal that follows otherwise. `forced` arms in spite of open windows.
    """

    interior: Interior | None = None
    perimeter: bool | None = None
    annex: bool | None = None
    starts: tuple[Interior, ...] = tuple(Interior)
    idle: bool = False
    wrong_state: bool = False
    forced: bool = False

    @classmethod
    def arming(cls, mode: ArmMode) -> "Move":
        """Return an arm as SDVFAST takes it: axes add up, but another interior mode has to be disarmed first."""
        starts = tuple(Interior) if mode.interior is None else (Interior.OFF, mode.interior)
        return cls(mode.interior, mode.perimeter or None, mode.annex or None, starts)

    @property
    def mode(self) -> ArmMode:
        """The arm mode; empty for a disarm."""
        interior = None if self.interior is Interior.OFF else self.interior
        return ArmMode(interior, bool(self.perimeter), bool(self.annex))

    @property
    def arms(self) -> bool:
        """True if it arms anything."""
        return bool(self.mode.parts())

    def applied(self, axes: Axes) -> Axes:
        """Return the axes after this move."""
        return Axes(
            axes.interior if self.interior is None else self.interior,
            axes.perimeter if self.perimeter is None else self.perimeter,
            axes.annex if self.annex is None else self.annex,
        )

    def __str__(self) -> str:
        if self.arms:
            return f"arm {self.mode}"
        parts = ["interior"] * (self.interior is not None) + ["perimeter"] * (self.perimeter is not None)
        return "disarm " + "+".join(parts + ["annex"] * (self.annex is not None))


Request = Arm | Disarm | Check | Move


def move_of(request: Request) -> Move | None:
    """Return the move that `request` makes; None for a check."""
    if isinstance(request, Arm):
        return Move.arming(request.mode)
    if isinstance(request, Disarm):
        interior, off = (Interior.OFF, False) if request.main else (None, None)
        return Move(interior, off, False if request.annex else None)
    return request if isinstance(request, Move) else None


def spell(request: Request) -> dict[str, Any]:
    """Return `request` as `revive` reads it."""
    if isinstance(request, Arm):
        return {"arm": str(request.mode)}
    if isinstance(request, Disarm):
        return {"disarm": asdict(request)}
    return {"move": asdict(request)} if isinstance(request, Move) else {"check": True}


def revive(spelt: dict[str, Any]) -> Request:
    """Return the request that `spell` saved. Raise KeyError, TypeError or ValueError for anything else."""
    if "arm" in spelt:
        return Arm(ArmMode.parse(spelt["arm"]))
    if "disarm" in spelt:
        return Disarm(**spelt["disarm"])
    if "move" in spelt:
        move = spelt["move"]
        interior = None if move["interior"] is None else Interior(move["interior"])
        return Move(**{**move, "interior": interior, "starts": tuple(map(Interior, move["starts"]))})
    return Check()
