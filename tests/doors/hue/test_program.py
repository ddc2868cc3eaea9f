"""The running program on loopback: real Hue clients, an Echo's sequence, sweeps, both doors, a port out of reach."""

import asyncio
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import phue
import pytest
from aiohue import create_app_key
from aiohue.discovery import discover_bridge
from aiohue.errors import LinkButtonNotPressed
from aiohue.util import normalize_bridge_id
from aiohue.v1 import HueBridgeV1
from click.testing import CliRunner

from emulator import cli
from emulator.alarm.held import SWEEP
from emulator.alarm.sweeps import SWEEP_S
from emulator.doors.wemo.door import WemoDoor
from emulator.model import DISARMED, ArmMode, Interior
from tests.doors.fakes import FakeHub, a_switch
from tests.doors.hue.rig import FORM, a_house, request
from tests.doors.hue.running import SWITCHES, Program, a_program
from tests.support.patience import PATIENCE_S, STOP_S, until
from tests.support.program import ended, free_port

# -- real clients -----------------------------------------------------------------------------------------------


def test_aiohue_finds_pairs_lists_switches_and_reads_back(tmp_path: Path) -> None:
    async def drive(program: Program) -> None:
        async with aiohttp.ClientSession() as session:
            found = await discover_bridge(program.host, session)
            assert not found.supports_v2
            key = await create_app_key(program.host, "home-assistant#test", session)
            bridge = HueBridgeV1(program.host, key, session)
            await bridge.initialize()
            assert bridge.config
            assert bridge.lights
            assert found.id == normalize_bridge_id(bridge.config.bridge_id)
            assert bridge.config.apiversion == "1.16.0"
            assert sorted(light.name for light in bridge.lights.values()) == [
                "Day alarm",
                "Night alarm",
                "Perimeter alarm",
                "Total alarm",
            ]
            for light in list(bridge.lights.values()):
                for on in (True, False):
                    if light.name == "Perimeter alarm" and not on:
                        continue  # it only arms
                    await light.set_state(on=on)
                    await bridge.lights.update()
                    assert bridge.lights[light.id].state["on"] is on
                    assert bridge.lights[light.id].state["reachable"] is True

    with a_program(tmp_path) as program:
        asyncio.run(drive(program))


def test_phue_pairs_lists_switches_and_reads_back(tmp_path: Path) -> None:
    with a_program(tmp_path) as program:
        bridge = phue.Bridge(program.host, config_file_path=str(tmp_path / "phue"))
        bridge.connect()
        lights = bridge.get_light_objects("name")
        assert set(lights) == {"Total alarm", "Day alarm", "Night alarm", "Perimeter alarm"}
        for name, light in lights.items():
            light.on = True
            assert light.on is True
            assert bridge.get_light(name, "on") is True
        assert bridge.set_light("Night alarm", "on", False)[0][0].keys() == {"success"}
        assert bridge.get_light("Night alarm", "on") is False
        assert bridge.get_api()["config"]["bridgeid"] == program.door.identity.bridge_id
        assert bridge.get_group(0, "lights") == list(bridge.get_api()["lights"])
        assert bridge.get_scene() == {}


def test_with_a_button_a_client_pairs_after_emulator_pair(tmp_path: Path) -> None:
    async def pair(program: Program) -> str:
        return await create_app_key(program.host, "home-assistant#test")

    arguments = ["pair", "--config", str(tmp_path / "devices.yaml"), "--state-dir", str(tmp_path / "state")]
    with a_program(tmp_path, "pairing: button") as program:
        with pytest.raises(LinkButtonNotPressed):
            asyncio.run(pair(program))
        done = CliRunner().invoke(cli.main, arguments)
        assert (done.exit_code, done.stdout) == (0, "The link button is pressed: pair your app within 30 s.\n")
        key = asyncio.run(pair(program))
        assert len(program.api("GET", f"/{key}/lights")) == 4
        assert program.api("GET", "/somebody/lights")[0]["error"]["type"] == 1
    done = CliRunner().invoke(cli.main, arguments)
    assert done.exit_code == cli.USAGE
    assert "no `emulator run` uses this state folder" in done.stderr


# -- an Echo ----------------------------------------------------------------------------------------------------


