"""The whole program with a Hue door on loopback, and its simulated panel."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from emulator.app.app import App
from emulator.app.settings import Settings
from emulator.doors.hue.door import Hue
from emulator.model import DISARMED, Arm, ArmMode, PanelState
from emulator.simulator.panel.panel import SimulatedPanel
from tests.doors.hue.rig import Reached
from tests.support.patience import STOP_S
from tests.support.program import free_port

SWITCHES = """
installations: { home: { cloud: simulator } }
switches:
  - { name: Total alarm, on: total, off: disarm }
  - { name: Day alarm, on: day, off: disarm }
  - { name: Night alarm, on: night, off: disarm }
  - { name: Perimeter alarm, on: perimeter }
"""


class Program(Reached):
    """The program with a Hue door, started; its simulated panel takes `answer_after` seconds."""

    def __init__(self, folder: Path, hue: str, *, switches: str = SWITCHES) -> None:
        self.port = free_port()
        self.folder = folder
        file = folder / "devices.yaml"
        file.write_text(f"{switches}doors: {{ hue: {{ port: {self.port}, {hue} }} }}\nreply_within: 100ms\n")
        self.app = App(Settings.load(file), {}, folder / "state", ["lo"])
        self.simulator = self.app.alarms.simulators["home"]
        self.panel: SimulatedPanel = self.simulator.panel

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def door(self) -> Hue:
        door = self.app.doors["hue"]
        assert isinstance(door, Hue)
        return door

    def count(self, name: str) -> int:
        return int(self.simulator.backend.requests[name])

    def lights(self, user: str) -> dict[str, str]:
        return {light["name"]: number for number, light in self.api("GET", f"/{user}/lights").items()}


@contextmanager
def a_program(
    folder: Path, hue: str = "allow_sweep: true", *, armed: ArmMode | None = None, answer_after: float = 20.0
) -> Iterator[Program]:
    program = Program(folder, hue)
    program.panel.answer_after = answer_after
    axes = DISARMED if armed is None else DISARMED.after(Arm(armed))
    if armed:
        program.panel.keypad(Arm(armed))
    # What the panel said a moment ago, so that no test waits for the first poll.
    journal = program.app.alarms.journal
    journal.save_state("home", PanelState(axes, time.time(), "", "EST2"))
    alarm = program.app.installations["home"]
    alarm._commands.view = replace(alarm.view, state=journal.load_state("home"))
    program.app.start()
    try:
        yield program
    finally:
        before = time.monotonic()
        program.app.stop()
        assert time.monotonic() - before < STOP_S
