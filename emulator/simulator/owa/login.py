"""Login to the customer API: password, device, SMS code, refresh (verisure-owa.md §2)."""

from dataclasses import dataclass

from emulator.simulator.accounts import Role, SimulatedAccount
from emulator.simulator.backend import Backend, Denied, Reason
from emulator.simulator.owa import failures
from emulator.simulator.owa.access import Requester
from emulator.simulator.owa.failures import Crashed
from emulator.simulator.owa.graphql import CheckedCall, Json
from emulator.simulator.owa.options import OwaOptions
from emulator.simulator.owa.tokens import DeviceKey, IssuedTokens, Spent
from emulator.simulator.owa.trust import Challenged, Trust

MFA_NEEDED, RENEWED = "auth-api.mfa_needed", "auth-api.login.success"


@dataclass(slots=True)
class Logins:
    """Answers to the operations of a login. Guarded by the panel's lock."""

    backend: Backend
    options: OwaOptions
    tokens: IssuedTokens
    trust: Trust

    def login(self, call: CheckedCall, _: Requester) -> Json:
        """Answer mkLoginToken (§2.1)."""
        variables = call.variables
        self._crash(call)
        try:
            account = self.backend.check_password(variables["user"], variables["password"], variables["country"])
        except Denied as denied:
            if denied.reason is Reason.LOCKED:
                raise failures.locked() from None
            more = {"remainingAttempts": self.backend.tries_left(variables["user"])} if self.options.tells_tries else {}
            raise failures.wrong_password(more) from None
        return self._admit(call, account, is_known=not self.backend.faults.strike("no_login", call.name))

    def refresh(self, call: CheckedCall, requester: Requester) -> Json:
        """Answer RefreshLogin: the token is spent, and a new one replaces it (§2.4)."""
        variables = call.variables
        self._crash(call)
        try:
            account = self.tokens.refreshable(variables["refreshToken"], _device(call))
            if account != requester.account:
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

    def validate(self, call: CheckedCall, requester: Requester) -> Json:
        """Answer mkValidateDevice: without `security` it asks for a code, with it the code is redeemed (§2.3)."""
        account, device = requester.customer, _device(call)
        if not self.trust.trusts(account, device):
            try:
                if requester.security is None:
                    raise self.trust.challenge(account, device)
                self.trust.redeem(account, device, requester.security["otpHash"], requester.security["token"])
            except Challenged as challenged:
                if self.backend.faults.strike("bare_challenge", call.name) and challenged.data["auth-otp-hash"]:
                    challenged.data["auth-code"] = None
                raise
        tokens: Json = {}
        if self.options.otp_tokens:
            tokens = self._tokens(account, device, requester.callby, call.variables.get("deviceVersion") or "")
        return {"res": "OK", **tokens, "legals": True}

    def send_code(self, call: CheckedCall, requester: Requester) -> Json:
        """Answer mkSendOTP."""
        if not self.trust.send(requester.customer, call.variables["otpHash"], call.variables["recordId"]):
            raise failures.not_found()
        return {"res": "OK"}

    def logout(self, _: CheckedCall, requester: Requester) -> bool:
        """Answer Logout (§2.4)."""
        self.tokens.end(requester.hash)
        return True

    def _crash(self, call: CheckedCall) -> None:
        """Raise Crashed if a fault says so."""
        lang, faults = call.variables["lang"], self.backend.faults
        unknown = lang != call.variables["country"].lower()
        if faults.strike("crash", call.name) or (unknown and faults.strike("lang_crash", call.name)):
            raise Crashed(lang)

    def _admit(self, call: CheckedCall, account: SimulatedAccount, *, is_known: bool = True) -> Json:
        """Return tokens, or the reason to give none. `is_known` is False for a device that must be confirmed."""
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
        return {**answer, **tokens, **authorised, "legals": True, "mainUser": account.role is Role.OWNER}

    def _tokens(self, account: SimulatedAccount, device: DeviceKey, callby: str, version: str) -> Json:
        return {
            "hash": self.tokens.hash(account, callby, version, self.options.token_life),
            "refreshToken": self.tokens.refresh(account, device),
        }


def _device(call: CheckedCall) -> DeviceKey:
    return str(call.variables.get("idDevice")), str(call.variables.get("uuid"))
