"""A machine to examine: settings, a state folder, and loopback as its only interface."""

from collections.abc import Callable
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from emulator.app.settings import Settings
from emulator.doctor import sockets
from emulator.doctor.case import Case, remember
from emulator.lan.network import Place
from tests.support.fakes import FakeClock

LO = Place("lo", "127.0.0.1", IPv4Network("127.0.0.0/8"), "127.0.0.1", 1)
SWITCHES = "switches: [{name: Night, on: night, off: disarm}]\n"
SIMULATED = "installations: {home: {cloud: simulator}}\n" + SWITCHES

NOW_S = 1_800_000_000.0
"""January 2027; a clock that shows less than 2026 is wrong."""

MakeCase = Callable[..., Case]


@pytest.fixture
def make_case(tmp_path: Path) -> MakeCase:
    """Makes a case from a settings text; the program does not run unless a test says so."""

    def make(
        text: str = SIMULATED,
        *,
        places: tuple[Place, ...] = (LO,),
        running: bool = False,
        state_dir: Path = tmp_path / "state",
        proc: Path = sockets.PROC,
    ) -> Case:
        file = tmp_path / "devices.yaml"
        file.write_text(text)
        settings = Settings.load(file)
        clock = FakeClock()
        clock.now = NOW_S
        return Case(settings, state_dir, places, remember(settings, state_dir), running, clock, proc)

    return make
