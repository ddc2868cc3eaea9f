"""A LAN of network namespaces: hosts on a bridge, a router with a second network behind it, and programs on them."""

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from tests.support.patience import PATIENCE_S, STOP_S

CLONE_NEWNET = 0x40000000
NETNS = Path("/run/netns")
HOUSE, CLIENT, OTHER, CABIN = "10.77.0.10", "10.77.0.20", "10.77.0.30", "10.77.0.40"
HOSTS = {"house": HOUSE, "client": CLIENT, "other": OTHER, "cabin": CABIN}
ROUTER, FAR = "10.77.0.1", "10.88.0.2"
INTERFACE = "lan0"

POLL_S = 0.02
"""Between looks at a condition."""

CLIENTS = Path(__file__).parent / "clients"

T = TypeVar("T")

_libc = ctypes.CDLL(None, use_errno=True)


def until(look: Callable[[], T], what: str, deadline_s: float = PATIENCE_S) -> T:
    """What `look` returns as soon as it is true."""
    end = time.monotonic() + deadline_s
    while not (found := look()):
        assert time.monotonic() < end, f"not within {deadline_s:g} s: {what}"
        time.sleep(POLL_S)
    return found


def why_not() -> str:
    """Why there can be no LAN here; empty when there can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "needs root on Linux"
    if not shutil.which("ip"):
        return "needs ip(8), of the package iproute2"
    name = f"emu-{os.getpid()}-probe"
    try:
        _ip("netns", "add", name)
        _ip("netns", "del", name)
    except subprocess.CalledProcessError as error:
        return f"cannot make network namespaces: {error.stderr.strip()}"
    return ""


def _ip(*words: str) -> str:
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout


def _setns(file: int) -> None:
    if _libc.setns(file, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


class Program:
    """A process on a host. What it prints goes to a file."""

    def __init__(self, argv: Sequence[str], output: Path, environment: dict[str, str]) -> None:
        self.output = output
        with output.open("w") as sink:
            self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, env=environment)

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    @property
    def text(self) -> str:
        """Everything printed so far, on both outputs."""
        return self.output.read_text()

    def says(self, start: str) -> str:
        """Wait for a line that starts so, and return it."""

        def look() -> str:
            complete = self.text.splitlines(keepends=True)
            line = next((line for line in complete if line.startswith(start) and line.endswith("\n")), "")
            assert line or self._process.poll() is None, f"it ended early:\n{self.text}"
            return line.rstrip("\n")

        return until(look, f"a line {start!r} in\n{self.text}")

    def told(self) -> list[Any]:
        """The complete lines that are JSON, so far."""
        complete = self.text.rpartition("\n")[0].splitlines()
        return [json.loads(line) for line in complete if line.startswith("{")]

    def stop(self) -> int:
        """SIGTERM, and the exit status."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(STOP_S)
        finally:
            self.kill()

    def kill(self) -> None:
        """SIGKILL."""
        self._process.kill()
        self._process.wait()


class Lan:
    """HOSTS on one bridge; `far` behind the router that the bridge's namespace is."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._names: dict[str, str] = {}
        self._programs: list[Program] = []

    def up(self) -> None:
        """Make everything."""
        for host in (*HOSTS, "far", "router"):
            self._names[host] = f"emu-{os.getpid()}-{host}"
            _ip("netns", "add", self._names[host])
            self.ip(host, "link", "set", "lo", "up")
        self.ip("router", "link", "add", "bridge", "type", "bridge", "mcast_snooping", "0")
        self.ip("router", "address", "add", f"{ROUTER}/24", "dev", "bridge")
        self.ip("router", "link", "set", "bridge", "up")
        for host, address in HOSTS.items():
            self.cable(host, INTERFACE, f"{address}/24", bridge=True)
            # As in a home: multicast has no route of its own.
            self.ip(host, "route", "add", "default", "via", ROUTER)
        self.cable("far", INTERFACE, f"{FAR}/24", router="10.88.0.1/24")
        self.ip("far", "route", "add", "default", "via", "10.88.0.1")
        self.run("router", ["sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"])

    def down(self) -> None:
        """Leave no process and no namespace."""
        for program in self._programs:
            program.kill()
        for name in self._names.values():
            with suppress(subprocess.CalledProcessError):
                _ip("netns", "del", name)

    def ip(self, host: str, *words: str) -> str:
        """ip(8) on a host."""
        return _ip("-n", self._names[host], *words)

    def cable(self, host: str, name: str, address: str, *, bridge: bool = False, router: str = "") -> None:
        """A network card in a host, whose cable leads to the bridge, or to the router at this address."""
        other = f"{host}-{name}"
        self.ip(host, "link", "add", name, "type", "veth", "peer", "name", other, "netns", self._names["router"])
        self.ip(host, "address", "add", address, "dev", name)
        self.ip(host, "link", "set", name, "up")
        if bridge:
            self.ip("router", "link", "set", other, "master", "bridge")
        if router:
            self.ip("router", "address", "add", router, "dev", other)
        self.ip("router", "link", "set", other, "up")

    @contextmanager
    def at(self, host: str) -> Iterator[None]:
        """Sockets that this thread makes inside are this host's, and stay so."""
        with Path("/proc/thread-self/ns/net").open() as here, (NETNS / self._names[host]).open() as there:
            _setns(there.fileno())
            try:
                yield
            finally:
                _setns(here.fileno())

    def start(self, host: str, argv: Sequence[str], environment: dict[str, str] | None = None) -> Program:
        """Start a program on a host; it is gone when the LAN is."""
        output = self._folder / f"{len(self._programs)}-{Path(argv[0]).name}.txt"
        program = Program(self._on(host, argv), output, self._environment(environment))
        self._programs.append(program)
        return program

    def run(
        self, host: str, argv: Sequence[str], environment: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a program on a host to its end."""
        return subprocess.run(
            self._on(host, argv),
            env=self._environment(environment),
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )

    def typing(self, host: str, argv: Sequence[str]) -> subprocess.Popen[str]:
        """A program on a host that asks for what a person types."""
        return subprocess.Popen(
            self._on(host, argv),
            env=self._environment(None),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def client(self, host: str, script: str, *words: str) -> Any:
        """What a script of clients/ says, as JSON."""
        done = self.run(host, [sys.executable, str(CLIENTS / script), *words])
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def listening(self, host: str, script: str, *words: str) -> Program:
        """A script of clients/ that goes on; a line of JSON for each thing that happens to it."""
        program = self.start(host, [sys.executable, str(CLIENTS / script), *words])
        program.says('{"ready"')
        return program

    def _on(self, host: str, argv: Sequence[str]) -> list[str]:
        return ["ip", "netns", "exec", self._names[host], *argv]

    def _environment(self, more: dict[str, str] | None) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "HOME": str(self._folder), "PYTHONUNBUFFERED": "1"} | (more or {})
