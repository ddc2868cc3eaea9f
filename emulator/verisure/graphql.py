"""Pure codec of the OWA API: headers and JSON out, JSON to plain mappings in, and its table of errors.

Facts: verisure-owa.md §1 to §6.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.errors import CloudError, LoginRefused, Rejected, SessionExpired, Unreachable
from emulator.verisure.cloud import Answer
from emulator.verisure.operations import Needs, Operation
from emulator.verisure.unread import CRASH, VALIDATION, is_unread

OK, WAIT, REFUSED = "OK", "WAIT", ("ERROR", "KO")
"""`res`; an answer with any other word, or none, says nothing (§4.2)."""

APP_VERSION = "10.102.0"
USER_AGENT = "Mozilla/5.0 (Linux; Android 12; SM-S901U) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/102.0 Mobile"
CALLBY = "OWA_10"
FAMILY = f"OWA{'_' * 15}"
"""The Android family: version, agent, `callby` and the beginning of every id (§1.3, §1.4)."""

DEVICE = {
    # Free text, as far as anybody has seen (§1.5).
    "deviceType": "",
    "deviceVersion": APP_VERSION,
    "deviceResolution": "",
    "deviceName": "SM-S901U",
    "deviceBrand": "samsung",
    "deviceOsVersion": "12",
}

TOKEN_LIFE_S = 900.0
"""Where a token does not say (§2.4)."""

BLOCKED = b"_Incapsula_Resource"
"""What the page of the firewall holds when it has banned this address (§1.6)."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. `access` and `capabilities` are tokens: never shown."""

    user: str = ""
    country: str = ""
    lang: str = ""
    id: str = ""
    apollo_id: str = ""
    login_at_ms: int = 0
    access: str = field(default="", repr=False)
    capabilities: str = field(default="", repr=False)
    number: str = ""
    panel: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """The first entry of `errors` (§6). `unread` is set where the answer proves that the document was not executed."""

    message: str
    name: str = ""
    err: str = ""
    res: str = ""
    status: str = ""
    code: str = ""
    data: Mapping[str, Any] = field(default_factory=dict, repr=False)
    unread: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """What an operation was answered with: the content of its field, None where there is none, and why."""

    content: Any
    failure: Failure | None = None


class Unsupported(Rejected):
    """This panel or this API does not know the request; it was not carried out."""


class NotTaken(Rejected):
    """The cloud did not execute the document, or not for this session: nothing was done."""


class CapabilitiesExpired(SessionExpired):
    """The capabilities token is missing or stale; the login is not."""


class Unauthorized(SessionExpired):
    """The cloud does not accept the session, for whatever reason; a fresh one may not help (§12)."""


def headers(operation: Operation, caller: Caller, security: Mapping[str, str] | None = None) -> dict[str, str]:
    """The headers of a request (§1.3); `security` is that of the second mkValidateDevice (§2.3)."""
    found = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": USER_AGENT,
        "app": json.dumps({"appVersion": APP_VERSION, "origin": "native"}),
        "extension": json.dumps({"mode": "full"}),
        "X-APOLLO-OPERATION-ID": caller.apollo_id,
        "X-APOLLO-OPERATION-NAME": operation.name,
    }
    if operation.needs is not Needs.NOTHING:
        auth: dict[str, Any] = {
            "loginTimestamp": caller.login_at_ms,
            "user": caller.user,
            "id": caller.id,
            "country": caller.country,
            "lang": caller.lang,
            "callby": CALLBY,
            "hash": caller.access,
        }
        found["auth"] = json.dumps(auth | ({"hash": "", "refreshToken": ""} if operation.needs is Needs.DEVICE else {}))
    if operation.needs in (Needs.INSTALLATION, Needs.CAPABILITIES):
        found |= {"numinst": caller.number, "panel": caller.panel}
    if operation.needs is Needs.CAPABILITIES:
        found["X-Capabilities"] = caller.capabilities
    if security:
        found["security"] = json.dumps(dict(security))
    return found


def body(operation: Operation, variables: Mapping[str, Any]) -> bytes:
    """The JSON of a request (§1.2)."""
    content = {"operationName": operation.name, "variables": dict(variables), "query": operation.query}
    return json.dumps(content).encode()


def parse(operation: Operation, answer: Answer) -> Reply:
    """Read an answer; Unreachable when it is not the API's JSON (a page of HTML, cut off …)."""
    try:
        content = json.loads(answer.body)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict) or not ("data" in content or "errors" in content):
        status = "" if answer.status == 200 else f" (HTTP {answer.status})"
        raise Unreachable(f"the cloud answered {operation.name} with something that is not its JSON{status}")
    data = content.get("data")
    found = data.get(operation.field) if isinstance(data, dict) else None
    # Only an answer without any content is a failure (§6).
    return Reply(found) if found is not None else Reply(None, _failure(content.get("errors"), answer.status))


