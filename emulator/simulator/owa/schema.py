"""The operations of the customer API: fields, variables, answers, and the headers that each requires
(verisure-owa.md §2-§5, §8, §10)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any


class AccessLevel(Enum):
    """Headers that a request requires (§1.3, §1.4)."""

    NOTHING = auto()
    """No `auth` header at all."""
    DEVICE = auto()
    """`auth` with an empty hash."""
    SESSION = auto()
    """`auth` with a hash."""
    INSTALLATION = auto()
    """The same, and numinst, panel and X-Capabilities."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One operation: its kind, its field, its variables with their types, and the access that it requires."""

    kind: str
    field: str
    variables: Mapping[str, str]
    access: AccessLevel = AccessLevel.INSTALLATION


ENUMS: dict[str, tuple[str, ...]] = {
    "ArmCodeRequest": (
        *("ARM1", "ARM1PERI1", "ARMANNEX1", "ARMDAY1", "ARMDAY1PERI1", "ARMINTEXT1", "ARMINTFPART1", "ARMNIGHT1"),
        *("ARMNIGHT1PERI1", "ARMPARTFINTDAY1", "ARMPARTFINTNIGHT1", "PERI1"),
    ),
    "DisarmCodeRequest": ("DARM1", "DARM1DARMPERI", "DARMANNEX1", "DARMPERI"),
    "TimeFilter": ("LASTMONTH", "ALL"),
}
"""Type → its values (§5.1, §8). ARMNIGHT1PERI1 is not in the list of §5.1, but Spain knows it (§5.3); the profiles say
where it is unknown."""

_VALIDATED = ("idDevice", "idDeviceIndigitall", "uuid", "deviceName", "deviceBrand", "deviceOsVersion", "deviceVersion")
_CALLER = ("id", "country", "lang", "callby", "deviceType", "deviceResolution", *_VALIDATED)
_POLL = {"numinst": "String!", "panel": "String!", "referenceId": "String!", "counter": "Int!"}

OPERATIONS: dict[str, Signature] = {
    "mkLoginToken": Signature(
        "mutation", "xSLoginToken", dict.fromkeys(("user", "password", *_CALLER), "String!"), AccessLevel.NOTHING
    ),
    "mkValidateDevice": Signature(
        "mutation", "xSValidateDevice", dict.fromkeys(_VALIDATED, "String"), AccessLevel.DEVICE
    ),
    "mkSendOTP": Signature("mutation", "xSSendOtp", {"recordId": "Int!", "otpHash": "String!"}, AccessLevel.DEVICE),
    "RefreshLogin": Signature(
        "mutation", "xSRefreshLogin", dict.fromkeys(("refreshToken", *_CALLER), "String!"), AccessLevel.DEVICE
    ),
    "mkInstallationList": Signature("query", "xSInstallations", {}, AccessLevel.SESSION),
    "Srv": Signature("query", "xSSrv", {"numinst": "String!", "uuid": "String"}, AccessLevel.SESSION),
    "Status": Signature("query", "xSStatus", {"numinst": "String!"}),
    "xSArmPanel": Signature(
        "mutation",
        "xSArmPanel",
        {
            "numinst": "String!",
            "request": "ArmCodeRequest!",
            "panel": "String!",
            "currentStatus": "String",
            "suid": "String",
            "forceArmingRemoteId": "String",
            "armAndLock": "Boolean",
        },
    ),
    "ArmStatus": Signature(
        "query",
        "xSArmStatus",
        {**_POLL, "request": "ArmCodeRequest", "forceArmingRemoteId": "String", "armAndLock": "Boolean"},
    ),
    "xSDisarmPanel": Signature(
        "mutation", "xSDisarmPanel", {"numinst": "String!", "request": "DisarmCodeRequest!", "panel": "String!"}
    ),
    "DisarmStatus": Signature("query", "xSDisarmStatus", {**_POLL, "request": "DisarmCodeRequest"}),
    "xSGetExceptions": Signature("query", "xSGetExceptions", {**_POLL, "suid": "String"}),
    "CheckAlarm": Signature("query", "xSCheckAlarm", {"numinst": "String!", "panel": "String!"}),
    "CheckAlarmStatus": Signature(
        "query", "xSCheckAlarmStatus", dict.fromkeys(("numinst", "idService", "panel", "referenceId"), "String!")
    ),
    "ActV2Timeline": Signature(
        "query",
        "xSActV2",
        {"numinst": "String!", "panel": "String", "numRows": "Int", "offset": "Int", "timeFilter": "TimeFilter!"},
    ),
    "Logout": Signature("mutation", "xSLogout", {}, AccessLevel.SESSION),
}

