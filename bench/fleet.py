"""`make bench-fleet`: what the MQTT door costs, and 200 homes on one mosquitto; Markdown tables."""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench import broker, door_cost, network, tables
from bench.broker import Running, Watcher
from bench.homes import PANEL_S
from bench.process import CLIENT_CORE, SERVER_CORE, Process, cpu_s, memory

HOMES, PROCESSES = 200, 4
REST_S, QUICK_REST_S = 310.0, 30.0
"""The summary of a home comes every five minutes: a shorter rest counts the messages of some homes only."""

WAVE_S = 10.0
AFTER_S = 5.0
"""For the last home of the wave to be armed."""

HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Fleet:
    """The homes that run: their processes, their topics below the root, and who watches them."""

    broker: Running
    watcher: Watcher
    processes: Sequence[Process]
    bases: Sequence[str]


def main() -> None:
    """Measure the parts that are named, or all."""
    if not broker.program():
        sys.exit("mosquitto is not installed, and nothing was measured: `apt install mosquitto`")
    chosen = network.enter("bench.fleet")
    os.sched_setaffinity(0, {CLIENT_CORE})
    quick, parts = "quick" in chosen, set(PARTS) & set(chosen) or set(PARTS)
    print(f"Measured {datetime.now(UTC):%Y-%m-%d %H:%M} UTC{', quick' if quick else ''}\n")
    for name in PARTS:
        if name in parts:
            print(f"{PARTS[name](quick=quick)}\n", flush=True)


@contextmanager
def running() -> Iterator[Fleet]:
    """Start the broker and all homes, and wait until each is there."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name, ExitStack() as stack:
        folder = Path(name)
        started = stack.enter_context(broker.mosquitto(folder))
        watcher = Watcher(started.port)
        stack.callback(watcher.close)
        processes, each = [], HOMES // PROCESSES
        for number in range(PROCESSES):
            arguments = [str(folder / "homes"), f"mqtt://{broker.HOST}:{started.port}", str(number * each), str(each)]
            command = [sys.executable, "-m", "bench.homes", *arguments]
            processes.append(Process(command, folder / f"homes-{number}", core=SERVER_CORE))
            stack.callback(processes[-1].stop)
        for process in processes:
            process.said("Ready", 120)
        ends = time.monotonic() + 60
        while len(states := watcher.topics("/home/state", "disarmed")) < HOMES:
            if time.monotonic() > ends:
                raise TimeoutError(f"{len(states)} of {HOMES} homes are there")
            time.sleep(0.2)
        time.sleep(AFTER_S)
        yield Fleet(started, watcher, processes, [one.removesuffix("/home/state") for one in states])


def homes(*, quick: bool) -> str:
    """Measure all homes, in some seven minutes, or less if it is `quick`."""
    with running() as fleet:
        return _measured(fleet, QUICK_REST_S if quick else REST_S)


PARTS: Mapping[str, Callable[..., str]] = {"rest": door_cost.at_rest, "commands": door_cost.commands, "homes": homes}
"""Parts of the bench by name."""


def _measured(fleet: Fleet, rest_s: float) -> str:
    """Return the table: at rest for so long, and in a wave of commands, each home armed once."""
    rest = _window(fleet, lambda: time.sleep(rest_s))
    taken: list[tuple[float, float]] = []
    wave = _window(fleet, lambda: taken.extend(_wave(fleet)))
    first, last = ([1000 * one[number] for one in taken] for number in (0, 1))
    here = memory(fleet.processes)
    rows = [
        ("messages from a home, an hour", f"{rest.messages / rest.hours / HOMES:,.0f}", "-"),
        ("messages from a home, in all", "-", f"{wave.messages / HOMES:.1f}"),
        ("bytes from a home, an hour (MQTT, pings included)", f"{rest.received / rest.hours / HOMES:,.0f}", "-"),
        ("bytes from a home, in all", "-", f"{wave.received / HOMES:,.0f}"),
        ("CPU of the broker, % of a core", tables.short(rest.broker), tables.short(wave.broker)),
        ("CPU of a home, % of a core", tables.short(rest.homes / HOMES), tables.short(wave.homes / HOMES)),
        ("memory of the broker (RSS), MiB", tables.short(memory([fleet.broker.process]).rss), "-"),
        ("own memory of a home in a process of 50, MiB", tables.short(here.anonymous / HOMES), "-"),
        ("homes that were armed, and said both states", "-", f"{len(taken)} of {HOMES}"),
        ("command to `arming`, ms: p50, p99", "-", percentiles(first)),
        (f"command to `armed_away`, beyond the panel's {PANEL_S:g} s, ms: p50, p99", "-", percentiles(last)),
    ]
    return tables.markdown([f"{HOMES} homes", f"at rest, {rest_s:g} s", f"each armed within {WAVE_S:g} s"], rows)


@dataclass(frozen=True, slots=True)
class Window:
    """What the homes sent meanwhile, in so many hours, and percentages of a core."""

    hours: float
    messages: float
    received: float
    broker: float
    homes: float


def _window(fleet: Fleet, do: Callable[[], object]) -> Window:
    def read() -> tuple[float, ...]:
        used = cpu_s([fleet.broker.process]), cpu_s(fleet.processes)
        return time.monotonic(), *used, fleet.watcher.messages("verisure/"), fleet.watcher.received()

    began = read()
    do()
    time.sleep(2)  # the broker publishes its counts every second
    took, by_broker, by_homes, messages, received = (now - then for now, then in zip(read(), began, strict=True))
    return Window(took / HOUR_S, messages, received, 100 * by_broker / took, 100 * by_homes / took)


def _wave(fleet: Fleet) -> list[tuple[float, float]]:
    """Arm each home once. Return the seconds to two states of each that has armed, without the time of the panel."""
    sent: list[tuple[str, float]] = []
    began = time.monotonic()
    for number, base in enumerate(fleet.bases):
        time.sleep(max(0.0, began + number * WAVE_S / HOMES - time.monotonic()))
        sent.append((f"{base}/home/state", fleet.watcher.send(f"{base}/home/set", "ARM_AWAY")))
    time.sleep(AFTER_S)
    taken = []
    for topic, since in sent:
        with suppress(TimeoutError):
            last = fleet.watcher.first(topic, "armed_away", since, 0.1) - since - PANEL_S
            # On a machine that is too busy the one state comes with the other.
            with suppress(TimeoutError):
                taken.append((fleet.watcher.first(topic, "arming", since, 0.1) - since, last))
    return taken


def percentiles(values: Sequence[float]) -> str:
    """Return the median, and what one in a hundred exceeds."""
    return f"{tables.short(statistics.median(values))}, {tables.short(sorted(values)[int(0.99 * len(values))])}"


if __name__ == "__main__":
    main()