def is_torn(answer: Answer) -> bool:
    """Whether an answer began as the API's JSON and broke off: the API, and no page in its place, has spoken."""
    try:
        json.loads(answer.body)
    except (ValueError, RecursionError):
        return answer.body.lstrip().startswith(b"{")
    return False


def _failure(errors: Any, status: int) -> Failure:
    unread = is_unread(errors, status)
    if isinstance(errors, dict):
        # The other form, `errors.data.reason` (§6).
        errors = [{"message": _mapping(errors.get("data")).get("reason"), **errors}]
    first = _mapping(errors[0] if isinstance(errors, list) and errors else None)
    data = _mapping(first.get("data"))
    return Failure(
        message=text(first, "message"),
        name=text(first, "name"),
        err=text(data, "err"),
        res=text(data, "res"),
        status=text(data, "status"),
        code=text(_mapping(first.get("extensions")), "code"),
        data=data,
        unread=unread,
    )


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def text(content: Any, key: str) -> str:
    """A value as text; empty where it is missing, null or not a single value."""
    value = content.get(key) if isinstance(content, dict) else None
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return ""
    # JSON can hold half a character, which neither the journal nor a terminal takes.
    return str(value).strip().encode(errors="replace").decode()


def items(content: Any, key: str) -> list[Mapping[str, Any]]:
    """A list of mappings; empty where it is missing or null."""
    value = content.get(key) if isinstance(content, dict) else None
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def claims(token: str) -> Mapping[str, Any]:
    """What a JWT says of itself, unverified as every client takes it (§2.4); empty when nobody can read it."""
    try:
        part = token.split(".")[1]
        return _mapping(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))
    except (IndexError, ValueError, RecursionError, binascii.Error):
        return {}


def life_s(token: str) -> float:
    """Seconds from issue to expiry: the same whatever this machine's clock says."""
    said = claims(token)
    try:
        life = float(said["exp"]) - float(said["iat"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return TOKEN_LIFE_S
    return life if life > 0 else TOKEN_LIFE_S


ERRORS: dict[str, tuple[type[CloudError | Rejected], str]] = {
    # `err` → what it means (§6). What is not here is the cloud's own trouble, and passes.
    "60091": (LoginRefused, "the cloud refused the login: check user and password"),
    "60052": (LoginRefused, "the account is locked: unlock it in the app, or call customer service"),
    "60067": (SessionExpired, "the cloud no longer knows this login"),
    "ExpiredSessionError": (SessionExpired, "the session has expired"),
    "60062": (Rejected, "the alarm is busy with another request, perhaps a photo: try again in some minutes"),
    "4": (Unsupported, "this alarm does not know the request"),
    "6": (Rejected, "this user may not do that: the account's owner can allow it in the app"),
}
_SCHEMA = "the cloud does not take this request from this version of the program, and has done nothing"
_UNAUTHORIZED = ("401", "403")
_CAPABILITIES = ("accesspermissions", "x-capabilities", "capabilities data", "x-installationnumber")
_UNSUPPORTED = re.compile(r'not valid for central unit|does not exist in "(dis)?armcoderequest" enum')
_OTHER = re.compile(r'"\$(?!request\b)\w+"')
_UNSUPPORTED_STATUS = ("400", "404")
_EXPIRED = ("invalid session", "invalid token: expired")


def error(failure: Failure) -> CloudError | Rejected:
    """What a failure means."""
    message = failure.message.lower()
    said = f' (the cloud said: "{failure.message}")' if failure.message else ""
    if any(word in f"{message} {failure.name.lower()}" for word in _CAPABILITIES):
        return CapabilitiesExpired(f"the cloud wants fresh capabilities{said}")
    if failure.err in ERRORS:
        kind, meaning = ERRORS[failure.err]
        return kind(f"{meaning}{said}")
    if failure.res == "LOCK":
        return LoginRefused(f"{ERRORS['60052'][1]}{said}")
    if failure.name == "ExpiredSessionError" or message.startswith(_EXPIRED):
        return SessionExpired(f"{ERRORS['ExpiredSessionError'][1]}{said}")
    if failure.name == "SecurityError" or message.startswith("unauthorized") or failure.status in _UNAUTHORIZED:
        return Unauthorized(f"the cloud does not accept this session{said}")
    value = failure.code == "BAD_USER_INPUT" and not (_OTHER.search(failure.message) or CRASH.match(failure.message))
    status = failure.status in _UNSUPPORTED_STATUS and not VALIDATION.match(failure.message)
    if value or status or _UNSUPPORTED.search(message):
        return Unsupported(f"{ERRORS['4'][1]}{said}")
    if failure.unread:
        return NotTaken(f"{_SCHEMA}{said}")
    return Unreachable(f"the cloud has trouble: {failure.message or failure.name or 'it answered without content'}")
