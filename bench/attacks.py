"""Attacks of a peer, malicious or broken. Each runs in a process of its own and returns its result.

`share` is the share of the whole attack, for a warm-up or a quick look.
"""

import asyncio
import os
import random
import re
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle, islice

from fuzz.__main__ import mutated
from fuzz.targets import CHUNKED, HTTP, SOAP

HOST, GROUP, SSDP_PORT = "127.0.0.1", "239.255.255.250", 1900
ATTACKER = "127.0.0.2"

NICE = 5
"""Lower priority, so that on a small machine the attack does not slow the honest clients themselves."""

PATIENCE_S = 15.0
"""Timeout, longer than any answer takes."""

SOAP_BODY = SOAP.partition(b"\n")[2]
SEARCH = b'M-SEARCH * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nMAN: "ssdp:discover"\r\nMX: 1\r\nST: %s\r\n\r\n'
SUBSCRIBE = (
    b"SUBSCRIBE /upnp/event/basicevent1 HTTP/1.1\r\nHost: %s:%d\r\nCALLBACK: <http://%s:%d/%d>\r\nNT: upnp:event\r\n"
    b"TIMEOUT: Second-300\r\nConnection: close\r\n\r\n"
)


@dataclass(frozen=True, slots=True)
class Doors:
    """Ports of the program, and the path of a light.

    `wemo` are switches of the same mode, `modes` has one of each mode, `only_arms` one without an off. `alarm` is the
    port of the simulated alarm's control page.
    """

    wemo: tuple[int, ...]
    modes: tuple[int, ...]
    only_arms: int
    hue: int
    page: int
    light: str
    alarm: int

    @property
    def switches(self) -> int:
        """Number of switches."""
        return len({*self.wemo, *self.modes, self.only_arms})


@dataclass(frozen=True, slots=True)
class Came:
    """The result of an attack, and the bounds that it missed; empty if none."""

    figures: str
    missed: str = ""


def action(port: int, name: str, value: int = 1, *, keep: bool = True) -> bytes:
    """Return a SOAP request as an Echo sends it."""
    body = SOAP_BODY.replace(b"SetBinaryState", name.encode()).replace(b">1<", b">%d<" % value)
    head = (
        f"POST /upnp/control/basicevent1 HTTP/1.1\r\nHost: {HOST}:{port}\r\nContent-Type: text/xml\r\n"
        f'SOAPACTION: "urn:Belkin:service:basicevent:1#{name}"\r\nContent-Length: {len(body)}\r\n'
        f"Connection: {'keep-alive' if keep else 'close'}\r\n\r\n"
    )
    return head.encode() + body


def set_off(port: int) -> bytes:
    """Return a set as an honest client sends it, on a connection of its own."""
    return action(port, "SetBinaryState", 0, keep=False)


def get(port: int, path: str, *, keep: bool = True) -> bytes:
    """Return a GET, with its Connection header."""
    connection = "keep-alive" if keep else "close"
    return f"GET {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\nConnection: {connection}\r\n\r\n".encode()


class Line:
    """A connection that is opened again when needed."""

    def __init__(self, port: int, peer: str) -> None:
        self.port, self.peer = port, peer
        self.sid = ""  # of the last answer, in lower case
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, data: bytes) -> int:
        """Send a request. Return the status of the answer; 0 if there was none."""
        for fresh in (False, True):  # a connection that was kept may have been closed meanwhile
            fresh |= self._streams is None
            try:
                async with asyncio.timeout(PATIENCE_S):
                    return await self._exchange(data)
            except (OSError, EOFError, ValueError):
                self.close()
                if fresh:
                    break
        return 0

    async def _exchange(self, data: bytes) -> int:
        if self._streams is None:
            self._streams = await asyncio.open_connection(HOST, self.port, local_addr=(self.peer, 0))
        reader, writer = self._streams
        writer.write(data)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        sid = re.search(rb"\r\nsid: *(\S+)", head)
        self.sid = sid[1].decode() if sid else ""
        length = re.search(rb"content-length: *(\d+)", head)
        await reader.readexactly(int(length[1]) if length else 0)
        if b"connection: close" in head:
            self.close()
        return int(head[9:12])

    def close(self) -> None:
        """Close the connection."""
        if self._streams:
            self._streams[1].close()
            self._streams = None


def asked(doors: Doors) -> list[tuple[int, bytes]]:
    """Return the usual requests of honest clients, one for each door."""
    return [
        (doors.wemo[0], action(doors.wemo[0], "GetBinaryState")),
        (doors.hue, get(doors.hue, doors.light)),
        (doors.page, get(doors.page, "/api/state")),
    ]


async def requests(doors: Doors, share: float) -> Came:
    """Send 10,000 requests over 64 connections of four peers, a third to each door."""
    return await _asked(asked(doors), int(10_000 * share), [f"127.0.0.{number}" for number in range(2, 6)])


