"""The words of the alarm: axes, arm modes, panel state, switches, commands. Pure values.

Over 250 lines: they are one vocabulary, and refer to each other.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum


class Interior(StrEnum):
    """The interior axis of the panel."""

    OFF = "off"
    DAY = "day"
    NIGHT = "night"
    TOTAL = "total"


@dataclass(frozen=True, slots=True)
class ArmMode:
    """A named target on the axes. `interior=None` means that the mode leaves the interior alone."""

    interior: Interior | None = None
    perimeter: bool = False
    annex: bool = False

    @classmethod
    def parse(cls, text: str) -> "ArmMode":
        """Parse `total`, `night+perimeter` …; raise ValueError that says what would be right."""
        words = [word.strip().lower() for word in text.split("+")]
        unknown = [word for word in words if word not in ARM_WORDS]
        if unknown:
            raise ValueError(f"unknown arm mode {unknown[0]!r}; use {ARM_MODES_HELP}")
        if len(set(words)) < len(words):
            raise ValueError(f"{text!r} names a mode twice")
        interiors = [word for word in words if word in INTERIOR_WORDS]
        if len(interiors) > 1:
            raise ValueError(
                f"{text!r} asks for {' and '.join(interiors)} at once; the interior has one mode at a time"
            )
        return cls(Interior(interiors[0]) if interiors else None, "perimeter" in words, "annex" in words)

    def parts(self) -> tuple["ArmMode", ...]:
        """Return the single modes that add up to this one, in the order in which they are armed."""
        interior = [ArmMode(interior=self.interior)] if self.interior else []
        return (*interior, *[ArmMode(perimeter=True)] * self.perimeter, *[ArmMode(annex=True)] * self.annex)

    def __str__(self) -> str:
        words = [self.interior.value] if self.interior else []
        return "+".join(words + ["perimeter"] * self.perimeter + ["annex"] * self.annex)


INTERIOR_WORDS = tuple(mode.value for mode in Interior if mode is not Interior.OFF)
ARM_WORDS = (*INTERIOR_WORDS, "perimeter", "annex")
ARM_MODES_HELP = f"{', '.join(ARM_WORDS)}, or a sum such as total+perimeter"


@dataclass(frozen=True, slots=True)
class Arm:
    """Arm this mode; axes that it does not name stay as they are.

    `force` arms past open zones, which are then not guarded. `past` does so past these alone, by their names: a person
    was told of them, and decided. `code` was typed by that person, for an alarm that wants one; it is never shown.
    """

    mode: ArmMode
    force: bool = False
    past: tuple[str, ...] = ()
    code: str = field(default="", repr=False)

    def passes(self, zones: Iterable[str]) -> bool:
        """Return whether it may go past these open zones: two of a name are more than one."""
        return self.force or not Counter(zones) - Counter(self.past)

    def __str__(self) -> str:
        return f"arm {self.mode}"


@dataclass(frozen=True, slots=True)
class Disarm:
    """Disarm the main alarm (interior and perimeter together), the annex, or both.

    The cloud's DARM clears interior and perimeter at once and leaves the annex (verisure-wsdo.md §5). `code` is as for
    Arm.
    """

    main: bool = True
    annex: bool = False
    code: str = field(default="", repr=False)

    @classmethod
    def of(cls, mode: ArmMode) -> "Disarm":
        """Return what undoes `mode`."""
        return cls(main=mode.interior is not None or mode.perimeter, annex=mode.annex)

    @classmethod
    def of_all(cls, *positions: "Axes") -> "Disarm":
        """Return what leaves nothing on at these positions: the annex is part of it only if it is on at one."""
        annex = any(axes.annex for axes in positions)
        alone = annex and all(axes.interior is Interior.OFF and axes.perimeter is False for axes in positions)
        return cls(main=not alone, annex=annex)

    def __str__(self) -> str:
        return "disarm" + {(True, False): "", (False, True): " annex"}.get((self.main, self.annex), " all")


Action = Arm | Disarm

DISARMS = {"main": Disarm(), "annex": Disarm(main=False, annex=True), "all": Disarm(annex=True)}
"""Disarms that a person may ask for, by their word."""


def every(values: Iterable[bool | None]) -> bool | None:
    """Return the three-valued AND: False wins, then unknown."""
    found = list(values)
    return False if False in found else None if None in found else True


def _is(axis: Interior | bool | None, wanted: Interior | bool) -> bool | None:
    return None if axis is None else axis is wanted


@dataclass(frozen=True, slots=True)
class Axes:
    """Position of the panel on each axis; None is unknown, and unknown never counts as off."""

    interior: Interior | None = None
    perimeter: bool | None = None
    annex: bool | None = None

    def has(self, mode: ArmMode) -> bool | None:
        """Return whether every axis that `mode` names is in its position; None when an unknown one decides."""
        interior = [_is(self.interior, mode.interior)] if mode.interior else []
        return every(interior + [self.perimeter] * mode.perimeter + [self.annex] * mode.annex)

    def after(self, action: Action) -> "Axes":
        """Return the axes once `action` has been carried out."""
        if isinstance(action, Arm):
            mode = action.mode
            return Axes(mode.interior or self.interior, mode.perimeter or self.perimeter, mode.annex or self.annex)
        done = replace(self, interior=Interior.OFF, perimeter=False) if action.main else self
        return replace(done, annex=False) if action.annex else done

    def reached(self, action: Action) -> bool | None:
        """Return whether the panel stands where `action` wanted it; None when an unknown axis decides."""
        if isinstance(action, Arm):
            return self.has(action.mode)
        main = [_is(self.interior, Interior.OFF), _is(self.perimeter, False)]
        return every(main * action.main + [_is(self.annex, False)] * action.annex)

    def doubted(self) -> "Axes":
        """Return the same, but with unknown for whatever would read as off."""
        interior = None if self.interior is Interior.OFF else self.interior
        return Axes(interior, self.perimeter or None, self.annex or None)

    @property
    def armed(self) -> bool:
        """False only when the panel said that everything is off."""
        return (self.interior, self.perimeter, self.annex) != (Interior.OFF, False, False)

    def __str__(self) -> str:
        words = [self.interior.value] if self.interior not in (None, Interior.OFF) else []
        words += ["perimeter"] * (self.perimeter is True) + ["annex"] * (self.annex is True)
        if words:
            return " + ".join(words)
        if self.interior is Interior.OFF and self.perimeter is False:
            return "disarmed" if self.annex is False else "disarmed, annex unknown"
        return "armed, mode unknown"


DISARMED = Axes(Interior.OFF, perimeter=False, annex=False)


@dataclass(frozen=True, slots=True)
class PanelState:
    """Last report of the panel: the axes, the time of the read (epoch seconds), the raw status, and the request.

    `bypassed` names the zones that were open when it was armed by force: they are not guarded.
    """

    axes: Axes
    read_at: float
    raw: str
    source: str
    bypassed: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.axes}; open and not guarded: {', '.join(self.bypassed)}" if self.bypassed else str(self.axes)


@dataclass(frozen=True, slots=True)
class Origin:
    """Source of a command: the door (`wemo`, `cli` …), the peer's address, and the switch by its name."""

    door: str
    peer: str = ""
    switch: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.switch and f"{self.switch!r}", "by", self.door, self.peer)))


