"""Readiness, and the reports to people and systemd before it."""

import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from emulator.alarm.switch import Switch
from emulator.app.readiness import judge
from tests.doors.dashboard.rig import FakeDoor, a_switch
from tests.support.program import free_port

PATIENCE_S = 60.0
NIGHT, TOTAL = a_switch("night"), a_switch("total", number=2)


class Door(FakeDoor):
    """A door that serves the given switches."""

    def __init__(self, *switches: Switch, in_the_way: Sequence[str] = ()) -> None:
        super().__init__(in_the_way=list(in_the_way))
        self.switches = switches

    def urls(self) -> Sequence[tuple[Switch, str]]:
        return [(switch, "http://192.168.7.2/") for switch in self.switches]


def test_it_is_ready_when_a_switch_answers() -> None:
    standing = judge([NIGHT, TOTAL], [Door(NIGHT), Door(NIGHT)], None)
    assert (standing.is_ready, str(standing)) == (True, "Ready: 1 of 2 switches")


@pytest.mark.parametrize("page", [None, (), ("http://127.0.0.1:8099/",)])
def test_it_is_not_ready_while_none_does_and_says_why(page: Sequence[str] | None) -> None:
    standing = judge([NIGHT, TOTAL], [Door(in_the_way=["no interface"]), Door(in_the_way=["no interface"])], page)
    assert (standing.is_ready, str(standing)) == (False, "Not ready: 0 of 2 switches can be reached: no interface")
    assert "not open yet" in str(judge([NIGHT], [Door()], page))


@pytest.mark.parametrize(
    ("page", "is_ready", "said"),
    [
        (None, True, "Ready: no switch is on a door of the LAN"),
        (("http://127.0.0.1:8099/",), True, "Ready: the page alone; no switch is on a door of the LAN"),
        ((), False, "Not ready: the page is not served: taken"),
    ],
)
def test_without_doors_the_page_alone_counts(page: Sequence[str] | None, is_ready: bool, said: str) -> None:
    homeless = Switch(NIGHT.name, "home", NIGHT.mode, True, frozenset(), NIGHT.identity)
    standing = judge([homeless], [Door(in_the_way=["taken"])], page)
    assert (standing.is_ready, str(standing)) == (is_ready, said)


def told(manager: socket.socket) -> str:
    manager.settimeout(PATIENCE_S)
    return manager.recv(4096).decode()


@pytest.mark.long
def test_systemd_hears_of_a_switch_that_cannot_be_reached_and_then_that_it_can(tmp_path: Path) -> None:
    """The program sent READY=1 with "Ready: 0 of 1 switches"."""
    port, notify = free_port(), str(tmp_path / "notify")
    config = tmp_path / "devices.yaml"
    config.write_text(
        f"installations: {{home: {{cloud: simulator}}}}\nswitches: [{{name: Night, on: night, port: {port}}}]\n"
    )
    options = ["--config", str(config), "--state-dir", str(tmp_path / "state"), "--interface", "lo"]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager, suppress(subprocess.TimeoutExpired):
        manager.bind(notify)
        taken = socket.create_server(("127.0.0.1", port))
        with subprocess.Popen(
            [sys.executable, "-m", "emulator", "run", *options],
            env={"NOTIFY_SOCKET": notify}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        ) as process:  # fmt: skip
            assert process.stdout
            try:
                first = told(manager)
                assert first.startswith("STATUS=Not ready: 0 of 1 switches can be reached: ")
                assert str(port) in first
                taken.close()
                assert told(manager) == "READY=1\nSTATUS=Ready: 1 of 1 switches"
            finally:
                process.send_signal(signal.SIGTERM)
                out, _ = process.communicate(timeout=PATIENCE_S)
        assert told(manager) == "STOPPING=1"
    lines = out.splitlines()
    assert lines[0].startswith("Not ready: 0 of 1 switches")
    assert lines[1].split() == ["SWITCH", "ON", "ARMS", "OFF", "ADDRESS"]
    assert lines[-2:] == ["Ready: 1 of 1 switches. Ctrl-C stops.", "Stopping."]
