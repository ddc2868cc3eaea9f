"""The operations of the customer API: one answer for each (verisure-owa.md §2, §3, §4.1, §8)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.simulator import texts
from emulator.simulator.accounts import Role
from emulator.simulator.backend import Backend
from emulator.simulator.owa import failures
from emulator.simulator.owa.access import Requester, contract_of
from emulator.simulator.owa.graphql import CheckedCall, Json
from emulator.simulator.owa.letters import letter, reported
from emulator.simulator.owa.login import Logins
from emulator.simulator.owa.options import OwaOptions
from emulator.simulator.owa.orders import Orders, open_zones
from emulator.simulator.owa.profiles import OwaUnit
from emulator.simulator.owa.tokens import IssuedTokens
from emulator.simulator.panel.activity import INCIDENTS, ActivityRow
from emulator.simulator.told import told

MONTH_S = 30 * 86_400.0
"""LASTMONTH reaches back so far."""

ROWS = 30
"""Rows of the timeline unless the client asks for a number."""

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


@dataclass(slots=True)
class Operations:
    """Guarded by the panel's lock. `answers` has one function for each operation."""

    backend: Backend
    unit: OwaUnit
    options: OwaOptions
    tokens: IssuedTokens
    logins: Logins
    orders: Orders
    answers: Mapping[str, Callable[[CheckedCall, Requester], Any]] = field(init=False)

    def __post_init__(self) -> None:
        logins, orders = self.logins, self.orders
        self.answers = {
            "mkLoginToken": logins.login,
            "mkValidateDevice": logins.validate,
            "mkSendOTP": logins.send_code,
            "RefreshLogin": logins.refresh,
            "Logout": logins.logout,
            "mkInstallationList": self._installations,
            "Srv": self._services,
            "Status": self._status,
            "ActV2Timeline": self._timeline,
            "xSArmPanel": orders.submit,
            "ArmStatus": orders.poll,
            "xSDisarmPanel": orders.submit,
            "DisarmStatus": orders.poll,
            "xSGetExceptions": orders.exceptions,
            "CheckAlarm": orders.submit,
            "CheckAlarmStatus": orders.poll,
        }

    def _installations(self, call: CheckedCall, requester: Requester) -> Json:
        """Answer mkInstallationList (§3.1)."""
        if self.backend.faults.strike("null_list", call.name):
            return {"installations": None}
        account = requester.customer
        return {
            "installations": [
                {
                    "numinst": contract.number,
                    "alias": contract.alias,
                    "panel": contract.panel,
                    "type": "PLUS",
                    "role": account.role,
                }
                for contract in account.contracts()
            ]
        }

    def _services(self, call: CheckedCall, requester: Requester) -> Json:
        """Answer Srv, which has the capabilities (§3.2)."""
        account = requester.customer
        contract = contract_of(account, call.variables["numinst"])
        if contract is None or not contract.active:
            raise failures.not_found()
        bare = self.options.no_capabilities
        token = self.tokens.capabilities(account, contract, self.unit.caps, self.options.capabilities_life)
        partitions = [{"id": one, "enterStates": enter, "leaveStates": []} for one, enter in self.unit.partitions]
        return {
            "res": "OK",
            "language": texts.LANGUAGES.get(account.country, "en"),
            "installation": {
                "numinst": contract.number,
                "role": account.role,
                "alias": contract.alias,
                "status": "OP",
                "panel": contract.panel,
                "capabilities": None if bare else token,
                "services": None if bare else services(self.unit),
                "configRepoUser": {"alarmPartitions": partitions} if partitions else None,
            },
        }

    def _status(self, call: CheckedCall, requester: Requester) -> Json:
        """Answer Status: the state that the cloud knows, late as it may be (§4.1)."""
        lag = self.options.status_lag
        stand = self.backend.panel.stand(self.backend.now() - lag)
        owns = requester.customer.role is Role.OWNER
        return {
            "status": reported(letter(stand.axes)[0], self.backend.faults, call.name),
            "timestampUpdate": str(round((stand.at + lag) * 1000)),
            "wifiConnected": True,
            "powerStatus": "P",
            "exceptions": open_zones(stand.bypassed) if stand.bypassed and owns else None,
        }

    def _timeline(self, call: CheckedCall, _: Requester) -> Json:
        """Answer ActV2Timeline (§8)."""
        if self.backend.faults.strike("null_list", call.name):
            return {"reg": None}
        variables = call.variables
        since = self.backend.now() - MONTH_S if variables["timeFilter"] == "LASTMONTH" else 0
        rows = told(
            self.backend, call.name, [row for row in self.backend.panel.log if row.at >= since], self.options.log_clock
        )
        first = max(variables.get("offset") or 0, 0)
        return {"reg": [self._row(row) for row in rows[first : first + (variables.get("numRows") or ROWS)]]}

    def _row(self, row: ActivityRow) -> Json:
        words = texts.TEXTS[texts.LANGUAGES.get(self.unit.country, "es")]
        return {
            "alias": row.said or texts.row_alias(row.label, words),
            "type": self.unit.row_types.get(row.label, row.type),
            "device": row.device,
            "source": row.source or None,
            "idSignal": row.idsignal,
            "myVerisureUser": row.user if row.source else None,
            "time": f"{self.backend.local(row.at):%Y-%m-%d %H:%M:%S}",
            "img": 0,
            "signalType": str(row.type),
            "interface": "" if row.source else "CE" if row.label in INCIDENTS else "02",
            "deviceName": row.zone or None,
            # The name that belongs to the code that was typed (§8; where it stands was never seen).
            "keyname": None if row.source else row.user or None,
        }


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
