"""The programs to compare: this one, stock fauxmo, and the known stack for this job (fauxmo, Flask, Redis, RQ)."""

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.clients import until_known
from bench.process import Process

HERE = Path(__file__).parent
PEERS = HERE.parent / ".venv-bench" / "bin"
UVLOOP = HERE.parent / ".venv-bench" / "uvloop"
"""fauxmo uses it if it is installed; its own installation brings none."""

FIRST_PORT = 49151
HUE_PORT, PAGE_PORT, WEB_PORT = 8080, 8099, 5000

OURS, FAUXMO, QUICKER, STACK = "this program", "fauxmo", "fauxmo with uvloop", "known stack"
READY = "ready bytes"

MODES = ("total", "day", "night", "perimeter", "total+perimeter", "day+perimeter", "night+perimeter")
"""Modes of the switches, repeated, since 240 switches are more than any alarm has."""


@dataclass(frozen=True, slots=True)
class Running:
    """A started program: the ports of its switches, its processes, when its start began (perf_counter), its folder."""

    ports: tuple[int, ...]
    processes: tuple[Process, ...]
    began: float
    folder: Path = Path()


def ports(switches: int) -> tuple[int, ...]:
    """Return the ports of so many switches."""
    return tuple(range(FIRST_PORT, FIRST_PORT + switches))


@contextmanager
def ours(
    url: str,
    switches: int,
    *,
    doors: bool = False,
    pending: str = "target",
    modes: Sequence[str] = MODES,
    only_arms: Sequence[int] = (),
    mqtt: int = 0,
    matter: Path | None = None,
    interfaces: Sequence[str] = ("lo",),
) -> Iterator[Running]:
    """Run this program on the alarm at `url`, with the WeMo door or with all `doors`. `only_arms` are ports.

    `mqtt` is the port of a broker on loopback, for the MQTT door, and `matter` the folder with the bridge of the Matter
    door; 0 and None for none.
    """
    rows = [
        {"name": f"Switch {port}", "on": modes[number % len(modes)], "port": port}
        | ({} if port in only_arms else {"off": "disarm"})
        for number, port in enumerate(ports(switches))
    ]
    shown: dict[str, object] = {"hue": {"port": HUE_PORT}, "dashboard": {"port": PAGE_PORT}} if doors else {}
    shown |= {"mqtt": {"broker": f"mqtt://127.0.0.1:{mqtt}"}} if mqtt else {}
    shown |= {"matter": {}} if matter else {}
    settings = {
        "installations": {"home": {"cloud": "wsdo", "url": url, "poll_every": "60s"}},
        "switches": rows,
        "while_pending": pending,
        "doors": {"wemo": {"first_port": FIRST_PORT}, **shown},
    }
    with _folder() as folder:
        config = folder / "devices.yaml"
        config.write_text(json.dumps(settings))  # which is YAML
        command = [sys.executable, "-m", "emulator", "run", *(f"--interface={one}" for one in interfaces)]
        options = ["--config", str(config), "--state-dir", str(folder)]
        secrets = {"VERISURE_USER": "demo", "VERISURE_PASSWORD": "demo"}
        secrets |= {"EMULATOR_MATTER": str(matter)} if matter else {}
        began = time.perf_counter()
        with _started(Process([*command, *options], folder / "log", secrets)) as process:
            yield Running(ports(switches), (process,), began, folder)


@contextmanager
def fauxmo(switches: int, seconds: float = 0.0, *, uvloop: bool = False) -> Iterator[Running]:
    """Run stock fauxmo, with a plugin that costs nothing; switching on takes `seconds`."""
    devices = [{"name": f"Switch {port}", "port": port, "seconds": seconds} for port in ports(switches)]
    with _folder() as folder:
        began = time.perf_counter()
        plugin = {"path": str(HERE / "plugins" / "trivial.py"), "DEVICES": devices}
        found = {"PYTHONPATH": str(UVLOOP)} if uvloop else {}
        with _started(_fauxmo(folder, {"Trivial": plugin}, found)) as process:
            yield Running(ports(switches), (process,), began)


@contextmanager
def stack(url: str, switches: int) -> Iterator[Running]:
    """Run the known stack on the alarm at `url`: every switch calls a web app, which queues the command in Redis."""
    web = f"http://127.0.0.1:{WEB_PORT}"
    devices = [
        {
            "name": f"Switch {port}",
            "port": port,
            "on_cmd": f"{web}/{port}/on",
            "off_cmd": f"{web}/{port}/off",
            "state_cmd": f"{web}/{port}",
            "state_response_on": "state is on",
            "state_response_off": "state is off",
        }
        for port in ports(switches)
    ]
    with _folder() as folder, ExitStack() as running:
        began = time.perf_counter()
        redis = Process(["redis-server", "--save", "", "--dir", str(folder), "--bind", "127.0.0.1"], folder / "redis")
        running.callback(redis.stop)
        redis.said("Ready to accept")
        jobs = HERE / "known_stack"
        flask = [str(PEERS / "flask"), "--app", "web", "run", "--port", str(WEB_PORT)]
        parts = [redis]
        for command, name in ((flask, "flask"), ([str(PEERS / "rq"), "worker"], "rq")):
            environment = {"ALARM_URL": url, "PYTHONPATH": str(jobs), "PYTHONDONTWRITEBYTECODE": "1"}
            parts.append(Process(command, folder / name, environment, cwd=jobs))
            running.callback(parts[-1].stop)
        parts.append(_fauxmo(folder, {"SimpleHTTPPlugin": {"DEVICES": devices}}))
        running.callback(parts[-1].stop)
        parts[1].said("Running on")
        parts[2].said("Listening on")
        yield Running(ports(switches), tuple(parts), began)


@contextmanager
def ready(switches: int) -> Iterator[Running]:
    """Run ready.py, which is no program at all."""
    with _folder() as folder:
        began = time.perf_counter()
        command = [sys.executable, str(HERE / "ready.py"), *map(str, ports(switches))]
        with _started(Process(command, folder / "ready")) as process:
            yield Running(ports(switches), (process,), began)


def missing() -> dict[str, str]:
    """Return the programs that cannot be measured here, and why."""
    if not (PEERS / "fauxmo").exists():
        return dict.fromkeys((FAUXMO, QUICKER, STACK), "its environment is not there: `make bench` makes it")
    if not shutil.which("redis-server"):
        return {STACK: "redis-server is not installed: `apt install redis-server`"}
    return {}


def answering(running: Running) -> Running:
    """Wait until the first and the last switch report their state."""
    for port in (running.ports[0], running.ports[-1]):
        until_known(port)
    return running


def _fauxmo(folder: Path, plugins: Mapping[str, object], environment: Mapping[str, str] | None = None) -> Process:
    config = folder / "config.json"
    config.write_text(json.dumps({"FAUXMO": {"ip_address": "127.0.0.1"}, "PLUGINS": plugins}))
    return Process([str(PEERS / "fauxmo"), "-c", str(config)], folder / "fauxmo", environment)


@contextmanager
def _started(process: Process) -> Iterator[Process]:
    try:
        yield process
    finally:
        process.stop()


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        yield Path(name)
