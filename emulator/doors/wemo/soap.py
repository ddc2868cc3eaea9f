"""SOAP as WeMo clients speak it: parse requests; build replies, faults and events. Pure (lan-emulation.md §2.4-2.8).

Requests are scanned, never parsed as XML: the Echo's are not well-formed (§2.6), and a scanner expands no entity.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from lxml import etree

from emulator.doors.wemo.description import Action, Service
from emulator.errors import ProtocolError
from emulator.lan import upnp

ENVELOPE_NS = "http://schemas.xmlsoap.org/soap/envelope/"
EVENT_NS = "urn:schemas-upnp-org:event-1-0"
CONTROL_NS = "urn:schemas-upnp-org:control-1-0"

# UPnP error codes (§2.7).
INVALID_ACTION = 401
INVALID_ARGS = 402
ACTION_FAILED = 501
VALUE_INVALID = 600

NAME_SHOWN = 40
"""Characters shown of a name that a peer made up."""

REMEMBERED = 64
"""Requests, and replies, in a cache: a client asks the same in the same words all day, and gets the same answer."""

Values = tuple[tuple[str, str], ...]

_NAME = r"(?:[\w.-]+:)?"
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_FIRST_IN_BODY = re.compile(rf"<{_NAME}Body(?:\s[^<>]*)?>\s*<{_NAME}([\w.-]+)")
_BINARY_STATE = re.compile(rf"<{_NAME}BinaryState(?:\s[^<>]*)?>([^<]*)(?=<)")
_LEADING = re.compile(r"([01])(?![\w\s.,])")


class UpnpFault(ProtocolError):
    """A UPnP fault, answered over HTTP 500; `code` is its errorCode."""

    def __init__(self, code: int, message: str) -> None:
        self.code = code
        super().__init__(message, status=500)


@dataclass(frozen=True, slots=True)
class Invocation:
    """A request for an action of a service; `on` is the state that SetBinaryState asks for, None for another action."""

    action: Action
    on: bool | None = None


@lru_cache(maxsize=REMEMBERED)
def parse(service: Service, soapaction: str, body: str) -> Invocation:
    """Parse a POST to the control path of `service`, by the action's name alone; UpnpFault or ProtocolError."""
    plain = _COMMENT.sub("", body)
    if "<!" in plain:
        raise ProtocolError("DOCTYPE, ENTITY and CDATA have no place in a SOAP request")
    in_header = soapaction.partition("#")[2].strip(" \t\"'")
    found = _FIRST_IN_BODY.search(plain)
    in_body = found[1] if found else ""
    if in_header and in_body and in_header.casefold() != in_body.casefold():
        raise UpnpFault(
            INVALID_ACTION, f"SOAPACTION asks for {in_header[:NAME_SHOWN]}, the body for {in_body[:NAME_SHOWN]}"
        )
    action = service.action(in_header or in_body)
    if action is None:
        raise UpnpFault(INVALID_ACTION, "Invalid Action")
    if action.refused:
        raise UpnpFault(ACTION_FAILED, action.refused)
    return Invocation(action, _binary_state(plain) if action.name == "SetBinaryState" else None)


def _binary_state(body: str) -> bool:
    values: set[str] = {value.strip() for value in _BINARY_STATE.findall(body)}
    if len(values) != 1:
        raise UpnpFault(INVALID_ARGS, "SetBinaryState takes one BinaryState")
    found = _LEADING.match(values.pop())  # real sockets read a leading number: sketches send `1%d` (§2.4)
    if found is None:
        raise UpnpFault(VALUE_INVALID, "BinaryState is 0 or 1")
    return found[1] == "1"


def reply(service: Service, action: Action, values: Mapping[str, str]) -> bytes:
    """Return the answer to an action, with those of its out arguments that have a value."""
    return _message(None, (service, action, _outs(action, values)))


def declined(service: Service, action: Action, values: Mapping[str, str], code: int, message: str) -> bytes:
    """Say that an action was understood and not done, to be sent over HTTP 200: a fault, and the response beside it.

    Anything but 2xx makes openHAB and pyblinky send the same to the next port, where another switch is. Clients take
    the ways to say it over 200 as follows (read in their source and tried):

    - `Error` for the state, as real sockets say, and the state as it is: pywemo believes that what it asked for was
      done, and shows that until an event comes; so does Home Assistant. pyblinky asks anew after `Error`.
    - A fault: pywemo and strict UPnP clients raise it with its words; Home Assistant logs it and shows the device as
      unavailable until the event.
    - homebridge-wemo, SmartThings and openHAB read no answer to a set: the event tells them. wemo-client, of older
      Homebridge plug-ins, looks into the response element and ends the process where there is none; npm wemo hands on
      the word that it finds.

    So both, as allowed by SOAP 1.1 §4.4; the fault comes first, as pywemo looks at the first element only. An Echo
    finds its response, and asks for the state.
    """
    return _message((code, message), (service, action, _outs(action, values)))


def fault(code: int, message: str) -> bytes:
    """Return a fault as UDA shapes it (§2.7)."""
    return _message((code, message))


def _outs(action: Action, values: Mapping[str, str]) -> Values:
    return tuple((name, values[name]) for name in action.outs if name in values)


@lru_cache(maxsize=REMEMBERED)
def _message(failure: tuple[int, str] | None, response: tuple[Service, Action, Values] | None = None) -> bytes:
    # The prefix s is part of the protocol: SmartThings and Homebridge look it up (§2.5).
    envelope = etree.Element(f"{{{ENVELOPE_NS}}}Envelope", nsmap={"s": ENVELOPE_NS})
    envelope.set(f"{{{ENVELOPE_NS}}}encodingStyle", "http://schemas.xmlsoap.org/soap/encoding/")
    body = etree.SubElement(envelope, f"{{{ENVELOPE_NS}}}Body")
    if failure:
        _add_fault(body, *failure)
    if response:
        service, action, values = response
        element = etree.SubElement(body, f"{{{service.type}}}{action.name}Response", nsmap={"u": service.type})
        for name, value in values:
            etree.SubElement(element, name).text = value
    return etree.tostring(envelope)


def _add_fault(body: etree._Element, code: int, message: str) -> None:
    element = etree.SubElement(body, f"{{{ENVELOPE_NS}}}Fault")
    etree.SubElement(element, "faultcode").text = "s:Client"
    etree.SubElement(element, "faultstring").text = "UPnPError"
    detail = etree.SubElement(element, "detail")
    error = etree.SubElement(detail, f"{{{CONTROL_NS}}}UPnPError", nsmap=upnp.by_default(CONTROL_NS))
    etree.SubElement(error, f"{{{CONTROL_NS}}}errorCode").text = str(code)
    etree.SubElement(error, f"{{{CONTROL_NS}}}errorDescription").text = upnp.text(message)


def propertyset(values: Mapping[str, str]) -> bytes:
    """Return the body of an event: one variable in each property (§2.8)."""
    return _propertyset(tuple(values.items()))


@lru_cache(maxsize=REMEMBERED)
def _propertyset(values: Values) -> bytes:
    root = etree.Element(f"{{{EVENT_NS}}}propertyset", nsmap={"e": EVENT_NS})
    for name, value in values:
        etree.SubElement(etree.SubElement(root, f"{{{EVENT_NS}}}property"), name).text = value
    return etree.tostring(root)