async def pages(doors: Doors, share: float) -> Came:
    """Send 6,000 requests from one peer, 64 at a time, each on a connection of its own: for a light and the page."""
    what = [(doors.hue, get(doors.hue, doors.light, keep=False)), (doors.page, get(doors.page, "/", keep=False))]
    return await _asked(what, int(6_000 * share), [ATTACKER])


async def _asked(what: Sequence[tuple[int, bytes]], number: int, peers: Sequence[str]) -> Came:
    """Send `number` requests over 64 connections at a time."""
    left = iter(range(number))
    statuses: Counter[int] = Counter()

    async def client(peer: str, port: int, data: bytes) -> None:
        line = Line(port, peer)
        for _ in left:
            statuses[await line.ask(data)] += 1
        line.close()

    began = time.monotonic()
    clients = islice(zip(cycle(peers), cycle(what), strict=False), 64)
    await asyncio.gather(*(client(peer, *each) for peer, each in clients))
    return _result(statuses, time.monotonic() - began)


def _result(statuses: Counter[int], seconds: float, good: tuple[int, ...] = (200,)) -> Came:
    wrong = statuses.total() - sum(statuses[each] for each in good)
    figures = f"{statuses.total()} in {seconds:.1f} s, {statuses.total() / seconds:.0f} a second"
    return Came(figures, f"{wrong} were not answered: {dict(statuses)}" if wrong else "")


async def half_open(doors: Doors, share: float) -> Came:
    """Hold 500 connections of one peer with half a request each for 60 s; a closed one is opened again."""
    ends, opened, held, most = time.monotonic() + 60 * share, 0, 0, 0

    async def hold(port: int, data: bytes) -> None:
        nonlocal opened, held, most
        while (left := ends - time.monotonic()) > 0:
            with suppress(OSError):
                reader, writer = await asyncio.open_connection(HOST, port, local_addr=(ATTACKER, 0))
                opened, held = opened + 1, held + 1
                most = max(most, held)
                try:
                    async with asyncio.timeout(left):
                        writer.write(data[:-2] if data.endswith(b"\r\n\r\n") else data[:100])
                        while await reader.read(4096):
                            pass
                finally:
                    held -= 1
                    writer.close()
            await asyncio.sleep(0.2)

    await asyncio.gather(*(hold(*what) for what in islice(cycle(asked(doors)), 500)))
    return Came(f"{opened} opened, {most} held at once")


async def searches_of_one_port(doors: Doors, share: float) -> Came:
    """Send 2,000 equal searches a second from one port for 10 s."""
    return await asyncio.to_thread(_search, doors, share, 1)


async def searches_of_many_ports(doors: Doors, share: float) -> Came:
    """Send the same searches from 200 ports of one peer, so that each looks new."""
    return await asyncio.to_thread(_search, doors, share, 200)


def _search(doors: Doors, share: float, ports: int) -> Came:
    seconds, rate, window, pending = 10 * share, 2000, 0.3, 1000  # the last two as emulator/lan/outbox.py has them
    sockets = [searching(ATTACKER) for _ in range(ports)]
    data, sent, answers, size, last = SEARCH % b"ssdp:all", 0, 0, 0, 0.0
    began = time.monotonic()
    for sock in sockets:
        sock.setblocking(False)
    while (now := time.monotonic()) < began + seconds or now < last + 3:  # until no answer has come for 3 s
        while now < began + seconds and sent < rate * (now - began):
            sockets[sent % ports].sendto(data, (GROUP, SSDP_PORT))
            sent += 1
        for sock in sockets:
            with suppress(BlockingIOError):
                size, answers, last = size + len(sock.recv(2048)), answers + 1, now
        time.sleep(0.002)
    took = last - began
    for sock in sockets:
        sock.close()
    a_set = 5 * doors.switches + 3
    most = min(50 * took + 1, pending + 50 * seconds + 1, ports * (seconds / window + 1) * a_set)
    figures = f"{sent} searches, {answers} answers until {took:.0f} s, {size / sent / len(data):.2f} bytes for one"
    return Came(figures, "" if answers <= most else f"more than {most:.0f} answers")


