"""What can be asked of a panel, and how that is saved."""

from dataclasses import asdict, dataclass
from typing import Any

from emulator.model import Arm, ArmMode, Axes, Disarm, Interior


@dataclass(frozen=True, slots=True)
class Check:
    """Ask the panel where it stands (EST); it wakes the panel and leaves a row in the log."""

    def __str__(self) -> str:
        return "status check"


@dataclass(frozen=True, slots=True)
class Move:
    """Bring the axes that it names to where it says; None leaves an axis as it is.

    A panel moves only from certain places: `starts` are the interiors from which it does, `idle` demands that nothing
    is armed, and `wrong_state` which refusal follows otherwise. `forced` arms in spite of open windows.
    """

    interior: Interior | None = None
    perimeter: bool | None = None
    annex: bool | None = None
    starts: tuple[Interior, ...] = tuple(Interior)
    idle: bool = False
    wrong_state: bool = False
    forced: bool = False

    @property
    def mode(self) -> ArmMode:
        """What it arms."""
        interior = None if self.interior is Interior.OFF else self.interior
        return ArmMode(interior, bool(self.perimeter), bool(self.annex))

    @property
    def arms(self) -> bool:
        """Whether it arms anything."""
        return bool(self.mode.parts())

    def applied(self, axes: Axes) -> Axes:
        """The axes once it has been carried out."""
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


def spell(request: Request) -> dict[str, Any]:
    """What `revive` reads."""
    if isinstance(request, Arm):
        return {"arm": str(request.mode)}
    if isinstance(request, Disarm):
        return {"disarm": asdict(request)}
    return {"move": asdict(request)} if isinstance(request, Move) else {"check": True}


def revive(spelt: dict[str, Any]) -> Request:
    """The request that was spelt; KeyError, TypeError or ValueError when it is none."""
    if "arm" in spelt:
        return Arm(ArmMode.parse(spelt["arm"]))
    if "disarm" in spelt:
        return Disarm(**spelt["disarm"])
    if "move" in spelt:
        move = spelt["move"]
        interior = None if move["interior"] is None else Interior(move["interior"])
        return Move(**{**move, "interior": interior, "starts": tuple(map(Interior, move["starts"]))})
    return Check()
