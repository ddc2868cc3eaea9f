"""Services of a contract, as `Srv` lists them (verisure-owa.md §3.2, §3.3, §12). Pure."""

from emulator.simulator.owa.graphql import Json
from emulator.simulator.owa.profiles import OwaUnit

SERVICES = {
    "EST": "11",
    "ARM": "31",
    "DARM": "32",
    "ARMDAY": "42",
    "ARMNIGHT": "43",
    "DARMANNEX": "44",
    "SCH": "60",
    "ARMINTFPART": "84",
    "ARMPARTFINT": "85",
    "TIMELINE": "506",
}
"""Request → idService (§3.2, §12). The others have no known number."""

EXTRAS = {
    "ESTINV": "52",
    "GDPRPOPUP": "75",
    "MAILBOX": "89",
    "NOTCONF": "507",
    "DEVICESCONF": "508",
    "REMINDERS": "510",
}
"""Services that have nothing to do with arming; every contract has them."""


def services(unit: OwaUnit) -> list[Json]:
    """Return the services of a unit."""
    known = {cap: SERVICES[cap] for cap in unit.caps if cap in SERVICES} | EXTRAS
    return [_service(name, number, unit) for name, number in known.items()]


def _service(cap: str, number: str, unit: OwaUnit) -> Json:
    """Return one service; the perimeter shows in the attributes of the schedule (§3.3)."""
    attributes = [{"name": "PERI", "value": "PERIMETRAL", "active": True}] * (cap == "SCH" and "PERI" in unit.caps)
    if cap == "ESTINV" and unit.country == "FR":
        attributes = [{"name": "limitedPartial", "value": "1", "active": True}]
    return {
        "idService": number,
        "active": True,
        "visible": True,
        "bde": False,
        "isPremium": False,
        "codOper": False,
        "request": cap,
        "description": cap,
        "attributes": {"attributes": attributes},
    }
