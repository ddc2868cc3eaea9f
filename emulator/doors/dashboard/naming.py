"""Names that people give to the devices of the house, which the journal knows by their addresses."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from flask import Request

from emulator.doors.dashboard.access import Access
from emulator.doors.dashboard.overview import Overview
from emulator.errors import ProtocolError
from emulator.model import Origin
from emulator.store.journal import Entry
from emulator.words.text import Text

NAME = "name a device"
"""The deed, as the journal has it."""

FORM_LIMIT = 200
"""Characters of a field; whoever types more does not mean a name."""

MOST_SHOWN = 30
"""Devices without a name that are offered, the latest first."""


@dataclass(frozen=True, slots=True)
class NamedDevice:
    """A device that has asked for something; `name` is empty where it has none, `is_here` for the reader's own."""

    address: str
    name: str
    is_here: bool


def devices(overview: Overview, entries: Iterable[Entry], here: str) -> list[NamedDevice]:
    """Return the devices with a name, and those without that were heard of lately; the reader's own first."""
    names = {peer: name for peer, name in overview.names.all().items() if _is_address(peer)}
    heard = [here, *(entry.peer for entry in entries), *(search.peer for search in overview.searches())]
    others = [one for one in dict.fromkeys(filter(_is_address, heard)) if one not in names][:MOST_SHOWN]
    found = [NamedDevice(one, names.get(one, ""), one == here) for one in (*names, *others)]
    return sorted(found, key=lambda one: (not one.is_here, not one.name, one.name.casefold()))


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


def _is_address(peer: str) -> bool:
    try:
        return bool(ip_address(peer))
    except ValueError:
        return False
