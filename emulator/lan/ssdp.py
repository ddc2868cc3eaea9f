"""SSDP, how UPnP devices are found: datagrams to searches, devices to answers. Pure (lan-emulation.md §1)."""

import re
from dataclasses import dataclass
from email.utils import formatdate
from itertools import islice
from random import Random

GROUP = "239.255.255.250"
PORT = 1900

MAX_DATAGRAM = 1500
"""Bytes; one Ethernet frame, as nothing longer is a search (§1.7)."""

MAX_TARGET = 256
"""Characters of ST; the longest known is 44, and it comes back in every answer."""

MAX_AGE_S = 1800
"""The least that UDA allows, so that a client soon forgets a device that died."""

LONGEST_WINDOW_S = 3.0
"""Longest spread of answers; pywemo and SmartThings stop listening after 5 s (§1.4)."""

SHORT_WINDOW_S = 0.5
"""For a search without MX, unicast among them, which UDA wants answered within 1 s."""

FIRST_ANSWER_S = 0.3
"""By then one answer is out, whatever MX allows (§8)."""

STEP_S = 0.05
"""At most between answers: small receive queues lose bursts (§1.4)."""

WITHIN = 0.9
"""Part of the window that is used, so that the last answer arrives inside it."""

SERVER = "Unspecified, UPnP/1.0, Unspecified"
"""As libupnp says on a real WeMo (§1.3)."""

ROOT = "upnp:rootdevice"

ALL = frozenset({"ssdp:all", "ssdpsearch:all"})
"""Searches for everything; the second spelling comes from Echos (§1.2)."""

_ENDS = " \t\r\0"
"""Around a value; a client in C may send the end of its string along."""

_SEARCH_LINE = re.compile(r"M-SEARCH[ \t]+\*[ \t]+HTTP/1\.[01][ \t]*", re.IGNORECASE)
_TARGET = re.compile(rf"[!-~]{{1,{MAX_TARGET}}}")
_SECONDS = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True, slots=True)
class Search:
    """An M-SEARCH: the target as it was spelled, and the seconds over which answers may be spread."""

    st: str
    mx: int | None = None


@dataclass(frozen=True, slots=True)
class Advert:
    """One thing a device is (ST or NT), and the unique name it has as that (USN)."""

    target: str
    usn: str


@dataclass(frozen=True, slots=True)
class UpnpDevice:
    """A device as SSDP announces it.

    `adverts` are announced and answer a search for everything; `aliases` only answer. A search for one of `whole`
    brings all adverts, each under its own ST, as a Hue bridge does (§1.3). What was asked for bears the ST as it was
    spelled: strict clients drop any other.
    """

    port: int
    path: str
    adverts: tuple[Advert, ...]
    aliases: tuple[Advert, ...] = ()
    whole: frozenset[str] = ALL
    max_age: int = MAX_AGE_S
    server: str = SERVER
    headers: tuple[tuple[str, str], ...] = ()
    answer_headers: tuple[tuple[str, str], ...] = ()


def parse(data: bytes, port: int) -> Search | None:
    """Return the search in a datagram from source `port`, or None; no datagram raises."""
    if len(data) > MAX_DATAGRAM or port == 0:
        return None
    # Whatever else is in it: AllCast sends its own name in letters that are no UTF-8.
    first, *lines = data.decode("utf-8", "replace").split("\n")
    if not _SEARCH_LINE.fullmatch(first.rstrip("\r")):
        return None
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers.setdefault(name.strip().lower(), value.strip(_ENDS))
    # MAN is not looked at: huejay misspells it, others leave it out, and an M-SEARCH is nothing but a search.
    st = headers.get("st", "").strip('"')  # Hue clients in Go and Objective-C quote it, as MAN is quoted
    if not _TARGET.fullmatch(st):
        return None
    mx = headers.get("mx", "")
    return Search(st, int(mx) if _SECONDS.fullmatch(mx) else None)


def answers(device: UpnpDevice, st: str) -> tuple[Advert, ...]:
    """Return the answers of `device` to a search for `st`, in that spelling; empty when it is not meant."""
    asked = st.lower()
    if asked in device.whole:
        return tuple(_as_asked(advert, st) or advert for advert in device.adverts)
    found = (_as_asked(advert, st) for advert in (*device.adverts, *device.aliases))
    return tuple(islice(filter(None, found), 1))


def _as_asked(advert: Advert, st: str) -> Advert | None:
    """Return the advert in the spelling of a search for it; None when the search is for something else."""
    if advert.target.lower() != st.lower():
        return None
    udn, named, _ = advert.usn.partition("::")
    return Advert(st, f"{udn}::{st}" if named else udn)


def answer(device: UpnpDevice, advert: Advert, host: str, now: float) -> bytes:
    """Return an answer; `now` in epoch seconds. Blank after each colon: pywemo and SmartThings need it (§1.3)."""
    return _message(
        "HTTP/1.1 200 OK",
        *device.answer_headers,
        ("CACHE-CONTROL", f"max-age={device.max_age}"),
        ("DATE", formatdate(now, usegmt=True)),
        ("EXT", ""),
        ("LOCATION", location(device, host)),
        ("SERVER", device.server),
        *device.headers,
        ("ST", advert.target),
        ("USN", advert.usn),
    )


def alive(device: UpnpDevice, host: str) -> list[bytes]:
    """Return the notices that a device is there, one for each advert (§1.5)."""
    return [
        _message(
            "NOTIFY * HTTP/1.1",
            ("HOST", f"{GROUP}:{PORT}"),
            ("CACHE-CONTROL", f"max-age={device.max_age}"),
            ("LOCATION", location(device, host)),
            ("NT", advert.target),
            ("NTS", "ssdp:alive"),
            ("SERVER", device.server),
            *device.headers,
            ("USN", advert.usn),
        )
        for advert in device.adverts
    ]


def byebye(device: UpnpDevice) -> list[bytes]:
    """Return the notices that a device goes away."""
    return [
        _message(
            "NOTIFY * HTTP/1.1",
            ("HOST", f"{GROUP}:{PORT}"),
            ("NT", advert.target),
            ("NTS", "ssdp:byebye"),
            ("USN", advert.usn),
        )
        for advert in device.adverts
    ]


def location(device: UpnpDevice, host: str) -> str:
    """Return the address of a device's description."""
    return f"http://{host}:{device.port}{device.path}"


def delays(number: int, mx: int | None, random: Random) -> list[float]:
    """Return ascending delays in seconds for `number` answers: spread, jittered, and while the client listens."""
    window = WITHIN * (min(float(mx), LONGEST_WINDOW_S) if mx else SHORT_WINDOW_S)
    step = min(STEP_S, window / max(number, 1))
    start = random.random() * min(FIRST_ANSWER_S - step, window - number * step)
    return [start + (place + random.random()) * step for place in range(number)]


def _message(first: str, *headers: tuple[str, str]) -> bytes:
    """Serialize, with `Name: value` throughout."""
    return "\r\n".join((first, *(f"{name}: {value}" for name, value in headers), "", "")).encode()
