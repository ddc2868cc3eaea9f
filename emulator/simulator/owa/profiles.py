"""Central units of the markets: their equipment, and the effect of each request (verisure-owa.md §3.3, §5.3)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from emulator.model import ArmMode, Interior
from emulator.simulator.accounts import Role, Unit
from emulator.simulator.panel.actions import Move
from emulator.simulator.panel.equipment import Equipment

OFF, DAY, NIGHT, TOTAL = Interior.OFF, Interior.DAY, Interior.NIGHT, Interior.TOTAL


@dataclass(frozen=True, slots=True, kw_only=True)
class OwaUnit(Unit):
    """A central unit as the customer API sees it. It refuses what `requests` lacks."""

    caps: tuple[str, ...]
    requests: Mapping[str, Move]
    partitions: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Partition → enterStates; 01 is the main one, 02 the perimeter, 03 the annex (§3.3)."""
    central_unit: bool = False
    """Refusals are worded "not valid for Central Unit"; elsewhere they are 404 (§5.3)."""
    outside_enum: frozenset[str] = frozenset({"ARMNIGHT1PERI1"})
    """Requests that this market's schema lacks, although others have them."""
    open_zone: str = "NON_BLOCKING"
    """The error type of an open zone (§5.5)."""
    row_types: Mapping[str, int] = field(default_factory=dict)
    """Label of a log row → its type, where it is not that of activity.ROW_TYPES (§8)."""


def _arm(interior: Interior | None = None, *, perimeter: bool = False) -> Move:
    return Move.arming(ArmMode(interior, perimeter))


def _idle(interior: Interior | None = None, *, perimeter: bool = False) -> Move:
    """Return an arm that is refused while anything is armed."""
    return Move(interior, perimeter=perimeter or None, idle=True)


_INTERIOR = {"ARM1": _arm(TOTAL), "ARMDAY1": _arm(DAY), "ARMNIGHT1": _arm(NIGHT)}
_OUTSIDE = {"PERI1": _arm(perimeter=True), "ARMINTEXT1": _arm(TOTAL, perimeter=True)}
_WHILE_ARMED = {
    "ARMINTFPART1": Move(TOTAL, starts=(DAY, NIGHT, TOTAL), wrong_state=True),
    "ARMPARTFINTDAY1": Move(DAY, starts=(DAY, TOTAL), wrong_state=True),
    "ARMPARTFINTNIGHT1": Move(NIGHT, starts=(NIGHT, TOTAL), wrong_state=True),
}
"""From one interior mode to another while armed. From elsewhere they are refused like any request in a wrong state,
which is a guess."""

_DISARM = {"DARM1": Move(OFF, perimeter=False)}
_EACH = {"DARM1": Move(OFF), "DARMPERI": Move(perimeter=False), "DARM1DARMPERI": Move(OFF, perimeter=False)}

_BASE = ("ARM", "DARM", "ARMDAY", "ARMNIGHT", "EST", "SCH", "TIMELINE")
_CHANGES = ("ARMINTFPART", "ARMPARTFINT")

_ES_PERIMETER = OwaUnit(
    panel="SDVFAST",
    country="ES",
    caps=(*_BASE, "PERI", *_CHANGES),
    requests={**_INTERIOR, **_OUTSIDE, **_WHILE_ARMED, **_DISARM},
    outside_enum=frozenset(),
)
_IT_OWNER = OwaUnit(
    panel="SDVECU",
    country="IT",
    equipment=Equipment(interiors=frozenset({DAY, TOTAL})),
    caps=("ARM", "DARM", "ARMNIGHT", "EST", "SCH", "TIMELINE"),  # they say night and not day, wrongly (§3.3)
    requests={
        "ARM1": _idle(TOTAL),
        "ARMDAY1": _idle(DAY),
        "PERI1": _idle(perimeter=True),
        "ARM1PERI1": _idle(TOTAL, perimeter=True),
        "ARMDAY1PERI1": _idle(DAY, perimeter=True),
        **_EACH,
    },
    partitions=(("01", ("01", "02")), ("02", ("01",)), ("03", ())),
    central_unit=True,
    row_types={
        "armed_total": 801,
        "armed_day": 802,
        "armed_perimeter": 821,
        "disarmed_main": 800,
        "refused_armed_day": 5802,
        "refused_armed_perimeter": 5823,
    },
)

PROFILES: dict[str, OwaUnit] = {
    "es-perimeter": _ES_PERIMETER,
    "es": replace(
        _ES_PERIMETER,
        equipment=Equipment(perimeter=False),
        caps=(*_BASE, *_CHANGES),
        requests={**_INTERIOR, **_WHILE_ARMED, **_DISARM},
    ),
    "fr": OwaUnit(
        panel="SDVFAST",
        country="FR",
        caps=(*_BASE, "PERI"),  # not captured
        requests={
            "ARM1": _idle(TOTAL),
            "ARMDAY1": _idle(DAY),
            "ARMNIGHT1": _idle(NIGHT),
            "PERI1": _idle(perimeter=True),
            **_EACH,
            **_DISARM,
        },
        open_zone="ZONE",
    ),
    "gb-annex": OwaUnit(
        panel="SDVFAST",
        country="GB",
        equipment=Equipment(perimeter=False, annex=True),
        caps=(*_BASE, "ARMANNEX", "DARMANNEX", *_CHANGES),
        requests={
            **_INTERIOR,
            **_WHILE_ARMED,
            "ARMANNEX1": Move(annex=True),
            "DARM1": Move(OFF, starts=(DAY, NIGHT, TOTAL), wrong_state=True),  # usm8 (§5.3)
            "DARMANNEX1": Move(annex=False),
        },
    ),
    "it-owner": _IT_OWNER,
    "pt-ecu": replace(_IT_OWNER, country="PT"),
    "it-restricted": replace(_IT_OWNER, role=Role.RESTRICTED),
    "it-interior": replace(
        _IT_OWNER,
        equipment=Equipment(perimeter=False, interiors=frozenset({DAY, TOTAL})),
        partitions=(("01", ("01", "02")), ("02", ()), ("03", ())),
    ),
}
"""Name → unit. Of `it-interior` the perimeter is accepted and then not permitted (§3.3)."""
