"""The gong: a client sends `on NAME` or `off NAME`, and gets the state of that switch back."""

import socketserver
import threading
from collections.abc import Sequence
from typing import cast

from emulator.alarm.switch import Switch
from emulator.doors import DoorContext
from emulator.errors import EmulatorError
from emulator.lan import network
from emulator.model import Origin
from tests.toys.gong.settings import GongSettings


class Server(socketserver.TCPServer):
    """The listener at one place."""

    allow_reuse_address = True
    gong: "Gong"


class Line(socketserver.StreamRequestHandler):
    """One client's line."""

    def handle(self) -> None:
        word, _, name = self.rfile.readline().decode().strip().partition(" ")
        answer = cast(Server, self.server).gong.strike(word == "on", name, self.client_address[0])
        self.wfile.write(f"{answer}\n".encode())


class Gong:
    """The door, with a listener and a thread for each place served."""

    def __init__(self, context: DoorContext, settings: GongSettings) -> None:
        self._context = context
        self._port = settings.port
        self._switches = {one.name: one for one in context.hub.switches if "gong" in one.doors}
        self._servers: dict[Server, threading.Thread] = {}
        self._obstacles: tuple[str, ...] = ()

    def start(self) -> None:
        if self._servers:
            return
        found = self._context.nics()
        for place in network.places(found, self._context.interfaces, self._context.address):
            try:
                server = Server((place.host, self._port), Line)
            except OSError as error:
                self._obstacles = (f"the gong cannot have port {self._port}: {error.strerror}",)
                continue
            server.gong = self
            self._servers[server] = threading.Thread(target=server.serve_forever, args=(0.01,), name="gong")
            self._servers[server].start()

    def stop(self) -> None:
        while self._servers:
            server, thread = self._servers.popitem()
            server.shutdown()
            server.server_close()
            thread.join()

    def strike(self, on: bool, name: str, peer: str) -> str:
        switch = self._switches.get(name)
        if switch is None:
            return "there is no such switch"
        ticket = self._context.hub.submit(switch, on, Origin("gong", peer, name))
        try:
            ticket.accepted.result(self._context.reply_within_s)
        except (EmulatorError, TimeoutError) as error:
            return str(error)
        return self.report(switch)

    def urls(self) -> Sequence[tuple[Switch, str]]:
        hosts = [f"{server.server_address[0]!s}:{self._port}" for server in self._servers]
        return [(switch, f"gong://{host}/") for switch in self._switches.values() for host in hosts]

    def obstacles(self) -> Sequence[str]:
        return self._obstacles

    def report(self, switch: Switch) -> str:
        return {True: "on", False: "off", None: "unknown"}[self._context.hub.state(switch).on]
