"""`emulator check` on a machine whose network is broken for real, beside a running program and without one."""

import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.netns.home import EMULATOR
from tests.netns.lan import INTERFACE, Lan, Program

HOST = "cabin"
ALARM = "installations: {home: {cloud: simulator}}\n"
DOORS = """
switches: [{name: Night, on: night, off: disarm}, {name: Total, on: total, doors: [wemo]}]
doors: {wemo: , hue: {port: 80}}
"""
OK, PROBLEM, USAGE = 0, 1, 2

SERVER = "import socket; server = socket.create_server(('', 80)); print('listening', flush=True); server.accept()"


class Machine:
    """Where `emulator check` is typed."""

    def __init__(self, lan: Lan, folder: Path) -> None:
        self.lan = lan
        self.config = folder / "devices.yaml"
        self.state_dir = folder / "state"
        self.config.write_text(ALARM + DOORS)

    @property
    def options(self) -> list[str]:
        return ["--config", str(self.config), "--state-dir", str(self.state_dir)]

    def run(self) -> Program:
        """`emulator run`, ready."""
        program = self.lan.start(HOST, [EMULATOR, "run", *self.options])
        program.says("Ready: 2 of 2 switches")
        return program

    def check(self, status: int) -> dict[str, dict[str, Any]]:
        """The findings by check, after the exit status is what it should be."""
        done = self.lan.run(HOST, [EMULATOR, "check", "--json", *self.options])
        assert done.returncode == status, done.stdout + done.stderr
        return {one["check"]: one for one in json.loads(done.stdout)}


@pytest.fixture
def machine(lan: Lan, tmp_path: Path) -> Machine:
    return Machine(lan, tmp_path)


def problems(found: dict[str, dict[str, Any]]) -> set[str]:
    return {check for check, one in found.items() if one["verdict"] == "problem"}


def test_all_is_well_before_while_and_after_it_runs(machine: Machine) -> None:
    found = machine.check(OK)
    assert {one["verdict"] for one in found.values()} == {"ok", "skipped"}
    assert found["search"]["verdict"] == "skipped"
    assert not machine.state_dir.exists()
    program = machine.run()
    found = machine.check(OK)
    ports = [one for check, one in found.items() if re.match(r"port (80|\d{5})/tcp", check)]
    assert [one["found"] for one in ports] == 3 * ["the running program has it"]
    assert found["search"]["found"].startswith("all 3 of ours answered")
    assert program.stop() == 0
    assert not problems(machine.check(OK))


@pytest.mark.long
def test_port_80_taken(machine: Machine) -> None:
    server = machine.lan.start(HOST, [sys.executable, "-c", SERVER])
    server.says("listening")
    try:
        found = machine.check(PROBLEM)
        assert problems(found) == {"port 80/tcp Hue bridge"}
        assert re.match(r"taken by .* \(pid \d+\)", found["port 80/tcp Hue bridge"]["found"])
        program = machine.run()
        found = machine.check(PROBLEM)
        assert problems(found) == {"port 80/tcp Hue bridge", "search"}
        assert "the Hue bridge" in found["search"]["found"]
        program.stop()
    finally:
        server.kill()


@pytest.fixture
def broken(lan: Lan) -> Iterator[None]:
    """The interface is as it was again afterwards."""
    address, routes = lan.ip(HOST, "-brief", "address", "show", INTERFACE).split()[2], lan.ip(HOST, "route", "show")
    yield
    lan.ip(HOST, "link", "set", INTERFACE, "up", "multicast", "on")
    lan.ip(HOST, "address", "replace", address, "dev", INTERFACE, "valid_lft", "forever", "preferred_lft", "forever")
    gateway = re.search(r"default via (\S+)", routes)
    assert gateway
    lan.ip(HOST, "route", "replace", "default", "via", gateway[1])


@pytest.mark.usefixtures("broken")
@pytest.mark.long
def test_multicast_blocked(machine: Machine) -> None:
    machine.lan.ip(HOST, "link", "set", INTERFACE, "multicast", "off")
    found = machine.check(PROBLEM)
    assert problems(found) == {f"multicast {INTERFACE}"}
    assert found[f"multicast {INTERFACE}"]["fix"] == f"sudo ip link set {INTERFACE} multicast on"


@pytest.mark.parametrize("hook", ["input", "output"])
@pytest.mark.long
def test_multicast_blocked_by_a_firewall(machine: Machine, hook: str) -> None:
    rules = f"table ip t {{ chain c {{ type filter hook {hook} priority 0; ip daddr 239.255.255.250 drop; }}; }}"
    nft = shutil.which("nft")
    if not nft or machine.lan.run(HOST, [nft, rules]).returncode:
        pytest.skip("no nft here, or no right to use it")
    try:
        found = machine.check(PROBLEM)
    finally:
        machine.lan.run(HOST, [nft, "delete", "table", "ip", "t"])
    assert problems(found) == {f"multicast {INTERFACE}"}
    assert "firewall" in found[f"multicast {INTERFACE}"]["fix"]


@pytest.mark.usefixtures("broken")
@pytest.mark.long
def test_an_interface_that_is_down(machine: Machine) -> None:
    machine.lan.ip(HOST, "link", "set", INTERFACE, "down")
    assert f"address {INTERFACE}" in problems(machine.check(PROBLEM))


@pytest.mark.usefixtures("broken")
@pytest.mark.long
def test_a_leased_address_is_worth_reserving(machine: Machine) -> None:
    address = machine.lan.ip(HOST, "-brief", "address", "show", INTERFACE).split()[2]
    assert machine.check(OK)[f"address {INTERFACE}"]["found"].endswith("fixed")
    machine.lan.ip(HOST, "address", "change", address, "dev", INTERFACE, "valid_lft", "3600", "preferred_lft", "3600")
    assert "leased" in machine.check(OK)[f"address {INTERFACE}"]["found"]


@pytest.mark.long
def test_no_way_to_the_cloud_and_no_login(machine: Machine) -> None:
    machine.config.write_text("installations: {home: {cloud: owa}}\n" + DOORS)
    found = machine.check(PROBLEM)
    assert problems(found) == {"login home", "cloud home"}
    assert found["login home"]["fix"] == "type `emulator login`"


def test_no_credentials(machine: Machine) -> None:
    machine.config.write_text("installations: {home: {cloud: wsdo, url: 'http://127.0.0.1:1/'}}\n" + DOORS)
    found = machine.check(PROBLEM)
    assert problems(found) == {"login home", "cloud home"}
    assert "VERISURE_PASSWORD" in found["login home"]["fix"]


@pytest.mark.long
def test_a_wrong_key(machine: Machine) -> None:
    machine.config.write_text(ALARM.replace("cloud", "clowd") + DOORS)
    found = machine.check(USAGE)
    assert "did you mean 'cloud'?" in found["settings"]["found"]


@pytest.mark.long
def test_a_state_folder_that_is_a_file(machine: Machine) -> None:
    machine.state_dir.touch()
    assert problems(machine.check(PROBLEM)) == {"state folder"}
