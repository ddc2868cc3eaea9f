"""The requests that lead from one state of a panel to another, by its letters and its family. Pure.

Facts: verisure-owa.md §3.3, §4.3, §5.1 and §5.3.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emulator.clouds import letters, values
from emulator.clouds.owa import codes, graphql
from emulator.model import DISARMED, Action, Arm, ArmMode, Axes, Disarm, Interior
from emulator.words.tables import read_table

LETTERS = letters.LETTERS | {"D": DISARMED, "A": Axes(Interior.TOTAL, perimeter=True, annex=False)}
"""Letter → axes (§4.3). Any other letter, such as N for armed by the monitoring centre, is armed in an unknown way."""


def axes_of(letter: str) -> Axes:
    """Return the axes of a letter; all unknown, and so armed, for an unknown letter."""
    return LETTERS.get(letter, Axes())


SINGLE = {Interior.TOTAL: "ARM1", Interior.DAY: "ARMDAY1", Interior.NIGHT: "ARMNIGHT1"}
PERIMETER, ANNEX = "PERI1", "ARMANNEX1"
MAIN_OFF, ANNEX_OFF = "DARM1", "DARMANNEX1"

_TABLE = read_table(__package__, "profiles.toml")

ARMS = {request: Arm(ArmMode.parse(mode)) for request, mode in _TABLE["arms"].items()}
CHANGES: Mapping[str, Mapping[str, str]] = _TABLE["change"]
SERVICES: Mapping[str, str] = _TABLE["service"]


@dataclass(frozen=True, slots=True)
class Profile:
    """Requests that a family of panels prefers: for interior and perimeter together, and for disarming."""

    sums: Mapping[str, Sequence[str]]
    disarm_both: Sequence[str]
    disarm_perimeter: Sequence[str]


IBERIAN, ECU, GENERAL = (Profile(**_TABLE["profile"][name]) for name in ("iberian", "ecu", "general"))

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
    if request.startswith("DARM"):
        return Disarm(main=request != ANNEX_OFF, annex=request == ANNEX_OFF)
    return ARMS[request]


def candidates(profile: Profile, names: frozenset[str], action: Action, axes: Axes) -> tuple[str, ...]:
    """Return the requests that bring the panel nearer to `action`, best first; only the first that works is to be sent.

    Of `names`, those of what is fitted, none at all means unknown, and so that any request may work (§3.3).
    Nothing is ever disarmed in order to arm: a panel that wants that refuses, and the house stays as it is.
    """
    wanted = _disarming(profile, action, axes) if isinstance(action, Disarm) else _arming(profile, action.mode, axes)
    return tuple(one for one in wanted if not names or one not in SERVICES or SERVICES[one] in names)


def _arming(profile: Profile, mode: ArmMode, axes: Axes) -> Sequence[str]:
    # An armed part is requested again only if nothing is missing: the last known state may be old.
    repeat = axes.has(mode) is True
    found: list[str] = []
    if mode.interior and (repeat or axes.interior is not mode.interior):
        if mode.perimeter and axes.perimeter is not True and axes.interior in (None, Interior.OFF):
            found += profile.sums.get(mode.interior, ())
        if change := CHANGES.get(axes.interior or "", {}).get(mode.interior):
            found.append(change)
        return [*found, SINGLE[mode.interior]]
    if mode.perimeter and (repeat or axes.perimeter is not True):
        return (PERIMETER,)
    return (ANNEX,) if mode.annex else ()


def _disarming(profile: Profile, action: Disarm, axes: Axes) -> Sequence[str]:
    off = axes.interior is Interior.OFF and axes.perimeter is False
    if action.main and not (off and action.annex):
        if axes.interior is Interior.OFF and axes.perimeter:
            return profile.disarm_perimeter
        return (MAIN_OFF,) if axes.perimeter is False else profile.disarm_both
    return (ANNEX_OFF,) if action.annex else ()