def test_an_echo_sees_consistent_states_while_the_panel_takes_its_time(tmp_path: Path) -> None:
    with a_program(tmp_path, "light: plug", answer_after=0.5) as program:
        alarm = program.app.installations["home"]
        until(lambda: alarm.view.state and alarm.view.state.raw)  # the first poll
        program.panel.answer_after = 20.0
        assert request(program.port, "GET", "/description.xml")[0] == 200
        user = program.register()
        lights = program.lights(user)
        for number in lights.values():
            program.api("GET", f"/{user}/lights/{number}")
        night = lights["Night alarm"]
        before = time.monotonic()
        answer = program.api("PUT", f"/{user}/lights/{night}/state", {"on": True}, **FORM)
        assert time.monotonic() - before < STOP_S  # the panel takes longer
        assert answer == [{"success": {f"/lights/{night}/state/on": True}}]
        assert [program.api("GET", f"/{user}/lights/{night}")["state"]["on"] for _ in range(3)] == [True] * 3
        seen: set[tuple[bool, ...]] = set()

        def sent() -> bool:
            states = program.api("GET", f"/{user}/lights")
            seen.add(tuple(states[number]["state"]["on"] for number in lights.values()))
            return program.count("ARMNIGHT1") > 0

        until(sent)
        time.sleep(1)
        sent()
        assert seen == {(False, False, True, False)}
        assert program.count("ARMNIGHT1") == 1


# -- sweeps -----------------------------------------------------------------------------------------------------


def test_no_sweep_disarms_and_a_single_off_does(tmp_path: Path) -> None:
    """Turn the armed light off first: a bridge without patience would have disarmed already."""
    with a_program(tmp_path, "suffix: ''", armed=ArmMode(Interior.TOTAL), answer_after=0.5) as program:
        user = program.register()
        lights = program.lights(user)
        for number in lights.values():
            program.api("PUT", f"/{user}/lights/{number}/state", {"on": False})
        assert program.api("PUT", f"/{user}/groups/0/action", {"on": False}) == [
            {"success": {"/groups/0/action/on": False}}
        ]
        time.sleep(SWEEP_S + 0.5)
        assert program.count("DARM1") == 0
        assert program.panel.axes.interior is Interior.TOTAL
        assert program.api("GET", f"/{user}/lights/{lights['Total alarm']}")["state"]["on"] is True
        entries = program.app.alarms.journal.commands(20)
        assert {entry.result for entry in entries} == {"ignored"}
        assert {entry.switch for entry in entries if str(entry.message).endswith(SWEEP[False])} == set(lights)
        assert {(entry.door, entry.peer) for entry in entries} == {("hue", "127.0.0.1")}
        program.api("PUT", f"/{user}/lights/{lights['Total alarm']}/state", {"on": False})
        assert program.api("GET", f"/{user}/lights/{lights['Total alarm']}")["state"]["on"] is False
        until(lambda: program.panel.axes == DISARMED)
        until(lambda: program.app.alarms.journal.commands(1)[0].result == "confirmed")
        assert program.count("DARM1") == 1


@pytest.mark.parametrize("at_once", [True, False])
def test_no_sweep_arms(tmp_path: Path, at_once: bool) -> None:
    with a_program(tmp_path, "suffix: ''", answer_after=0.5) as program:
        user = program.register()
        if at_once:
            program.api("PUT", f"/{user}/groups/0/action", {"on": True})
        else:
            for number in program.lights(user).values():
                program.api("PUT", f"/{user}/lights/{number}/state", {"on": True})
        time.sleep(SWEEP_S + 0.5)
        assert program.panel.axes == DISARMED
        entries = program.app.alarms.journal.commands(20)
        assert [entry.result for entry in entries] == ["ignored"] * 4
        assert all(str(entry.message).endswith(SWEEP[True]) for entry in entries)


# -- identities -------------------------------------------------------------------------------------------------


def test_restart_rename_and_reordering_change_nothing_that_clients_know(tmp_path: Path) -> None:
    def facts(program: Program, user: str) -> tuple[object, ...]:
        lights = program.door.lights.all.values()
        modes = {str(light.switch.mode): (light.id, light.identity.unique_id) for light in lights}
        return modes, program.door.identity, program.door._users.find(user, time.time()) is not None

    first = Program(tmp_path, "")
    first.app.start()
    user = first.register()
    before = facts(first, user)
    first.app.stop()
    head, *lines = SWITCHES.strip().split("  - ")
    renamed = "".join(f"  - {line.replace('alarm', 'guard')}\n" for line in reversed(lines))
    second = Program(tmp_path, "", switches=f"{head}{renamed}")
    second.app.start()
    assert facts(second, user) == before
    assert before[2] is True
    assert next(light.name for light in second.door.lights.all.values()) == "Total guard"
    second.app.stop()


# -- both doors -------------------------------------------------------------------------------------------------


@contextmanager
def a_subscriber(port: int) -> Iterator[list[str]]:
    """Collect the values of BinaryState in the events of a WeMo switch."""
    heard: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        leaving = threading.Event()

        def listen() -> None:
            while not leaving.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                with connection:
                    connection.settimeout(PATIENCE_S)
                    event = b""
                    while b"</e:propertyset>" not in event:
                        event += connection.recv(4096)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                    heard.append(event.decode().partition("<BinaryState>")[2][:1])

        thread = threading.Thread(target=listen)
        thread.start()
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        callback = f"<http://127.0.0.1:{server.getsockname()[1]}/>"
        client.request("SUBSCRIBE", "/upnp/event/basicevent1", headers={"CALLBACK": callback, "NT": "upnp:event"})
        assert client.getresponse().status == 200
        client.close()
        try:
            yield heard
        finally:
            leaving.set()
            thread.join()


