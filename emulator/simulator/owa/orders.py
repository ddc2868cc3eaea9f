"""Commands by the customer API: submit, poll, open zones, forcing (verisure-owa.md §4, §5)."""

import secrets
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from emulator.simulator.accounts import Role, SimulatedAccount
from emulator.simulator.backend import Backend
from emulator.simulator.bounded import keep
from emulator.simulator.document import Invalid
from emulator.simulator.owa import failures
from emulator.simulator.owa.access import Requester
from emulator.simulator.owa.failures import ApiError
from emulator.simulator.owa.graphql import CheckedCall, Json
from emulator.simulator.owa.letters import letter, reported
from emulator.simulator.owa.options import OwaOptions
from emulator.simulator.owa.profiles import OwaUnit
from emulator.simulator.panel.actions import Check, Request
from emulator.simulator.panel.operation import Ending, PanelOperation, PanelRefusal
from emulator.simulator.panel.panel import Busy

MOST_ORDERS = 200
"""Commands whose outcome is remembered; the oldest is evicted first."""

POLLS = {"xSArmPanel": "ArmStatus", "xSDisarmPanel": "DisarmStatus", "CheckAlarm": "CheckAlarmStatus"}
"""Submission → the operation that polls its outcome (§5.2, §4.2)."""

SOURCES = {"OWA": "Android", "OWI": "iOS", "OWP": "Web"}
"""Start of `callby` → source of the log row (§1.4, §8)."""

CHECKED_PARTIAL = "alarm-manager.status_panel.armed_partial"
"""Message of a check in Portugal while a partial mode is armed (§12)."""

SUBMITTED = "alarm-manager.processed.request"
PENDING = "alarm-manager.processing.request"
NO_RESPONSE = "alarm-manager.error_no_response_to_request"
OPEN_ZONES = "alarm-manager.error_mpj_exception"

REFUSALS = {
    PanelRefusal.NOT_FITTED: (OPEN_ZONES, "101", "BLOCKING"),
    PanelRefusal.OTHER_MODE: (OPEN_ZONES, "106", "BLOCKING"),
    PanelRefusal.WRONG_STATE: ("alarm-manager.usm8", None, "TECHNICAL_ERROR"),
}
"""Refusal → message, code and type (§5.6). The types of 101 and 106 are a guess, and so is their message."""


@dataclass(slots=True)
class Order:
    """A command that was accepted. Its polls count up from 1.

    `shaken` is True while the client may have missed the last answer; then it may repeat a poll.
    """

    poll: str
    request: str
    number: str
    operation: PanelOperation
    forced_by: str = ""
    counter: int = 0
    shaken: bool = False

    def step(self, counter: int) -> bool:
        """Count a poll. Return whether it was due."""
        due = counter == self.counter + 1 or (self.shaken and counter == self.counter)
        self.counter = counter if due else self.counter
        return due


@dataclass(slots=True)
class ForcingContext:
    """The context in which zones that were open may be listed and bypassed."""

    reference: str
    suid: str
    windows: tuple[str, ...]
    until: float
    order: Order


