"""Codec of the OWA API: headers and JSON out, JSON to plain mappings in. Pure.

Facts: verisure-owa.md §1 to §6.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from emulator.clouds.account import Listed
from emulator.clouds.firewall import Answer
from emulator.clouds.owa import failures
from emulator.clouds.owa.failures import Failure
from emulator.clouds.owa.operations import Needs, Operation
from emulator.clouds.strike import Secrets, readable
from emulator.clouds.unread import NOTHING, SERVER_ERROR, is_unread, lacking
from emulator.clouds.values import items, mapping, text
from emulator.errors import Unreachable
from emulator.words.text import Text

OK, WAIT, REFUSED = "OK", "WAIT", ("ERROR", "KO")
"""Values of `res`; an answer with any other, or none, says nothing (§4.2)."""

APP_VERSION = "10.102.0"
USER_AGENT = "Mozilla/5.0 (Linux; Android 12; SM-S901U) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/102.0 Mobile"
CALLBY = "OWA_10"
FAMILY = f"OWA{'_' * 15}"
"""The Android family: version, agent, `callby` and the prefix of every id (§1.3, §1.4)."""

DEVICE = {
    "deviceType": "",
    "deviceVersion": APP_VERSION,
    "deviceResolution": "",
    "deviceName": "SM-S901U",
    "deviceBrand": "samsung",
    "deviceOsVersion": "12",
}
"""Description of our device: free text, as far as is known (§1.5)."""

CAPABILITIES = "X-Capabilities"
"""Header of the token of capabilities (§1.4)."""

TOKEN_LIFE_S = 900.0
"""Life of a token that does not tell it (§2.4)."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer to an operation: the content of its field, or None and the failure."""

    content: Any
    failure: Failure | None = None


def headers(operation: Operation, apollo_id: str, auth: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers of a request (§1.3), without those about an installation; `auth` tells who sends it."""
    found = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": USER_AGENT,
        "app": json.dumps({"appVersion": APP_VERSION, "origin": "native"}),
        "extension": json.dumps({"mode": "full"}),
        "X-APOLLO-OPERATION-ID": apollo_id,
        "X-APOLLO-OPERATION-NAME": operation.name,
    }
    if operation.needs is Needs.DEVICE:
        auth = {**auth, "hash": "", "refreshToken": ""}
    if operation.needs is not Needs.NOTHING:
        found["auth"] = json.dumps(auth)
    return found


def body(operation: Operation, variables: Mapping[str, Any]) -> bytes:
    """Return the JSON of a request (§1.2)."""
    content = {"operationName": operation.name, "variables": dict(variables), "query": operation.query}
    return json.dumps(content).encode()


def secrets_of(variables: Mapping[str, Any], security: Mapping[str, str]) -> tuple[str, ...]:
    """Return the secrets in the variables and in `security`; those of the login are known elsewhere."""
    of_login = (text(variables, key) for key in ("password", "refreshToken", "otpHash"))
    return (*of_login, text(security, "token"), text(security, "otpHash"))


def parse(operation: Operation, answer: Answer, secrets: Secrets | None = None) -> Reply:
    """Parse an answer; Unreachable if it is not the API's JSON (a page of HTML, cut off …).

    `secrets` learns the tokens of the answer. Texts for people are freed of all of them.
    """
    secrets = secrets or Secrets()
    try:
        content = json.loads(answer.body)
        return _reply(operation, content, answer.status, secrets)
    except (ValueError, RecursionError):
        text = Text("the cloud's answer (HTTP {status}) cannot be understood", status=str(answer.status))
        raise Unreachable(text) from None


def _reply(operation: Operation, content: Any, status: int, secrets: Secrets) -> Reply:
    if not isinstance(content, dict) or not ("data" in content or "errors" in content):
        raise ValueError("another JSON")
    data = content.get("data")
    found = data.get(operation.field) if isinstance(data, dict) else None
    # Only an answer without any content is a failure (§6).
    if found is None:
        begun = isinstance(data, dict) and operation.field in data
        return Reply(None, _failure(content.get("errors"), status, secrets, begun=begun))
    installation = found.get("installation") if isinstance(found, dict) else None
    secrets.add(text(found, "hash"), text(found, "refreshToken"), text(installation, "capabilities"))
    return Reply(_struck(found, secrets))


VERBATIM = frozenset({"hash", "refreshToken", "capabilities", "auth-otp-hash", "referenceId", "suid", "res"})
"""Fields that go back to the cloud unchanged and are never shown, and `res`, which is only compared."""

NUMBER = "numinst"
"""Field that goes back to the cloud and is shown as well: no secret is looked for in it."""


def _struck(value: Any, secrets: Secrets, key: str = "") -> Any:
    """Return a value with all its texts freed of secrets and control characters."""
    if isinstance(value, dict):
        return {name: _struck(one, secrets, name) for name, one in value.items()}
    if isinstance(value, list):
        return [_struck(one, secrets, key) for one in value]
    if key in VERBATIM or isinstance(value, bool) or not isinstance(value, str | int | float):
        return value
    struck = readable(str(value)) if key == NUMBER else secrets.told(str(value))
    return value if struck == str(value) else struck


def _failure(errors: Any, status: int, secrets: Secrets, *, begun: bool) -> Failure:
    unread = is_unread(errors, status, begun=begun)
    absent = lacking(errors, begun=begun) if status < SERVER_ERROR else NOTHING
    if isinstance(errors, dict):
        # The other form of errors, `errors.data.reason` (§6).
        errors = [{"message": mapping(errors.get("data")).get("reason"), **errors}]
    first, *others = [_entry(mapping(one), secrets) for one in (isinstance(errors, list) and errors) or [None]]
    doubted = status >= SERVER_ERROR or not all(failures.is_unsupported(one) for one in others)
    return replace(first, unread=unread, lacking=absent, doubted=doubted)


def _entry(entry: Mapping[str, Any], secrets: Secrets) -> Failure:
    data = mapping(entry.get("data"))
    secrets.add(text(data, "auth-otp-hash"))
    message, name = readable(text(entry, "message")), readable(text(entry, "name"))
    return Failure(
        message=message,
        name=name,
        err=text(data, "err"),
        res=text(data, "res"),
        status=text(data, "status"),
        code=text(mapping(entry.get("extensions")), "code"),
        data=_struck(data, secrets),
        said=secrets.told(text(entry, "message") or name),
    )


def installations(content: Any) -> list[Listed]:
    """Return the installations in the content of mkInstallationList (§3.1)."""
    rows = items(content, "installations")
    return [Listed(text(row, "numinst"), text(row, "panel"), text(row, "alias")) for row in rows]


def claims(token: str) -> Mapping[str, Any]:
    """Return the claims of a JWT, unverified as in every client (§2.4); empty if it cannot be read."""
    try:
        part = token.split(".")[1]
        return mapping(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))
    except (IndexError, ValueError, RecursionError, binascii.Error):
        return {}


def life_s(token: str) -> float:
    """Return the seconds from issue to expiry, which do not depend on this machine's clock."""
    said = claims(token)
    try:
        life = float(said["exp"]) - float(said["iat"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return TOKEN_LIFE_S
    return life if life > 0 else TOKEN_LIFE_S
