"""One that walks at random over a cloud that is simulated in the same process: the steps that all such clouds share."""

from collections.abc import Mapping
from typing import Protocol

from emulator.alarm.cloud import Cloud
from emulator.alarm.installation import Installation
from emulator.alarm.queue import Ticket
from emulator.model import Action, Arm, ArmMode, Axes, Command, Disarm, Origin, Result
from emulator.simulator.backend import Backend
from emulator.simulator.panel.panel import SimulatedPanel
from emulator.store.journal import Journal
from tests.support.fakes import FakeClock

BEYOND_BACKOFF_S = 610
"""Longer than any pause between polls."""


class SimulatedWorld(Protocol):
    """A simulated cloud with a client."""

    clock: FakeClock
    panel: SimulatedPanel
    backend: Backend

    def new_client(self) -> Cloud:
        """A restart of the program."""

    def fault(self, kind: str, request: str = "", times: int | None = None) -> None: ...


class Walker:
    """An installation at a simulated cloud, and the disarms that were sent for its switches."""

    def __init__(self, journal: Journal, world: SimulatedWorld, modes: Mapping[str, ArmMode]) -> None:
        self.journal, self._world, self._modes = journal, world, modes
        self.clock = world.clock
        self.disarms: list[tuple[Command, Axes]] = []
        self.restart()

    def restart(self) -> None:
        self.alarm = Installation(
            "home", self._world.new_client, self.journal, self.clock, poll_every_s=120, reread_after_s=15
        )

    def run(self, *tickets: Ticket) -> None:
        while not all(ticket.done.done() for ticket in tickets):
            self.alarm.step()

    def take(self, kind: str, what: object) -> None:
        """One step; a command runs to its end, so that a restart leaves none behind."""
        match kind, what:
            case "on", str(name):
                self._press(name, Arm(self._modes[name], force=name == "night"))
            case "off", str(name):
                self._press(name, Disarm.of(self._modes[name]), only_if=self._modes[name])
            case "key", Arm() | Disarm() as action:
                self._world.panel.keypad(action)
            case "window", bool(is_open):
                self._world.panel.window("Cocina", is_open=is_open)
            case "fault", (str(loss), str(operation), int(times)):
                self._world.fault(loss, operation, times)
            case "kill", None:
                self.kill()
            case "restart", None:
                self.restart()
            case "step", int(seconds):
                self.alarm.step()
                self.clock.now += seconds

    def kill(self) -> None:
        """End the sessions at the cloud."""
        raise NotImplementedError

    def _press(self, name: str, action: Action, only_if: ArmMode | None = None) -> None:
        self.run(self.alarm.submit(Command(action, Origin("test", switch=name), only_if=only_if)))

    def come_to_rest(self, after_s: float) -> None:
        """The cloud is mended; see what the program makes of it after the longest silence."""
        self._world.backend.faults.clear()
        self.clock.now += after_s
        for _ in range(20):
            self.clock.now += BEYOND_BACKOFF_S
            self.alarm.step()
        assert self.alarm.view.axes == self._world.panel.axes
        assert self.alarm.view.target is None

    def check_journal(self, each: int) -> None:
        """See that all has ended, and that no command was more than `each` submissions."""
        entries = self.journal.commands(99)
        assert all(entry.result for entry in entries)
        assert all(entry.settled for entry in entries if entry.result == Result.UNCONFIRMED)
        assert self._world.backend.accepted.total() <= each * sum(entry.result != Result.IGNORED for entry in entries)

    def check_disarms(self) -> None:
        """See that each disarm was for a mode that was on."""
        assert all(command.is_on(axes) for command, axes in self.disarms)
