"""Access to the customer API: the headers of a request, checked (verisure-owa.md §1.3, §1.4)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from werkzeug.datastructures import Headers

from emulator.simulator.accounts import Contract, SimulatedAccount
from emulator.simulator.document import Invalid
from emulator.simulator.owa import failures
from emulator.simulator.owa.graphql import CheckedCall, Json
from emulator.simulator.owa.schema import AccessLevel
from emulator.simulator.owa.tokens import IssuedTokens

AUTH = ("country", "lang", "callby", "id", "user", "hash")
"""Fields of the `auth` header."""

SECURITY = ("token", "type", "otpHash")
"""Fields of the `security` header."""


@dataclass(frozen=True, slots=True)
class Requester:
    """The sender of a request: fields of `auth`, the account if it is known, and the `security` header."""

    callby: str = ""
    hash: str = ""
    account: SimulatedAccount | None = None
    security: Json | None = None

    @property
    def customer(self) -> SimulatedAccount:
        """The account. An unknown user has no session."""
        if self.account is None:
            raise failures.expired()
        return self.account


def requester(
    call: CheckedCall,
    headers: Headers,
    accounts: Sequence[SimulatedAccount],
    tokens: IssuedTokens,
    *,
    free: bool = False,
) -> Requester:
    """Return the sender of a request. Raise ApiError if access is denied, Invalid if the headers are malformed.

    `free` is True if no capabilities are required.
    """
    access, text = call.signature.access, headers.get("auth")
    if access is AccessLevel.NOTHING:
        if text is not None:
            raise _wrong(f"{call.name} goes without an auth header")
        return Requester()
    if text is None:
        raise failures.expired()
    auth = _read(text, "auth", AUTH)
    if not auth["country"].isupper():
        raise _wrong("the country in the auth header is not upper-case")
    if access is AccessLevel.DEVICE:
        if auth["hash"] or auth.get("refreshToken"):
            raise _wrong(f"hash and refreshToken in the auth header of {call.name} are not empty")
        account = next((account for account in accounts if account.user == auth["user"]), None)
        return Requester(auth["callby"], "", account, _security(headers))
    if type(auth.get("loginTimestamp")) is not int:
        raise _wrong("the auth header lacks loginTimestamp, a whole number of ms")
    account = tokens.holder(auth["hash"])
    if account is None or (account.user, account.country) != (auth["user"], auth["country"]):
        raise failures.expired()
    if access is AccessLevel.INSTALLATION:
        _check_installation(call, headers, account, None if free else tokens)
    return Requester(auth["callby"], auth["hash"], account)


def contract_of(account: SimulatedAccount, number: object) -> Contract | None:
    """Return the customer's installation of this number."""
    return next((contract for contract in account.contracts() if contract.number == number), None)


def _security(headers: Headers) -> Json | None:
    """Return the code of an SMS and the challenge that it answers, if they were sent (§2.3)."""
    text = headers.get("security")
    if text is None:
        return None
    security = _read(text, "security", SECURITY)
    if security["type"] != "OTP":
        raise _wrong("the type in the security header is not OTP")
    return security


def _check_installation(
    call: CheckedCall, headers: Headers, account: SimulatedAccount, tokens: IssuedTokens | None
) -> None:
    """Require numinst and panel as listed, in the headers and in the variables, and capabilities for them."""
    contract = contract_of(account, call.variables["numinst"])
    permitted = contract and (not tokens or tokens.may(headers.get("X-Capabilities", ""), account, contract.number))
    if contract is None or not permitted:
        raise failures.unpermitted()
    if (headers.get("numinst"), headers.get("panel")) != (contract.number, contract.panel):
        raise failures.unpermitted()
    if call.variables.get("panel", contract.panel) != contract.panel:
        raise _wrong("the panel is not that of the installation")


def _read(text: str, header: str, keys: Sequence[str]) -> Json:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise _wrong(f"the {header} header is not a JSON object")
    lacking = [key for key in keys if not isinstance(found.get(key), str)]
    if lacking:
        raise _wrong(f"the {header} header lacks {', '.join(lacking)}")
    return found


def _wrong(what: str) -> Invalid:
    return Invalid("BAD_REQUEST", f"{what}.")
