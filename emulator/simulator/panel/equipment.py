"""Equipment of a simulated house: sensors and arm modes."""

from dataclasses import dataclass

from emulator.model import ARM_WORDS, ArmMode, Axes, Interior


@dataclass(frozen=True, slots=True)
class Zone:
    """A sensor, as MYINSTALLATION describes it."""

    name: str
    code: str
    type: str


ZONES = (
    Zone("Entrada", "0", "YR"),
    Zone("Comedor", "2", "YR"),
    Zone("Cocina", "3", "YR"),
    Zone("Dormitorio", "4", "YR"),
    Zone("Salón", "5", "YR"),
    Zone("Terraza", "6", "YR"),
)
"""The rooms of a family, with the kinds and codes of the devices in the API document's sample."""


@dataclass(frozen=True, slots=True)
class Equipment:
    """Sensors and arm modes of one house. The default is a Spanish SDVFAST with outdoor sensors."""

    perimeter: bool = True
    annex: bool = False
    interiors: frozenset[Interior] = frozenset({Interior.DAY, Interior.NIGHT, Interior.TOTAL})
    zones: tuple[Zone, ...] = ZONES

    def has(self, mode: ArmMode) -> bool:
        """Return whether every axis that `mode` names is fitted."""
        return (
            (mode.interior is None or mode.interior in self.interiors)
            and (self.perimeter or not mode.perimeter)
            and (self.annex or not mode.annex)
        )

    def modes(self) -> tuple[ArmMode, ...]:
        """Return the single modes that are fitted."""
        return tuple(filter(self.has, map(ArmMode.parse, ARM_WORDS)))

    def limited(self, axes: Axes) -> Axes:
        """Return `axes` without what is not fitted."""
        return Axes(
            axes.interior if axes.interior in self.interiors else Interior.OFF,
            bool(axes.perimeter) and self.perimeter,
            bool(axes.annex) and self.annex,
        )
