"""Meaning of a request that the panel ended with an error: open zones, a refusal, or trouble on the way. Pure.

Facts: verisure-owa.md §5.5, §5.6 and §12.
"""

from collections.abc import Mapping
from typing import Any

from emulator.clouds.owa import codes, graphql
from emulator.errors import CommandError, Rejected, Unconfirmed

OPEN_ZONES = "102"
ZONE_TYPES = ("ZONE", "NON_BLOCKING")
ZONE_MESSAGE = "error_mpj_exception"
NAMED_ZONE = "open_zone"
"""Signs of open zones: a code, a type, a message with a number of them, or a message that names one."""

REASONS = {"101": "this user may not arm the perimeter", "106": "this alarm takes no other mode while it is armed"}
"""error.code → the reason of a refusal (§5.6)."""

TROUBLE = ("no_response", "status_not_found", "protom_session", "alarm_process_error", "status_inventory")
"""Words of errors on the way to the panel, as opposed to refusals (§5.6)."""

OPEN = "0"
"""Status of an open zone; others in a list have a low battery or the like (§4.1)."""


class OpenZones(Rejected):
    """The panel refuses to arm past open zones.

    `again` are the variables that force it, None if the panel does not allow that. `ask` are those of a request for the
    names of the zones, None if the error has no key to them.
    """

    def __init__(
        self, names: tuple[str, ...], again: Mapping[str, str] | None, ask: Mapping[str, str] | None = None
    ) -> None:
        self.names, self.again, self.ask = names, again, ask
        open_ones = f"open: {', '.join(names)}" if names else "a zone is open; the cloud does not say which"
        super().__init__(f"{open_ones}. Close it and try again")

    def named(self, names: tuple[str, ...]) -> "OpenZones":
        """Return the same with these names of zones, if there are any."""
        return OpenZones(names or self.names, self.again, self.ask)


def refusal(request: str, content: Any, *, arming: bool) -> CommandError:
    """Return the error for a poll whose `res` is a refusal; only arming can meet open zones."""
    error = content.get("error") if isinstance(content, dict) else None
    code, kind, message = graphql.text(error, "code"), graphql.text(error, "type"), graphql.text(content, "msg")
    if any(word in message for word in TROUBLE):
        return Unconfirmed(f"the panel did not answer {request}: {said(content)}")
    if arming and _is_open(error, code, kind, message):
        return _open_zones(error, kind, message)
    if kind == "TECHNICAL_ERROR":
        return Unconfirmed(f"the panel did not answer {request}: {said(content)}")
    return Rejected(REASONS.get(code) or f"the panel refused {request}: {said(content)}")


def _is_open(error: Any, code: str, kind: str, message: str) -> bool:
    """Return whether open zones are the reason; codes vary, but those in REASONS keep their meaning."""
    if code in REASONS:
        return False
    if NAMED_ZONE in message:
        return True
    said_number = graphql.text(error, "exceptionsNumber")
    number = int(said_number) if said_number.isdecimal() else None
    if number == 0:
        return False
    told = number is not None or _allows(error) is True
    return code == OPEN_ZONES or kind in ZONE_TYPES or (ZONE_MESSAGE in message and told)


def _allows(error: Any) -> bool | None:
    """Return whether the panel can be forced; None if it does not say."""
    allowed = error.get("allowForcing") if isinstance(error, dict) else None
    return allowed if isinstance(allowed, bool) else None


def _open_zones(error: Any, kind: str, message: str) -> OpenZones:
    reference, suid = graphql.text(error, "referenceId"), graphql.text(error, "suid")
    allowed = _allows(error)
    forcible = kind in ZONE_TYPES if allowed is None else allowed
    key = {"suid": suid} if suid else {}
    again = {"forceArmingRemoteId": reference, **key} if forcible and reference else None
    names = tuple(filter(None, [message.partition("#")[2]]))
    return OpenZones(names, again, {"referenceId": reference, **key} if reference else None)


def zones(content: Any) -> tuple[str, ...]:
    """Return the names of the open zones in a list of exceptions; of all zones if none is marked open."""
    rows = graphql.items(content, "exceptions")
    return tuple(map(zone, [row for row in rows if graphql.text(row, "status") in (OPEN, "")] or rows))


def zone(row: Mapping[str, Any]) -> str:
    """Return the name of a zone, or else its kind."""
    return graphql.text(row, "alias") or codes.device(graphql.text(row, "deviceType")) or "a zone without a name"


def said(content: Any) -> str:
    """Return the reason in the cloud's words."""
    error = content.get("error") if isinstance(content, dict) else None
    words = (graphql.text(content, "msg"), graphql.text(error, "type"), graphql.text(error, "code"))
    return ", ".join(filter(None, words)) or "it gives no reason"
