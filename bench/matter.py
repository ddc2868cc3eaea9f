"""The cost of the Matter door: the program with it beside the program without it. `python -m bench.matter`.

It needs what `make clients` fetches: the libraries of the bridge, of which a controller is a part.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from bench import clients, network, programs, tables
from bench.clients import turn
from bench.cloud import Cloud
from bench.door_cost import SETTLED_S, WITH, WITHOUT, Values
from bench.figures import FEW, QUIET_S, cloud
from bench.process import CLIENT_CORE, MIB, TICK, Process, cpu_s, memory
from bench.programs import Running, answering
from bench.tables import Figure
from emulator.doors.matter import bundle
from tests.netns.lan import CLIENTS

LIBRARIES = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "verisure-emulator/clients/bridge"
CONTROLLER = CLIENTS / "node" / "matter.js"

CARD, OTHER = "card0", "card1"
"""Two network cards joined by a cable: Matter needs one that knows multicast, which loopback does not."""

COMMANDS = (
    ("link", "add", CARD, "type", "veth", "peer", "name", OTHER),
    ("link", "set", OTHER, "up"),
    ("link", "set", CARD, "up"),
)

WAIT_S = 120.0
IDLE_S = 20.0
ROUNDS = 3
"""Pairs of programs, and commands by WeMo of each."""


def main() -> None:
    """Measure, in some five minutes; `quick` for a look."""
    rounds = 1 if "quick" in network.enter("bench.matter") else ROUNDS
    for command in COMMANDS:
        subprocess.run(["ip", *command], check=True)
    os.sched_setaffinity(0, {CLIENT_CORE})
    values: Values = defaultdict(lambda: defaultdict(list))
    with tempfile.TemporaryDirectory(prefix="bench-") as name, cloud(1) as alarm:
        bridge = _build(Path(name))
        values["bridge on disk, MiB"][WITH].append(bridge.stat().st_size / MIB / MIB)
        for number in range(rounds):
            for column, found in ((WITHOUT, None), (WITH, bridge.parent)):
                with programs.ours(alarm.url, FEW, pending="last", matter=found, interfaces=("lo", CARD)) as running:
                    _rest(values, column, running)
                    for _ in range(rounds):
                        _by_wemo(values, column, alarm, running)
                    if found:
                        _by_matter(values, alarm, running, Path(name) / f"controller-{number}")
    rows = {name: {column: Figure.of(*found) for column, found in each.items()} for name, each in values.items()}
    print(tables.by_program("Matter", {name: {WITHOUT: "-", WITH: "-", **each} for name, each in rows.items()}))


def _build(folder: Path) -> Path:
    """Make the bridge of what is fetched, as `emulator matter install` does."""
    work, made = folder / "source", folder / "bridge" / bundle.name()
    made.parent.mkdir()
    subprocess.run(["cp", "-r", str(bundle.SOURCE), str(work)], check=True)
    (work / "node_modules").symlink_to(LIBRARIES / "node_modules")
    subprocess.run(["node", "build.js", str(made)], cwd=work, check=True)
    return made


def _rest(values: Values, column: str, running: Running) -> None:
    [program] = running.processes
    values["start to first answered search, s"][column].append(clients.until_found(running.began, WAIT_S))
    if column == WITH:
        program.said("Matter bridge is up", WAIT_S)
        values["start to bridge that is up, s"][column].append(time.perf_counter() - running.began)
    answering(running)
    time.sleep(SETTLED_S)
    held = memory([program])  # without the bridge, which has a session of its own
    values["resident memory (RSS), MiB"][column].append(held.rss)
    values["resident memory (PSS), MiB"][column].append(held.pss)
    bridge = _child(program) if column == WITH else 0
    for name in ("Rss", "Pss") if bridge else ():
        values[f"resident memory of the bridge ({name.upper()}), MiB"][column].append(_held(bridge, name))
    before, began = (cpu_s([program]), _used_s(bridge) if bridge else 0.0), time.perf_counter()
    time.sleep(IDLE_S)
    took = time.perf_counter() - began
    values["idle CPU, % of a core"][column].append(100 * (cpu_s([program]) - before[0]) / took)
    if bridge:
        values["idle CPU of the bridge, % of a core"][column].append(100 * (_used_s(bridge) - before[1]) / took)


def _by_wemo(values: Values, column: str, alarm: Cloud, running: Running) -> None:
    """Arm by a WeMo switch, and disarm again."""
    alarm.quiet_for(QUIET_S)
    sent = turn(running.ports[0], True)
    values["WeMo set to X1 on the wire, ms"][column].append(1000 * (alarm.first("1", sent).asked - sent))
    alarm.first("2", sent)
    _disarm(alarm, running)


def _by_matter(values: Values, alarm: Cloud, running: Running, folder: Path) -> None:
    """Pair, arm by a plug, and disarm again."""
    options = ["--config", str(running.folder / "devices.yaml"), "--state-dir", str(running.folder)]
    command = [sys.executable, "-m", "emulator", "matter", "--open", "--json", *options]
    code = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["code"]
    script = ["node", str(CONTROLLER), str(folder), code, f"Switch {running.ports[0]}"]
    environment = {"NODE_PATH": str(LIBRARIES / "node_modules")}
    alarm.quiet_for(QUIET_S)
    controller = Process(script, folder.with_suffix(".log"), environment, core=CLIENT_CORE)
    try:
        sent = _at(controller.said('"sending"', WAIT_S), "sending")
        values["Matter command to X1 on the wire, ms"][WITH].append(1000 * (alarm.first("1", sent).asked - sent))
        done = alarm.first("2", sent).answered
        heard = _at(controller.said('"on":true', WAIT_S), "on")
        values["panel done to attribute event, ms"][WITH].append(1000 * (heard - done))
        _disarm(alarm, running)
    finally:
        controller.stop()


def _at(said: str, word: str) -> float:
    """Return the moment of the first message with this word."""
    told = [json.loads(line) for line in said.rpartition("\n")[0].splitlines() if line.startswith("{")]
    return float(next(one["at"] for one in told if word in one))


def _disarm(alarm: Cloud, running: Running) -> None:
    alarm.quiet_for(QUIET_S)
    alarm.first("2", turn(running.ports[0], False))


def _child(program: Process) -> int:
    """Return the process of the bridge."""
    parents = {str(pid) for pid in program.pids()}
    for status in Path("/proc").glob("[0-9]*/status"):
        found = re.search(r"^PPid:\t(\d+)", status.read_text(), re.MULTILINE)
        if found and found[1] in parents and int(status.parent.name) not in program.pids():
            return int(status.parent.name)
    raise RuntimeError("there is no bridge")


def _held(pid: int, name: str) -> float:
    found = re.search(rf"^{name}:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    assert found  # noqa: S101  # the kernel's
    return int(found[1]) / MIB


def _used_s(pid: int) -> float:
    return sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13])) / TICK


if __name__ == "__main__":
    main()