def searching(peer: str) -> socket.socket:
    """Return a UDP socket of a peer."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(HOST))
    sock.bind((peer, 0))
    return sock


async def renewed(lines: Iterable[tuple[Line, str]]) -> int:
    """Renew subscriptions. Return the number of those that still exist."""
    request = "SUBSCRIBE /upnp/event/basicevent1 HTTP/1.1\r\nHost: {}:{}\r\nSID: {}\r\nConnection: close\r\n\r\n"
    return sum([await line.ask(request.format(HOST, line.port, sid).encode()) == 200 for line, sid in lines])


async def turn(doors: Doors, value: int) -> None:
    """Set a switch, and wait for the panel and for every event."""
    await Line(doors.wemo[0], ATTACKER).ask(action(doors.wemo[0], "SetBinaryState", value, keep=False))
    await asyncio.sleep(6)


async def subscribers(doors: Doors, share: float) -> Came:
    """Make 200 subscriptions from 20 peers, half with a callback that is closed or mute, and change the state."""
    events: list[tuple[float, bytes]] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, EOFError):
            data = await reader.readuntil(b"</e:propertyset>")
            value = re.search(rb"<BinaryState>(\d)", data)
            events.append((time.monotonic(), value[1] if value else b""))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
        writer.close()

    async def ignore(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(PATIENCE_S)
        writer.close()

    alive = await asyncio.start_server(listen, "0.0.0.0", 0, backlog=500)  # noqa: S104  in a namespace of its own
    mute = await asyncio.start_server(ignore, "0.0.0.0", 0, backlog=500)  # noqa: S104
    listens, ignores = (server.sockets[0].getsockname()[1] for server in (alive, mute))
    taken: dict[bool, list[tuple[Line, str]]] = {True: [], False: []}  # by whether the callback answers
    for number in range(int(200 * share) // 4 * 4):
        peer, port = f"127.0.0.{10 + number // 10}", doors.wemo[number % len(doors.wemo)]
        callback = (listens, listens, ignores, 9)[number % 4]
        data = SUBSCRIBE % (HOST.encode(), port, peer.encode(), callback, number)
        line = Line(port, peer)
        if await line.ask(data) == 200:
            taken[callback == listens].append((line, line.sid))
    kept = await renewed(taken[True])
    await turn(doors, 0)
    slowest, missing = 0.0, 0
    changes = max(1, int(6 * share))
    for number in range(changes):
        events.clear()
        value, began = (number + 1) % 2, time.monotonic()
        await turn(doors, value)
        moments = [moment - began for moment, state in events if state == b"%d" % value]
        slowest, missing = max([slowest, *moments]), missing + max(0, kept - len(moments))
    alive.close()
    mute.close()
    dead = await renewed(taken[False])
    kept_and_dead = f"{kept} of the living have a place, {dead} of the dead after {changes} changes"
    figures = f"{kept_and_dead}; slowest event {slowest * 1000:.0f} ms after its command was sent"
    return Came(figures, f"{missing} events did not come" if missing else "")


async def commands(doors: Doors, share: float) -> Came:
    """Send only commands, on and off, over 64 connections of one peer for 10 s."""
    ends, statuses = time.monotonic() + 10 * share, Counter[int]()

    async def client(number: int) -> None:
        line = Line(doors.wemo[number % 2], ATTACKER)
        while time.monotonic() < ends:
            statuses[await line.ask(action(line.port, "SetBinaryState", number // 2 % 2))] += 1
        line.close()

    began = time.monotonic()
    await asyncio.gather(*map(client, range(64)))
    return _result(statuses, time.monotonic() - began, good=(200, 500))  # a fault with a reason is an answer


async def nonsense(doors: Doors, share: float) -> Came:
    """Send a million random and mutated bytes to each socket."""
    size, chance = int(1_000_000 * share), random.Random(6)  # noqa: S311  reproducible
    came = [f"UDP {_datagrams(size, chance)}"]
    for name, port in (("WeMo", doors.wemo[0]), ("Hue", doors.hue), ("page", doors.page)):
        seeds = (HTTP, CHUNKED, action(port, "SetBinaryState"), get(port, doors.light), get(port, "/api/state"))
        came.append(f"{name} {await _streams(port, _sized(mutated(chance, seeds), size))}")
    return Came("inputs: " + ", ".join(came))


def _datagrams(size: int, chance: random.Random) -> int:
    count = 0
    with searching(ATTACKER) as sock:
        for data in _sized(mutated(chance, (SEARCH % b"ssdp:all", SEARCH % b"upnp:rootdevice")), size):
            sock.sendto(data, (GROUP, SSDP_PORT))
            count += 1
            time.sleep(0.0002)  # so that the kernel does not drop them
    return count


def _sized(inputs: Iterable[bytes], size: int) -> Iterable[bytes]:
    for data in inputs:
        if size <= 0:
            return
        size -= len(data)
        yield data


async def _streams(port: int, inputs: Iterable[bytes]) -> int:
    """Send each input on a connection of its own, eight at a time. Return their number."""
    left, count = iter(inputs), 0

    async def client() -> None:
        nonlocal count
        for data in left:
            with suppress(OSError):
                async with asyncio.timeout(PATIENCE_S):
                    reader, writer = await asyncio.open_connection(HOST, port, local_addr=(ATTACKER, 0))
                    try:
                        writer.write(data)
                        writer.write_eof()
                        while await reader.read(4096):
                            pass
                    finally:
                        writer.close()
            count += 1

    await asyncio.gather(*(client() for _ in range(8)))
    return count


ATTACKS = (
    requests,
    pages,
    half_open,
    searches_of_one_port,
    searches_of_many_ports,
    subscribers,
    commands,
    nonsense,
)


def launch(attack: Callable[[Doors, float], object], doors: Doors, share: float) -> Came:
    """Run an attack; called in the attacker's process."""
    os.nice(NICE)
    return asyncio.run(attack(doors, share))  # type: ignore[arg-type]
