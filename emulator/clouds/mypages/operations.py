"""The requests of My Pages: paths of logins, and the documents in operations.graphql.

Facts: verisure-mypages.md §2, §3, §5 and §6.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from emulator.clouds.documents import load


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


_DOCUMENTS = load(__package__)


def _operation(name: str, *path: str, changes: bool = False) -> PagesOperation:
    return PagesOperation(name, path, _DOCUMENTS[name], changes)


INSTALLATIONS = _operation("fetchAllInstallations", "account", "installations")
STATE = _operation("ArmState", "installation", "armState")
OPENINGS = _operation("DoorWindow", "installation", "doorWindows")
DRY_RUN = _operation("ArmStateDryRun", "armStateDryRun")
DRY_RUN_STATUS = _operation("ArmStateDryRunStatus", "installation", "armState", "dryRunStatus")
ARM_AWAY = _operation("armAway", "armStateArmAway", changes=True)
ARM_HOME = _operation("armHome", "armStateArmHome", changes=True)
DISARM = _operation("disarm", "armStateDisarm", changes=True)
OUTCOME = _operation("pollArmState", "installation", "armStateChangePollResult")

AWAY, HOME, DISARMED, PENDING = "ARMED_AWAY", "ARMED_HOME", "DISARMED", "PENDING"
"""Values of `statusType` (§4)."""

CHANGES: Mapping[str, PagesOperation] = {AWAY: ARM_AWAY, HOME: ARM_HOME, DISARMED: DISARM}
"""State that is wanted → the operation that leads there (§5)."""
