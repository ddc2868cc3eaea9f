"""The requests that lead from one state of a panel to another, by its letters and its family. Pure.

Facts: verisure-owa.md §3.3, §4.3, §5.1 and §5.3.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emulator.clouds import letters, values
from emulator.clouds.owa import codes, graphql
from emulator.model import DISARMED, Action, Arm, ArmMode, Axes, Disarm, Interior

LETTERS = letters.LETTERS | {"D": DISARMED, "A": Axes(Interior.TOTAL, perimeter=True, annex=False)}
"""Letter → axes (§4.3). Any other letter, such as N for armed by the monitoring centre, is armed in an unknown way."""


def axes_of(letter: str) -> Axes:
    """Return the axes of a letter; all unknown, and so armed, for an unknown letter."""
    return LETTERS.get(letter, Axes())


SINGLE = {Interior.TOTAL: "ARM1", Interior.DAY: "ARMDAY1", Interior.NIGHT: "ARMNIGHT1"}
PERIMETER, ANNEX, ANNEX_OFF = "PERI1", "ARMANNEX1", "DARMANNEX1"

CHANGES = {
    (Interior.DAY, Interior.TOTAL): "ARMINTFPART1",
    (Interior.NIGHT, Interior.TOTAL): "ARMINTFPART1",
    (Interior.TOTAL, Interior.DAY): "ARMPARTFINTDAY1",
    (Interior.TOTAL, Interior.NIGHT): "ARMPARTFINTNIGHT1",
}
"""From one armed interior to another, without a disarm in between (§5.3, the web's resolver)."""

SERVICES = {"ARMINTFPART1": "ARMINTFPART", "ARMPARTFINTDAY1": "ARMPARTFINT", "ARMPARTFINTNIGHT1": "ARMPARTFINT"}
"""Request → service that a panel needs for it (§5.3)."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Requests that a family of panels prefers: for interior and perimeter together, and for disarming.

    Every list is in order of preference; the next request is tried only if the one before is not supported.
    """

    sums: Mapping[Interior, tuple[str, ...]]
    disarm_both: tuple[str, ...]
    disarm_perimeter: tuple[str, ...]
    disarm_interior: tuple[str, ...] = ("DARM1",)


IBERIAN = Profile({Interior.TOTAL: ("ARMINTEXT1",)}, ("DARM1", "DARM1DARMPERI"), ("DARM1", "DARMPERI"))
"""DARM1 disarms everything; compound requests but ARMINTEXT1 are refused (#355, #368, #496, #224)."""

ECU = Profile(
    {Interior.TOTAL: ("ARM1PERI1",), Interior.DAY: ("ARMDAY1PERI1",)},
    ("DARM1DARMPERI", "DARM1"),
    ("DARMPERI", "DARM1"),
)
"""DARM1 disarms the interior only; no other mode is accepted while armed (V, #202). Italy, and Portugal, too (§12)."""

GENERAL = Profile(
    {
        Interior.TOTAL: ("ARMINTEXT1", "ARM1PERI1"),
        Interior.DAY: ("ARMDAY1PERI1",),
        Interior.NIGHT: ("ARMNIGHT1PERI1",),
    },
    ("DARM1DARMPERI", "DARM1"),
    ("DARMPERI", "DARM1"),
)
"""Requests that the client with the most users tries elsewhere (G)."""

COUNTRIES = dict.fromkeys(("ES", "PT", "BR", "CL", "AR", "PE"), IBERIAN)
"""Country → family. Spain and Portugal by reports; the Americas, unseen, by their language's version of the app."""


def profile_for(country: str, panel: str) -> Profile:
    """Return the profile of a panel, by its type and then its country."""
    return ECU if panel.upper().startswith("SDVECU") else COUNTRIES.get(country, GENERAL)


def fitted(number: str, installation: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of the capabilities and the active services, by `Srv`; none if they are not told (§3.3)."""
    said = graphql.claims(values.text(installation, "capabilities"))
    rows = [row for row in values.items(said, "installations") if values.text(row, "ins") == number] or [said]
    names = {str(name) for row in rows for name in _list(row.get("cap"))}
    services = installation.get("services")
    if not isinstance(services, list):
        # Capabilities alone are no oracle: they may not name all that is fitted.
        return frozenset()
    names |= {service(row) for row in values.items(installation, "services") if row.get("active")}
    return frozenset(names - {""})


def service(row: Mapping[str, Any]) -> str:
    """Return the request of a service, or the one known for its number."""
    return values.text(row, "request") or codes.SERVICES.get(values.text(row, "idService"), "")


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def effect(request: str) -> Action:
    """Return the aim of a request, to judge its outcome by."""
    if request in (ANNEX, ANNEX_OFF):
        return Arm(ArmMode(annex=True)) if request == ANNEX else Disarm(main=False, annex=True)
    if request.startswith("DARM"):
        return Disarm()
    if request == "ARMINTEXT1":
        return Arm(ArmMode(Interior.TOTAL, perimeter=True))
    changed = {name: to for (_, to), name in CHANGES.items()}
    singles = {name: interior for interior, name in SINGLE.items()}
    base = request.removesuffix(PERIMETER)
    interior = singles.get(base) or changed.get(base)
    return Arm(ArmMode(interior, perimeter=request.endswith(PERIMETER)))


def candidates(profile: Profile, names: frozenset[str], action: Action, axes: Axes) -> tuple[str, ...]:
    """Return the requests that bring the panel nearer to `action`, best first; only the first that works is to be sent.

    Of `names`, those of what is fitted, none at all means unknown, and so that any request may work (§3.3).
    Nothing is ever disarmed in order to arm: a panel that wants that refuses, and the house stays as it is.
    """
    wanted = _disarming(profile, action, axes) if isinstance(action, Disarm) else _arming(profile, action.mode, axes)
    return tuple(one for one in wanted if not names or one not in SERVICES or SERVICES[one] in names)


def _arming(profile: Profile, mode: ArmMode, axes: Axes) -> tuple[str, ...]:
    # An armed part is requested again only if nothing is missing: the last known state may be old.
    repeat = axes.has(mode) is True
    found: tuple[str, ...] = ()
    if mode.interior and (repeat or axes.interior is not mode.interior):
        if mode.perimeter and axes.perimeter is not True and axes.interior in (None, Interior.OFF):
            found += profile.sums.get(mode.interior, ())
        change = CHANGES.get((axes.interior, mode.interior)) if axes.interior else None
        return found + ((change,) if change else ()) + (SINGLE[mode.interior],)
    if mode.perimeter and (repeat or axes.perimeter is not True):
        return (PERIMETER,)
    return (ANNEX,) if mode.annex else ()


def _disarming(profile: Profile, action: Disarm, axes: Axes) -> tuple[str, ...]:
    off = axes.interior is Interior.OFF and axes.perimeter is False
    if action.main and not (off and action.annex):
        if axes.interior is Interior.OFF and axes.perimeter:
            return profile.disarm_perimeter
        return profile.disarm_interior if axes.perimeter is False else profile.disarm_both
    return (ANNEX_OFF,) if action.annex else ()
