"""The measurements: each function returns rows of a table, by figure and program."""

import json
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import clients, load, programs
from bench.clients import Subscriber, exchange, search, turn
from bench.cloud import Cloud
from bench.process import CLIENT_CORE, cpu_s, memory
from bench.programs import FAUXMO, OURS, QUICKER, READY, STACK, Running, answering
from bench.tables import Figure

FEW, MANY, MOST = 6, 60, 240
"""Switches: a home, ten installations, and more than any home has."""

CONNECTIONS = (1, 16, 64)
SUBSCRIBERS = 100

PER_SWITCH = 10
"""Subscribers of one switch; the program accepts 16."""

COMMAND_S = 20.0

QUIET_S = 1.5
"""Pause after a request to the cloud, so that the minimum spacing does not delay the next one."""

SETUP = b"GET /setup.xml HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"

Rows = dict[str, dict[str, Figure]]
Values = defaultdict[str, dict[str, list[float]]]


@dataclass(frozen=True, slots=True)
class Plan:
    """Durations and repetitions."""

    rounds: int
    load_s: float
    idle_s: float
    commands: int

    @classmethod
    def of(cls, *, quick: bool) -> "Plan":
        """Return the plan of the whole run, a quarter of an hour, or of a quick one that shows that all of it works."""
        return cls(1, 0.5, 5, 1) if quick else cls(4, 1.5, 60, 4)


def here() -> tuple[str, ...]:
    """Return the programs that can be measured here."""
    return tuple(name for name in (OURS, FAUXMO, STACK) if name not in programs.missing())


def started(name: str, url: str, switches: int, command_s: float = 0.0) -> AbstractContextManager[Running]:
    """Start a program with so many switches."""
    if name in (OURS, READY):
        return programs.ours(url, switches) if name == OURS else programs.ready(switches)
    return (
        programs.stack(url, switches) if name == STACK else programs.fauxmo(switches, command_s, uvloop=name == QUICKER)
    )


@contextmanager
def cloud(answer_after_s: float) -> Iterator[Cloud]:
    """Run a simulated alarm whose panel answers after so many seconds."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        made = Cloud(sys.executable, Path(folder), answer_after_s)
        try:
            yield made
        finally:
            made.close()


def at_rest(plan: Plan) -> Rows:
    """Measure start, memory and searches of each program alone, with few and with many switches."""
    rows: Rows = defaultdict(dict)
    with cloud(0) as alarm:
        for switches in (FEW, MANY):
            for name in here():
                starts, firsts, lasts = [], [], []
                for _ in range(min(plan.rounds, 2)):
                    with started(name, alarm.url, switches) as running:
                        starts.append(clients.until_found(running.began))
                        _use(answering(running))
                        time.sleep(3)  # until the searches of the start are answered
                        first, last = search(switches)
                        firsts.append(1000 * first)
                        lasts.append(1000 * last)
                        held = memory(running.processes)
                rows[f"start to first answered search, s, {switches} switches"][name] = Figure.of(*starts)
                rows[f"M-SEARCH to first answer, ms, {switches} switches"][name] = Figure.of(*firsts)
                rows[f"M-SEARCH to last answer, ms, {switches} switches"][name] = Figure.of(*lasts)
                rows[f"resident memory (RSS), MiB, {switches} switches"][name] = Figure.of(held.rss)
                rows[f"resident memory (PSS), MiB, {switches} switches"][name] = Figure.of(held.pss)
            with programs.ours(alarm.url, switches, doors=True) as running:
                _use(answering(running))
                _use_pages()
                held = memory(running.processes)
                rows[f"resident memory (RSS), MiB, {switches} switches"][f"{OURS}, all doors"] = Figure.of(held.rss)
                rows[f"resident memory (PSS), MiB, {switches} switches"][f"{OURS}, all doors"] = Figure.of(held.pss)
    return rows


def idle(plan: Plan) -> Rows:
    """Measure the percentage of a core that a program uses without requests."""
    rows: Rows = {f"idle CPU over {plan.idle_s:g} s, % of a core": {}}
    with cloud(0) as alarm:
        for name in here():
            doors = programs.ours(alarm.url, FEW, doors=True)
            with doors if name == OURS else started(name, alarm.url, FEW) as running:
                _use(answering(running))
                time.sleep(5)  # until the work of the start is done
                before = cpu_s(running.processes)
                time.sleep(plan.idle_s)
                used = 100 * (cpu_s(running.processes) - before) / plan.idle_s
            rows[f"idle CPU over {plan.idle_s:g} s, % of a core"][name] = Figure.of(used)
    return rows


def answers(plan: Plan) -> Rows:
    """Measure GetBinaryState under load. In each round every program is started afresh, one after the other."""
    values: Values = defaultdict(lambda: defaultdict(list))
    with cloud(0) as alarm:
        for _ in range(plan.rounds):
            for name in (*here(), *({QUICKER} - programs.missing().keys()), READY):
                with started(name, alarm.url, FEW) as running:
                    answering(running)
                    for keep_alive in (False, True):
                        for connections in CONNECTIONS:
                            options = ["--keep-alive"] if keep_alive else []
                            got = _load(running.ports, connections, plan.load_s, *options)
                            how = "kept open" if keep_alive else "new each"
                            where = f"{connections} connection{'s' * (connections > 1)}, {how}"
                            values[f"{where}: p50, ms"][name].append(got["p50"])
                            values[f"{where}: p99, ms"][name].append(got["p99"])
                            values[f"{where}: answers/s"][name].append(got["rate"])
                            values[f"{where}: generator busy"][name].append(got["busy"])
                            values[f"{where}: failed"][name].append(got["failed"])
                    if name == OURS:  # the others take a segment for a whole request
                        got = _load(running.ports, 16, plan.load_s, "--keep-alive", "--split")
                        where = "16 connections, kept open, in two segments"
                        values[f"{where}: p99, ms"][name].append(got["p99"])
                        values[f"{where}: answers/s"][name].append(got["rate"])
    for row in [row for row in values if row.endswith(": failed")]:
        if not any(map(sum, values[row].values())):
            del values[row]  # as expected
    return _figures(values)


def while_busy(plan: Plan) -> Rows:
    """Measure it from one connection at a time, at rest and while another switch's command takes 20 s."""
    values: Values = defaultdict(lambda: defaultdict(list))
    with cloud(COMMAND_S) as alarm:
        for name in here():
            with started(name, alarm.url, FEW, COMMAND_S) as running:
                answering(running)
                others = running.ports[1:]
                rest = [_load(others, 1, plan.load_s) for _ in range(plan.rounds)]
                with clients.pressed(running.ports[0]):
                    ends = time.monotonic() + COMMAND_S - 3
                    busy = []
                    while not busy or (len(busy) < plan.rounds and time.monotonic() < ends - plan.load_s):
                        # Without a warm-up: the first question may be the one that waits for the command.
                        busy.append(_load(others, 1, plan.load_s, "--warm-up", "0"))
                for what in ("p50", "p99", "worst"):
                    for state, got in (("at rest", rest[: len(busy)]), ("during the command", busy)):
                        values[f"{what}, ms, {state}"][name] = [each[what] for each in got]
    return _figures(values)


