"""SSDP, how UPnP devices are found: datagrams to searches, devices to answers. Pure (lan-emulation.md §1)."""

import re
from bisect import insort
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import formatdate
from itertools import count, islice
from random import Random
from typing import Generic, TypeVar

from emulator.lan import fair

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
DEBOUNCE = 0.3  # seconds; an Echo repeats a search up to six times within milliseconds (§1.4)
DEBOUNCE_MEMORY = 512  # searches remembered; a peer may make up source ports
MAX_PENDING = 1000  # datagrams; twenty seconds' worth at full rate, and the notices of a hundred switches
RATE = 50.0  # datagrams a second over all peers, so that nobody can use us as an amplifier (§1.7)

SERVER = "Unspecified, UPnP/1.0, Unspecified"  # what libupnp says on a real WeMo (§1.3)
ROOT = "upnp:rootdevice"
ALL = frozenset({"ssdp:all", "ssdpsearch:all"})  # the second spelling comes from Echos (§1.2)
HUE_SERVER = "FreeRTOS/7.4.2 UPnP/1.0 IpBridge/1.16.0"  # of a bridge of the first generation (§1.3)
HUE_MAX_AGE = 100  # seconds, as real bridges and nearly all emulators have it (§1.3)
HUE_TYPE = "urn:schemas-upnp-org:device:basic:1"
# Asked for by Echos of 2015 to 2017 and by SmartThings (one asterisk), announced by no device (§1.2).
WEMO_ALIASES = ("urn:Belkin:device:**", "urn:Belkin:device:*", "urn:schemas-upnp-org:device:basic:1")

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
class Device:
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


def wemo(udn: str, port: int, types: Sequence[str], nls: str) -> Device:
    """A WeMo socket with these device and service types; `nls` changes with each start (§1.3)."""

    def as_(target: str) -> Advert:
        return Advert(target, f"{udn}::{target}")

    return Device(
        port=port,
        path="/setup.xml",
        adverts=(as_(ROOT), Advert(udn, udn), *map(as_, types)),
        aliases=tuple(map(as_, WEMO_ALIASES)),
        # ouimeaux and its descendants take no answer without X-User-Agent (§2.3).
        headers=(
            ("OPT", '"http://schemas.upnp.org/upnp/1/0/"; ns=01'),
            ("01-NLS", nls),
            ("X-User-Agent", "redsonic"),
        ),
    )


def hue(udn: str, port: int, path: str, bridge_id: str) -> Device:
    """A Hue bridge: three answers to whatever search it is meant by, and its id in each answer and alive (§1.3)."""
    return Device(
        port=port,
        path=path,
        adverts=(Advert(ROOT, f"{udn}::{ROOT}"), Advert(udn, udn), Advert(HUE_TYPE, udn)),
        whole=ALL | {ROOT, udn.lower(), HUE_TYPE},
        max_age=HUE_MAX_AGE,
        server=HUE_SERVER,
        headers=(("hue-bridgeid", bridge_id),),
        answer_headers=(("HOST", f"{GROUP}:{PORT}"),),
    )


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


def answers(device: Device, st: str) -> tuple[Advert, ...]:
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


def answer(device: Device, advert: Advert, host: str, now: float) -> bytes:
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


def alive(device: Device, host: str) -> list[bytes]:
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


def byebye(device: Device) -> list[bytes]:
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


def location(device: Device, host: str) -> str:
    """Where the description of a device is read."""
    return f"http://{host}:{device.port}{device.path}"


def delays(number: int, mx: int | None, random: Random) -> list[float]:
    """Ascending seconds after which to send `number` answers: spread, jittered, and inside what the client waits."""
    window = WITHIN * (min(float(mx), LONGEST_WINDOW) if mx else SHORT_WINDOW)
    step = min(STEP, window / max(number, 1))
    start = random.random() * min(FIRST_ANSWER - step, window - number * step)
    return [start + (place + random.random()) * step for place in range(number)]


class Debounce:
    """Tells a new search from the echo of one just answered; remembers a bounded number."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[str, int, str], float] = OrderedDict()

    def is_new(self, peer: tuple[str, int], st: str, now: float) -> bool:
        """Whether this peer has not asked this, so spelled, within the last 300 ms; `now` in monotonic seconds."""
        key = (*peer, st)
        last = self._seen.get(key)
        if last is not None and now - last < DEBOUNCE:
            return False
        self._seen[key] = now
        self._seen.move_to_end(key)
        if len(self._seen) > DEBOUNCE_MEMORY:
            self._seen.popitem(last=False)
        return True


T = TypeVar("T")


class Outbox(Generic[T]):
    """Datagrams that wait for their moment, bounded in number and in rate; times are monotonic seconds.

    Whoever is asked for most makes way when there is no room, and those whose moment has come are served in turn: a
    flood of searches by one peer neither drops nor delays what others are answered.
    """

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, list[tuple[float, int, T]]] = OrderedDict()  # by peer, soonest first
        self._number = 0
        self._order = count()
        self._free_at = 0.0

    def put(self, due: float, peer: str, item: T) -> bool:
        """Queue an item for `due`; False when there is no room for more of this peer."""
        if not self.has_room(peer):
            return False
        if self._number >= MAX_PENDING:
            self._waiting[self._longest(peer)].pop()
            self._number -= 1
        insort(self._waiting.setdefault(peer, []), (due, next(self._order), item))
        self._number += 1
        return True

    def has_room(self, peer: str) -> bool:
        """Whether an item of this peer would be taken."""
        return self._number < MAX_PENDING or self._longest(peer) not in ("", peer)

    def next_at(self) -> float | None:
        """When the next item may go; None when nothing waits."""
        return max(min(queue[0][0] for queue in self._waiting.values()), self._free_at) if self._waiting else None

    def take(self, now: float) -> T | None:
        """The item whose moment has come, if any."""
        if now < self._free_at:
            return None
        peer = next((peer for peer, queue in self._waiting.items() if queue[0][0] <= now), None)
        if peer is None:
            return None
        queue = self._waiting[peer]
        _, _, item = queue.pop(0)
        self._number -= 1
        self._waiting.move_to_end(peer)
        if not queue:
            del self._waiting[peer]
        self._free_at = now + 1 / RATE
        return item

    def _longest(self, peer: str) -> str:
        """Whose last item would go for one of this peer; empty when nobody has more."""
        return fair.gives_way(peer, {each: len(queue) for each, queue in self._waiting.items()}) or ""


def _message(first: str, *headers: tuple[str, str]) -> bytes:
    """Serialised, with `Name: value` throughout."""
    return "\r\n".join((first, *(f"{name}: {value}" for name, value in headers), "", "")).encode()
