"""What each operation of the customer API answers (verisure-owa.md §2, §3, §4.1, §8)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from emulator.simulator.backend import Backend, Denied, Reason, Role, SimulatedAccount
from emulator.simulator.owa import failures
from emulator.simulator.owa.access import Requester, contract_of
from emulator.simulator.owa.failures import Crashed
from emulator.simulator.owa.graphql import CheckedCall, Json
from emulator.simulator.owa.options import OwaOptions
from emulator.simulator.owa.orders import LETTER_FAULTS, Orders, letter, open_zones
from emulator.simulator.owa.profiles import Unit
from emulator.simulator.owa.tokens import DeviceKey, IssuedTokens, Spent
from emulator.simulator.owa.trust import Challenged, Trust
from emulator.simulator.panel.activity import ActivityRow
from emulator.simulator.wsdo import texts

MFA_NEEDED, RENEWED = "auth-api.mfa_needed", "auth-api.login.success"

MONTH_S = 30 * 86_400.0
"""How far back LASTMONTH reaches."""

ROWS = 30
"""Rows of the timeline where the client names no number."""

SERVICES = {
    # Request → idService (§3.2, §12). Of the others no number is known.
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
EXTRAS = {
    "ESTINV": "52",
    "GDPRPOPUP": "75",
    "MAILBOX": "89",
    "NOTCONF": "507",
    "DEVICESCONF": "508",
    "REMINDERS": "510",
}
"""Services that have nothing to do with arming, and that every contract has."""


@dataclass(slots=True)
class Operations:
    """Owned by the house's lock."""

    backend: Backend
    unit: Unit
    options: OwaOptions
    tokens: IssuedTokens
    trust: Trust
    orders: Orders
    zone: tzinfo | None = None

    def answer(self, call: CheckedCall, caller: Requester) -> Any:
        """The value of the field that was asked for."""
        return ANSWERS[call.name](self, call, caller)

    def login(self, call: CheckedCall, _: Requester) -> Json:
        """mkLoginToken (§2.1)."""
        variables = call.variables
        self._crash(call)
        try:
            account = self.backend.check_password(variables["user"], variables["password"], variables["country"])
        except Denied as denied:
            if denied.reason is Reason.LOCKED:
                raise failures.locked() from None
            told = {"remainingAttempts": self.backend.tries_left(variables["user"])} if self.options.tells_tries else {}
            raise failures.wrong_password(told) from None
        return self._admit(call, account, is_known=not self.backend.faults.strike("no_login", call.name))

    def refresh(self, call: CheckedCall, caller: Requester) -> Json:
        """RefreshLogin: the token is spent, and a new one takes its place (§2.4)."""
        variables = call.variables
        self._crash(call)
        try:
            account = self.tokens.refreshable(variables["refreshToken"], _device(call))
            if account != caller.account:
                raise Spent
        except Spent:
            raise Crashed(variables["lang"]) if self.options.refresh_crash else failures.unidentified() from None
        if account.user in self.backend.locked():
            raise failures.locked()
        answer = self._admit(call, account)
        if "hash" in answer:
            answer["msg"] = RENEWED
        if answer.get("refreshToken"):
            self.tokens.spend(variables["refreshToken"], answer["refreshToken"] if self.options.refresh_grace else "")
        return answer

    def _crash(self, call: CheckedCall) -> None:
        """Raise Crashed where a fault says so."""
        lang, faults = call.variables["lang"], self.backend.faults
        unknown = lang != call.variables["country"].lower()
        if faults.strike("crash", call.name) or (unknown and faults.strike("lang_crash", call.name)):
            raise Crashed(lang)

    def _admit(self, call: CheckedCall, account: SimulatedAccount, *, is_known: bool = True) -> Json:
        device = _device(call)
        answer: Json = {"res": "OK", "lang": call.variables["lang"], "changePassword": account.change_password}
        if account.change_password:
            return {**answer, "needDeviceAuthorization": False}
        if self.options.terms_missing:
            return {**answer, "needDeviceAuthorization": False, "legals": False}
        null = self.backend.faults.strike("null_device", call.name) is not None
        if not (is_known and self.trust.trusts(account, device)):
            self.trust.wait(account, device)
            return {**answer, "msg": MFA_NEEDED, "needDeviceAuthorization": None if null else True}
        tokens = self._tokens(account, device, call.variables["callby"], call.variables["deviceVersion"])
        if self.backend.faults.strike("null_refresh", call.name):
            tokens["refreshToken"] = None
        authorised = {"needDeviceAuthorization": None if null else False}
        return {**answer, **tokens, **authorised, "legals": True, "mainUser": _owns(account)}

    def _tokens(self, account: SimulatedAccount, device: DeviceKey, callby: str, version: str) -> Json:
        return {
            "hash": self.tokens.hash(account, callby, version, self.options.token_life),
            "refreshToken": self.tokens.refresh(account, device),
        }

    def validate(self, call: CheckedCall, caller: Requester) -> Json:
        """mkValidateDevice: without `security` it asks for a code, with it the code is redeemed (§2.3)."""
        account, device = caller.customer, _device(call)
        if not self.trust.trusts(account, device):
            try:
                if caller.security is None:
                    raise self.trust.challenge(account, device)
                self.trust.redeem(account, device, caller.security["otpHash"], caller.security["token"])
            except Challenged as challenged:
                challenged.bare = self.backend.faults.strike("bare_challenge", call.name) is not None
                raise
        tokens: Json = {}
        if self.options.otp_tokens:
            tokens = self._tokens(account, device, caller.callby, call.variables.get("deviceVersion") or "")
        return {"res": "OK", **tokens, "legals": True}

    def send_code(self, call: CheckedCall, caller: Requester) -> Json:
        """mkSendOTP."""
        if not self.trust.send(caller.customer, call.variables["otpHash"], call.variables["recordId"]):
            raise failures.not_found()
        return {"res": "OK"}

    def installations(self, call: CheckedCall, caller: Requester) -> Json:
        """mkInstallationList (§3.1)."""
        if self.backend.faults.strike("null_list", call.name):
            return {"installations": None}
        account = caller.customer
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

    def services(self, call: CheckedCall, caller: Requester) -> Json:
        """Srv, which has the capabilities (§3.2)."""
        account = caller.customer
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
                "services": None if bare else _services(self.unit),
                "configRepoUser": {"alarmPartitions": partitions} if partitions else None,
            },
        }

    def status(self, call: CheckedCall, caller: Requester) -> Json:
        """Status: what the cloud has heard, late as it may be (§4.1)."""
        panel, lag = self.backend.panel, self.options.status_lag
        stand = panel.stand(panel.now() - lag)
        reported = letter(stand.axes)
        for kind, other in LETTER_FAULTS.items():
            if self.backend.faults.strike(kind, call.name):
                reported = other
        exceptions = open_zones(stand.bypassed) if stand.bypassed and _owns(caller.customer) else None
        return {
            "status": reported,
            "timestampUpdate": str(round((stand.at + lag) * 1000)),
            "wifiConnected": True,
            "powerStatus": "P",
            "exceptions": exceptions,
        }

    def timeline(self, call: CheckedCall, _: Requester) -> Json:
        """ActV2Timeline (§8)."""
        if self.backend.faults.strike("null_list", call.name):
            return {"reg": None}
        if self.backend.faults.strike("empty_log", call.name):
            return {"reg": []}
        variables, panel = call.variables, self.backend.panel
        since = panel.now() - MONTH_S if variables["timeFilter"] == "LASTMONTH" else 0
        rows = [row for row in panel.log if row.at >= since]
        first = max(variables.get("offset") or 0, 0)
        return {"reg": [self._row(row) for row in rows[first : first + (variables.get("numRows") or ROWS)]]}

    def _row(self, row: ActivityRow) -> Json:
        words = texts.TEXTS[texts.LANGUAGES.get(self.unit.country, "es")]
        return {
            "alias": texts.row_alias(row.label, words),
            "type": self.unit.row_types.get(row.label, row.type),
            "device": row.device,
            "source": row.source or None,
            "idSignal": row.idsignal,
            "myVerisureUser": row.user or None,
            "time": f"{datetime.fromtimestamp(row.at, UTC).astimezone(self.zone):%Y-%m-%d %H:%M:%S}",
            "img": 0,
            "signalType": str(row.type),
            "interface": "" if row.source else "02",
        }

    def logout(self, _: CheckedCall, caller: Requester) -> bool:
        """Logout (§2.4)."""
        self.tokens.end(caller.hash)
        return True

    def submit(self, call: CheckedCall, caller: Requester) -> Json:
        """xSArmPanel, xSDisarmPanel, CheckAlarm."""
        return self.orders.submit(call, caller.customer, caller.callby)

    def poll(self, call: CheckedCall, _: Requester) -> Json:
        """ArmStatus, DisarmStatus, CheckAlarmStatus."""
        return self.orders.poll(call)

    def exceptions(self, call: CheckedCall, caller: Requester) -> Json:
        """xSGetExceptions."""
        return self.orders.exceptions(call, caller.customer)