def test_both_doors_see_each_others_changes_at_once(tmp_path: Path) -> None:
    both = tuple(
        replace(a_switch(name, number), doors=frozenset({"wemo", "hue"})) for number, name in enumerate(("A", "B"), 1)
    )
    hub = FakeHub(switches=both)
    port = both[0].identity.port
    soap = (
        '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        '<u:{0} xmlns:u="urn:Belkin:service:basicevent:1">{1}</u:{0}></s:Body></s:Envelope>'
    )

    def wemo(action: str, value: str = "") -> str:
        header = {"SOAPACTION": f'"urn:Belkin:service:basicevent:1#{action}"', "Content-Type": "text/xml"}
        body = soap.format(action, value).encode()
        return str(request(port, "POST", "/upnp/control/basicevent1", body, **header)[1])

    with a_house(tmp_path, hub) as house:
        lan = WemoDoor(hub, house.responder)
        lan.start()
        try:
            user = house.register()
            first = next(iter(house.door.lights.all))
            with a_subscriber(port) as heard:
                until(lambda: heard == ["0"])
                house.api("PUT", f"/{user}/lights/{first}/state", {"on": True})
                assert "<BinaryState>1<" in wemo("GetBinaryState")
                until(lambda: heard == ["0", "1"])
                wemo("SetBinaryState", "<BinaryState>0</BinaryState>")
                assert house.api("GET", f"/{user}/lights/{first}")["state"]["on"] is False
                until(lambda: heard == ["0", "1", "0"])
            assert [origin.door for *_, origin in hub.asked] == ["hue", "wemo"]
        finally:
            lan.stop()


# -- a port out of reach ----------------------------------------------------------------------------------------


RUN = [sys.executable, "-m", "emulator", "run", "--interface", "lo"]
WITHOUT_LOW_PORTS = ["setpriv", "--bounding-set", "-net_bind_service", "--inh-caps", "-net_bind_service"]


def first_line(stream: Any, start: str) -> list[str]:
    lines = []
    for line in stream:
        lines.append(line)
        if line.startswith(start):
            return lines
    pytest.fail("".join(lines))


def unprivileged_ports() -> int:
    return int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())


@pytest.mark.parametrize("way", ["taken", "forbidden"])
@pytest.mark.long
def test_without_its_port_the_rest_goes_on(tmp_path: Path, way: str) -> None:
    if way == "forbidden" and (os.getuid() != 0 or unprivileged_ports() <= 80 or not shutil.which("setpriv")):
        pytest.skip("needs root, setpriv, and a system on which not everybody may open port 80")
    before = WITHOUT_LOW_PORTS if way == "forbidden" else []
    with socket.create_server(("127.0.0.1", 0)) as other:
        port, wemo = (other.getsockname()[1] if way == "taken" else 80), free_port()
        file = tmp_path / "devices.yaml"
        file.write_text(f"{SWITCHES}doors: {{ hue: {{ port: {port} }}, wemo: {{ first_port: {wemo} }} }}\n")
        started = subprocess.Popen(
            [*before, *RUN, "--config", str(file), "--state-dir", str(tmp_path / "state")],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with ended(started) as program:
            assert program.stdout
            shown = first_line(program.stdout, "Ready")
            assert shown[-1] == "Ready: 4 of 4 switches. Ctrl-C stops.\n"
            setup = next(cell for cell in shown[1].split() if cell.startswith("http://"))
            assert request(int(setup.split(":")[2].split("/")[0]), "GET", "/setup.xml")[0] == 200
            program.send_signal(signal.SIGTERM)
            _, said = program.communicate(timeout=PATIENCE_S)
            assert program.returncode == 0
    assert said.count("The Hue bridge cannot use TCP port") == 1
    assert f"TCP port {port} on 127.0.0.1" in said
    if way == "forbidden":
        assert "(Permission denied)" in said
        assert "setcap" in said


def test_discover_knows_our_bridge(tmp_path: Path) -> None:
    with a_program(tmp_path) as program:
        arguments = [
            "discover",
            "--interface",
            "lo",
            "--seconds",
            "1",
            "--json",
            "--state-dir",
            str(tmp_path / "state"),
        ]
        done = CliRunner().invoke(cli.main, arguments)
        ours = [device for device in json.loads(done.stdout) if device["udn"] == program.door.identity.udn]
        assert [(device["ours"], device["model"]) for device in ours] == [(True, "Philips hue bridge 2012")]
