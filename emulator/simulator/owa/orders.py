"""Commands by the customer API: submit, poll, open zones, forcing (verisure-owa.md §4, §5)."""

import secrets
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from emulator.model import Axes, Interior
from emulator.simulator.backend import Backend, Role, SimulatedAccount
from emulator.simulator.owa import failures
from emulator.simulator.owa.failures import ApiError
from emulator.simulator.owa.graphql import CheckedCall, Invalid, Json
from emulator.simulator.owa.options import OwaOptions
from emulator.simulator.owa.profiles import Unit
from emulator.simulator.panel.actions import Check, Request
from emulator.simulator.panel.operation import Ending, PanelOperation, PanelRefusal
from emulator.simulator.panel.panel import Busy

FORCE_WITHIN_S = 180.0
"""Seconds for which open zones may be bypassed; the longest that a client keeps the context (§5.5)."""

MOST_ORDERS = 200
"""Commands whose outcome is remembered; the oldest is forgotten first."""

POLLS = {"xSArmPanel": "ArmStatus", "xSDisarmPanel": "DisarmStatus", "CheckAlarm": "CheckAlarmStatus"}
"""Submission → what asks for its outcome (§5.2, §4.2)."""

SOURCES = {"OWA": "Android", "OWI": "iOS", "OWP": "Web"}
"""The family of `callby` → source of the log row (§1.4, §8)."""

# Interior, perimeter, annex → letter and the message of a poll (§4.3; messages where they were captured). No letter is
# known for perimeter and annex together.
LETTERS = {
    (Interior.OFF, False, False): ("D", "alarm-manager.inactive_alarm"),
    (Interior.OFF, True, False): ("E", "alarm-manager.status_panel.active_perimetral_alarm_msg"),
    (Interior.DAY, False, False): ("P", "alarm-manager.active_partial_day_alarm"),
    (Interior.DAY, True, False): ("B", "alarm-manager.active_partial_day_plus_perimeter"),
    (Interior.NIGHT, False, False): ("Q", "alarm-manager.active_partial_night_alarm"),
    (Interior.NIGHT, True, False): ("C", "alarm-manager.active_partial_night_plus_perimeter"),
    (Interior.TOTAL, False, False): ("T", "alarm-manager.status.active_alarm_msg"),
    (Interior.TOTAL, True, False): ("A", "alarm-manager.active_perimeter_plus_alarm"),
    (Interior.OFF, False, True): ("X", "alarm-manager.status.active_alarm_msg"),
    (Interior.DAY, False, True): ("R", "alarm-manager.status.active_alarm_msg"),
    (Interior.NIGHT, False, True): ("S", "alarm-manager.active_partial_night_plus_annex"),
    (Interior.TOTAL, False, True): ("O", "alarm-manager.status.active_alarm_msg"),
}
UNKNOWN = ("N", "alarm-manager.status.active_alarm_msg")

LETTER_FAULTS = {"letter_n": "N", "letter_unknown": "Z", "letter_empty": "", "letter_word": "ARMED_TOTAL"}

CHECKED_PARTIAL = "alarm-manager.status_panel.armed_partial"
"""The message of a check in Portugal where a partial mode is armed (§12)."""

SUBMITTED = "alarm-manager.processed.request"
PENDING = "alarm-manager.processing.request"
NO_RESPONSE = "alarm-manager.error_no_response_to_request"
OPEN_ZONES = "alarm-manager.error_mpj_exception"

# The panel's no → message, code and type (§5.6). The types of 101 and 106 are a guess, and so is their message.
REFUSALS = {
    PanelRefusal.NOT_FITTED: (OPEN_ZONES, "101", "BLOCKING"),
    PanelRefusal.OTHER_MODE: (OPEN_ZONES, "106", "BLOCKING"),
    PanelRefusal.WRONG_STATE: ("alarm-manager.usm8", None, "TECHNICAL_ERROR"),
}


def letter(axes: Axes) -> str:
    """The letter of a panel that stands there."""
    return _told(axes)[0]


def _told(axes: Axes) -> tuple[str, str]:
    return LETTERS.get((axes.interior or Interior.OFF, bool(axes.perimeter), bool(axes.annex)), UNKNOWN)


@dataclass(slots=True)
class Order:
    """A command that was accepted. Its polls count up from 1; what got lost on the way may be asked again."""

    poll: str
    request: str
    number: str
    operation: PanelOperation
    forced_by: str = ""
    counter: int = 0
    shaken: bool = False

    def step(self, counter: int) -> bool:
        """Whether this is the poll that was due."""
        due = counter == self.counter + 1 or (self.shaken and counter == self.counter)
        self.counter = counter if due else self.counter
        return due


@dataclass(slots=True)
class ForcingContext:
    """The context in which the zones that stood open may be looked at and bypassed."""

    reference: str
    suid: str
    request: str
    number: str
    windows: tuple[str, ...]
    until: float
    order: Order