@dataclass(frozen=True, slots=True)
class Command:
    """An action on one installation, and its source.

    `only_if` is the mode of the switch that was turned off: the command is a no-op unless that mode is on,
    so that it can never disarm another one. `or_if` are those of switches whose offs have joined it.
    """

    action: Action
    origin: Origin
    only_if: ArmMode | None = None
    or_if: tuple[ArmMode, ...] = ()

    def is_on(self, axes: Axes) -> bool | None:
        """Return whether a mode that it is meant for is on; None when an unknown one decides, or there is none."""
        found = {axes.has(mode) for mode in (self.only_if, *self.or_if) if mode is not None}
        return True if True in found else None if None in found or not found else False


class Result(StrEnum):
    """End of a command."""

    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    UNCONFIRMED = "unconfirmed"
    SUPERSEDED = "superseded"
    FAILED = "failed"
    IGNORED = "ignored"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a command, in words for the user.

    `needs_login` is set if it was not sent for want of a login: that explains nothing once the login works. `zones` are
    those that were open: the reason of a refusal, or not guarded now.
    """

    result: Result
    message: str
    needs_login: bool = False
    zones: tuple[str, ...] = ()


class Notice(StrEnum):
    """Kinds of notices to people."""

    FAILED = "failed"
    """A command did not end as it was asked for, perhaps after a voice said OK."""
    DISARMED = "disarmed"
    LOGIN = "login"
    """The account needs a person."""
    SILENT = "silent"
    BACK = "back"
    OPEN = "open"
    """It was not armed, as something is open."""
    BYPASSED = "bypassed"
    """It was armed past what is open, because a person decided so."""
    LOCKED = "locked"
    """Wrong PINs, and whether they locked a person out."""
    DAMAGED = "damaged"
    """The journal was put aside; the text says what clients and people have to do now."""
    SETTINGS = "settings"
    """Changed settings are not taken."""
    CHANGED = "changed"
    """Something that guards the house was changed, or is gone, and perhaps not by its people."""
    ALARM = "alarm"
    """It has gone off, by the activity log."""
    TAMPER = "tampering"
    MAINS = "mains"
    """The alarm runs on its battery."""
    TEST = "test"
