"""Meaning of a request that the panel ended with an error: open zones, a refusal, or trouble on the way. Pure.

Facts: verisure-owa.md §5.5, §5.6 and §12.
"""

from collections.abc import Mapping
from typing import Any

from emulator.clouds import values
from emulator.clouds.owa import codes
from emulator.errors import CommandError, OpenZones, Rejected, Unconfirmed
from emulator.model import Action, Arm
from emulator.words.text import Text

Key = Mapping[str, str]

OPEN_ZONES = "102"
ZONE_TYPES = ("ZONE", "NON_BLOCKING")
ZONE_MESSAGE = "error_mpj_exception"
NAMED_ZONE = "open_zone"
"""Signs of open zones: a code, a type, a message with a number of them, or a message that names one."""

REASONS = {
    "101": Text("this user may not arm the perimeter"),
    "106": Text("this alarm takes no other mode while it is armed"),
}
"""error.code → the reason of a refusal (§5.6)."""

TROUBLE = ("no_response", "status_not_found", "protom_session", "alarm_process_error", "status_inventory")
"""Words of errors on the way to the panel, as opposed to refusals (§5.6)."""

OPEN = "0"
"""Status of an open zone; others in a list have a low battery or the like (§4.1)."""


class ZoneRefusal(OpenZones):
    """The panel's refusal to arm past open zones.

    `again` are the variables that force it, None if the panel does not allow that: as good as a key, so they are never
    logged nor written down. `ask` are those of a request for the names of the zones, None if the error has no key to
    them. `count` is the number of zones, None if the panel does not tell it.
    """

    def __init__(self, zones: tuple[str, ...], again: Key | None, ask: Key | None, count: int | None) -> None:
        self.again, self.ask, self.count = again, ask, count
        # A zone without a name is a Text of ours, and could be any.
        known = zones and count in (None, len(zones)) and not any(isinstance(one, Text) for one in zones)
        super().__init__(zones, passable=bool(known and again))

    def named(self, zones: tuple[str, ...]) -> "ZoneRefusal":
        """Return the same with these names of zones, if there are any."""
        return ZoneRefusal(zones or self.zones, self.again, self.ask, self.count)

    def key(self, action: Action) -> Key:
        """Return the variables by which `action` may go past what is open now; raise the refusal if it may not."""
        if not (isinstance(action, Arm) and action.passes(self.zones)) or not (action.force or self.passable):
            raise self
        if self.again is None:
            raise Rejected(Text("{refusal}; this panel does not let itself be forced", refusal=str(self)))
        return self.again


def refusal(content: Any, *, arming: bool) -> CommandError:
    """Return the error for a poll whose `res` is a refusal; only arming can meet open zones."""
    error = content.get("error") if isinstance(content, dict) else None
    code, kind, message = values.text(error, "code"), values.text(error, "type"), values.text(content, "msg")
    unanswered = Unconfirmed(Text("the panel did not answer: {why}", why=said(content)))
    if any(word in message for word in TROUBLE):
        return unanswered
    if arming and _is_open(error, code, kind, message):
        return _open_zones(error, kind, message)
    if kind == "TECHNICAL_ERROR":
        return unanswered
    return Rejected(REASONS.get(code) or Text("the panel refused: {why}", why=said(content)))


def _is_open(error: Any, code: str, kind: str, message: str) -> bool:
    """Return whether open zones are the reason; codes vary, but those in REASONS keep their meaning."""
    if code in REASONS:
        return False
    if NAMED_ZONE in message:
        return True
    number = _number(error)
    told = number is not None or _allows(error) is True
    return number != 0 and (code == OPEN_ZONES or kind in ZONE_TYPES or (ZONE_MESSAGE in message and told))


def _number(error: Any) -> int | None:
    """Return the number of open zones, if the panel tells it."""
    number = values.text(error, "exceptionsNumber")
    return int(number[:9]) if number.isdecimal() else None


def _allows(error: Any) -> bool | None:
    """Return whether the panel can be forced; None if it does not say."""
    allowed = error.get("allowForcing") if isinstance(error, dict) else None
    return allowed if isinstance(allowed, bool) else None


def _open_zones(error: Any, kind: str, message: str) -> ZoneRefusal:
    reference, suid = values.text(error, "referenceId"), values.text(error, "suid")
    forcible = kind in ZONE_TYPES if (allowed := _allows(error)) is None else allowed
    key = {"suid": suid} if suid else {}
    again = {"forceArmingRemoteId": reference, **key} if forcible and reference else None
    names = tuple(filter(None, [message.partition("#")[2]]))
    # A message names one zone, whatever the number says.
    return ZoneRefusal(names, again, {"referenceId": reference, **key} if reference else None, _number(error) or None)


def zones(content: Any) -> tuple[str, ...]:
    """Return the names of the open zones in a list of exceptions; of all zones if none is marked open."""
    rows = values.items(content, "exceptions")
    return tuple(map(zone, [row for row in rows if values.text(row, "status") in (OPEN, "")] or rows))


def zone(row: Mapping[str, Any]) -> str:
    """Return the name of a zone, or else its kind."""
    return values.text(row, "alias") or codes.device(values.text(row, "deviceType"))


def because(what: Text, why: str) -> Text:
    """Return a text with its reason, if there is one."""
    return Text("{what}: {why}", what=what, why=why) if why else what


def said(content: Any) -> str:
    """Return the reason in the cloud's words."""
    error = content.get("error") if isinstance(content, dict) else None
    words = (values.text(content, "msg"), values.text(error, "type"), values.text(error, "code"))
    return values.brief(", ".join(filter(None, words))) or Text("it gives no reason")
