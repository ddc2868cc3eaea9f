"""Take the changed settings because a person, a program or a page of set-up asks."""

from http import HTTPStatus

from flask import Request

from emulator.doors import Changes
from emulator.doors.dashboard.access import Access
from emulator.errors import EmulatorError, ProtocolError
from emulator.words.text import Text

CHECKED_S = 15.0
"""Longest time until devices.yaml is checked: a Raspberry Pi needs one second, and more while it starts something."""


def take(changes: Changes | None, access: Access, request: Request, pin: str | None) -> str:
    """Have the settings taken; return what is to be said of it once they are checked. Raises ProtocolError."""
    if access.pin.is_set:
        access.check_person(request, pin, "take the changed settings")
    if changes is None:
        raise ProtocolError(Text("this program takes no changed settings: restart it"), HTTPStatus.CONFLICT)
    try:
        return changes.ask().result(CHECKED_S)
    except TimeoutError:
        raise ProtocolError(
            Text("they are not checked yet: the page and the log will say"), HTTPStatus.SERVICE_UNAVAILABLE
        ) from None
    except EmulatorError as error:
        raise ProtocolError(str(error), HTTPStatus.CONFLICT) from None
