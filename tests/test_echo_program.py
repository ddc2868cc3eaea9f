"""A cloud that repeats what it was sent in its errors: no peer of the LAN gets to read a secret from the program."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from emulator.clouds.strike import STRUCK, Secrets
from emulator.simulator.accounts import SimulatedAccount
from emulator.simulator.faults import InjectedFault
from emulator.simulator.panel.panel import SimulatedPanel
from emulator.simulator.server import SimulatedAlarm
from tests.support.program import PATIENCE_S, Program

PASSWORD = "S3creta & Larga/ñ"
LOOK_S = 0.1
HASH, ID = re.compile(r"\b\d{11}\b"), re.compile(r"AND_{9}")


@pytest.fixture
def alarm() -> Iterator[SimulatedAlarm]:
    panel = SimulatedPanel(time.time)
    panel.answer_after = 0.0
    made = SimulatedAlarm(panel, accounts=[SimulatedAccount(password=PASSWORD)])
    made.start()
    yield made
    made.stop()


def until(told: Callable[[], str], word: str) -> str:
    """What is told once it holds this word."""
    end = time.monotonic() + PATIENCE_S
    while word not in (found := told()):
        assert time.monotonic() < end, found
        time.sleep(LOOK_S)
    return found


def check(*texts: str) -> None:
    for text in texts:
        assert Secrets(PASSWORD).strike(text) == text
        assert not HASH.search(text)
        assert not ID.search(text)


def test_no_page_no_switch_and_no_file_tells_a_secret(tmp_path: Path, alarm: SimulatedAlarm) -> None:
    program = Program(tmp_path, alarm)
    program.environment["VERISURE_PASSWORD"] = PASSWORD

    def page(path: str) -> str:
        return requests.get(f"{program.page}{path}", timeout=PATIENCE_S).text

    with program.running():
        until(lambda: page("/api/state"), '"interior"')
        alarm.backend.faults.add(InjectedFault("echo"))
        soap = program._ask("SetBinaryState", 1)
        told = [soap, until(lambda: page("/api/journal"), STRUCK), until(lambda: page("/api/state"), STRUCK)]
        check(*told, page("/"), page("/metrics"), page("/healthz"))
        alarm.backend.faults.clear()
        alarm.face.actions["sessions/kill"]()
        alarm.backend.faults.add(InjectedFault("echo", "LOGIN"))
        told = [until(lambda: page("/api/state"), "refused the login"), page("/")]
        assert all(STRUCK in text for text in told)
        check(*told)
        # While it runs, what was written last stands beside the journal.
        kept = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.name.startswith("journal")}
        assert any(name.endswith("-wal") for name in kept)
        assert STRUCK.encode() in b"".join(kept.values())
        check(*(content.decode(errors="replace") for content in kept.values()))
