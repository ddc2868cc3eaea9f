"""The operations of the OWA API, by the documents in operations.graphql: their parts, and the headers that they need.

Facts: verisure-owa.md §1.3 and §2 to §5.
"""

import re
from dataclasses import dataclass, replace
from enum import Enum, auto

from emulator.clouds.documents import load
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


_DOCUMENT = re.compile(
    r"(?P<kind>\w+) (?P<name>\w+)(?:\((?P<declared>[^)]*)\))?"
    r" \{ (?P<field>\w+)(?:\((?P<given>[^)]*)\))? \{ (?P<wanted>.*) \} \}"
)


@dataclass(frozen=True, slots=True)
class Operation:
    """One GraphQL operation: its name, the field that holds the answer, and the parts of its document.

    `declared` are the variables, as `$numinst: String!, …`, and `given` the field's arguments. `wanted` is the
    selection of the answer.
    """

    kind: str
    name: str
    declared: str
    field: str
    given: str
    wanted: str
    needs: Needs = Needs.CAPABILITIES

    @property
    def query(self) -> str:
        """Build the document."""
        variables, arguments = (f"({listed})" if listed else "" for listed in (self.declared, self.given))
        return f"{self.kind} {self.name}{variables} {{ {self.field}{arguments} {{ {self.wanted} }} }}"

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
        if self.changes or "{" in self.given:
            return replace(self, wanted=wanted)
        optional = [name for name in lacking.arguments if re.search(rf"\${name}: \w+(,|$)", self.declared)]
        return replace(
            self, wanted=wanted, declared=_unlisted(self.declared, optional), given=_unlisted(self.given, optional)
        )


def _unlisted(listed: str, names: list[str]) -> str:
    """Return variables or arguments without those of these names."""
    return ", ".join(one for one in listed.split(", ") if one.lstrip("$").partition(":")[0] not in names)


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


_DOCUMENTS = load(__package__)


def _operation(name: str, needs: Needs = Needs.CAPABILITIES) -> Operation:
    [found] = _DOCUMENT.finditer(_DOCUMENTS[name])
    return Operation(**found.groupdict(""), needs=needs)


LOGIN = _operation("mkLoginToken", Needs.NOTHING)
REFRESH = _operation("RefreshLogin", Needs.DEVICE)
VALIDATE = _operation("mkValidateDevice", Needs.DEVICE)
SEND_OTP = _operation("mkSendOTP", Needs.DEVICE)
INSTALLATIONS = _operation("mkInstallationList", Needs.LOGIN)
SERVICES = _operation("Srv", Needs.INSTALLATION)
STATUS = _operation("Status")
CHECK = _operation("CheckAlarm")
CHECK_STATUS = _operation("CheckAlarmStatus")
ARM = _operation("xSArmPanel")
ARM_STATUS = _operation("ArmStatus")
EXCEPTIONS = _operation("xSGetExceptions")
DISARM = _operation("xSDisarmPanel")
DISARM_STATUS = _operation("DisarmStatus")
ACTIVITY = _operation("ActV2Timeline")
