"""A form that gives a device of the house its name."""

from ipaddress import ip_address

from flask import Request

from emulator.doors.dashboard.access import Access
from emulator.doors.dashboard.overview import Overview
from emulator.errors import ProtocolError
from emulator.model import Origin
from emulator.words.text import Text

NAME = "name a device"
"""The deed, as the journal has it."""

FORM_LIMIT = 200
"""Characters of a field; whoever types more does not mean a name."""


def give(overview: Overview, access: Access, request: Request) -> None:
    """Name a device by a form. Needs the PIN where one is set: a name tells people whom to trust."""
    if overview.pin.is_set:
        access.check_person(request, request.form.get("pin"), NAME)
    address, name = (request.form.get(field, "")[:FORM_LIMIT] for field in ("address", "name"))
    # A zone of IPv6 could hold any letters.
    address = address.replace("%", " ").strip()
    try:
        overview.names.give(address, name)
    except ValueError as error:
        raise ProtocolError(str(error)) from None
    peer = str(ip_address(address))
    told = Text("{address} is {name}", address=peer, name=overview.names.named(peer))
    overview.journal.did(Origin("dashboard", str(request.remote_addr)), NAME, told, overview.now())
    overview.news.changed()
