"""The requests of My Pages: paths of logins, and documents of GraphQL. Pure.

Facts: verisure-mypages.md §2, §3, §5 and §6.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Path(StrEnum):
    """Paths of a login (§2), and that of everything else."""

    LOGIN = "/auth/login"
    SEND_CODE = "/auth/mfa"
    VALIDATE = "/auth/mfa/validate"
    TRUST = "/auth/trust"
    RENEW = "/auth/token"
    GRAPHQL = "/graphql"


@dataclass(frozen=True, slots=True)
class PagesOperation:
    """One operation of GraphQL. `path` leads to its result in `data`; `changes` is set where it moves the alarm."""

    name: str
    path: tuple[str, ...]
    document: str
    changes: bool = False


INSTALLATIONS = PagesOperation(
    "fetchAllInstallations",
    ("account", "installations"),
    "query fetchAllInstallations($email: String!) { account(email: $email) { installations { giid alias pinCodeLength "
    "subsidiary locale } } }",
)
STATE = PagesOperation(
    "ArmState",
    ("installation", "armState"),
    "query ArmState($giid: String!) { installation(giid: $giid) { armState { statusType date name changedVia } } }",
)
OPENINGS = PagesOperation(
    "DoorWindow",
    ("installation", "doorWindows"),
    "query DoorWindow($giid: String!) { installation(giid: $giid) { doorWindows { device { deviceLabel } type area "
    "state } } }",
)
DRY_RUN = PagesOperation(
    "ArmStateDryRun",
    ("armStateDryRun",),
    "mutation ArmStateDryRun($giid: String!) { armStateDryRun(giid: $giid) }",
)
DRY_RUN_STATUS = PagesOperation(
    "ArmStateDryRunStatus",
    ("installation", "armState", "dryRunStatus"),
    "query ArmStateDryRunStatus($giid: String!, $transactionId: String!) { installation(giid: $giid) { armState { "
    "dryRunStatus(transactionId: $transactionId) { status { status } result { deviceViolations { deviceLabel violation "
    "} } } } } }",
)
OUTCOME = PagesOperation(
    "pollArmState",
    ("installation", "armStateChangePollResult"),
    "query pollArmState($giid: String!, $transactionId: String, $futureState: ArmStateStatusTypes!) { "
    "installation(giid: $giid) { armStateChangePollResult(transactionId: $transactionId, futureState: $futureState) { "
    "result } } }",
)
DISARM = PagesOperation(
    "disarm",
    ("armStateDisarm",),
    "mutation disarm($giid: String!, $code: String!) { armStateDisarm(giid: $giid, code: $code) }",
    changes=True,
)


def _arm(name: str, field: str) -> PagesOperation:
    document = (
        f"mutation {name}($giid: String!, $code: String!, $forceArm: Boolean) {{ "
        f"{field}(giid: $giid, code: $code, forceArm: $forceArm) }}"
    )
    return PagesOperation(name, (field,), document, changes=True)


ARM_AWAY, ARM_HOME = _arm("armAway", "armStateArmAway"), _arm("armHome", "armStateArmHome")

AWAY, HOME, DISARMED, PENDING = "ARMED_AWAY", "ARMED_HOME", "DISARMED", "PENDING"
"""Values of `statusType` (§4)."""

CHANGES: Mapping[str, PagesOperation] = {AWAY: ARM_AWAY, HOME: ARM_HOME, DISARMED: DISARM}
"""State that is wanted → the operation that leads there (§5)."""
