"""Codes of the OWA API for devices and services, in words for people. Pure.

Facts: verisure-owa.md §3.2, §3.4 and §12.
"""

from emulator.words.text import Text

DEVICES = {
    "MG": Text("a door or window contact"),
    "MR": Text("a door or window contact"),
    "VV": Text("a motion detector"),
    "FX": Text("a shock detector"),
    "QR": Text("a camera detector"),
    "QP": Text("an outdoor camera"),
    "YR": Text("a camera detector"),
    "YP": Text("an outdoor camera"),
    "XR": Text("a camera detector"),
    "XP": Text("a camera detector"),
    "VK": Text("a keypad"),
    "DR": Text("a lock"),
    "J2": Text("a heat detector"),
    "FR": Text("a smoke detector"),
    "ZR": Text("a siren"),
}
"""deviceType → its description, for a device without a name."""

SERVICES = {
    "1": "IMG",
    "11": "EST",
    "21": "CALL",
    "31": "ARM",
    "32": "DARM",
    "40": "KEY",
    "42": "ARMDAY",
    "43": "ARMNIGHT",
    "44": "DARMANNEX",
    "45": "PLAN",
    "51": "BILLS",
    "52": "ESTINV",
    "60": "SCH",
    "64": "CAMS",
    "75": "GDPRPOPUP",
    "78": "PAYMENTG",
    "82": "UNPROTECT",
    "83": "KEYSREPORT",
    "84": "ARMINTFPART",
    "85": "ARMPARTFINT",
    "89": "MAILBOX",
    "91": "CAMERAS",
    "98": "DEACTIVATEZONE",
    "506": "TIMELINE",
    "507": "NOTCONF",
    "508": "DEVICESCONF",
    "510": "REMINDERS",
}
"""idService → its request, for a service that comes without one."""


def device(kind: str) -> str:
    """Return the description of a device without a name, by its kind."""
    found = DEVICES.get(kind, Text("a zone without a name"))
    return Text("{device} ({code})", device=found, code=kind) if kind else found
