"""SSDP, how UPnP devices are found: datagrams to searches, devices to answers. Pure (lan-emulation.md §1)."""

import re
from dataclasses import dataclass
from email.utils import formatdate
from itertools import islice
from random import Random

GROUP = "239.255.255.250"
PORT = 1900

MAX_DATAGRAM = 1500  # bytes; one Ethernet frame, as nothing longer is a search (§1.7)
MAX_TARGET = 256  # characters of ST; the longest known is 44, and it comes back in every answer
MAX_AGE = 1800  # seconds; the least that UDA allows, so that a client soon forgets a device that died
LONGEST_WINDOW = 3.0  # seconds; pywemo and SmartThings stop listening after 5 s (§1.4)
SHORT_WINDOW = 0.5  # seconds; for a search without MX, unicast among them, which UDA wants answered within 1 s
FIRST_ANSWER = 0.3  # seconds; by then one answer is out, whatever MX allows (§8)
STEP = 0.05  # seconds at most between answers: small receive queues lose bursts (§1.4)
WITHIN = 0.9  # of the window is used, so that the last answer arrives inside it

SERVER = "Unspecified, UPnP/1.0, Unspecified"  # what libupnp says on a real WeMo (§1.3)
ROOT = "upnp:rootdevice"
ALL = frozenset({"ssdp:all", "ssdpsearch:all"})  # the second spelling comes from Echos (§1.2)

_SEARCH_LINE = re.compile(r"M-SEARCH[ \t]+\*[ \t]+HTTP/1\.[01][ \t]*", re.IGNORECASE)
_ENDS = " \t\r\0"  # around a value; a client in C may send the end of its string along
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
    """What SSDP says of a device.

    `adverts` are announced and answer a search for everything; `aliases` only answer. A search for one of `whole`
    brings all adverts, each under its own ST, as a Hue bridge does (§1.3). What was asked for bears the ST as it was
    spelled: strict clients drop any other.
    """

    port: int
    path: str
    adverts: tuple[Advert, ...]
    aliases: tuple[Advert, ...] = ()
    whole: frozenset[str] = ALL
    max_age: int = MAX_AGE
    server: str = SERVER
    headers: tuple[tuple[str, str], ...] = ()
    answer_headers: tuple[tuple[str, str], ...] = ()


def parse(data: bytes, port: int) -> Search | None:
    """The search in a datagram from source `port`, or None; no datagram raises."""
    if len(data) > MAX_DATAGRAM or port == 0:
        return None
    try:
        first, *lines = data.decode().split("\n")
    except UnicodeDecodeError:
        return None
    if not _SEARCH_LINE.fullmatch(first.rstrip("\r")):
        return None
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers.setdefault(name.strip().lower(), value.strip(_ENDS))
    # Whatever MAN says: huejay misspells it, others leave it out, and an M-SEARCH is nothing but a search.
    if not _TARGET.fullmatch(headers.get("st", "")):
        return None
    mx = headers.get("mx", "")
    return Search(headers["st"], int(mx) if _SECONDS.fullmatch(mx) else None)


def answers(device: UpnpDevice, st: str) -> tuple[Advert, ...]:
    """What `device` answers to a search for `st`, in the spelling it was asked with; empty when it is not meant."""
    asked = st.lower()
    if asked in device.whole:
        return tuple(_as_asked(advert, st) or advert for advert in device.adverts)
    found = (_as_asked(advert, st) for advert in (*device.adverts, *device.aliases))
    return tuple(islice(filter(None, found), 1))


def _as_asked(advert: Advert, st: str) -> Advert | None:
    """The advert in the spelling of a search for it; None when it is not what was searched for."""
    if advert.target.lower() != st.lower():
        return None
    udn, named, _ = advert.usn.partition("::")
    return Advert(st, f"{udn}::{st}" if named else udn)


def answer(device: UpnpDevice, advert: Advert, host: str, now: float) -> bytes:
    """The answer to a search; `now` in epoch seconds. Blank after each colon: pywemo and SmartThings need it (§1.3)."""
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
    """The notices that a device is there, one for each advert (§1.5)."""
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
    """The notices that a device goes away."""
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
    """Where the description of a device is read."""
    return f"http://{host}:{device.port}{device.path}"


def delays(number: int, mx: int | None, random: Random) -> list[float]:
    """Ascending seconds after which to send `number` answers: spread, jittered, and inside what the client waits."""
    window = WITHIN * (min(float(mx), LONGEST_WINDOW) if mx else SHORT_WINDOW)
    step = min(STEP, window / max(number, 1))
    start = random.random() * min(FIRST_ANSWER - step, window - number * step)
    return [start + (place + random.random()) * step for place in range(number)]


def _message(first: str, *headers: tuple[str, str]) -> bytes:
    """Serialised, with `Name: value` throughout."""
    return "\r\n".join((first, *(f"{name}: {value}" for name, value in headers), "", "")).encode()
