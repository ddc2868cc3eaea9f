"""The operations of My Pages: kind, field, variables, answers (verisure-mypages.md §3). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Shape = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MypagesOperation:
    """One operation: its kind, the shape that may be selected, and its variables with their types."""

    kind: str
    shape: Shape
    variables: Mapping[str, str]

    @property
    def field(self) -> str:
        """The field at the root."""
        return next(iter(self.shape))


ARM_STATES = ("DISARMED", "ARMED_HOME", "ARMED_AWAY", "PENDING")
"""§4."""

_GIID = {"giid": "String!"}
_CODE = {**_GIID, "code": "String!"}
_FORCE = {**_CODE, "forceArm": "Boolean"}


def _plain(*names: str) -> dict[str, Any]:
    return dict.fromkeys(names)


def _of_installation(shape: Shape, **variables: str) -> MypagesOperation:
    return MypagesOperation("query", {"installation": shape}, {**_GIID, **variables})


_DEVICE = {**_plain("deviceLabel", "area"), "gui": _plain("label")}
_VIOLATIONS = _plain("deviceLabel", "violation", "occurred")
_RUN = {
    "status": _plain("status", "createTime", "changeTime"),
    "result": {**_plain("created", "received"), "deviceViolations": _VIOLATIONS},
}
_EVENT = {
    "device": _DEVICE,
    "arloDevice": _plain("name"),
    **_plain("gatewayArea", "eventType", "eventCategory", "eventSource", "eventId", "eventTime", "userName"),
    **_plain("armState", "userType", "climateValue", "sensorType", "eventCount"),
}
_INSTALLATION = {
    **_plain("giid", "alias", "customerType", "dealerId", "subsidiary", "pinCodeLength", "locale"),
    "address": _plain("street", "city", "postalNumber"),
}

OPERATIONS: dict[str, MypagesOperation] = {
    "fetchAllInstallations": MypagesOperation(
        "query", {"account": {"installations": _INSTALLATION}}, {"email": "String!"}
    ),
    "ArmState": _of_installation({"armState": _plain("type", "statusType", "date", "name", "changedVia")}),
    "armAway": MypagesOperation("mutation", _plain("armStateArmAway"), _FORCE),
    "armHome": MypagesOperation("mutation", _plain("armStateArmHome"), _FORCE),
    "disarm": MypagesOperation("mutation", _plain("armStateDisarm"), _CODE),
    "pollArmState": _of_installation(
        {"armStateChangePollResult": _plain("result", "createTime")},
        transactionId="String",
        futureState="ArmStateStatusTypes!",
    ),
    "ArmStateDryRun": MypagesOperation("mutation", _plain("armStateDryRun"), _GIID),
    "ArmStateDryRunStatus": _of_installation({"armState": {"dryRunStatus": _RUN}}, transactionId="String!"),
    "DoorWindow": _of_installation(
        {"doorWindows": {"device": _DEVICE, **_plain("type", "area", "state", "wired", "reportTime")}}
    ),
    "EventLog": _of_installation(
        {"eventLog": {**_plain("moreDataAvailable"), "pagedList": _EVENT}},
        offset="Int!",
        pagesize="Int!",
        eventCategories="[String]",
        fromDate="String",
        toDate="String",
        eventContactIds="[String]",
        eventDeviceLabels="[String]",
    ),
}
"""Name → operation; those of lights, locks and cameras are not there."""

COMMANDS = ("armAway", "armHome", "disarm")
"""Those that change the panel."""