Shape = Mapping[str, Any]
"""Field → the fields within it; none for a scalar."""


def _fields(*names: str, **within: Shape) -> Shape:
    return {**dict.fromkeys(names), **within}


_TOKEN = _fields(
    *("res", "msg", "hash", "refreshToken", "legals", "changePassword", "needDeviceAuthorization", "mainUser", "lang")
)
_SUBMITTED = _fields("res", "msg", "referenceId")
_EXCEPTIONS = _fields("status", "deviceType", "alias")
_CHECKED = _fields("res", "msg", "status", "protomResponse", "protomResponseDate", "numinst", "forcedArmed")
_ERROR = ("code", "type", "allowForcing", "exceptionsNumber", "referenceId")


def _outcome(*error: str) -> Shape:
    return _fields(
        *("res", "msg", "status", "protomResponse", "protomResponseDate", "numinst", "requestId", "forcedArmed"),
        error=_fields(*error),
        smartlockStatus=_fields("state", "deviceId", "updatedOnArm"),
    )


SHAPES: Shape = {
    "xSLoginToken": _TOKEN,
    "xSValidateDevice": _fields("res", "msg", "hash", "refreshToken", "legals"),
    "xSSendOtp": _fields("res", "msg"),
    "xSRefreshLogin": _TOKEN,
    "xSInstallations": _fields(
        installations=_fields(
            *("numinst", "alias", "panel", "type", "name", "surname", "address", "city", "postcode", "province"),
            *("email", "phone", "due", "role"),
        )
    ),
    "xSSrv": _fields(
        *("res", "msg", "language"),
        installation=_fields(
            *("numinst", "role", "alias", "status", "panel", "sim", "instIbs", "capabilities"),
            services=_fields(
                *("idService", "active", "visible", "bde", "isPremium", "codOper", "request", "minWrapperVersion"),
                *("unprotectActive", "unprotectDeviceStatus", "instDate", "description"),
                genericConfig=_fields("total", attributes=_fields("key", "value")),
                attributes=_fields(attributes=_fields("name", "value", "active")),
            ),
            configRepoUser=_fields(alarmPartitions=_fields("id", "enterStates", "leaveStates")),
        ),
    ),
    "xSStatus": _fields(
        *("status", "timestampUpdate", "wifiConnected", "powerStatus", "keepAliveDay"), exceptions=_EXCEPTIONS
    ),
    "xSArmPanel": {**_SUBMITTED, "pollingTime": None},
    "xSArmStatus": _outcome(*_ERROR, "suid"),
    "xSDisarmPanel": {**_SUBMITTED, "pollingTime": None},
    "xSDisarmStatus": _outcome(*_ERROR),  # only Italy has suid here (§12)
    "xSGetExceptions": _fields("res", "msg", exceptions=_EXCEPTIONS),
    "xSCheckAlarm": _SUBMITTED,
    "xSCheckAlarmStatus": _CHECKED,
    "xSActV2": _fields(
        reg=_fields(
            *("alias", "type", "device", "source", "idSignal", "schedulerType", "myVerisureUser", "time", "img"),
            *("incidenceId", "signalType", "interface", "deviceName", "keyname", "tagId", "userAuth"),
            exceptions=_EXCEPTIONS,
            mediaPlatform=_fields("serialNumber", "mediaId"),
        )
    ),
    "xSLogout": None,
}
"""Field of the query → the fields that may be selected in the answer."""
