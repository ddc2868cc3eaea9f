"""The GraphQL documents of the OWA API: the fields of each operation, and the headers that it needs.

Facts: verisure-owa.md §1.3 and §2 to §5.
"""

import re
from dataclasses import dataclass, replace
from enum import Enum, auto

from emulator.clouds.unread import Lacking


class Needs(Enum):
    """Headers that an operation needs besides its variables (§1.3, §1.4)."""

    NOTHING = auto()
    DEVICE = auto()
    LOGIN = auto()
    INSTALLATION = auto()
    CAPABILITIES = auto()


KEPT = frozenset({"hash", "refreshToken"})
"""Fields that are always asked for: a login without them would only use up its token."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One GraphQL operation: its name, the field that holds the answer, and the parts of its document.

    `declared` are the variables, as `numinst:String! …`; the field's arguments have the same names. `wanted` is the
    selection of the answer.
    """

    kind: str
    name: str
    field: str
    declared: str
    wanted: str
    needs: Needs = Needs.CAPABILITIES
    given: str = ""
    """Arguments of the field, where their names are not those of the variables."""

    @property
    def query(self) -> str:
        """Build the document."""
        pairs = [item.split(":") for item in self.declared.split()]
        variables = ", ".join(f"${variable}: {kind_of}" for variable, kind_of in pairs)
        arguments = self.given or ", ".join(f"{variable}: ${variable}" for variable, _ in pairs)
        signature, call = (f"({variables})", f"({arguments})") if pairs else ("", "")
        body = f" {{ {self.wanted} }}" if self.wanted else ""
        return f"{self.kind} {self.name}{signature} {{ {self.field}{call}{body} }}"

    @property
    def changes(self) -> bool:
        """True if it is a change, not a question."""
        return self.kind == "mutation"

    def without(self, lacking: Lacking) -> "Operation":
        """Return the operation without what the schema lacks; unchanged if that is indispensable.

        Arguments are left out of questions only: a change is sent as it is meant, or not at all.
        """
        wanted, begins = self.wanted, self.query.rindex(self.wanted) + 1
        # From the end, so that the columns of the others stay right.
        for name, column in sorted(lacking.fields, key=lambda one: -one[1]):
            wanted = _unselected(wanted, name, column - begins)
        declared = [
            one
            for one in self.declared.split()
            if self.changes or self.given or one.endswith("!") or one.partition(":")[0] not in lacking.arguments
        ]
        return replace(self, wanted=wanted, declared=" ".join(declared))


class Documents:
    """The operations as the schema of one country takes them; owned by one thread."""

    def __init__(self) -> None:
        self._trimmed: dict[str, Operation] = {}

    def of(self, operation: Operation) -> Operation:
        """Return the operation without what the schema is known to lack."""
        return self._trimmed.get(operation.name, operation)

    def learn(self, operation: Operation, lacking: Lacking) -> bool:
        """Leave out from now on what is lacking; return whether that alters the document.

        A change that may have begun stays as it is, so that it is not sent again.
        """
        if not lacking or (operation.changes and lacking.begun):
            return False
        before = self.of(operation)
        self._trimmed[operation.name] = before.without(lacking)
        return self._trimmed[operation.name] != before


def _unselected(wanted: str, name: str, at: int) -> str:
    """Return a selection without a field: the one at column `at`, or else the deepest; unchanged if there is none."""
    found = [one.span() for one in re.finditer(r"\w+", wanted) if one.group() == name and name not in KEPT]
    if not found:
        return wanted

    def depth(span: tuple[int, int]) -> int:
        before = wanted[: span[0]]
        return before.count("{") - before.count("}")

    start, end = next((span for span in found if span[0] == at), max(found, key=depth))
    if wanted.startswith(" {", end):
        end = _closed(wanted, end + 1)
    left = f"{wanted[:start].rstrip()} {wanted[end:].lstrip()}".strip()
    while (emptied := re.sub(r"\w+ \{ \} ?", "", left).strip()) != left:
        left = emptied
    return left or wanted


def _closed(text: str, at: int) -> int:
    """Return the place after the brace that closes the one at `at`."""
    level = 0
    for place in range(at, len(text)):
        level += (text[place] == "{") - (text[place] == "}")
        if not level:
            return place + 1
    return len(text)