def commands(plan: Plan) -> Rows:
    """Measure from a set to X1 on the wire, and from the poll with the panel's answer to the event."""
    values: Values = defaultdict(lambda: defaultdict(list))
    with cloud(1) as alarm:
        for name in (OURS, STACK):
            if name not in here():
                continue
            begin = programs.ours(alarm.url, FEW, pending="last") if name == OURS else programs.stack(alarm.url, FEW)
            subscriber = Subscriber()
            with begin as running:
                port = answering(running).ports[0]
                if name == OURS:
                    subscriber.subscribe(port)
                for number in range(2 * plan.commands):
                    on = number % 2 == 0
                    alarm.quiet_for(QUIET_S)
                    sent = turn(port, on)
                    values["set to X1 on the wire, ms"][name].append(1000 * (alarm.first("1", sent).asked - sent))
                    done = alarm.first("2", sent).answered
                    if name == OURS:
                        event = subscriber.heard(str(int(on)), sent)
                        values["panel done to event, beyond the poll that saw it, ms"][name].append(
                            1000 * (event - done)
                        )
                    alarm.quiet_for(QUIET_S)
            subscriber.close()
    return _figures(values)


def growth(plan: Plan) -> Rows:
    """Measure the KiB of own memory of each further switch and subscriber."""
    del plan  # the figure is already an average over hundreds
    rows: Rows = {f"memory per switch, 1 to {MOST}, KiB": {}, f"memory per subscriber, 0 to {SUBSCRIBERS}, KiB": {}}
    with cloud(0) as alarm:
        for name in here():
            if name == STACK:
                continue  # its switches are fauxmo's
            held = []
            for switches in (1, MOST):
                with started(name, alarm.url, switches) as running:
                    _use(answering(running))
                    held.append(memory(running.processes).anonymous)
            cost = 1024 * (held[1] - held[0]) / (MOST - 1)
            rows[f"memory per switch, 1 to {MOST}, KiB"][name] = Figure.of(cost)
        switches = SUBSCRIBERS // PER_SWITCH
        with programs.ours(alarm.url, switches) as running:
            _use(answering(running))
            before = memory(running.processes).anonymous
            subscriber = Subscriber()
            for number in range(SUBSCRIBERS):
                subscriber.subscribe(running.ports[number % switches], f"/{number}")
            time.sleep(2)  # for the first events
            cost = 1024 * (memory(running.processes).anonymous - before) / SUBSCRIBERS
            rows[f"memory per subscriber, 0 to {SUBSCRIBERS}, KiB"][OURS] = Figure.of(cost)
            subscriber.close()
    return rows


ALL: tuple[tuple[str, Callable[[Plan], Rows]], ...] = (
    ("Start, searches, memory", at_rest),
    ("At rest", idle),
    ("GetBinaryState", answers),
    ("GetBinaryState while a command of 20 s runs", while_busy),
    ("Commands and events", commands),
    ("Growth", growth),
)


def _figures(values: Mapping[str, Mapping[str, list[float]]]) -> Rows:
    return {row: {name: Figure.of(*each) for name, each in found.items()} for row, found in values.items()}


def _load(ports: Sequence[int], connections: int, seconds: float, *options: str) -> dict[str, float]:
    command = ["taskset", "-c", str(CLIENT_CORE), sys.executable, load.__file__, "--seconds", str(seconds)]
    options = (*options, "--connections", str(connections))
    done = subprocess.run(
        [*command, *options, "--ports", *map(str, ports)], capture_output=True, text=True, check=True, timeout=120
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _use(running: Running) -> None:
    """Send every switch a client's first requests, so that all that is made lazily exists."""
    for port in running.ports:
        exchange(port, SETUP)
        exchange(port, load.request(port))


def _use_pages() -> None:
    """Fetch the pages of the other doors."""
    for port, path in (
        (programs.HUE_PORT, "/description.xml"),
        (programs.PAGE_PORT, "/"),
        (programs.PAGE_PORT, "/api/state"),
        (programs.PAGE_PORT, "/metrics"),
    ):
        exchange(port, SETUP.replace(b"/setup.xml", path.encode()))
