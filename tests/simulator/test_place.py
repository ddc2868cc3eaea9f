"""The port of a simulated alarm that the program starts."""

import socket
from contextlib import ExitStack

import pytest

from emulator.errors import ConfigError, Problem
from emulator.simulator import place
from emulator.simulator.server import SimulatedAlarm


class Choosy(SimulatedAlarm):
    """An alarm that only the system finds a port for."""

    def start(self) -> None:
        if self.port:
            raise ConfigError([Problem(f"port {self.port}", "taken")])
        super().start()


def test_a_new_one_is_out_of_the_way_of_connections() -> None:
    alarm = SimulatedAlarm()
    with ExitStack() as after:
        after.callback(alarm.stop)
        assert place.start(alarm, "home", None) == str(alarm.port)
    assert alarm.port in place.PORTS


def test_where_all_are_taken_the_system_finds_one(caplog: pytest.LogCaptureFixture) -> None:
    alarm = Choosy()
    with ExitStack() as after:
        after.callback(alarm.stop)
        assert place.start(alarm, "home", "20001") == "20001"
        with socket.create_connection(("127.0.0.1", alarm.port)):
            pass
    assert "home: port 20001 of its house is taken" in caplog.text
