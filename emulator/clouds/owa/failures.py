"""Meaning of the failures of the OWA API. Pure.

Facts: verisure-owa.md §5.3, §6 and §12.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.clouds.unread import CRASH, NOTHING, OF_VALUES, VALIDATION, Lacking
from emulator.clouds.values import brief
from emulator.errors import CloudError, LoginRefused, Rejected, SessionExpired, Unreachable
from emulator.words.text import Text, counted


@dataclass(frozen=True, slots=True)
class Failure:
    """The first entry of `errors` (§6).

    `unread` is set if the answer proves that the document was not executed. `lacking` are the parts that the schema
    does not have, by all entries. `doubted` is set if a gateway or another entry contradicts the first one's claim
    that the panel does not know the request. `said` is the message for people, without secrets; the other texts are
    only to be matched.
    """

    message: str
    name: str = ""
    err: str = ""
    res: str = ""
    status: str = ""
    code: str = ""
    data: Mapping[str, Any] = field(default_factory=dict, repr=False)
    unread: bool = False
    said: str = ""
    lacking: Lacking = NOTHING
    doubted: bool = False


class Unsupported(Rejected):
    """This panel or this API does not know the request; it was not carried out."""


class NotTaken(Rejected):
    """The cloud did not execute the document, or not for this session: nothing was done."""


class Locked(LoginRefused):
    """The account is locked; each further login may prolong that."""


class CapabilitiesExpired(SessionExpired):
    """The capabilities token is missing or stale; the login is not."""


class Unauthorized(SessionExpired):
    """The cloud does not accept the session, for an unknown reason; a fresh one may not help (§12)."""


class WithoutContent(Unreachable):
    """The cloud answered null, and no error."""


ERRORS: dict[str, tuple[type[CloudError | Rejected], Text]] = {
    "60091": (LoginRefused, Text("the cloud refused the login: check user and password")),
    "60052": (Locked, Text("the account is locked: unlock it in the app, or call customer service")),
    "60067": (SessionExpired, Text("the cloud no longer knows this login")),
    "ExpiredSessionError": (SessionExpired, Text("the session has expired")),
    "60062": (Rejected, Text("the alarm is busy with another request, perhaps a photo: try again in some minutes")),
    "4": (Unsupported, Text("this alarm does not know the request")),
    "6": (Rejected, Text("this user may not do that: the account's owner can allow it in the app")),
}
"""`err` → error and its text (§6). Any other is trouble of the cloud, and passes."""

CODES = ("10001", "10002")
"""auth-code: a code is wanted, or was too old (§2.3)."""

_SCHEMA = Text("the cloud does not take this request from this version of the program, and has done nothing")
_UNAUTHORIZED = ("401", "403")
_CAPABILITIES = ("accesspermissions", "x-capabilities", "capabilities data", "x-installationnumber")
_UNSUPPORTED = re.compile(r'not valid for central unit|does not exist in "(dis)?armcoderequest" enum')
_OTHER = re.compile(r'"\$(?!request\b)\w+"')
_UNSUPPORTED_STATUS = ("400", "404")
_EXPIRED = ("invalid session", "invalid token: expired")
_LEFT = re.compile(r"remain|left|restant|rimanent|rimast|pendient", re.IGNORECASE)
_TRIES = re.compile(r"attempt|intento|tentativ|tries", re.IGNORECASE)
_DEFECT = re.compile(
    r"(\w*Error: )*(Cannot (read|set|destructure|convert)\b"
    r"|.* is (undefined|null|not (a function|an object|defined|iterable)\b))",
    re.DOTALL,
)
"""Beginning of the message of a server program that misses a value; an outage has other words."""


def error(failure: Failure) -> CloudError | Rejected:
    """Return the error for a failure."""
    message, words = failure.message.lower(), brief(failure.said or failure.message or failure.name)

    def said(meaning: Text) -> Text:
        return Text('{meaning} (the cloud said: "{words}")', meaning=meaning, words=words) if message else meaning

    if any(word in f"{message} {failure.name.lower()}" for word in _CAPABILITIES):
        return CapabilitiesExpired(said(Text("the cloud wants fresh capabilities")))
    unsupported = is_unsupported(failure)
    if failure.err in ERRORS and not (unsupported and failure.doubted):
        kind, meaning = ERRORS[failure.err]
        tries = _tries(failure.data) if kind is LoginRefused else None
        return kind(Text("{why}; {tries}", why=said(meaning), tries=tries) if tries else said(meaning))
    if failure.res == "LOCK":
        return Locked(said(ERRORS["60052"][1]))
    if failure.name == "ExpiredSessionError" or message.startswith(_EXPIRED):
        return SessionExpired(said(ERRORS["ExpiredSessionError"][1]))
    if failure.name == "SecurityError" or message.startswith("unauthorized") or failure.status in _UNAUTHORIZED:
        return Unauthorized(said(Text("the cloud does not accept this session")))
    if unsupported and not failure.doubted:
        return Unsupported(said(ERRORS["4"][1]))
    if failure.unread:
        return NotTaken(said(_SCHEMA))
    if not words:
        return WithoutContent(Text("the cloud has trouble: it answered without content"))
    return Unreachable(Text("the cloud has trouble: {words}", words=words))


def is_unsupported(failure: Failure) -> bool:
    """Return whether this entry by itself says that the panel or the API does not know the request."""
    if failure.err in ERRORS:
        return ERRORS[failure.err][0] is Unsupported
    value = failure.code == "BAD_USER_INPUT" and not (_OTHER.search(failure.message) or CRASH.match(failure.message))
    schema = VALIDATION.match(failure.message) or OF_VALUES.match(failure.message)
    status = failure.status in _UNSUPPORTED_STATUS and not schema
    return value or status or bool(_UNSUPPORTED.search(failure.message.lower()))


def unfinished(content: Mapping[str, Any]) -> LoginRefused | None:
    """Return the task of a person if user and password are right and there are no tokens all the same (§2.1)."""
    terms = content.get("legals") is False and content.get("res") == "OK" and not content.get("hash")
    password = content.get("changePassword") is True
    if not (terms or password):
        return None
    wanted = [Text("accept the terms of use")] * terms + [Text("choose a new password")] * password
    return LoginRefused(
        Text(
            "open the alarm's app or web page and log in there once with this user, to {tasks}: "
            "until then the cloud lets no program in",
            tasks=Text("{first} and {rest}", first=wanted[0], rest=wanted[1]) if len(wanted) > 1 else wanted[0],
        )
    )


def _tries(data: Mapping[str, Any]) -> Text | None:
    """Return the number of tries left, if the cloud tells it; the name of that field has not been seen."""
    counts = {str(key): str(value)[:9] for key, value in data.items() if str(value).isdecimal()}
    left = next((value for key, value in counts.items() if _LEFT.search(key)), "")
    if left:
        return counted(
            "{n} try is left before the account is locked", "{n} tries are left before the account is locked", int(left)
        )
    made = next((value for key, value in counts.items() if _TRIES.search(key)), "")
    return Text("tries, as the cloud counts them: {made}", made=made) if made else None


def is_defect(failure: Failure) -> bool:
    """Return whether the server's program crashed over the request, such as over a token or a language it lacks."""
    return failure.err not in ERRORS and bool(_DEFECT.match(failure.message))


def is_refusal(failure: Failure) -> bool:
    """Return whether a login was refused for a reason that has no row in ERRORS, such as a user whom nobody knows."""
    return failure.res == "KO" and failure.err not in ERRORS and not failure.status.startswith("5")


def is_vague(failure: Failure) -> bool:
    """Return whether a failure of RefreshLogin may be passing trouble as well as a useless token (§2.4, §6)."""
    if failure.err in ERRORS:
        return failure.err == "ExpiredSessionError"
    found = error(failure)
    expired = isinstance(found, SessionExpired) and not isinstance(found, Unauthorized)
    return expired or is_defect(failure) or (isinstance(found, WithoutContent) and not failure.status)


def is_challenge(failure: Failure) -> bool:
    """Return whether the cloud wants a code by SMS; `auth-code` does not always say so (§12)."""
    phones, otp_hash = failure.data.get("auth-phones"), failure.data.get("auth-otp-hash")
    return bool(phones) or bool(otp_hash) or str(failure.data.get("auth-code")) in CODES
