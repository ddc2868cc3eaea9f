"""Codes of the OWA API for devices and services, in words for people. Pure.

Facts: verisure-owa.md §3.2, §3.4 and §12.
"""

from collections.abc import Mapping

from emulator.words.tables import read_table
from emulator.words.text import Text

_CODES = read_table(__package__, "codes.toml")

DEVICES: Mapping[str, Text] = _CODES["device"]["says"]
SERVICES: Mapping[str, str] = _CODES["service"]


def device(kind: str) -> str:
    """Return the description of a device without a name, by its kind."""
    found = DEVICES.get(kind, Text("a zone without a name"))
    return Text("{device} ({code})", device=found, code=kind) if kind else found
