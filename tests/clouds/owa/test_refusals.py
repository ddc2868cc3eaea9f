"""What it means that a panel ended a request with an error."""

from typing import Any

import pytest

from emulator.clouds.owa import refusals
from emulator.clouds.owa.refusals import ZoneRefusal
from emulator.errors import Rejected, Unconfirmed
from emulator.model import Arm, ArmMode, Interior
from tests.clouds.contract import TOTAL, quiet
from tests.clouds.owa.test_cloud import World, ended, failed
from tests.clouds.script import data

MPJ = "alarm-manager.error_mpj_exception"
KEY = {"referenceId": "F", "suid": "S"}


def read(message: str = "", *, arming: bool = True, **error: Any) -> Exception:
    content = {"res": "ERROR", "msg": message, "error": error or None}
    return refusals.refusal(content, arming=arming)


@pytest.mark.parametrize(
    ("message", "error"),
    [
        # verisure-owa.md §5.5 and §12: codes and texts vary, by country and by panel.
        ("error_mpj_exception", {"code": "102", "type": "NON_BLOCKING", "exceptionsNumber": 1}),
        ("error_mpj_exception", {"code": "102", "type": "BLOCKING", "exceptionsNumber": None}),
        ("error_mpj_exception", {"code": "ERR_ZONE_OPEN", "type": "NON_BLOCKING", "exceptionsNumber": 2}),
        (MPJ, {"code": None, "type": "BLOCKING", "exceptionsNumber": 1}),
        (MPJ, {"code": 7, "type": None, "exceptionsNumber": "3"}),
        (MPJ, {"code": "102", "type": "ZONE", "exceptionsNumber": "9" * 9999}),
        (MPJ, {"code": "7", "allowForcing": True}),
        ("Hay una zona abierta", {"code": "7", "type": "NON_BLOCKING"}),
        ("Une zone est ouverte", {"type": "ZONE", "exceptionsNumber": 1}),
        ("alarm-manager.error_mg_open_zone#7", {"type": None, "exceptionsNumber": 0}),
    ],
)
def test_open_zones(message: str, error: dict[str, Any]) -> None:
    assert type(read(message, **error)) is ZoneRefusal


@pytest.mark.parametrize(
    ("message", "error", "kind", "said"),
    [
        (MPJ, {"code": "101", "type": "NON_BLOCKING", "exceptionsNumber": 2}, Rejected, "may not arm the perimeter"),
        (MPJ, {"code": "106", "type": "BLOCKING", "exceptionsNumber": 2}, Rejected, "while it is armed"),
        (MPJ, {"code": "102", "type": "NON_BLOCKING", "exceptionsNumber": 0}, Rejected, "error_mpj_exception"),
        (MPJ, {"type": "ZONE", "exceptionsNumber": "0", "allowForcing": True}, Rejected, "error_mpj_exception"),
        (MPJ, {"type": "BLOCKING", "exceptionsNumber": None, "allowForcing": False}, Rejected, "error_mpj_exception"),
        ("alarm-manager.usm8", {"type": "BLOCKING", "exceptionsNumber": 1}, Rejected, "usm8"),
        ("alarm-manager.errdca3", {"type": "TECHNICAL_ERROR", "exceptionsNumber": 1}, Unconfirmed, "errdca3"),
        ("error_no_response_to_request", {"type": "NON_BLOCKING"}, Unconfirmed, "did not answer"),
        ("", {}, Rejected, "no reason"),
    ],
)
def test_other_errors_keep_their_meaning(message: str, error: dict[str, Any], kind: type[Exception], said: str) -> None:
    found = read(message, **error)
    assert type(found) is kind
    assert said in str(found)


def test_a_disarm_meets_no_open_zones() -> None:
    found = read(MPJ, arming=False, code="102", type="NON_BLOCKING", exceptionsNumber=1, allowForcing=True, **KEY)
    assert type(found) is Rejected


@pytest.mark.parametrize(
    ("error", "again"),
    [
        ({"type": "NON_BLOCKING", "allowForcing": True, **KEY}, True),
        ({"type": "ZONE", "allowForcing": True, **KEY}, True),
        ({"type": "BLOCKING", "code": "102", "allowForcing": True, **KEY}, True),
        # Where the panel does not say, its word for zones that do not block counts.
        ({"type": "NON_BLOCKING", "allowForcing": None, **KEY}, True),
        ({"type": "BLOCKING", "code": "102", **KEY}, False),
        ({"type": "NON_BLOCKING", "allowForcing": False, **KEY}, False),
        ({"type": "ZONE", "allowForcing": True, "suid": "S"}, False),
    ],
)
def test_what_may_be_forced(error: dict[str, Any], again: bool) -> None:
    found = read(MPJ, exceptionsNumber=1, **error)
    assert isinstance(found, ZoneRefusal)
    assert found.again == ({"forceArmingRemoteId": "F", "suid": "S"} if again else None)


def test_a_country_without_suid_forces_without_it() -> None:
    found = read(MPJ, type="NON_BLOCKING", allowForcing=True, referenceId="F")
    assert isinstance(found, ZoneRefusal)
    assert (found.again, found.ask) == ({"forceArmingRemoteId": "F"}, {"referenceId": "F"})


def test_open_zones_are_named_and_not_what_has_a_low_battery() -> None:
    rows = [{"status": "2", "alias": "Salon"}, {"status": "0", "alias": "Cocina"}, {"deviceType": "MR"}]
    assert refusals.zones({"exceptions": rows}) == ("Cocina", "a door or window contact (MR)")
    assert refusals.zones({"exceptions": [{"deviceType": "ZZ"}, {}]}) == (
        "a zone without a name (ZZ)",
        "a zone without a name",
    )
    assert refusals.zones({"exceptions": rows[:1]}) == ("Salon",)
    assert refusals.zones({"exceptions": None}) == ()


FORCED = Arm(ArmMode(Interior.TOTAL), force=True)
ZONES = data("xSGetExceptions", {"res": "OK", "exceptions": [{"status": "0", "alias": "Cocina"}]})
OPEN = [
    failed("error_mpj_exception", code="ERR_ZONE_OPEN", type="NON_BLOCKING", exceptionsNumber=1, **KEY),
    failed("alarm-manager.error_mg_open_zone#7", type="ZONE", allowForcing=True, **KEY),
    failed(MPJ, code="7", type="BLOCKING", exceptionsNumber=1, allowForcing=True, **KEY),
]


@pytest.mark.parametrize("answer", OPEN)
def test_however_they_are_told_they_are_named_and_forced_where_that_is_wanted(answer: Any) -> None:
    world = World(ArmStatus=[answer, ended("T")], xSGetExceptions=ZONES)
    state = world.cloud.execute(FORCED, quiet)
    assert (state.raw, state.bypassed) == ("T", ("Cocina",))
    assert [one.get("forceArmingRemoteId") for one in world.script.of("xSArmPanel")] == [None, "F"]
    world = World(ArmStatus=answer, xSGetExceptions=ZONES)
    with pytest.raises(Rejected, match=r"open: Cocina\. Close it"):
        world.cloud.execute(TOTAL, quiet)
    assert world.submitted() == ["ARM1"]
