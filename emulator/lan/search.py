"""Search the LAN as an Echo would, and list what answers, ours and others' (lan-emulation.md §1.2). Blocking."""

import http.client
import logging
import re
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from lxml import etree

from emulator.lan import network, ssdp
from emulator.lan.network import Nic

LOG = logging.getLogger(__name__)

TARGETS = (
    "ssdp:all",
    ssdp.ROOT,
    "urn:Belkin:device:**",
    "urn:Belkin:service:basicevent:1",
    "urn:schemas-upnp-org:device:basic:1",
)
"""Asked for by Echos of all generations, and by hubs that look for a WeMo."""

MX_S = 3
"""As newer Echos have it."""

REPEAT_S = 1.0
"""Searches go out twice, as UDP loses some."""

MAX_ANSWER = 8192
"""Bytes; more than any datagram of SSDP."""

MAX_FOUND = 512
"""Devices; a LAN has some tens."""

FETCH_S = 3.0
"""Silence of one device while its description is read."""

WHOLE_S = 10.0
"""All of a description: a device that sends a byte now and then is never silent."""

FETCHERS = 8
"""Descriptions at a time."""

MAX_DESCRIPTION = 256 * 1024
"""Bytes; a television's has some 10 KiB."""

_STATUS = re.compile(r"HTTP/1\.[01] 200\b.*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """A device that answered: its name and model are empty when its description cannot be read."""

    udn: str
    address: str
    location: str
    server: str = ""
    sts: tuple[str, ...] = ()
    name: str = ""
    model: str = ""


def search(
    interfaces: Sequence[str] | None = None,
    seconds: float = 4.0,
    *,
    nics: Callable[[], Iterable[Nic]] = network.nics,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[Found, ...]:
    """Search from each selected interface for some seconds, then read the descriptions; by address and name."""
    found: dict[str, Found] = {}
    with ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        for place in network.places(nics(), interfaces, None):
            with suppress(OSError):  # an interface that went down meanwhile
                sock = stack.enter_context(network.sender(place.host, 0))
                selector.register(sock, selectors.EVENT_READ)
        if not selector.get_map():
            return ()
        end = clock() + seconds
        again = [clock(), clock() + REPEAT_S]
        while (now := clock()) < end:
            if again and now >= again[0]:
                again.pop(0)
                _ask(selector)
            for key, _ in selector.select(min([end, *again]) - now):
                _collect(key.fileobj, found)
    with ThreadPoolExecutor(FETCHERS) as executor:  # some devices are slow, or never answer
        described = executor.map(describe, found.values())
        return tuple(sorted(described, key=lambda each: (each.address, each.name, each.udn)))


def _ask(selector: selectors.BaseSelector) -> None:
    for key in selector.get_map().values():
        for target in TARGETS:
            with suppress(OSError):
                _socket(key.fileobj).sendto(request(target), (ssdp.GROUP, ssdp.PORT))


def _collect(source: object, found: dict[str, Found]) -> None:
    with suppress(OSError):
        data, (peer, *_) = _socket(source).recvfrom(MAX_ANSWER)
        answer = parse(data, peer)
        if answer and (answer.udn in found or len(found) < MAX_FOUND):
            known = found.get(answer.udn, answer)
            found[answer.udn] = replace(known, sts=tuple(dict.fromkeys(known.sts + answer.sts)))


def _socket(source: object) -> socket.socket:
    assert isinstance(source, socket.socket)  # noqa: S101  # nothing else is registered; for mypy
    return source


def request(target: str) -> bytes:
    """Return an M-SEARCH."""
    lines = (
        "M-SEARCH * HTTP/1.1",
        f"HOST: {ssdp.GROUP}:{ssdp.PORT}",
        'MAN: "ssdp:discover"',
        f"MX: {MX_S}",
        f"ST: {target}",
    )
    return "\r\n".join((*lines, "", "")).encode()


def parse(data: bytes, peer: str) -> Found | None:
    """Return the device behind an answer, or None; no datagram raises."""
    first, *lines = data.decode("utf-8", "replace").splitlines() or [""]
    if not _STATUS.fullmatch(first):
        return None
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    udn = headers.get("usn", "").partition("::")[0]
    if not udn or not headers.get("location"):
        return None
    return Found(udn, peer, headers["location"], headers.get("server", ""), (headers.get("st", ""),))


def describe(found: Found) -> Found:
    """Return it with name and model, read from its description; only at the address that answered."""
    try:
        parts = urlsplit(found.location)
        if parts.scheme != "http" or parts.hostname != found.address:
            return found
        connection = http.client.HTTPConnection(found.address, parts.port or 80, timeout=FETCH_S)
        connection.connect()
        limit = threading.Timer(WHOLE_S, _cut, (connection.sock,))
        limit.start()
        try:
            connection.request("GET", parts.path + (f"?{parts.query}" if parts.query else ""))
            body = connection.getresponse().read(MAX_DESCRIPTION)
        finally:
            limit.cancel()
            connection.close()
        root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False))
    except (OSError, ValueError, http.client.HTTPException, etree.XMLSyntaxError) as error:
        LOG.debug("%s: no description: %s", found.address, error)
        return found
    return replace(found, name=_text(root, "friendlyName"), model=_text(root, "modelName"))


def _cut(sock: socket.socket) -> None:
    """End a connection from another thread; whoever reads from it finds its end."""
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _text(root: etree._Element, name: str) -> str:
    """Return the text of the first element of that name, in any namespace."""
    element = next(root.iter(f"{{*}}{name}"), None)
    return (element.text or "").strip() if element is not None else ""
