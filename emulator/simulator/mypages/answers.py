"""Answers to the operations of My Pages (verisure-mypages.md §3, §4)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.model import Interior
from emulator.simulator.accounts import SimulatedAccount
from emulator.simulator.backend import Backend
from emulator.simulator.mypages import failures
from emulator.simulator.mypages.calls import MypagesCall
from emulator.simulator.mypages.orders import MypagesOrders, label, stamp
from emulator.simulator.mypages.profiles import Vbox
from emulator.simulator.panel.activity import ActivityRow
from emulator.simulator.told import told

LOCALES = {"SE": "sv_SE", "NO": "nb_NO", "DK": "da_DK", "FI": "fi_FI", "NL": "nl_NL", "BE": "nl_BE"}

EVENTS = {
    "alarm": ("BA", "INTRUSION"),
    "photo_alarm": ("BA", "INTRUSION"),
    "resolved": ("BR", "INTRUSION"),
    "tamper": ("TA", "WARNING"),
    "sabotage": ("TA", "WARNING"),
    "mains_lost": ("AT", "TECHNICAL"),
    "mains_back": ("AR", "TECHNICAL"),
}
"""Label of a log row → eventType and eventCategory (§7); refusals are in no log."""

UNKNOWN = ("ZZ", "WARNING")
"""A type that no client knows."""

MOVED = ("armed_", "disarmed_")
"""Begin of the labels of log rows that changed the state."""

Answer = Callable[[MypagesCall, SimulatedAccount], Any]


@dataclass(slots=True)
class MypagesAnswers:
    """The value of the field that each operation asks for. Guarded by the panel's lock."""

    backend: Backend
    unit: Vbox
    orders: MypagesOrders
    table: Mapping[str, Answer] = field(init=False)

    def __post_init__(self) -> None:
        orders = self.orders
        self.table = {
            "fetchAllInstallations": self._installations,
            "ArmState": lambda call, _: {"armState": self._arm_state(call)},
            "armAway": orders.submit,
            "armHome": orders.submit,
            "disarm": orders.submit,
            "pollArmState": lambda call, _: orders.outcome(call),
            "ArmStateDryRun": lambda _call, _account: orders.try_out(),
            "ArmStateDryRunStatus": lambda call, _: orders.tried(call),
            "DoorWindow": lambda _call, _account: {"doorWindows": self._windows()},
            "EventLog": lambda call, _: {"eventLog": self._log(call)},
        }

    def answer(self, call: MypagesCall, account: SimulatedAccount) -> dict[str, Any]:
        """Carry out an operation. Raise MypagesError if it is refused."""
        giid = call.variables.get("giid")
        if giid is not None and giid != account.number:
            raise failures.not_found()
        return call.answer(self.table[call.name](call, account))

    def _installations(self, call: MypagesCall, account: SimulatedAccount) -> dict[str, Any]:
        if call.variables["email"] != account.user:
            raise failures.not_found()
        if self.backend.faults.strike("null_list", call.name):
            return {"installations": None}
        found = [
            {
                "giid": contract.number,
                "alias": contract.alias,
                "customerType": "RESIDENTIAL",
                "dealerId": None,
                "subsidiary": account.country,
                "pinCodeLength": len(account.code),
                "locale": LOCALES.get(account.country),
                "address": {"street": "", "city": "", "postalNumber": ""},
            }
            for contract in account.contracts()
        ]
        return {"installations": found}

    def _arm_state(self, call: MypagesCall) -> dict[str, Any] | None:
        panel, strike = self.backend.panel, self.backend.faults.strike
        if strike("state_null", call.name):
            return None
        rows = [row for row in panel.log if row.label.startswith(MOVED)]
        return {
            "type": None,
            "statusType": "ARMED_SOMEHOW" if strike("state_unknown", call.name) else self.standing,
            "date": stamp(rows[0].at if rows else panel.stand(self.backend.now()).at),
            "name": rows[0].user if rows else None,
            "changedVia": _means(rows[0]) if rows else None,
        }

    @property
    def standing(self) -> str:
        """The state of the panel as the API words it."""
        panel = self.backend.panel
        if panel.pending and self.orders.options.shows_pending:
            return "PENDING"
        away, home = Interior.TOTAL, self.unit.home
        return {away: "ARMED_AWAY", home: "ARMED_HOME"}.get(panel.axes.interior or Interior.OFF, "DISARMED")

    def _log(self, call: MypagesCall) -> dict[str, Any] | None:
        """Answer EventLog: those of the wanted categories, newest first."""
        if self.backend.faults.strike("null_list", call.name):
            return None
        rows = told(self.backend, call.name, self.backend.panel.log, self.orders.options.log_clock)
        wanted, start = call.variables.get("eventCategories"), call.variables["offset"]
        found = [event for row in rows if (event := self._event(row))]
        events = [event for event in found if wanted is None or event["eventCategory"] in wanted]
        end = start + call.variables["pagesize"]
        return {"moreDataAvailable": len(events) > end, "pagedList": events[start:end]}

    def _event(self, row: ActivityRow) -> dict[str, Any] | None:
        moved, way = row.label.startswith(MOVED), "OP" if row.label.startswith("disarmed") else "CL"
        if row.label.startswith("refused") or row.label in ("check", "armed_with_exceptions"):
            return None
        kind, category = (way, "ARM" if way == "CL" else "DISARM") if moved else EVENTS.get(row.label, UNKNOWN)
        zone = next((one for one in self.backend.panel.equipment.zones if one.name == row.zone), None)
        armed = {"armed_total": "ARMED_AWAY"}.get(row.label, "ARMED_HOME")
        return {
            "device": {"deviceLabel": label(zone), "area": zone.name, "gui": {"label": "WINDOW"}} if zone else None,
            "arloDevice": None,
            "gatewayArea": None,
            "eventType": kind,
            "eventCategory": category,
            "eventSource": _means(row) if moved else None,
            "eventId": row.idsignal,
            "eventTime": stamp(row.at),
            "userName": row.user or None,
            "armState": (armed if way == "CL" else "DISARMED") if moved else None,
            "userType": None,
            "climateValue": None,
            "sensorType": None,
            "eventCount": 1,
        }

    def _windows(self) -> list[dict[str, Any]]:
        panel, at = self.backend.panel, stamp(self.backend.now())
        return [
            {
                "device": {"deviceLabel": label(zone), "area": zone.name, "gui": {"label": "WINDOW"}},
                "type": "WINDOW",
                "area": zone.name,
                "state": "OPEN" if zone.name in panel.windows else "CLOSE",
                "wired": False,
                "reportTime": at,
            }
            for zone in panel.equipment.zones
        ]


def _means(row: ActivityRow) -> str:
    """Return by what the state was changed (§4)."""
    return "CODE" if row.source else "HOMEPAD"
