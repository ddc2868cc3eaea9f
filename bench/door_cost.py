"""The cost of the MQTT door: the program with it, beside the program without it in the same run."""

import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import broker, clients, programs, tables
from bench.broker import Watcher
from bench.clients import Subscriber, turn
from bench.cloud import Cloud
from bench.figures import FEW, QUIET_S, cloud
from bench.process import cpu_s, memory
from bench.programs import Running, answering
from bench.tables import Figure

WITHOUT, WITH = "without the door", "with it"
BASE = ("emulator.cli", "emulator.app.app", "emulator.doors.wemo.door")
"""Modules that the program has loaded anyway."""

SETTLED_S = 5.0
"""For the work of the start to be done."""

Values = defaultdict[str, defaultdict[str, list[float]]]


def at_rest(*, quick: bool) -> str:
    """Measure import, start, memory and idle CPU, in some 80 seconds."""
    values: Values = defaultdict(lambda: defaultdict(list))
    rounds, idle_s = (1, 3.0) if quick else (3, 20.0)
    values["import of its modules, ms"][WITH] = [_import_ms() for _ in range(rounds)]
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as name,
        broker.mosquitto(Path(name)) as started,
        cloud(0) as alarm,
    ):
        for number in range(rounds):
            for column, port in ((WITHOUT, 0), (WITH, started.port)):
                _rest(values, column, alarm.url, port, idle_s if number == 0 else 0.0)
    return _table("At rest", values)


def commands(*, quick: bool) -> str:
    """Measure commands and news, in some 100 seconds."""
    values: Values = defaultdict(lambda: defaultdict(list))
    with tempfile.TemporaryDirectory(prefix="bench-") as name, broker.mosquitto(Path(name)) as started:
        watcher = Watcher(started.port)
        with cloud(1) as alarm:
            for column, port in ((WITHOUT, 0), (WITH, started.port)):
                with programs.ours(alarm.url, FEW, pending="last", mqtt=port) as running:
                    for _ in range(1 if quick else 4):
                        _by_wemo(values, column, alarm, answering(running))
                        if port:
                            _by_mqtt(values, column, alarm, running, watcher)
        watcher.close()
    return _table("Commands and news", values)


def _table(title: str, values: Values) -> str:
    rows = {name: {column: Figure.of(*found) for column, found in each.items()} for name, each in values.items()}
    return tables.by_program(title, {name: {WITHOUT: "-", **each} for name, each in rows.items()})


def _import_ms() -> float:
    code = f"import {', '.join(BASE)}, time; began = time.perf_counter(); import emulator.doors.mqtt.door; "
    code += "print(1000 * (time.perf_counter() - began))"
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def _rest(values: Values, column: str, url: str, port: int, idle_s: float) -> None:
    with programs.ours(url, FEW, mqtt=port) as running:
        values["start to first answered search, s"][column].append(clients.until_found(running.began))
        answering(running)
        time.sleep(SETTLED_S)
        held = memory(running.processes)
        values["resident memory (RSS), MiB"][column].append(held.rss)
        values["resident memory (PSS), MiB"][column].append(held.pss)
        if idle_s:
            before = cpu_s(running.processes)
            time.sleep(idle_s)
            used = 100 * (cpu_s(running.processes) - before) / idle_s
            values[f"idle CPU over {idle_s:g} s, % of a core"][column].append(used)


def _by_wemo(values: Values, column: str, alarm: Cloud, running: Running) -> None:
    """Arm by a WeMo switch, and disarm again."""
    with _subscribed(running.ports[0]) as subscriber:
        alarm.quiet_for(QUIET_S)
        sent = turn(running.ports[0], True)
        values["WeMo set to X1 on the wire, ms"][column].append(1000 * (alarm.first("1", sent).asked - sent))
        done = alarm.first("2", sent).answered
        values["panel done to WeMo event, ms"][column].append(1000 * (subscriber.heard("1", sent) - done))
    _disarm(alarm, running)


def _by_mqtt(values: Values, column: str, alarm: Cloud, running: Running, watcher: Watcher) -> None:
    """Arm by the alarm panel, and disarm again."""
    [base] = [topic.removesuffix("/status") for topic in watcher.topics("/status", "online") if "/home/" not in topic]
    alarm.quiet_for(QUIET_S)
    sent = watcher.send(f"{base}/home/set", "ARM_AWAY")
    values["MQTT set to X1 on the wire, ms"][column].append(1000 * (alarm.first("1", sent).asked - sent))
    done = alarm.first("2", sent).answered
    came = watcher.first(f"{base}/home/state", "armed_away", sent)
    values["panel done to MQTT message, ms"][column].append(1000 * (came - done))
    _disarm(alarm, running)


def _disarm(alarm: Cloud, running: Running) -> None:
    alarm.quiet_for(QUIET_S)
    alarm.first("2", turn(running.ports[0], False))


@contextmanager
def _subscribed(port: int) -> Iterator[Subscriber]:
    subscriber = Subscriber()
    subscriber.subscribe(port)
    try:
        yield subscriber
    finally:
        subscriber.close()
