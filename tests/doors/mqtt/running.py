"""The running program with the MQTT door, its simulated alarm, and a client at the same broker."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from emulator.simulator.server import SimulatedAlarm
from tests.support.mosquitto import HOST
from tests.support.mqtt_client import MqttClient
from tests.support.patience import PATIENCE_S, until
from tests.support.program import Program

PIN = "480159"
SET_PIN = """
import pathlib, sys
from emulator.store.journal import Journal
from emulator.store.pin import set_pin
set_pin(Journal(pathlib.Path(sys.argv[1])), sys.argv[2])
"""
SWITCHES = "[{name: Night, on: night, off: disarm}, {name: Total, on: total, off: disarm, disarm: {doors: [mqtt]}}]"


class MqttProgram(Program):
    """`emulator run` with the MQTT door at a broker. `more` are further keys of the door's section."""

    def __init__(
        self, folder: Path, alarm: SimulatedAlarm, broker: str, *, more: str = "", user: str = "", password: str = ""
    ) -> None:
        super().__init__(folder, alarm, switches=SWITCHES)
        self.alarm = alarm
        file = folder / "devices.yaml"
        text = file.read_text().replace("doors: {", f"doors: {{mqtt: {{broker: '{broker}'{more}}}, ", 1)
        file.write_text(text.replace("command: 5s", "command: 60s"))
        self.environment |= {"MQTT_USER": user, "MQTT_PASSWORD": password}
        # In a process of its own: in this one a hash is cheaper than the program's.
        subprocess.run([sys.executable, "-c", SET_PIN, str(folder), PIN], check=True)

    def sent(self, *requests: str) -> list[int]:
        """Return how many of each request the cloud was sent."""
        return [self.alarm.backend.requests[request] for request in requests]

    def obstacles(self) -> list[str]:
        """Return what the page says is in the way of this door."""
        state = requests.get(f"{self.page}/api/state", timeout=PATIENCE_S).json()
        [door] = [door for door in state["doors"] if door["name"] == "mqtt"]
        return list(door["obstacles"])

    def journal(self) -> list[dict[str, Any]]:
        """Return what this door was asked for, the newest first."""
        entries = requests.get(f"{self.page}/api/journal", timeout=PATIENCE_S).json()["entries"]
        return [entry for entry in entries if entry["door"] == "mqtt"]

    def refusals(self) -> Mapping[str, int]:
        """Return the reasons for which it did not obey, each with how often."""
        found: dict[str, int] = {}
        for entry in self.journal():
            if entry["result"] == "refused":
                found[entry["message"]] = found.get(entry["message"], 0) + entry["times"]
        return found

    def kill(self) -> None:
        self.process.kill()
        assert self.process.wait(PATIENCE_S) == -signal.SIGKILL

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Stop the process, as a virtual machine that is paused, and let it go on."""
        os.kill(self.process.pid, signal.SIGSTOP)
        # On a busy machine a thread still runs for some milliseconds, and would take what comes meanwhile.
        until(lambda: states(self.process.pid) == {"T"}, "the process to stand still")
        try:
            yield
        finally:
            os.kill(self.process.pid, signal.SIGCONT)


class Watcher(MqttClient):
    """A client that hears everything of the program, as Home Assistant would, and commands it."""

    def __enter__(self) -> "Watcher":
        super().__enter__()
        assert not self.refused
        for each in ("verisure/#", "homeassistant/#"):
            self.subscribe(each)
        return self

    @property
    def base(self) -> str:
        """Return the root of the program's topics, once it has said anything."""
        until(lambda: self._bases(), "a message of the program")
        [base] = self._bases()
        return base

    def _bases(self) -> set[str]:
        return {"/".join(each.topic.split("/")[:2]) for each in list(self.heard) if each.topic.startswith("verisure/")}

    def order(self, payload: str, leaf: str = "home/set", qos: int = 0, **other: Any) -> None:
        self.publish(f"{self.base}/{leaf}", payload, qos, **other)

    def wait_until(self, leaf: str, *payloads: str) -> None:
        self.wait_for(f"{self.base}/{leaf}", *payloads)

    def kept(self) -> dict[str, str]:
        """Return what is retained of the program: topic → payload."""
        with MqttClient(self._port, **self._login) as other:
            for each in ("verisure/#", "homeassistant/#"):
                other.subscribe(each)
            other.subscribe("end")
            other.publish("end", "x", 1)
            other.wait_for("end")
            return {each.topic: each.payload.decode() for each in other.heard if each.retain}


def url(port: int, scheme: str = "mqtt") -> str:
    return f"{scheme}://{HOST}:{port}"


def states(pid: int) -> set[str]:
    """Return the states of all threads of a process, as proc(5) has them."""
    stats = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/stat")]
    return {stat.rpartition(")")[2].split()[0] for stat in stats}