@dataclass(slots=True)
class Orders:
    """Every command of the last while; owned by the house's lock."""

    backend: Backend
    unit: Unit
    options: OwaOptions
    _orders: dict[str, Order] = field(default_factory=dict)
    _open: dict[str, ForcingContext] = field(default_factory=dict)

    def asked(self, call: CheckedCall) -> Order | None:
        """The order that a call is about."""
        reference = str(call.variables.get("referenceId"))
        if call.name == "xSGetExceptions":
            context = self._open.get(reference)
            return context.order if context else None
        return self._orders.get(reference)

    def submit(self, call: CheckedCall, account: SimulatedAccount, callby: str) -> Json:
        """xSArmPanel, xSDisarmPanel, CheckAlarm (§5.2, §4.2)."""
        number, name = str(call.variables["numinst"]), str(call.variables.get("request", ""))
        request = self._request(call, account, name)
        if self.backend.faults.strike("busy", call.name):
            raise failures.busy()
        source = SOURCES.get(callby[:3], "Web")
        try:
            operation = self.backend.panel.submit(request, source=source, user=account.user)
        except Busy:
            raise failures.busy() from None
        forced_by = str(call.variables.get("forceArmingRemoteId") or "")
        self._open.pop(forced_by, None)
        while len(self._orders) >= MOST_ORDERS:
            del self._orders[next(iter(self._orders))]
        reference = _reference()
        self._orders[reference] = Order(POLLS[call.name], name, number, operation, forced_by)
        self.backend.accepted[call.name] += 1
        return {"res": "OK", "msg": SUBMITTED, "referenceId": reference, "pollingTime": 2}  # seconds (§5.2)

    def _request(self, call: CheckedCall, account: SimulatedAccount, name: str) -> Request:
        """What the panel is asked to do, or how this unit says that it cannot."""
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
        # A restricted user is not told of open zones: the panel arms, and then trips (§2.6).
        silent = account.role is Role.RESTRICTED
        return replace(move, forced=silent or self._may_force(call)) if move.arms else move

    def _may_force(self, call: CheckedCall) -> bool:
        context = self._open.get(str(call.variables.get("forceArmingRemoteId")))
        return (
            self.options.allow_forcing
            and context is not None
            and self.backend.panel.now() < context.until
            and (context.suid, context.request, context.number)
            == (call.variables.get("suid"), call.variables["request"], call.variables["numinst"])
        )

    def poll(self, call: CheckedCall) -> Json:
        """ArmStatus, DisarmStatus, CheckAlarmStatus: WAIT until the panel is done (§5.4)."""
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
        reported, msg = _told(ending.axes)
        if call.name == "CheckAlarmStatus" and self.unit.country == "PT" and reported in ("P", "Q"):
            msg = CHECKED_PARTIAL
        for kind, other in LETTER_FAULTS.items():
            if self.backend.faults.strike(kind, call.name):
                reported = other
        date = f"{datetime.fromtimestamp(self.backend.panel.now(), UTC):%Y-%m-%dT%H:%M:%SZ}"
        return {**base, "res": "OK", "msg": msg, "status": "0", "protomResponse": reported, "protomResponseDate": date}

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
                "code": code,
                "type": kind,
                "allowForcing": self.options.allow_forcing,
                "exceptionsNumber": len(zones),
                "referenceId": context.reference,
                "suid": context.suid,
            },
        }

    def _context(self, order: Order, ending: Ending) -> ForcingContext:
        """Made at the first poll that tells of the open zones; later polls tell the same."""
        known = next((context for context in self._open.values() if context.order.operation is order.operation), None)
        if known:
            return known
        while len(self._open) >= MOST_ORDERS:
            del self._open[next(iter(self._open))]
        until = self.backend.panel.now() + FORCE_WITHIN_S
        asked = Order("xSGetExceptions", order.request, order.number, order.operation)
        made = ForcingContext(
            _reference(), secrets.token_hex(8), order.request, order.number, ending.windows, until, asked
        )
        self._open[made.reference] = made
        return made

    def exceptions(self, call: CheckedCall, account: SimulatedAccount) -> Json:
        """xSGetExceptions: WAIT at first, then the names (§5.5)."""
        context = self._open.get(str(call.variables["referenceId"]))
        if context is None or (context.suid, context.number) != (call.variables.get("suid"), call.variables["numinst"]):
            raise ApiError("alarm-manager.error_status_not_found", res="ERROR", err="10", status=500)
        if call.variables["counter"] == 1 or self.options.exceptions_wait:
            return {"res": "WAIT", "msg": PENDING, "exceptions": None}
        names = None if account.role is Role.RESTRICTED else open_zones(context.windows)
        return {"res": "OK", "msg": SUBMITTED, "exceptions": names}


def open_zones(windows: tuple[str, ...]) -> list[Json]:
    """Open magnetic contacts, as exceptions (§4.1)."""
    return [{"status": "0", "deviceType": "MG", "alias": name} for name in windows]


def _outcome(number: str) -> dict[str, Any]:
    return {"numinst": number, "requestId": f"_pollingStatus_{secrets.randbelow(10**9)}"}


def _error(code: str | None, kind: str) -> Json:
    return {"code": code, "type": kind, "allowForcing": False, "exceptionsNumber": 0, "referenceId": None, "suid": None}


def _reference() -> str:
    """Opaque (§10.2)."""
    return f"OWA_{secrets.token_hex(16)}"
