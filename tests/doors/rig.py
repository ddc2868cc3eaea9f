"""A WeMo switch on a fake transport: no socket, no thread, and a clock that tests move."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from functools import partial
from ipaddress import IPv4Network
from typing import Any, Concatenate, ParamSpec

from emulator.doors.wemo.gena import Publisher
from emulator.doors.wemo.plug import Plug
from emulator.doors.wemo.protocol import WemoSwitch
from emulator.doors.wemo.walk import Walks
from emulator.lan.callback import Here
from emulator.lan.connection import HttpConnection
from emulator.lan.lanes import Lanes
from emulator.lan.limits import Connections
from emulator.lan.network import Place
from emulator.words.language import ENGLISH
from tests.doors.clockwork import as_test, run
from tests.doors.fakes import FakeHub

P = ParamSpec("P")
PLACE = Place("eth0", "192.168.7.2", IPv4Network("192.168.7.0/24"), "192.168.7.2")
PEER = "192.168.7.9"


class Inline(Executor):
    """An executor that runs each call at once."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        return fn(*args, **kwargs)


class Never(Executor):
    """An executor that keeps each call until `work`."""

    def __init__(self) -> None:
        self.taken: list[Callable[[], Any]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        self.taken.append(partial(fn, *args, **kwargs))

    def work(self) -> None:
        """Run every call that was kept."""
        while self.taken:
            self.taken.pop(0)()


class Wire(asyncio.Transport):
    """A transport that records the bytes and the state of the connection."""

    def __init__(self, protocol: HttpConnection, peer: str) -> None:
        super().__init__({"peername": (peer, 50000)})
        self.sent = b""
        self.closed = self.aborted = self.ended = self.paused = False
        self.protocol = protocol

    def write(self, data: Any) -> None:
        assert not self.closed
        self.sent += bytes(data)

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)

    def abort(self) -> None:
        self.aborted = True
        self.close()

    def is_closing(self) -> bool:
        return self.closed

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.ended = True

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def taken(self) -> bytes:
        """Return the bytes sent since the last call."""
        sent, self.sent = self.sent, b""
        return sent

    def say(self, *data: bytes) -> bytes:
        for each in data:
            self.protocol.data_received(each)
        return self.taken()


class Rig:
    """Two switches, their hub, and as many connections as a test wants."""

    def __init__(self) -> None:
        self.hub = FakeHub()
        self.executor: Executor = Inline()
        self.language = ENGLISH
        self.switch = self.hub.switches[0]
        self.publisher = Publisher(clock=asyncio.get_running_loop().time)
        self.publisher.move(Here((PLACE,), frozenset({PLACE.host})))
        self.make_plugs()
        self.hub.subscribe(lambda _: self.plug.changed())
        self.connections: Connections[WemoSwitch] = Connections()

    def make_plugs(self) -> None:
        """Make the plugs anew, on the executor as it is now."""
        walks, lanes = Walks(), Lanes(self.executor, asyncio.get_running_loop().time)
        self.plug, self.other = (
            Plug(
                switch, self.hub, self.publisher, lanes, walks, lambda call, *args: call(*args), language=self.language
            )
            for switch in self.hub.switches
        )

    def connect(self, peer: str = PEER, place: Place = PLACE, plug: Plug | None = None) -> Wire:
        protocol = WemoSwitch(plug or self.plug, place, self.connections)
        wire = Wire(protocol, peer)
        protocol.connection_made(wire)
        return wire


def with_rig(test: Callable[Concatenate[Rig, P], Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run a test on a rig, whose time stands still; what it takes besides are fixtures."""

    def call(*args: P.args, **fixtures: P.kwargs) -> None:
        async def main() -> None:
            rig = Rig()
            await test(rig, *args, **fixtures)
            await rig.publisher.close()

        run(main())

    return as_test(call, test, ("rig",))
