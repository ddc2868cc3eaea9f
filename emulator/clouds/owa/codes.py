"""Codes of the OWA API for devices and services, in words for people. Pure.

Facts: verisure-owa.md §3.2, §3.4 and §12.
"""

DEVICES = {
    "MG": "a door or window contact",
    "MR": "a door or window contact",
    "VV": "a motion detector",
    "FX": "a shock detector",
    "QR": "a camera detector",
    "QP": "an outdoor camera",
    "YR": "a camera detector",
    "YP": "an outdoor camera",
    "XR": "a camera detector",
    "XP": "a camera detector",
    "VK": "a keypad",
    "DR": "a lock",
    "J2": "a heat detector",
    "FR": "a smoke detector",
    "ZR": "a siren",
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
    """Return the description of a kind of device; the code alone if it is unknown, empty if there is none."""
    return f"{DEVICES[kind]} ({kind})" if kind in DEVICES else kind
