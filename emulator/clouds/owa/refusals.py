"""What it means that a panel ended a request with an error: open zones, its will, or trouble on the way to it. Pure.

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
"""How open zones are told: by a code or a type, a message that goes with a number of them, or one that names one."""

REASONS = {"101": "this user may not arm the perimeter", "106": "this alarm takes no other mode while it is armed"}
"""error.code → the reason of a refusal (§5.6)."""

TROUBLE = ("no_response", "status_not_found", "protom_session", "alarm_process_error", "status_inventory")
"""Words in the text of an error that tell of the way to the panel, not of its will (§5.6)."""

OPEN = "0"
"""The status of a zone that is open; the others of a list have a low battery or the like (§4.1)."""


class OpenZones(Rejected):
    """The panel refuses to arm past open zones. `again` is what forces it, None where the panel does not allow that.

    `ask` is what their names can be asked for with; None where the error has no key to them.
    """

    def __init__(
        self,
        names: tuple[str, ...],
        again: Mapping[str, str] | None,
        ask: Mapping[str, str] | None = None,
    ) -> None:
        self.names, self.again, self.ask = names, again, ask
        open_ones = f"open: {', '.join(names)}" if names else "a zone is open; the cloud does not say which"
        super().__init__(f"{open_ones}. Close it and try again")

    def named(self, names: tuple[str, ...]) -> "OpenZones":
        """The same with the names that the cloud has told since, if it has."""
        return OpenZones(names or self.names, self.again, self.ask)


def refusal(request: str, content: Any, *, arming: bool) -> CommandError:
    """The meaning of a poll whose `res` is a refusal; only arming can meet open zones."""
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
    """Whether open zones are the reason; codes vary, but those with a meaning of their own keep it."""
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
    """Whether the panel lets itself be forced; None where it does not say."""
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
    """The names of the open zones in a list of exceptions; of all where none is said to be open."""
    rows = graphql.items(content, "exceptions")
    return tuple(map(zone, [row for row in rows if graphql.text(row, "status") in (OPEN, "")] or rows))


def zone(row: Mapping[str, Any]) -> str:
    """What people call a zone, or else what kind it is of."""
    return graphql.text(row, "alias") or codes.device(graphql.text(row, "deviceType")) or "a zone without a name"


def said(content: Any) -> str:
    """What the cloud gives as its reason."""
    error = content.get("error") if isinstance(content, dict) else None
    words = (graphql.text(content, "msg"), graphql.text(error, "type"), graphql.text(error, "code"))
    return ", ".join(filter(None, words)) or "it gives no reason"