_LOGIN_VARIABLES = (
    "id:String! country:String! lang:String! callby:String! idDevice:String! idDeviceIndigitall:String! "
    "deviceType:String! deviceVersion:String! deviceResolution:String! deviceName:String! deviceBrand:String! "
    "deviceOsVersion:String! uuid:String!"
)
_LOGIN_ANSWER = "__typename res msg hash refreshToken legals changePassword needDeviceAuthorization mainUser"
_POLLED = "res msg status protomResponse protomResponseDate numinst requestId error { "
_WHY = "code type allowForcing exceptionsNumber referenceId"

LOGIN = Operation(
    "mutation",
    "mkLoginToken",
    "xSLoginToken",
    f"user:String! password:String! {_LOGIN_VARIABLES}",
    _LOGIN_ANSWER,
    Needs.NOTHING,
)
REFRESH = Operation(
    "mutation",
    "RefreshLogin",
    "xSRefreshLogin",
    f"refreshToken:String! {_LOGIN_VARIABLES}",
    _LOGIN_ANSWER,
    Needs.DEVICE,
)
VALIDATE = Operation(
    "mutation",
    "mkValidateDevice",
    "xSValidateDevice",
    "idDevice:String idDeviceIndigitall:String uuid:String deviceName:String deviceBrand:String "
    "deviceOsVersion:String deviceVersion:String",
    "res msg hash refreshToken legals",
    Needs.DEVICE,
)
SEND_OTP = Operation("mutation", "mkSendOTP", "xSSendOtp", "recordId:Int! otpHash:String!", "res msg", Needs.DEVICE)
INSTALLATIONS = Operation(
    "query", "mkInstallationList", "xSInstallations", "", "installations { numinst alias panel type }", Needs.LOGIN
)
SERVICES = Operation(
    "query",
    "Srv",
    "xSSrv",
    "numinst:String! uuid:String",
    "res msg language installation { numinst role alias status panel capabilities "
    "services { idService active visible request description attributes { attributes { name value active } } } "
    "configRepoUser { alarmPartitions { id enterStates leaveStates } } }",
    Needs.INSTALLATION,
)
STATUS = Operation(
    "query",
    "Status",
    "xSStatus",
    "numinst:String!",
    "status timestampUpdate wifiConnected exceptions { status deviceType alias }",
)
ARM = Operation(
    "mutation",
    "xSArmPanel",
    "xSArmPanel",
    "numinst:String! request:ArmCodeRequest! panel:String! currentStatus:String suid:String "
    "forceArmingRemoteId:String armAndLock:Boolean",
    "res msg referenceId",
)
ARM_STATUS = Operation(
    "query",
    "ArmStatus",
    "xSArmStatus",
    "numinst:String! request:ArmCodeRequest panel:String! referenceId:String! counter:Int! "
    "forceArmingRemoteId:String armAndLock:Boolean",
    f"{_POLLED}{_WHY} suid }}",
)
DISARM = Operation(
    "mutation",
    "xSDisarmPanel",
    "xSDisarmPanel",
    "numinst:String! request:DisarmCodeRequest! panel:String!",
    "res msg referenceId",
)
DISARM_STATUS = Operation(
    "query",
    "DisarmStatus",
    "xSDisarmStatus",
    "numinst:String! panel:String! referenceId:String! counter:Int! request:DisarmCodeRequest",
    # No suid: it opens zones to arming only, and not every country has it here (§12).
    f"{_POLLED}{_WHY} }}",
)
EXCEPTIONS = Operation(
    "query",
    "xSGetExceptions",
    "xSGetExceptions",
    "numinst:String! panel:String! referenceId:String! counter:Int! suid:String",
    "res msg exceptions { status deviceType alias }",
)
CHECK = Operation("query", "CheckAlarm", "xSCheckAlarm", "numinst:String! panel:String!", "res msg referenceId")
CHECK_STATUS = Operation(
    "query",
    "CheckAlarmStatus",
    "xSCheckAlarmStatus",
    "numinst:String! idService:String! panel:String! referenceId:String!",
    "res msg status numinst protomResponse protomResponseDate",
)
ACTIVITY = Operation(
    "query",
    "ActV2Timeline",
    "xSActV2",
    "numinst:String! panel:String numRows:Int offset:Int timeFilter:TimeFilter!",
    "reg { alias type source idSignal myVerisureUser time interface device deviceName keyname }",
    given="numinst: $numinst, input: { timeFilter: $timeFilter, numRows: $numRows, offset: $offset, panel: $panel }",
)