@dataclass(slots=True)
class Orders:
    """Recent commands and forcing contexts; guarded by the panel's lock."""

    backend: Backend
    unit: OwaUnit
    options: OwaOptions
    _orders: dict[str, Order] = field(default_factory=dict)
    _open: dict[str, ForcingContext] = field(default_factory=dict)

    def asked(self, call: CheckedCall) -> Order | None:
        """Return the order that a call is about."""
        reference = str(call.variables.get("referenceId"))
        if call.name == "xSGetExceptions":
            context = self._open.get(reference)
            return context.order if context else None
        return self._orders.get(reference)

    def submit(self, call: CheckedCall, requester: Requester) -> Json:
        """Answer xSArmPanel, xSDisarmPanel and CheckAlarm (§5.2, §4.2)."""
        account = requester.customer
        number, name = str(call.variables["numinst"]), str(call.variables.get("request", ""))
        request = self._request(call, account, name)
        if self.backend.faults.strike("busy", call.name):
            raise failures.busy()
        source = SOURCES.get(requester.callby[:3], "Web")
        try:
            operation = self.backend.panel.submit(request, source=source, user=account.user)
        except Busy:
            raise failures.busy() from None
        forced_by = str(call.variables.get("forceArmingRemoteId") or "")
        self._open.pop(forced_by, None)
        reference = _reference()
        keep(self._orders, reference, Order(POLLS[call.name], name, number, operation, forced_by), MOST_ORDERS)
        self.backend.accepted[call.name] += 1
        return {"res": "OK", "msg": SUBMITTED, "referenceId": reference, "pollingTime": 2}  # seconds (§5.2)

    def _request(self, call: CheckedCall, account: SimulatedAccount, name: str) -> Request:
        """Return the request to the panel. Raise the error by which this unit says that it cannot."""
        strike = self.backend.faults.strike
        if call.name == "CheckAlarm":
            return Check()
        if strike("bad_input", call.name) or name in self.unit.outside_enum:
            raise Invalid("BAD_USER_INPUT", f'Value "{name}" does not exist in "ArmCodeRequest" enum.')
        if strike("refuse", call.name):
            raise failures.forbidden()
        if strike("not_valid", call.name):
            raise failures.not_valid(name)
        if strike("unsupported", call.name):
            raise failures.not_found()
        move = self.unit.requests.get(name)
        if move is None:
            raise failures.not_valid(name) if self.unit.central_unit else failures.not_found()
        # A restricted user does not hear of open zones: the panel arms, and then trips (§2.6).
        silent = account.role is Role.RESTRICTED
        return replace(move, forced=silent or self._may_force(call)) if move.arms else move

    def _may_force(self, call: CheckedCall) -> bool:
        context = self._open.get(str(call.variables.get("forceArmingRemoteId")))
        panel = self.backend.panel
        if context and self.backend.faults.strike("opens", call.name):
            panel.window(next(one.name for one in panel.equipment.zones if one.name not in panel.windows), is_open=True)
        if context and self.options.strict_forcing and set(panel.windows) - set(context.windows):
            return False
        return (
            self.options.allow_forcing
            and context is not None
            and self.backend.now() < context.until
            and (context.suid, context.order.request, context.order.number)
            == (call.variables.get("suid"), call.variables["request"], call.variables["numinst"])
        )

    def poll(self, call: CheckedCall, _: Requester) -> Json:
        """Answer ArmStatus, DisarmStatus and CheckAlarmStatus: WAIT until the panel is done (§5.4)."""
        variables, order = call.variables, self.asked(call)
        base = _outcome(str(variables["numinst"]))
        if order is None or (order.poll, order.number) != (call.name, variables["numinst"]):
            return {**base, "res": "ERROR", "msg": "alarm-manager.error_status_not_found"}
        if variables.get("request") not in (None, order.request):
            raise Invalid("BAD_REQUEST", f"{variables['request']} is polled, but {order.request} was submitted.")
        if call.name == "ArmStatus" and (variables.get("forceArmingRemoteId") or "") != order.forced_by:
            raise Invalid("BAD_REQUEST", "forceArmingRemoteId is not that of the submission.")
        ending = order.operation.ending
        if ending is None or self.backend.faults.strike("wait", call.name):
            return {**base, "res": "WAIT", "msg": PENDING}
        if self.backend.faults.strike("silent", call.name):
            return {**base, "res": "ERROR", "msg": NO_RESPONSE, "error": _error(None, "TECHNICAL_ERROR")}
        if ending.refusal:
            return {**base, "res": "ERROR", **self._refused(order, ending)}
        right, msg = letter(ending.axes)
        if call.name == "CheckAlarmStatus" and self.unit.country == "PT" and right in ("P", "Q"):
            msg = CHECKED_PARTIAL
        shown = reported(right, self.backend.faults, call.name)
        date = f"{datetime.fromtimestamp(self.backend.now(), UTC):%Y-%m-%dT%H:%M:%SZ}"
        return {**base, "res": "OK", "msg": msg, "status": "0", "protomResponse": shown, "protomResponseDate": date}

    def _refused(self, order: Order, ending: Ending) -> Json:
        if ending.refusal is not PanelRefusal.OPEN_WINDOW:
            msg, code, kind = REFUSALS[ending.refusal or PanelRefusal.OTHER_MODE]
            return {"msg": msg, "error": _error(code, kind)}
        context = self._context(order, ending)
        zones = [zone.code for zone in self.backend.panel.equipment.zones if zone.name in ending.windows]
        kind, msg, code = self.unit.open_zone, OPEN_ZONES, "102"
        if self.options.zones_by_number:
            kind, code = "BLOCKING", "ERR_ZONE_OPEN"
        if kind == "ZONE":
            msg = f"alarm-manager.error_mg_open_zone#{zones[0]}"
        return {
            "msg": msg,
            "error": {
                **_error(code, kind),
                "allowForcing": self.options.allow_forcing,
                "exceptionsNumber": len(zones),
                "referenceId": context.reference,
                "suid": context.suid,
            },
        }

    def _context(self, order: Order, ending: Ending) -> ForcingContext:
        """Return the context of an order: made at the first poll that reports open zones, the same for later ones."""
        known = next((context for context in self._open.values() if context.order.operation is order.operation), None)
        if known:
            return known
        until = self.backend.now() + self.options.force_within
        asked = Order("xSGetExceptions", order.request, order.number, order.operation)
        made = ForcingContext(_reference(), secrets.token_hex(8), ending.windows, until, asked)
        return keep(self._open, made.reference, made, MOST_ORDERS)

    def exceptions(self, call: CheckedCall, requester: Requester) -> Json:
        """Answer xSGetExceptions: WAIT at first, then the names (§5.5)."""
        context = self._open.get(str(call.variables["referenceId"]))
        named = (call.variables.get("suid"), call.variables["numinst"])
        if context is None or (context.suid, context.order.number) != named:
            raise ApiError("alarm-manager.error_status_not_found", res="ERROR", err="10", status=500)
        if call.variables["counter"] == 1 or self.options.exceptions_wait:
            return {"res": "WAIT", "msg": PENDING, "exceptions": None}
        names = None if requester.customer.role is Role.RESTRICTED else open_zones(context.windows)
        return {"res": "OK", "msg": SUBMITTED, "exceptions": names}


def open_zones(windows: tuple[str, ...]) -> list[Json]:
    """Return open magnetic contacts as exceptions (§4.1)."""
    return [{"status": "0", "deviceType": "MG", "alias": name} for name in windows]


def _outcome(number: str) -> dict[str, Any]:
    return {"numinst": number, "requestId": f"_pollingStatus_{secrets.randbelow(10**9)}"}


def _error(code: str | None, kind: str) -> Json:
    return {"code": code, "type": kind, "allowForcing": False, "exceptionsNumber": 0, "referenceId": None, "suid": None}


def _reference() -> str:
    """Return a new reference; it is opaque (§10.2)."""
    return f"OWA_{secrets.token_hex(16)}"
