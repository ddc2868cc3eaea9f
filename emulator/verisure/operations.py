"""The GraphQL documents of the OWA API: what each operation asks for, and what it has to bring along.

Facts: verisure-owa.md §1.3 and §2 to §5.
"""

from dataclasses import dataclass
from enum import Enum, auto


class Needs(Enum):
    """What an operation has to bring along besides its variables (§1.3, §1.4)."""

    NOTHING = auto()
    DEVICE = auto()
    LOGIN = auto()
    INSTALLATION = auto()
    CAPABILITIES = auto()


@dataclass(frozen=True, slots=True)
class Operation:
    """One GraphQL operation: its name, the field that holds the answer, its document."""

    name: str
    field: str
    query: str
    needs: Needs

    @property
    def changes(self) -> bool:
        """Whether it does something rather than asks."""
        return self.query.startswith("mutation")


def _operation(
    kind: str, name: str, field_name: str, declared: str, wanted: str, needs: Needs = Needs.CAPABILITIES
) -> Operation:
    """`declared` is `numinst:String! …`; the field's arguments have the names of the variables."""
    pairs = [item.split(":") for item in declared.split()]
    variables = ", ".join(f"${variable}: {kind_of}" for variable, kind_of in pairs)
    arguments = ", ".join(f"{variable}: ${variable}" for variable, _ in pairs)
    signature, call = (f"({variables})", f"({arguments})") if pairs else ("", "")
    body = f" {{ {wanted} }}" if wanted else ""
    return Operation(name, field_name, f"{kind} {name}{signature} {{ {field_name}{call}{body} }}", needs)


_LOGIN_VARIABLES = (
    "id:String! country:String! lang:String! callby:String! idDevice:String! idDeviceIndigitall:String! "
    "deviceType:String! deviceVersion:String! deviceResolution:String! deviceName:String! deviceBrand:String! "
    "deviceOsVersion:String! uuid:String!"
)
_LOGIN_ANSWER = "__typename res msg hash refreshToken legals changePassword needDeviceAuthorization mainUser"
_POLLED = (
    "res msg status protomResponse protomResponseDate numinst requestId "
    "error { code type allowForcing exceptionsNumber referenceId suid }"
)

LOGIN = _operation(
    "mutation",
    "mkLoginToken",
    "xSLoginToken",
    f"user:String! password:String! {_LOGIN_VARIABLES}",
    _LOGIN_ANSWER,
    Needs.NOTHING,
)
REFRESH = _operation(
    "mutation",
    "RefreshLogin",
    "xSRefreshLogin",
    f"refreshToken:String! {_LOGIN_VARIABLES}",
    _LOGIN_ANSWER,
    Needs.DEVICE,
)
VALIDATE = _operation(
    "mutation",
    "mkValidateDevice",
    "xSValidateDevice",
    "idDevice:String idDeviceIndigitall:String uuid:String deviceName:String deviceBrand:String "
    "deviceOsVersion:String deviceVersion:String",
    "res msg hash refreshToken legals",
    Needs.DEVICE,
)
SEND_OTP = _operation("mutation", "mkSendOTP", "xSSendOtp", "recordId:Int! otpHash:String!", "res msg", Needs.DEVICE)
INSTALLATIONS = _operation(
    "query", "mkInstallationList", "xSInstallations", "", "installations { numinst alias panel type }", Needs.LOGIN
)
SERVICES = _operation(
    "query",
    "Srv",
    "xSSrv",
    "numinst:String! uuid:String",
    "res msg language installation { numinst role alias status panel capabilities "
    "services { idService active visible request description attributes { attributes { name value active } } } "
    "configRepoUser { alarmPartitions { id enterStates leaveStates } } }",
    Needs.INSTALLATION,
)
STATUS = _operation(
    "query",
    "Status",
    "xSStatus",
    "numinst:String!",
    "status timestampUpdate wifiConnected exceptions { status deviceType alias }",
)
ARM = _operation(
    "mutation",
    "xSArmPanel",
    "xSArmPanel",
    "numinst:String! request:ArmCodeRequest! panel:String! currentStatus:String suid:String "
    "forceArmingRemoteId:String armAndLock:Boolean",
    "res msg referenceId",
)
ARM_STATUS = _operation(
    "query",
    "ArmStatus",
    "xSArmStatus",
    "numinst:String! request:ArmCodeRequest panel:String! referenceId:String! counter:Int! "
    "forceArmingRemoteId:String armAndLock:Boolean",
    _POLLED,
)
DISARM = _operation(
    "mutation",
    "xSDisarmPanel",
    "xSDisarmPanel",
    "numinst:String! request:DisarmCodeRequest! panel:String!",
    "res msg referenceId",
)
DISARM_STATUS = _operation(
    "query",
    "DisarmStatus",
    "xSDisarmStatus",
    "numinst:String! panel:String! referenceId:String! counter:Int! request:DisarmCodeRequest",
    _POLLED,
)
EXCEPTIONS = _operation(
    "query",
    "xSGetExceptions",
    "xSGetExceptions",
    "numinst:String! panel:String! referenceId:String! counter:Int! suid:String",
    "res msg exceptions { status deviceType alias }",
)
CHECK = _operation("query", "CheckAlarm", "xSCheckAlarm", "numinst:String! panel:String!", "res msg referenceId")
CHECK_STATUS = _operation(
    "query",
    "CheckAlarmStatus",
    "xSCheckAlarmStatus",
    "numinst:String! idService:String! panel:String! referenceId:String!",
    "res msg status numinst protomResponse protomResponseDate",
)
