"""`emulator run` as a process on loopback, and the simulated alarm that it talks to."""

import os
import re
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import chain, cycle, islice
from pathlib import Path
from typing import Any, AnyStr

import requests

from emulator.app.settings import Settings, assembled
from emulator.simulator import place as simulated_place
from emulator.simulator.accounts import SimulatedAccount
from emulator.simulator.panel.panel import SimulatedPanel
from emulator.simulator.server import SimulatedAlarm
from tests.netns.raw import ECHO_BODY, SERVICE
from tests.support.patience import PATIENCE_S

ROOM = 8
"""Ports in a row; no test has more switches."""

BLOCKS = range(10_000, simulated_place.PORTS.start, ROOM)
"""Below those that simulated alarms choose for themselves at any time, and that the system gives to clients."""

PORTS = cycle(chain(islice(BLOCKS, start := secrets.randbelow(len(BLOCKS)), None), islice(BLOCKS, start)))
"""One after the other, from anywhere: several runs may share a machine."""

SWITCHES = "[{name: Night, on: night, off: disarm}]"
NIGHT = {"name": "Night", "on": "night", "off": "disarm"}


def settings(*switches: dict[str, Any], **other: Any) -> Settings:
    """One simulated alarm and one switch, where nothing else is said."""
    whole: dict[str, Any] = {
        "installations": {"home": {"cloud": "simulator"}},
        "switches": switches or (NIGHT,),
        "doors": {"wemo": {"first_port": free_port()}},
    }
    return assembled().model_validate(whole | other)


@contextmanager
def simulated() -> Iterator[SimulatedAlarm]:
    """An alarm in this process, whose panel answers at once."""
    panel = SimulatedPanel(time.time)
    panel.answer_after = 0.0
    made = SimulatedAlarm(panel, accounts=[SimulatedAccount(password="right")])
    made.start()
    try:
        yield made
    finally:
        made.stop()


@contextmanager
def ended(process: subprocess.Popen[AnyStr]) -> Iterator[subprocess.Popen[AnyStr]]:
    """Wait for no program that a failed test leaves behind."""
    with process:
        try:
            yield process
        finally:
            process.kill()


class Program:
    """`emulator run` on loopback, in an English house."""

    def __init__(self, folder: Path, alarm: SimulatedAlarm, targets: str = "", *, switches: str = SWITCHES) -> None:
        self.folder = folder
        ports = [free_port() for _ in range(3)]
        self.page, self.bridge = (f"http://127.0.0.1:{port}" for port in ports[1:])
        (folder / "devices.yaml").write_text(
            f"installations: {{home: {{cloud: wsdo, url: '{alarm.url}', poll_every: 1s, timeouts: {{command: 5s}}}}}}\n"
            f"switches: {switches}\n"
            f"doors: {{wemo: {{first_port: {ports[0]}}}, dashboard: {{port: {ports[1]}}}, hue: {{port: {ports[2]}}}}}\n"
            "language: en\n"
        )
        self.environment = {
            **os.environ,
            "VERISURE_USER": "demo",
            "VERISURE_PASSWORD": "right",
            "VERISURE_NOTIFY": targets,
        }

    @contextmanager
    def running(self) -> Iterator["Program"]:
        options = ["--config", str(self.folder / "devices.yaml"), "--state-dir", str(self.folder), "--interface", "lo"]
        started = subprocess.Popen(
            [sys.executable, "-m", "emulator", "run", *options],
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        with ended(started) as process:
            assert process.stdout
            said = ""
            for line in process.stdout:
                said += line
                if line.startswith("Ready"):
                    break
            self.switch = re.search(r"http://\S+/setup\.xml", said)[0].removesuffix("/setup.xml")
            self.process = process
            try:
                yield self
            finally:
                if process.poll() is None:
                    process.terminate()
                    assert process.wait(PATIENCE_S) == 0

    def turn(self, on: bool) -> None:
        """As an Echo does."""
        self._ask("SetBinaryState", int(on))

    @property
    def is_on(self) -> bool:
        """What an Echo hears when it asks."""
        return "<BinaryState>1<" in self._ask("GetBinaryState", 1)

    def _ask(self, action: str, value: int) -> str:
        return requests.post(
            f"{self.switch}/upnp/control/basicevent1",
            ECHO_BODY.format(action=action, value=value),
            headers={"SOAPACTION": f'"{SERVICE}#{action}"', "Content-Type": "text/xml"},
            timeout=PATIENCE_S,
        ).text


def free_port() -> int:
    """One that nobody listens at, nor is about to; none is given twice before a thousand others were.

    The next few are free as well, as a program's switches take them one after the other.
    """
    while True:
        port = next(PORTS)
        with ExitStack() as probes, suppress(OSError):
            for each in range(port, port + ROOM):
                probes.enter_context(socket.create_server(("127.0.0.1", each)))
            return port