ANSWERS: dict[str, Callable[[Operations, CheckedCall, Requester], Any]] = {
    "mkLoginToken": Operations.login,
    "mkValidateDevice": Operations.validate,
    "mkSendOTP": Operations.send_code,
    "RefreshLogin": Operations.refresh,
    "mkInstallationList": Operations.installations,
    "Srv": Operations.services,
    "Status": Operations.status,
    "xSArmPanel": Operations.submit,
    "ArmStatus": Operations.poll,
    "xSDisarmPanel": Operations.submit,
    "DisarmStatus": Operations.poll,
    "xSGetExceptions": Operations.exceptions,
    "CheckAlarm": Operations.submit,
    "CheckAlarmStatus": Operations.poll,
    "ActV2Timeline": Operations.timeline,
    "Logout": Operations.logout,
}


def _device(call: CheckedCall) -> DeviceKey:
    return str(call.variables.get("idDevice")), str(call.variables.get("uuid"))


def _owns(account: SimulatedAccount) -> bool:
    return account.role is Role.OWNER


def _services(unit: Unit) -> list[Json]:
    known = {cap: SERVICES[cap] for cap in unit.caps if cap in SERVICES} | EXTRAS
    return [_service(name, number, unit) for name, number in known.items()]


def _service(cap: str, number: str, unit: Unit) -> Json:
    """One service; the perimeter shows in those of the schedule (§3.3)."""
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
